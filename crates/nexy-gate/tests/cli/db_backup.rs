//! `db-backup` against real receipts and dumps; root alone may write them, so all of this needs root.

use crate::vm::{ask_as_a_stranger, asked, is_root, judged, set_mode};
use crate::{holds, tells, world};
use nexy_standin::world::{World, fix_commands};
use serde_json::{Value, json};
use std::os::unix::fs::{chown, symlink};
use std::{fs, path::PathBuf};

const GATE: &str = "db-backup";
const HOUR: i64 = 3600;

/// A VM whose scripts have done their work; `None`, loudly, without root.
pub(crate) fn kept(test: &str) -> Option<World> {
    let world = world();
    if !is_root(&world, test) {
        return None;
    }
    world.keep_database_receipts();
    Some(world)
}

/// The newest receipt of a kind, by its name.
pub(crate) fn newest(world: &World, kind: &str) -> PathBuf {
    let files = fs::read_dir(world.receipts()).expect("the receipts").map(|entry| entry.expect("an entry").path());
    let of_kind = |file: &PathBuf| file.file_name().is_some_and(|name| name.to_string_lossy().starts_with(kind));
    files.filter(of_kind).max().expect("a receipt")
}

/// Changes what a receipt says.
pub(crate) fn change(file: &PathBuf, pointer: &str, value: Value) {
    let mut receipt: Value = serde_json::from_slice(&fs::read(file).expect("a receipt")).expect("JSON");
    *receipt.pointer_mut(pointer).expect(pointer) = value;
    fs::write(file, receipt.to_string()).expect("the receipt");
}

#[test]
fn a_fresh_whole_backup_passes_and_the_whole_profile_with_it() {
    let Some(world) = kept("a_fresh_whole_backup_passes_and_the_whole_profile_with_it") else { return };
    holds(&asked(&world, GATE, 0), "found", "2.dump of nexy_db is whole: 41000 bytes");
    crate::vm::ask(&world, &["db"]).exits(0);
}

#[test]
fn no_folder_and_no_receipt_are_unknown() {
    let world = world();
    if !is_root(&world, "no_folder_and_no_receipt_are_unknown") {
        return;
    }
    for gate in ["db-backup", "restore-drill", "db-hardened"] {
        tells(&asked(&world, gate, 69), "there is no folder", &format!("cd {} && ./server/scripts/", world.vm().display()));
    }
    fs::create_dir(world.receipts()).expect("a folder");
    fs::write(world.receipts().join("notes.txt"), "x").expect("a file");
    for gate in ["db-backup", "restore-drill", "db-hardened"] {
        holds(&asked(&world, gate, 69), "found", "there is no receipt of a ");
    }
}

#[test]
fn a_receipt_from_the_future_is_unknown() {
    let Some(world) = kept("a_receipt_from_the_future_is_unknown") else { return };
    change(&newest(&world, "backup"), "/at", json!(world.ago(-HOUR)));
    tells(&asked(&world, GATE, 69), "ahead of this clock", "sudo mv ");
    change(&newest(&world, "backup"), "/at", json!(world.ago(-60)));
    asked(&world, GATE, 0);
}

#[test]
fn a_dump_that_changed_was_cut_or_is_gone_is_a_no() {
    let Some(world) = kept("a_dump_that_changed_was_cut_or_is_gone_is_a_no") else { return };
    let dump = world.vm_path("backups/2.dump");
    let mut bytes = fs::read(&dump).expect("the dump");
    bytes[20_000] ^= 1;
    fs::write(&dump, &bytes).expect("the dump");
    holds(&asked(&world, GATE, 1), "found", "has changed since");
    fs::write(&dump, &bytes[..20_000]).expect("the dump");
    holds(&asked(&world, GATE, 1), "found", "has 20000 bytes, not the 41000");
    fs::remove_file(&dump).expect("the dump");
    holds(&asked(&world, GATE, 1), "found", "is gone");
    symlink(world.vm_path("backups/1.dump"), &dump).expect("a link");
    holds(&asked(&world, GATE, 1), "found", "it is a link");
    change(&newest(&world, "backup"), "/event/backup/file", json!("backups/2.dump"));
    holds(&asked(&world, GATE, 1), "found", "names no absolute path");
}

#[test]
fn a_receipt_that_cannot_be_used_is_unknown_since_a_newer_one_may_hide_behind_it() {
    let Some(world) = kept("a_receipt_that_cannot_be_used_is_unknown") else { return };
    let file = world.receipts().join("backup-x.json");
    let good = fs::read_to_string(newest(&world, "backup")).expect("a receipt");
    let drill = fs::read_to_string(newest(&world, "drill")).expect("a receipt");
    for (text, said) in [
        (String::new(), "is empty"),
        (good[..good.len() / 2].to_owned(), "ends in the middle"),
        ("not JSON".to_owned(), "cannot be used"),
        (good.replace("/1\"", "/2\""), "newer than"),
        (good.replace("\"by\"", "\"surprise\""), "unknown field"),
        (good.replace("41000", "-1"), "cannot be used"),
        (drill, "holds the receipt of a drill"),
        ("x".repeat((1 << 20) + 1), "larger than 1 MiB"),
    ] {
        fs::write(&file, text).expect("a file");
        holds(&asked(&world, GATE, 69), "found", said);
    }
    let finding = asked(&world, GATE, 69);
    crate::vm::type_line(&world, fix_commands(&finding["fix"]).last().expect("a command"), &world.workspace());
    asked(&world, GATE, 0);
    fs::write(world.receipts().join(".backup-y.json.part"), "half").expect("a file");
    asked(&world, GATE, 0);
}

#[test]
fn receipts_that_others_could_have_forged_are_a_no() {
    let Some(world) = kept("receipts_that_others_could_have_forged_are_a_no") else { return };
    let receipt = newest(&world, "backup");
    for (path, uid, mode, right) in [
        (world.receipts(), 0, 0o777, 0o755),
        (world.receipts(), 1, 0o755, 0o755),
        (world.receipts(), 0, 0o1777, 0o755),
        (world.vm(), 0, 0o775, 0o755),
        (receipt.clone(), 0, 0o666, 0o644),
        (receipt.clone(), 1, 0o644, 0o644),
    ] {
        chown(&path, Some(uid), None).expect("its owner");
        set_mode(&path, mode);
        let finding = asked(&world, GATE, 1);
        holds(&finding, "found", if uid == 1 { "belongs to user 1, not to root" } else { "can be written by others than root" });
        chown(&path, Some(0), None).expect("its owner");
        set_mode(&path, right);
        asked(&world, GATE, 0);
    }
    let elsewhere = world.home().join("receipt");
    fs::rename(&receipt, &elsewhere).expect("moved");
    symlink(&elsewhere, &receipt).expect("a link");
    holds(&asked(&world, GATE, 1), "found", "is a link");
}

#[test]
fn what_the_asking_user_may_not_read_is_unknown() {
    let Some(world) = kept("what_the_asking_user_may_not_read_is_unknown") else { return };
    set_mode(&world.vm(), 0o755);
    set_mode(&world.vm_path("backups/2.dump"), 0o600);
    tells(&judged(&ask_as_a_stranger(&world, GATE), GATE, 69), "permission denied", "sudo nexy-gate db-backup");
    set_mode(&newest(&world, "backup"), 0o600);
    judged(&ask_as_a_stranger(&world, GATE), GATE, 69);
    set_mode(&world.receipts(), 0o700);
    judged(&ask_as_a_stranger(&world, GATE), GATE, 69);
}

#[test]
fn a_mounted_tree_is_looked_at_under_its_own_names() {
    let Some(world) = kept("a_mounted_tree_is_looked_at_under_its_own_names") else { return };
    let root = world.home().join("image");
    let copy = |from: PathBuf, to: &str| {
        let command = format!("mkdir -p '{0}' && cp -R '{1}/.' '{0}'", root.join(to).display(), from.display());
        world.sh(&command).exits(0);
    };
    copy(world.receipts(), "var/lib/receipts");
    copy(world.vm_path("backups"), world.vm_path("backups").strip_prefix("/").expect("absolute").to_str().expect("text"));
    fs::create_dir_all(root.join("srv")).expect("a folder");
    symlink("/var/lib", root.join("srv/state")).expect("a link");
    world.set_target("vm", "receipts", "\"/srv/state/receipts\"");
    let root = root.display().to_string();
    let ask = |gate: &str| world.tool("nexy-gate").args(["--root", &root, gate, "--format=json"]).run();
    for gate in ["db-backup", "restore-drill", "db-hardened"] {
        ask(gate).exits(0);
    }
    fs::write(PathBuf::from(&root).join("var/lib/receipts/backup-x.json"), "").expect("a file");
    let ran = ask(GATE);
    ran.exits(69);
    let finding = ran.finding(GATE);
    holds(&finding, "fix", "sudo mv /srv/state/receipts/backup-x.json");
    assert!(!finding.to_string().contains(&root), "{finding:#}");
}
