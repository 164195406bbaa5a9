//! `single-manifest` against real folders of the VM's checkout.

use crate::vm::{ask_in_root, asked_there, is_root, judged, set_mode, set_mounted, type_fix};
use crate::{holds, tells, world};
use nexy_standin::world::{MANIFEST_FOLDERS, OLD_VERSION, World};
use serde_json::Value;
use std::os::unix::fs::{chown, symlink};
use std::{fs, path::PathBuf};

const GATE: &str = "single-manifest";

/// Asks as on the VM, where paths belong to the checkout.
#[track_caller]
fn asked(world: &World, code: i32) -> Value {
    asked_there(world, GATE, code)
}

fn file(world: &World, folder: usize, name: &str) -> PathBuf {
    world.vm_path(MANIFEST_FOLDERS[folder]).join(name)
}

#[test]
fn equal_manifests_with_their_own_copies_pass() {
    let world = world();
    assert!(file(&world, 0, &format!("manifest_{OLD_VERSION}.json")).is_file(), "the world has a copy");
    let finding = asked(&world, 0);
    for folder in MANIFEST_FOLDERS {
        holds(&finding, "found", &format!("{folder}/manifest.json says {OLD_VERSION}"));
    }
}

#[test]
fn the_workspace_is_asked_about_its_own_folders() {
    let world = world();
    fs::remove_file(file(&world, 0, "manifest.json")).expect("the VM's manifest");
    crate::asked(&world, GATE, 0);
    asked(&world, 1);
}

#[test]
fn one_more_line_feed_is_a_difference() {
    let world = world();
    let name = format!("{}/manifest.json", MANIFEST_FOLDERS[1]);
    world.write_vm(&name, &format!("{}\n", world.read_vm(&name)));
    tells(&asked(&world, 1), " differ", "make manifest-deliver");
}

#[test]
fn a_missing_folder_or_manifest_is_a_no() {
    let world = world();
    fs::remove_file(file(&world, 1, "manifest.json")).expect("a manifest");
    let finding = asked(&world, 1);
    holds(&finding, "found", &format!("{} does not exist", file(&world, 1, "manifest.json").display()));
    holds(&finding, "found", "what the server would serve");
    fs::remove_dir_all(world.vm_path(MANIFEST_FOLDERS[1])).expect("a folder");
    holds(&asked(&world, 1), "found", " does not exist");
    fs::write(world.vm_path(MANIFEST_FOLDERS[1]), "").expect("a file in its place");
    holds(&asked(&world, 1), "found", " does not exist");
}

#[test]
fn every_stray_is_named_and_the_printed_commands_move_them_away() {
    let world = world();
    let good = fs::read_to_string(file(&world, 0, "manifest.json")).expect("the manifest");
    for (folder, name, text) in [
        (0, "manifest_1.6.1.34.json", good.replace(OLD_VERSION, "1.6.1.34")),
        (1, "manifest_beta.json", "{}".to_owned()),
        (1, "manifest_it's tmp.json", String::new()),
    ] {
        fs::write(file(&world, folder, name), text).expect("a stray");
    }
    symlink("/nonexistent", file(&world, 0, "manifest_gone.json")).expect("a link");
    let finding = asked(&world, 1);
    for name in ["manifest_1.6.1.34.json", "manifest_beta.json", "manifest_it's tmp.json", "manifest_gone.json"] {
        holds(&finding, "found", name);
    }
    holds(&finding, "fix", "from then on the beta feed shows the stable manifest");
    type_fix(&world, &finding, &world.workspace());
    asked(&world, 0);
    let kept = fs::read_to_string(file(&world, 1, "manifest_beta.json.kept")).expect("nothing is removed");
    assert_eq!(kept, "{}");
}

#[test]
fn a_mounted_tree_is_asked_about_its_own_checkout() {
    let world = world();
    set_mounted(&world);
    fs::create_dir_all(world.root().join("etc")).expect("a folder");
    fs::copy("/etc/passwd", world.root().join("etc/passwd")).expect("the users");
    fs::copy("/etc/group", world.root().join("etc/group")).expect("the groups");
    let finding = judged(&ask_in_root(&world, &[GATE]), GATE, 0);
    holds(&finding, "found", &format!("/vm/{}/manifest.json says {OLD_VERSION}", MANIFEST_FOLDERS[0]));
    fs::remove_dir_all(world.vm_path(MANIFEST_FOLDERS[1])).expect("a folder");
    // A link that would lead to this machine's own manifests leads nowhere in that one.
    symlink(world.workspace().join(MANIFEST_FOLDERS[1]), world.vm_path(MANIFEST_FOLDERS[1])).expect("a link");
    holds(&judged(&ask_in_root(&world, &[GATE]), GATE, 1), "found", "the folder /vm/");
}

#[test]
fn a_manifest_that_the_services_user_cannot_read_is_a_no_also_for_root_and_the_printed_commands_mend_it() {
    let world = world();
    if !is_root(&world, "a manifest that the service's user cannot read") {
        return;
    }
    world.set_target("service", "user", "\"bin\"");
    for open in [world.root(), world.vm()] {
        set_mode(&open, 0o755);
    }
    let manifest = file(&world, 0, "manifest.json");
    set_mode(&manifest, 0o600);
    let finding = asked(&world, 1);
    holds(&finding, "found", "bin cannot read ");
    set_mode(&manifest, 0o644);
    set_mode(&world.vm_path(MANIFEST_FOLDERS[0]), 0o700);
    holds(&asked(&world, 1), "found", "bin cannot pass ");
    type_fix(&world, &asked(&world, 1), &world.workspace());
    asked(&world, 0);
}

#[test]
fn a_copy_that_cannot_be_read_is_unknown() {
    let world = world();
    fs::create_dir(file(&world, 0, "manifest_x.json")).expect("a folder");
    holds(&asked(&world, 69), "found", "cannot read ");
}

#[test]
fn a_closed_folder_is_unknown() {
    let world = world();
    if is_root(&world, "a closed folder is unknown to single-manifest") {
        let folder = world.workspace().join(MANIFEST_FOLDERS[0]);
        for open in [world.root(), world.vm()] {
            set_mode(&open, 0o755);
        }
        chown(world.vm_path(MANIFEST_FOLDERS[0]), Some(0), Some(0)).expect("its owner");
        set_mode(&world.vm_path(MANIFEST_FOLDERS[0]), 0o700);
        assert!(folder.is_dir());
        holds(&judged(&crate::vm::ask_as_a_stranger(&world, GATE), GATE, 69), "found", "cannot look into ");
    }
}
