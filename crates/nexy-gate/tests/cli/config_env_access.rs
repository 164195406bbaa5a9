//! `config-env-access` against real owners and modes; most of it needs root.

use crate::{
    holds,
    vm::{SECRET, ask_as_a_stranger, ask_with_path, asked, is_root, judged, path, scripted, serve_as_another_user, set_mode},
    world,
};
use nexy_outside::accounts::Account;
use nexy_standin::world::World;
use std::{
    fs,
    os::unix::fs::{chown, symlink},
};

const GATE: &str = "config-env-access";

/// A VM whose service runs as another user; `None`, loudly, without root.
fn served(test: &str) -> Option<(World, Account)> {
    let world = world();
    if !is_root(&world, test) {
        return None;
    }
    world.set_config_env(&format!("GEMINI_API_KEY={SECRET}\n"));
    let account = serve_as_another_user(&world);
    Some((world, account))
}

#[test]
fn the_rulebooks_owner_and_mode_pass_by_rule_and_by_trial() {
    let Some((world, account)) = served("the_rulebooks_owner_and_mode_pass_by_rule_and_by_trial") else { return };
    let finding = asked(&world, GATE, 0);
    holds(&finding, "found", &format!("{} can read ", account.name));
    holds(&finding, "found", "and tried");
}

#[test]
fn wrong_owners_and_modes_are_a_no_and_the_printed_command_mends_them() {
    let Some((world, account)) = served("wrong_owners_and_modes_are_a_no_and_the_printed_command_mends_them") else { return };
    let file = world.vm_path("config.env");
    for (owner, group, mode, said) in [
        (0, 0, 0o640, "the group of "),
        (0, account.gid, 0o600, "cannot read"),
        (0, account.gid, 0o644, "which lets more in than 0640"),
        (0, account.gid, 0o660, "which lets more in than 0640"),
        (account.uid, account.gid, 0o640, "not to root"),
        (1, 1, 0o600, "not to root"),
    ] {
        chown(&file, Some(owner), Some(group)).expect("its owner");
        set_mode(&file, mode);
        let finding = asked(&world, GATE, 1);
        holds(&finding, "found", said);
        let fix = finding["fix"].as_str().expect("a fix").replace("sudo ", "");
        world.sh(&fix).exits(0);
        asked(&world, GATE, 0);
    }
}

#[test]
fn a_folder_that_is_closed_or_open_to_others_is_a_no_and_the_printed_command_mends_it() {
    let Some((world, _)) = served("a_folder_that_is_closed_or_open_to_others_is_a_no") else { return };
    for (folder, mode, said) in
        [(world.root(), 0o700, "cannot pass"), (world.vm(), 0o655, "cannot pass"), (world.vm(), 0o757, "everybody can replace what is in")]
    {
        set_mode(&folder, mode);
        let finding = asked(&world, GATE, 1);
        holds(&finding, "found", said);
        let fix = finding["fix"].as_str().expect("a fix").replace("sudo ", "");
        world.sh(&fix).exits(0);
        asked(&world, GATE, 0);
    }
    chown(world.vm(), Some(1), Some(1)).expect("a stranger's checkout");
    holds(&asked(&world, GATE, 1), "found", "who can replace what is in it");
}

#[test]
fn what_stands_behind_a_link_is_judged_as_well() {
    let Some((world, account)) = served("what_stands_behind_a_link_is_judged_as_well") else { return };
    let (file, elsewhere) = (world.vm_path("config.env"), world.root().join("elsewhere"));
    fs::create_dir(&elsewhere).expect("a folder");
    fs::rename(&file, elsewhere.join("config.env")).expect("the file");
    symlink(elsewhere.join("config.env"), &file).expect("a link");
    set_mode(&elsewhere, 0o755);
    asked(&world, GATE, 0);
    set_mode(&elsewhere, 0o777);
    holds(&asked(&world, GATE, 1), "found", "elsewhere");
    set_mode(&elsewhere, 0o755);
    chown(elsewhere.join("config.env"), Some(account.uid), None).expect("its owner");
    holds(&asked(&world, GATE, 1), "found", "not to root");
}

#[test]
fn a_missing_file_or_user_is_a_no() {
    let world = world();
    fs::remove_file(world.vm_path("config.env")).expect("the file");
    holds(&asked(&world, GATE, 1), "found", "there is no ");
    world.set_target("service", "user", "\"nexy-nobody-has-this-name\"");
    holds(&asked(&world, GATE, 1), "found", "no user nexy-nobody-has-this-name");
}

#[test]
fn a_rule_that_could_not_be_tried_is_unknown() {
    let Some((world, _)) = served("a_rule_that_could_not_be_tried_is_unknown") else { return };
    let without_setpriv = world.vm_path("bin").display().to_string();
    holds(&judged(&ask_with_path(&world, &[GATE], &without_setpriv), GATE, 69), "found", "it was not tried");
    let failing = format!("{}:{}", scripted(&world, "setpriv", "exit 127").display(), path(&world));
    holds(&judged(&ask_with_path(&world, &[GATE], &failing), GATE, 69), "found", "setpriv ended with 127");
    let finding = judged(&ask_as_a_stranger(&world, GATE), GATE, 69);
    holds(&finding, "fix", "sudo nexy-gate config-env-access");
}

#[test]
fn a_trial_that_contradicts_the_rule_is_unknown() {
    let Some((world, account)) = served("a_trial_that_contradicts_the_rule_is_unknown") else { return };
    let with_setpriv = |script: &str| format!("{}:{}", scripted(&world, "setpriv", script).display(), path(&world));
    holds(&judged(&ask_with_path(&world, &[GATE], &with_setpriv("exit 9")), GATE, 69), "found", "but could not when it was tried");
    chown(world.vm_path("config.env"), Some(0), Some(account.gid)).expect("its owner");
    set_mode(&world.vm_path("config.env"), 0o600);
    holds(&judged(&ask_with_path(&world, &[GATE], &with_setpriv("exit 0")), GATE, 69), "found", "but could when it was tried");
}
