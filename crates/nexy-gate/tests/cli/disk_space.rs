//! `disk-space` against real file systems: this machine's, and small ones that are mounted for one question.

use crate::vm::{ask_as_a_stranger, ask_in_root, asked, is_root, judged, path, set_checkout, set_mode, set_mounted};
use crate::{holds, tells, world};
use nexy_standin::skip::{Need, skipped};
use nexy_standin::world::{Ran, World};
use std::fs;

const GATE: &str = "disk-space";

/// A world that needs one byte, so that this machine's own disk has enough.
fn modest() -> World {
    let world = world();
    world.set_target("limits", "checkout_free_bytes", "1");
    world
}

/// Asks while another file system is mounted at a folder of the world, seen by this one process alone; `None`, loudly, when
/// this machine does not allow a mount.
fn ask_with_mount(world: &World, options: &str, folder: &str, test: &str) -> Option<Ran> {
    let folder = world.vm_path(folder);
    fs::create_dir_all(&folder).expect("a folder");
    let unshare = |then: &str| {
        let mount = format!("mount -t tmpfs -o {options} tmpfs '{}'", folder.display());
        world.shell(&format!("unshare -m sh -c \"{mount} && {then}\"")).env("PATH", &path(world)).run()
    };
    if unshare(":").code != Some(0) {
        skipped(test, "this machine does not allow a mount", Need::Other("root that may mount"));
        return None;
    }
    let (gate, target) = (world.tools().join("nexy-gate"), world.workspace().join("nexy.toml"));
    Some(unshare(&format!("exec '{}' --target='{}' {GATE} --format=json", gate.display(), target.display())))
}

#[test]
fn enough_room_passes_and_says_how_much_there_is() {
    let world = modest();
    let finding = asked(&world, GATE, 0);
    holds(&finding, "found", " are free on /");
    holds(&finding, "found", "the checkout and the venv");
}

#[test]
fn a_checkout_and_a_venv_that_are_not_there_yet_are_judged_where_they_would_be() {
    let world = modest();
    fs::remove_dir_all(world.vm_path("venv")).expect("the venv");
    asked(&world, GATE, 0);
    set_checkout(&world, &world.root().join("not/yet").display().to_string());
    asked(&world, GATE, 0);
}

#[test]
fn the_venvs_own_file_system_counts_by_its_bytes_its_files_and_whether_it_can_be_written() {
    let world = modest();
    if !is_root(&world, "the venv's own file system counts") {
        return;
    }
    world.set_target("limits", "checkout_free_bytes", "2097152");
    for (options, said, fix) in [
        ("size=1m", "1 MiB are free on ", "sudo du -xh"),
        ("size=8m,nr_inodes=100", "more files can be made on ", "sudo du -x --inodes"),
        ("size=8m,ro", "is mounted read-only", "sudo mount -o remount,rw "),
    ] {
        let Some(ran) = ask_with_mount(&world, options, "venv", "the venv's own file system counts") else { return };
        let finding = judged(&ran, GATE, 1);
        holds(&finding, "found", said);
        holds(&finding, "found", "for the venv");
        holds(&finding, "fix", fix);
        holds(&finding, "fix", &world.vm_path("venv").display().to_string());
    }
    let enough = ask_with_mount(&world, "size=8m,nr_inodes=100000", "venv", "the venv's own file system counts").expect("as before");
    assert_eq!(enough.exits(0).clone().finding(GATE)["verdict"], "pass");
}

#[test]
fn a_mounted_tree_is_judged_by_its_own_paths() {
    let world = modest();
    set_mounted(&world);
    holds(&judged(&ask_in_root(&world, &[GATE]), GATE, 0), "found", " are free on /, for ");
}

#[test]
fn a_folder_that_nobody_may_look_into_is_unknown() {
    let world = modest();
    if !is_root(&world, "a_folder_that_nobody_may_look_into_is_unknown") {
        return;
    }
    let closed = world.root().join("closed");
    fs::create_dir(&closed).expect("a folder");
    fs::create_dir(closed.join("checkout")).expect("a folder");
    set_mode(&closed, 0o700);
    set_checkout(&world, &closed.join("checkout").display().to_string());
    tells(&judged(&ask_as_a_stranger(&world, GATE), GATE, 69), "permission denied", "sudo nexy-gate disk-space");
}
