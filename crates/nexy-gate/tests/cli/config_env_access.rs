//! `config-env-access` against real owners and modes; most of it needs root.

use crate::{
    holds,
    vm::{SECRET, ask_as_a_stranger, ask_in_root, ask_with_path, asked, is_root, judged, path, scripted, serve_as_another_user, set_mode},
    vm::{has_lists, set_mounted, setfacl},
    world,
};
use nexy_outside::accounts::Account;
use nexy_standin::world::World;
use nexy_standin::world::fix_text;
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
        let fix = fix_text(&finding["fix"]).replace("sudo ", "");
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
        let fix = fix_text(&finding["fix"]).replace("sudo ", "");
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
    holds(&judged(&ask_with_path(&world, &[GATE], &failing), GATE, 69), "found", "it ended with 127");
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

/// Types the commands of a fix, one after another; words are skipped.
fn typed(world: &World, fix: &serde_json::Value) {
    for line in fix.as_str().expect("a fix").lines().filter_map(|line| line.strip_prefix("sudo ")) {
        if !line.starts_with("nexy-gate") {
            world.sh(line).exits(0);
        }
    }
}

#[test]
fn real_lists_are_computed_and_the_printed_commands_take_away_what_they_grant_too_much() {
    let Some((world, account)) = served("real_lists_are_computed") else { return };
    if !has_lists("real_lists_are_computed") {
        return;
    }
    let (file, folder) = (world.vm_path("config.env"), world.vm());
    for (path, entry, said) in [
        (&file, "u:mail:r", "mail can read "),
        (&file, "u:4711:r", "4711 can read "),
        (&file, "g:mail:r", "mail can read "),
        (&file, "u:bin:rw", "which lets more in than 0640"),
        (&file, "u:bin:-", "bin cannot pass"),
        (&folder, "u:mail:rwx", "mail can replace what is in "),
        (&folder, "g:mail:rwx", "mail can replace what is in "),
    ] {
        setfacl(&world, &["-m", entry], path);
        if entry == "u:bin:-" {
            // The entry of the user counts before that of the group, which would let it read.
            chown(&folder, Some(0), None).expect("root's folder");
            setfacl(&world, &["-m", entry], &folder);
        }
        let finding = asked(&world, GATE, 1);
        holds(&finding, "found", said);
        typed(&world, &finding["fix"]);
        asked(&world, GATE, 0);
        setfacl(&world, &["-b"], path);
        chown(&folder, Some(account.uid), None).expect("its owner");
        setfacl(&world, &["-b"], &folder);
        set_mode(&folder, 0o755);
    }
}

#[test]
fn lists_that_grant_nobody_else_anything_pass() {
    let Some((world, _)) = served("lists_that_grant_nobody_else_anything_pass") else { return };
    if !has_lists("lists_that_grant_nobody_else_anything_pass") {
        return;
    }
    setfacl(&world, &["-m", "u:bin:r"], &world.vm_path("config.env"));
    setfacl(&world, &["-m", "u:mail:rx"], &world.vm());
    // What new files would get is no right on the folder itself.
    setfacl(&world, &["-d", "-m", "u:mail:rwx"], &world.vm());
    asked(&world, GATE, 0);
    // The mask takes away what the entry says.
    setfacl(&world, &["-m", "u:mail:rwx,m::rx"], &world.vm());
    asked(&world, GATE, 0);
}

#[test]
fn whoever_shares_the_files_group_can_read_it() {
    let Some((world, _)) = served("whoever_shares_the_files_group_can_read_it") else { return };
    // A machine on which somebody has joined the group of the service's user, looked at from outside.
    let root = world.root();
    fs::create_dir_all(root.join("etc")).expect("a folder");
    for (name, more) in [("passwd", "friend:x:4711:4711::/:/bin/sh\n"), ("group", "friend:x:4711:\n")] {
        let text = fs::read_to_string(format!("/etc/{name}")).expect("the accounts") + more;
        let text = if name == "group" { text.replace("\nbin:x:2:", "\nbin:x:2:friend") } else { text };
        fs::write(root.join("etc").join(name), text).expect("the accounts");
    }
    set_mounted(&world);
    let finding = judged(&ask_in_root(&world, &[GATE]), GATE, 1);
    holds(&finding, "found", "friend can read /vm/config.env, being in the group bin");
    holds(&finding, "fix", "sudo gpasswd --delete friend bin");
}

#[test]
fn a_mounted_tree_is_computed_with_its_own_names_and_never_a_pass() {
    let Some((world, account)) = served("a_mounted_tree_is_computed_with_its_own_names") else { return };
    let root = world.root();
    fs::create_dir_all(root.join("etc")).expect("a folder");
    fs::write(root.join("etc/passwd"), format!("root:x:0:0::/:/bin/sh\nothername:x:{}:{}::/:/bin/sh\n", account.uid, account.gid))
        .expect("it");
    fs::write(root.join("etc/group"), format!("root:x:0:\nothergroup:x:{}:\n", account.gid)).expect("it");
    // Whoever owns the folder above the root is another machine's.
    set_mounted(&world);
    world.set_target("service", "user", "\"othername\"");
    let finding = judged(&ask_in_root(&world, &[GATE]), GATE, 69);
    holds(&finding, "found", "it was not tried whether othername can read /vm/config.env: a mounted tree");
    assert!(!finding.to_string().contains(root.to_str().expect("a path")), "the mounted path was shown: {finding:#}");
    // A link that would lead out of the tree stays in it.
    fs::rename(world.vm_path("config.env"), root.join("etc/config.env")).expect("the file");
    symlink("/etc/config.env", world.vm_path("config.env")).expect("a link");
    judged(&ask_in_root(&world, &[GATE]), GATE, 69);
    set_mode(&root.join("etc/config.env"), 0o644);
    let finding = judged(&ask_in_root(&world, &[GATE]), GATE, 1);
    holds(&finding, "fix", "sudo chown root:othergroup /vm/config.env\nsudo chmod 640 /vm/config.env");
    fs::remove_file(root.join("etc/config.env")).expect("the file");
    holds(&judged(&ask_in_root(&world, &[GATE]), GATE, 1), "found", "is a link that leads nowhere");
    fs::remove_file(root.join("etc/passwd")).expect("the accounts");
    holds(&judged(&ask_in_root(&world, &[GATE]), GATE, 69), "found", "cannot look at ");
}
