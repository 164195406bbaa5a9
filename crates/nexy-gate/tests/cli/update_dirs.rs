//! `update-dirs` against real folders, owners and lists; most of it needs root.

use crate::vm::{
    ask, ask_as_a_stranger, ask_in_root, ask_with_path, asked, has_lists, is_root, judged, owned, path, plant, removes_only_the_link,
    scripted, serve_as_another_user, set_checkout, set_mode, set_mounted, setfacl,
};
use crate::{holds, print_fix::passes_after_two_runs, tells, world};
use nexy_outside::fs::accounts::Account;
use nexy_standin::world::World;
use std::fs;
use std::os::unix::fs::{MetadataExt as _, chown, symlink};
use std::path::{Path, PathBuf};

const GATE: &str = "update-dirs";
const DIRS: [&str; 3] = ["server/updates/downloads", "server/updates/manifests", "server/server/updates/manifests"];

/// A VM whose service runs as another user, who owns its checkout; `None`, loudly, without root.
pub(crate) fn served(test: &str) -> Option<(World, Account)> {
    let world = world();
    if !is_root(&world, test) {
        return None;
    }
    let account = serve_as_another_user(&world);
    world.sh(&format!("chown -R {0}: '{1}/server' && chmod -R u=rwX,go=rX '{1}/server'", account.name, world.vm().display())).exits(0);
    Some((world, account))
}

/// Every name below a folder.
fn names(folder: &Path) -> Vec<PathBuf> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            names.extend(self::names(&path));
        }
        names.push(path);
    }
    names.sort();
    names
}

#[test]
fn folders_that_the_user_can_write_into_pass_and_the_trial_leaves_nothing() {
    let Some((world, account)) = served("folders_that_the_user_can_write_into_pass") else { return };
    let before = names(&world.vm());
    let finding = asked(&world, GATE, 0);
    for folder in DIRS {
        holds(&finding, "found", &format!("{} can write into {}", account.name, world.vm_path(folder).display()));
    }
    holds(&finding, "found", "and tried");
    assert_eq!(names(&world.vm()), before);
}

#[test]
fn whatever_is_wrong_with_a_folder_or_the_way_the_script_mends_it() {
    let Some((world, account)) = served("whatever_is_wrong_with_a_folder_or_the_way") else { return };
    let folder = world.vm_path(DIRS[0]);
    for (owner, group, mode, above, said) in [
        (0, 0, 0o755, 0o755, "cannot write into "),
        (account.uid, 8, 0o775, 0o677, "mail can write into "),
        (8, 8, 0o000, 0o755, "belongs to mail"),
    ] {
        chown(&folder, Some(owner), Some(group)).expect("its owner");
        set_mode(&folder, mode);
        set_mode(&world.vm_path("server/updates"), above);
        holds(&asked(&world, GATE, 1), "found", said);
        passes_after_two_runs(&world, GATE);
    }
}

#[test]
fn a_link_of_the_services_user_makes_root_give_no_folder_away() {
    let Some((world, account)) = served("a_link_of_the_services_user_makes_root_give_no_folder_away") else { return };
    let roots = world.root().join("roots");
    fs::create_dir_all(roots.join("inner")).expect("folders");
    for (link, leads_to, mode, above) in
        [(DIRS[1], "inner", 0o755, 0o755), (DIRS[1], "inner", 0o700, 0o700), (DIRS[1], "inner", 0o777, 0o777)]
    {
        let (link, real) = (world.vm_path(link), roots.join(leads_to));
        set_mode(&real, mode);
        set_mode(&roots, above);
        fs::remove_dir_all(&link).expect("what was there");
        plant(&account, &real, &link);
        removes_only_the_link(&world, GATE, &link, &real);
        assert_eq!(owned(&roots).2, above);
        fs::create_dir(&link).expect("the folder");
        chown(&link, Some(account.uid), Some(account.gid)).expect("its owner");
    }
    asked(&world, GATE, 0);
    // What is wrong before the link is mended all the same.
    set_mode(&roots.join("inner"), 0o755);
    fs::remove_dir(world.vm_path(DIRS[1])).expect("the folder");
    plant(&account, &roots.join("inner"), &world.vm_path(DIRS[1]));
    set_mode(&world.vm_path("server"), 0o757);
    let script = ask(&world, &["--print-fix", GATE]);
    script.exits(0).prints("chmod o-w ").prints("Left to a person");
    let mut run = script.stdout.lines().filter(|line| !line.starts_with('#'));
    assert!(run.all(|line| !line.contains(roots.to_str().expect("a path"))), "{script}");
}

#[test]
fn a_folder_behind_a_planted_link_is_made_by_no_rights_but_the_services() {
    let Some((world, account)) = served("a_folder_behind_a_planted_link_is_made_by_no_rights_but_the_services") else { return };
    let (roots, updates) = (world.root().join("roots"), world.vm_path("server/updates"));
    fs::create_dir(&roots).expect("a folder");
    set_mode(&roots, 0o755);
    fs::remove_dir_all(world.vm_path(DIRS[2])).expect("a folder");
    // The link is planted after the script was printed.
    let script = ask(&world, &["--print-fix", GATE]);
    script.exits(0).prints("setpriv --reuid bin --regid bin --init-groups -- mkdir -p ");
    fs::remove_dir_all(world.vm_path("server/server")).expect("a folder");
    plant(&account, &roots, &world.vm_path("server/server"));
    world.shell("cd / && sh").stdin(&script.stdout).run().exits(1);
    assert!(names(&roots).is_empty());
    fs::remove_file(world.vm_path("server/server")).expect("the link");
    passes_after_two_runs(&world, GATE);
    // The link is planted before.
    fs::remove_dir_all(&updates).expect("a folder");
    plant(&account, &roots, &updates);
    removes_only_the_link(&world, GATE, &updates, &roots);
    assert!(names(&roots).is_empty());
    passes_after_two_runs(&world, GATE);
}

#[test]
fn a_missing_folder_below_one_of_roots_is_made_after_that_was_given_to_the_services_user() {
    let Some((world, _)) = served("a_missing_folder_below_one_of_roots") else { return };
    fs::remove_dir_all(world.vm_path(DIRS[1])).expect("a folder");
    chown(world.vm_path("server/updates"), Some(0), Some(0)).expect("its owner");
    passes_after_two_runs(&world, GATE);
}

#[test]
fn missing_folders_are_made_with_those_above_them() {
    let Some((world, account)) = served("missing_folders_are_made") else { return };
    fs::remove_dir_all(world.vm_path("server/server")).expect("a folder");
    fs::remove_dir_all(world.vm_path(DIRS[0])).expect("a folder");
    holds(&asked(&world, GATE, 1), "found", &format!("the folder {} does not exist", world.vm_path(DIRS[2]).display()));
    assert!(!world.vm_path(DIRS[0]).exists(), "a gate changes nothing");
    passes_after_two_runs(&world, GATE);
    let made = fs::metadata(world.vm_path(DIRS[2])).expect("it is there");
    assert_eq!((made.uid(), made.gid(), made.mode() & 0o7777), (account.uid, account.gid, 0o755));
}

#[test]
fn a_list_is_a_failure_and_the_script_takes_it_away() {
    let Some((world, _)) = served("update-dirs with lists") else { return };
    if !has_lists("update-dirs with lists") {
        return;
    }
    setfacl(&world, &["-d", "-m", "u:mail:rwx"], &world.vm_path(DIRS[1]));
    holds(&asked(&world, GATE, 1), "found", "has an access control list");
    passes_after_two_runs(&world, GATE);
}

#[test]
fn what_stands_in_the_way_is_a_persons_and_gets_no_script() {
    let Some((world, _)) = served("what_stands_in_the_way_is_a_persons") else { return };
    let folder = world.vm_path(DIRS[0]);
    fs::remove_dir_all(&folder).expect("a folder");
    fs::write(&folder, "x").expect("a file");
    holds(&asked(&world, GATE, 1), "fix", &format!("ls -ld {}", folder.display()));
    crate::vm::ask(&world, &["--print-fix", GATE]).exits(1).silent_stdout().says("is not a directory");
    fs::remove_file(&folder).expect("the file");
    symlink(world.vm_path("nowhere"), &folder).expect("a link");
    holds(&asked(&world, GATE, 1), "found", "is not a directory");
    // The others are mended all the same, and what is left is told.
    set_mode(&world.vm_path(DIRS[1]), 0o757);
    crate::vm::ask(&world, &["--print-fix", GATE]).exits(0).prints("chmod 755").prints("Left to a person");
}

#[test]
fn a_link_that_is_turned_after_printing_leads_the_script_nowhere() {
    let Some((world, _)) = served("a_link_that_is_turned_after_printing") else { return };
    let (folder, other) = (world.vm_path(DIRS[0]), world.root().join("other"));
    set_mode(&folder, 0o757);
    let script = crate::vm::ask(&world, &["--print-fix", GATE]);
    fs::create_dir(&other).expect("another folder");
    set_mode(&other, 0o777);
    fs::remove_dir_all(&folder).expect("a folder");
    symlink(&other, &folder).expect("a link");
    world.shell("cd / && sh").stdin(&script.stdout).run().exits(1).says("Operation not permitted");
    assert_eq!(fs::metadata(&other).expect("it").mode() & 0o7777, 0o777);
}

#[test]
fn a_trial_that_contradicts_the_rule_or_was_not_made_is_unknown() {
    let Some((world, _)) = served("a_trial_that_contradicts_the_rule_or_was_not_made") else { return };
    let with_setpriv = |script: &str| format!("{}:{}", scripted(&world, "setpriv", script).display(), path(&world));
    let refused = judged(&ask_with_path(&world, &[GATE], &with_setpriv("echo 'Read-only file system' >&2; exit 9")), GATE, 69);
    holds(&refused, "found", "but could not when it was tried: Read-only file system");
    holds(&refused, "fix", "namei -l ");
    let left = judged(&ask_with_path(&world, &[GATE], &with_setpriv("exit 10")), GATE, 69);
    holds(&left, "found", "the file of the trial is still there");
    let without = world.vm_path("bin").display().to_string();
    holds(&judged(&ask_with_path(&world, &[GATE], &without), GATE, 69), "found", "`setpriv` is not on PATH");
    tells(&judged(&ask_as_a_stranger(&world, GATE), GATE, 69), "only root can try it", "sudo nexy-gate update-dirs");
}

#[test]
fn a_missing_user_or_checkout_is_a_no() {
    let world = world();
    set_checkout(&world, &world.root().join("nowhere").display().to_string());
    holds(&asked(&world, GATE, 1), "found", "nowhere does not exist");
    set_checkout(&world, &world.vm().display().to_string());
    world.set_target("service", "user", "\"nexy-nobody-has-this-name\"");
    holds(&asked(&world, GATE, 1), "found", "no user nexy-nobody-has-this-name");
}

#[test]
fn a_mounted_tree_is_computed_and_never_a_pass() {
    let Some((world, account)) = served("update-dirs in a mounted tree") else { return };
    fs::create_dir_all(world.root().join("etc")).expect("a folder");
    fs::write(world.root().join("etc/passwd"), format!("them:x:{}:{}::/:/bin/sh\n", account.uid, account.gid)).expect("the users");
    fs::write(world.root().join("etc/group"), format!("them:x:{}:\n", account.gid)).expect("the groups");
    world.set_target("service", "user", "\"them\"");
    set_mounted(&world);
    holds(&judged(&ask_in_root(&world, &[GATE]), GATE, 69), "found", "them can write into /vm/server/updates/downloads: a mounted tree");
    chown(world.vm_path(DIRS[0]), Some(0), Some(0)).expect("its owner");
    let finding = judged(&ask_in_root(&world, &[GATE]), GATE, 1);
    holds(&finding, "fix", "chown -hR them:them ./server'\nsudo -u them chmod 755 /vm/server/updates/downloads");
    assert!(!finding.to_string().contains(world.root().to_str().expect("a path")), "{finding:#}");
}
