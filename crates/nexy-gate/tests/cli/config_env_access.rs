//! `config-env-access` against real owners, modes and lists; most of it needs root.

use crate::vm::{
    SECRET, ask, ask_as_a_stranger, ask_in_root, ask_with_path, asked, has_lists, is_root, judged, owned, path, plant,
    removes_only_the_link, scripted, serve_as_another_user, set_mode, set_mounted, setfacl,
};
use crate::{holds, print_fix::passes_after_two_runs, world};
use nexy_outside::fs::accounts::Account;
use nexy_standin::world::World;
use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown, symlink};

const GATE: &str = "config-env-access";

/// A VM whose service runs as another user; `None`, loudly, without root.
pub(crate) fn served(test: &str) -> Option<(World, Account)> {
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
fn whatever_is_wrong_with_the_file_or_the_way_the_script_mends_it() {
    let Some((world, account)) = served("whatever_is_wrong_with_the_file_or_the_way_the_script_mends_it") else { return };
    let (file, folder) = (world.vm_path("config.env"), world.vm());
    for (owner, group, mode, folder_owner, folder_mode) in [
        (0, 0, 0o600, account.uid, 0o755),
        (account.uid, account.gid, 0o666, account.uid, 0o757),
        (0, account.gid, 0o640, 1, 0o655),
        (1, 1, 0o4600, 1, 0o777),
    ] {
        chown(&file, Some(owner), Some(group)).expect("its owner");
        set_mode(&file, mode);
        chown(&folder, Some(folder_owner), None).expect("its owner");
        set_mode(&folder, folder_mode);
        passes_after_two_runs(&world, GATE);
        let now = fs::metadata(&file).expect("it is there");
        assert_eq!((now.uid(), now.gid(), now.permissions().mode() & 0o7777), (0, account.gid, 0o640));
    }
}

#[test]
fn a_list_is_a_failure_on_the_file_and_on_the_way_and_the_script_takes_it_away() {
    let test = "a_list_is_a_failure_on_the_file_and_on_the_way";
    let Some((world, _)) = served(test) else { return };
    if !has_lists(test) {
        return;
    }
    for (path, arguments) in [
        (world.vm_path("config.env"), &["-m", "u:mail:rw,m::r"][..]),
        (world.vm(), &["-m", "u:mail:rwx,u:4711:rwx,g:mail:rwx,m::rwx"]),
        // What the folder hands down to new files is a list as well.
        (world.vm(), &["-d", "-m", "u:mail:rwx"]),
    ] {
        setfacl(&world, arguments, &path);
        holds(&asked(&world, GATE, 1), "found", "has an access control list");
        passes_after_two_runs(&world, GATE);
    }
}

#[test]
fn a_link_of_the_services_user_makes_root_give_nothing_away() {
    let Some((world, account)) = served("a_link_of_the_services_user_makes_root_give_nothing_away") else { return };
    let (link, secrets) = (world.vm_path("config.env"), world.root().join("secrets"));
    fs::create_dir(&secrets).expect("a folder");
    let shadow = secrets.join("shadow");
    fs::write(&shadow, "x").expect("root's file");
    for (folder_mode, mode, group) in [(0o755, 0o640, 0), (0o700, 0o600, 0), (0o777, 0o640, account.gid)] {
        chown(&shadow, Some(0), Some(group)).expect("its owner");
        set_mode(&shadow, mode);
        set_mode(&secrets, folder_mode);
        let folder = owned(&secrets);
        fs::remove_file(&link).expect("what was there");
        plant(&account, &shadow, &link);
        removes_only_the_link(&world, GATE, &link, &shadow);
        assert_eq!(owned(&secrets), folder);
        world.set_config_env("A=1\n");
    }
}

#[test]
fn a_link_of_the_services_user_within_the_checkout_leads_root_into_no_folder_of_its_own() {
    let Some((world, account)) = served("a_link_of_the_services_user_within_the_checkout") else { return };
    let (link, folder) = (world.vm_path("config.env"), world.vm_path("roots"));
    fs::create_dir(&folder).expect("a folder");
    fs::rename(&link, folder.join("secret")).expect("a file");
    set_mode(&folder.join("secret"), 0o600);
    set_mode(&folder, 0o700);
    plant(&account, &folder.join("secret"), &link);
    let finding = asked(&world, GATE, 1);
    holds(&finding, "found", &format!("a link of bin is on the way: {} leads to ", link.display()));
    holds(&finding, "fix", &format!("sudo -u bin rm -- {}", link.display()));
    assert!(!crate::text(&finding, "fix").contains("ch"), "{finding:#}");
    ask(&world, &["--print-fix", GATE]).exits(1).silent_stdout();
}

#[test]
fn a_link_of_root_that_leads_out_of_the_checkout_is_a_persons() {
    let Some((world, _)) = served("a_link_of_root_that_leads_out_of_the_checkout") else { return };
    let (link, elsewhere) = (world.vm_path("config.env"), world.root().join("elsewhere"));
    fs::rename(&link, &elsewhere).expect("the file");
    symlink(&elsewhere, &link).expect("a link");
    asked(&world, GATE, 0);
    set_mode(&elsewhere, 0o644);
    let finding = asked(&world, GATE, 1);
    holds(&finding, "found", "a link leads out of the checkout");
    holds(&finding, "found", "is 0644");
    holds(&finding, "fix", "root made ");
    ask(&world, &["--print-fix", GATE]).exits(1).silent_stdout();
}

#[test]
fn what_stands_behind_a_link_of_root_in_the_checkout_is_judged_as_well_and_quoted_for_the_shell() {
    let Some((world, account)) = served("what_stands_behind_a_link_is_judged_as_well") else { return };
    let (file, elsewhere) = (world.vm_path("config.env"), world.vm_path("it's $(touch here) ;x"));
    fs::create_dir(&elsewhere).expect("a folder");
    fs::rename(&file, elsewhere.join("config.env")).expect("the file");
    symlink(elsewhere.join("config.env"), &file).expect("a link");
    set_mode(&elsewhere, 0o755);
    asked(&world, GATE, 0);
    set_mode(&elsewhere, 0o777);
    chown(elsewhere.join("config.env"), Some(account.uid), None).expect("its owner");
    holds(&asked(&world, GATE, 1), "found", "not to root");
    passes_after_two_runs(&world, GATE);
}

#[test]
fn a_missing_file_or_user_is_a_failure() {
    let world = world();
    fs::remove_file(world.vm_path("config.env")).expect("the file");
    holds(&asked(&world, GATE, 1), "found", "config.env does not exist");
    world.set_target("service", "user", "\"nexy-nobody-has-this-name\"");
    holds(&asked(&world, GATE, 1), "found", "no user nexy-nobody-has-this-name");
}

#[test]
fn a_rule_that_was_not_tried_or_that_the_attempt_contradicts_is_unknown() {
    let Some((world, _)) = served("a_rule_that_was_not_tried_is_unknown") else { return };
    let without_setpriv = world.vm_path("bin").display().to_string();
    holds(&judged(&ask_with_path(&world, &[GATE], &without_setpriv), GATE, 69), "found", "not verified by trying");
    for (script, said) in [("exit 127", "it ended with 127"), ("exit 9", "but could not when it was tried")] {
        let failing = format!("{}:{}", scripted(&world, "setpriv", script).display(), path(&world));
        holds(&judged(&ask_with_path(&world, &[GATE], &failing), GATE, 69), "found", said);
    }
    let finding = judged(&ask_as_a_stranger(&world, GATE), GATE, 69);
    holds(&finding, "fix", "sudo nexy-gate config-env-access");
}

#[test]
fn a_mounted_tree_is_computed_with_its_own_names_and_never_a_pass() {
    let Some((world, account)) = served("a_mounted_tree_is_computed_with_its_own_names") else { return };
    let root = world.root();
    fs::create_dir_all(root.join("etc")).expect("a folder");
    fs::write(root.join("etc/passwd"), format!("root:x:0:0::/:/bin/sh\nothername:x:{}:{}::/:/bin/sh\n", account.uid, account.gid))
        .expect("it");
    fs::write(root.join("etc/group"), format!("root:x:0:\nothergroup:x:{}:\n", account.gid)).expect("it");
    // The account that owns the folder above the root is another machine's.
    set_mounted(&world);
    world.set_target("service", "user", "\"othername\"");
    let finding = judged(&ask_in_root(&world, &[GATE]), GATE, 69);
    holds(&finding, "found", "not verified by trying whether othername can read /vm/config.env: a mounted tree");
    assert!(!finding.to_string().contains(root.to_str().expect("a path")), "the mounted path was shown: {finding:#}");
    // A link that would lead out of the tree stays in it.
    fs::rename(world.vm_path("config.env"), root.join("etc/config.env")).expect("the file");
    symlink("/etc/config.env", world.vm_path("config.env")).expect("a link");
    judged(&ask_in_root(&world, &[GATE]), GATE, 69);
    set_mode(&root.join("etc/config.env"), 0o644);
    let finding = judged(&ask_in_root(&world, &[GATE]), GATE, 1);
    holds(&finding, "found", "a link leads out of the checkout: /vm/config.env leads to /etc/config.env");
    assert!(!finding.to_string().contains("chmod"), "{finding:#}");
    fs::remove_file(world.vm_path("config.env")).expect("the link");
    fs::copy(root.join("etc/config.env"), world.vm_path("config.env")).expect("the file");
    let finding = judged(&ask_in_root(&world, &[GATE]), GATE, 1);
    holds(&finding, "fix", "sudo -u othername chmod 640 /vm/config.env\nsudo sh -c 'cd /vm && ");
    fs::remove_file(world.vm_path("config.env")).expect("the file");
    symlink("/etc/config.env", world.vm_path("config.env")).expect("a link");
    fs::remove_file(root.join("etc/config.env")).expect("the file");
    holds(&judged(&ask_in_root(&world, &[GATE]), GATE, 1), "found", "is a link that leads nowhere");
    fs::remove_file(root.join("etc/passwd")).expect("the accounts");
    holds(&judged(&ask_in_root(&world, &[GATE]), GATE, 69), "found", "cannot look at ");
}
