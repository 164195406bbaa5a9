//! `release-inbox` against real folders and files; the names are told apart in the unit tests.

use crate::{ask, asked, holds, world};
use nexy_standin::world::{Options, World, fix_text};
use std::{fs, os::unix::fs::symlink};

const GATE: &str = "release-inbox";

#[test]
fn one_artifact_is_enough_and_both_are_fine() {
    holds(&asked(&world(), GATE, 0), "found", "Nexy.dmg 1048576 bytes");
    let both = World::with(&Options { pkg_bytes: Some(4096), ..Options::default() });
    holds(&asked(&both, GATE, 0), "found", "Nexy.pkg 4096 bytes");
    fs::remove_file(both.inbox("Nexy.dmg")).expect("the disk image");
    asked(&both, GATE, 0);
}

#[test]
fn a_misspelled_receipt_is_followed_by_the_move_that_mends_it() {
    let world = world();
    let finding = asked(&world, GATE, 0);
    assert!(!finding["found"].as_str().expect("text").contains("receipt"), "{finding:#}");
    fs::rename(world.build_receipt("Nexy.dmg"), world.inbox("nexy.dmg.receipt.json")).expect("the receipt");
    world.sh(&fix_text(&asked(&world, GATE, 1)["fix"])).exits(0);
    asked(&world, GATE, 0);
    assert!(world.build_receipt("Nexy.dmg").is_file());
}

#[test]
fn links_folders_and_empty_or_too_large_files_are_refused() {
    let world = world();
    let dmg = world.inbox("Nexy.dmg");
    let elsewhere = world.home().join("Nexy.dmg");
    fs::rename(&dmg, &elsewhere).expect("the artifact");
    symlink(&elsewhere, &dmg).expect("a link");
    holds(&asked(&world, GATE, 1), "found", "it is a link");
    fs::remove_file(&dmg).expect("the link");
    fs::create_dir(&dmg).expect("a folder");
    holds(&asked(&world, GATE, 1), "found", "no regular file");
    fs::remove_dir(&dmg).expect("the folder");
    fs::write(&dmg, "").expect("an empty file");
    holds(&asked(&world, GATE, 1), "found", "it is empty");
    fs::rename(&elsewhere, &dmg).expect("the artifact");
    world.set_target("limits", "artifact_max_bytes", "1000");
    holds(&asked(&world, GATE, 1), "found", "more than the 1000");
}

#[test]
fn an_inbox_that_cannot_be_listed_is_unknown() {
    let world = world();
    let inbox = world.workspace().join("release_inbox");
    fs::remove_dir_all(&inbox).expect("the inbox");
    fs::write(&inbox, "a file in its place").expect("a file");
    asked(&world, GATE, 69);
}

#[test]
fn a_name_cannot_steer_the_terminal() {
    let world = world();
    fs::write(world.inbox("Nexy.dmg\u{1b}[2J.part"), "x").expect("a file");
    let ran = ask(&world, &[GATE]);
    ran.exits(1);
    assert!(!ran.stderr.contains('\u{1b}') && !ran.stdout.contains('\u{1b}'), "{ran}");
}
