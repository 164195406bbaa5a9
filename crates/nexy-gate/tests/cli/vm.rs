//! The VM's side of the tests: the service manager on PATH, real owners, and a secret that no output may repeat.

use crate::said;
use nexy_outside::fs::accounts::{Account, Accounts};
use nexy_standin::leak_scan;
use nexy_standin::skip::{Need, skipped};
use nexy_standin::world::{Ran, World, fix_commands};
use serde_json::{Value, json};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::{fs, path::PathBuf};

/// A value that looks real; no eight bytes of it may ever be seen.
pub(crate) const SECRET: &str = "hx7+Qp/2Lr=9ZtW4vBn8sKd3mYf6Tc";

/// An account that every machine has, that runs no test, and that is alone in its group.
const USER: &str = "bin";

/// Asks on the VM.
#[track_caller]
pub(crate) fn ask(world: &World, names: &[&str]) -> Ran {
    ask_with_path(world, names, &path(world))
}

/// Asks with other programs on PATH.
#[track_caller]
pub(crate) fn ask_with_path(world: &World, names: &[&str], path: &str) -> Ran {
    let ran = world.tool("nexy-gate").args(names.iter().copied()).arg("--format=json").env("PATH", path).run();
    keeps_the_secret(&ran);
    ran
}

/// The programs of the VM before those of this machine.
pub(crate) fn path(world: &World) -> String {
    format!("{}:/usr/bin:/bin", world.vm_path("bin").display())
}

/// Asks one gate, and claims its exit code; the finding comes back.
#[track_caller]
pub(crate) fn asked(world: &World, id: &str, code: i32) -> Value {
    judged(&ask(world, &[id]), id, code)
}

/// Claims exit code and verdict of one gate, and that a person is told what to do.
#[track_caller]
pub(crate) fn judged(ran: &Ran, id: &str, code: i32) -> Value {
    ran.exits(code).says(id);
    let finding = ran.finding(id);
    assert_eq!(finding["verdict"], ["pass", "fail"].get(usize::try_from(code).unwrap_or(9)).copied().unwrap_or("unknown"), "{ran}");
    for key in ["found", "expected", "fix", "runbook"] {
        assert!(code == 0 || !crate::text(&finding, key).is_empty(), "{key} is empty\n{ran}");
    }
    finding
}

/// A program of that name that does what the script says; its folder comes back.
pub(crate) fn scripted(world: &World, name: &str, script: &str) -> PathBuf {
    let folder = world.root().join(format!("scripted-{name}"));
    fs::create_dir_all(&folder).expect("a folder");
    let text = folder.join(format!("{name}.text"));
    fs::write(&text, format!("#!/bin/sh\n{script}\n")).expect("a script");
    copy_program(world, &text, &folder.join(name));
    folder
}

/// A program that can be run at once. The shell copies it: while this process has it open for writing, another test may
/// start a child that inherits the descriptor, and the kernel runs no file that a process may still write.
fn copy_program(world: &World, from: &std::path::Path, to: &std::path::Path) {
    world.shell(&format!("cp '{0}' '{1}' && chmod 755 '{1}'", from.display(), to.display())).run().exits(0);
}

/// Whether the test may give files to others; says so loudly when it may not.
pub(crate) fn is_root(world: &World, test: &str) -> bool {
    let is_root = fs::metadata(world.vm()).expect("the checkout").uid() == 0;
    if !is_root {
        skipped(test, "it gives files to other accounts", Need::Root);
    }
    is_root
}

/// Gives the service to an account that is not the test's, with owners and modes as the rulebook wants them.
pub(crate) fn serve_as_another_user(world: &World) -> Account {
    let account = Accounts::read().expect("the accounts").account(USER).expect("it is on every machine");
    world.set_target("service", "user", &format!("\"{USER}\""));
    world.set_unit("User", json!(USER));
    for folder in [world.root(), world.vm()] {
        set_mode(&folder, 0o755);
    }
    chown(world.vm(), Some(account.uid), Some(account.gid)).expect("its new owner");
    chown(world.vm_path("config.env"), Some(0), Some(account.gid)).expect("its new group");
    account
}

/// Tells the target that the checkout is elsewhere; nothing is moved.
pub(crate) fn set_checkout(world: &World, checkout: &str) {
    world.set_target("vm", "checkout", &format!("\"{checkout}\""));
    world.set_target("service", "working_directory", &format!("\"{checkout}\""));
}

/// Tells the target what the VM's paths are when the world is mounted as a machine.
pub(crate) fn set_mounted(world: &World) {
    set_checkout(world, "/vm");
    world.set_target("vm", "config_env", "\"/vm/config.env\"");
    world.set_target("service", "exec_start", "\"/vm/venv/bin/python3 server/main.py\"");
}

/// Asks about the world as a mounted machine: its root is the world's.
#[track_caller]
pub(crate) fn ask_in_root(world: &World, names: &[&str]) -> Ran {
    let root = format!("--root={}", world.root().display());
    let ran = world.tool("nexy-gate").arg(&root).args(names.iter().copied()).arg("--format=json").env("PATH", &path(world)).run();
    keeps_the_secret(&ran);
    ran
}

/// Whether this machine can make access control lists; says so loudly when it cannot.
pub(crate) fn has_lists(test: &str) -> bool {
    let is_here = ["/usr/bin/setfacl", "/bin/setfacl"].iter().any(|path| std::path::Path::new(path).is_file());
    if !is_here {
        skipped(test, "setfacl is not here", Need::Package("acl"));
    }
    is_here
}

/// Changes a list by the real program.
#[track_caller]
pub(crate) fn setfacl(world: &World, arguments: &[&str], path: &std::path::Path) {
    world.sh(&format!("setfacl {} '{}'", arguments.join(" "), path.display())).exits(0);
}

/// Sets a mode.
pub(crate) fn set_mode(path: &std::path::Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("its mode");
}

/// Asks as an account that is neither root nor the service's.
pub(crate) fn ask_as_a_stranger(world: &World, id: &str) -> Ran {
    ask_as_a_stranger_with_path(world, id, "/usr/bin:/bin")
}

/// Asks as that account with other programs on PATH.
pub(crate) fn ask_as_a_stranger_with_path(world: &World, id: &str, path: &str) -> Ran {
    let copy = world.root().join("nexy-gate-for-others");
    copy_program(world, &world.tools().join("nexy-gate"), &copy);
    set_mode(&world.root(), 0o755);
    let (copy, target) = (copy.display(), target(world));
    let command =
        format!("cd / && exec setpriv --reuid 1 --regid 1 --clear-groups -- {copy} --target={} {id} --format=json", target.display());
    let ran = world.shell(&command).env("PATH", path).run();
    keeps_the_secret(&ran);
    ran
}

/// Claims that the secret is nowhere in what was said: plain, base64 at any alignment, or URL-encoded.
#[track_caller]
pub(crate) fn keeps_the_secret(ran: &Ran) {
    leak_scan::assert_none(SECRET, &said(ran), "what was said");
}

/// Where the VM's copy of `nexy.toml` stands once the checkout belongs to another account.
const INSTALLED: &str = "nexy.toml";

/// The VM's copy of `nexy.toml`.
fn target(world: &World) -> PathBuf {
    let installed = world.root().join(INSTALLED);
    if installed.exists() { installed } else { world.vm_path("etc/nexy.toml") }
}

/// Gives the whole checkout to another account, the service's, and puts `nexy.toml` where only root can write.
pub(crate) fn give_checkout_away(world: &World) -> Account {
    let installed = world.root().join(INSTALLED);
    world.set_target("vm", "target_file", &format!("\"{}\"", installed.display()));
    let account = serve_as_another_user(world);
    fs::copy(world.vm_path("etc/nexy.toml"), &installed).expect("the target");
    world.sh(&format!("chown -R {}:{} '{}'", account.uid, account.gid, world.vm().display())).exits(0);
    account
}

/// Asks with the VM's own copy of `nexy.toml`, so that paths belong to the checkout.
#[track_caller]
pub(crate) fn ask_there(world: &World, arguments: &[&str]) -> Ran {
    let target = format!("--target={}", target(world).display());
    world.tool("nexy-gate").bare().arg(&target).args(arguments.iter().copied()).arg("--format=json").run()
}

/// Makes a link that belongs to an account, as that account would make it.
pub(crate) fn plant(account: &Account, leads_to: &std::path::Path, link: &std::path::Path) {
    std::os::unix::fs::symlink(leads_to, link).expect("a link");
    std::os::unix::fs::lchown(link, Some(account.uid), Some(account.gid)).expect("its owner");
}

/// Owner, group and mode of a path itself.
pub(crate) fn owned(path: &std::path::Path) -> (u32, u32, u32) {
    let at = fs::symlink_metadata(path).expect("it is there");
    (at.uid(), at.gid(), at.mode() & 0o7777)
}

/// Claims that a finding names a link that leads out of the checkout, that its only change is the removal of the link as the
/// service's user, that no script names the real place, and that the real place stays as it is when everything is typed.
#[track_caller]
pub(crate) fn removes_only_the_link(world: &World, id: &str, link: &std::path::Path, real: &std::path::Path) {
    let before = owned(real);
    let finding = asked(world, id, 1);
    crate::holds(&finding, "found", &format!("a link leads out of the checkout: {} leads to {}", link.display(), real.display()));
    let changes: Vec<&str> = fix_commands(&finding["fix"]).into_iter().filter(|line| !line.starts_with("sudo nexy-gate ")).collect();
    assert_eq!(changes, [format!("sudo -u {USER} rm -- {}", link.display())]);
    let script = ask(world, &["--print-fix", id]);
    let run: Vec<&str> = script.stdout.lines().filter(|line| !line.starts_with('#')).collect();
    assert!(run.iter().all(|line| !line.contains(&real.display().to_string())), "{script}");
    for change in changes {
        world.sh(&change.replace("sudo -u bin ", "setpriv --reuid bin --regid bin --init-groups -- ")).exits(0);
    }
    assert_eq!(owned(real), before);
    assert!(!link.is_symlink());
}

/// Types the commands of a fix, one a line, from this folder; words are left out.
#[track_caller]
pub(crate) fn type_fix(world: &World, finding: &Value, folder: &std::path::Path) {
    fix_commands(&finding["fix"]).iter().for_each(|line| type_line(world, line, folder));
}

/// Types one command. Root needs no `sudo`, and neither does the account that `sudo -u` names: an ordinary user's world belongs to
/// that user.
#[track_caller]
pub(crate) fn type_line(world: &World, line: &str, folder: &std::path::Path) {
    let line = match line.strip_prefix("sudo -u ").and_then(|rest| rest.split_once(' ')) {
        Some((user, rest)) if user == nexy_standin::world::user() => rest.to_owned(),
        Some((user, rest)) => format!("setpriv --reuid {user} --regid \"$(id -g {user})\" --init-groups -- {rest}"),
        None => line.replace("sudo ", ""),
    };
    // What it does on the laptop, without the remotes that these workspaces do not have; tests of the script prove the rest.
    let tag = "git commit --quiet --all --allow-empty --message=release && git tag \"v$(cat VERSION)\"";
    let line = if line == "make tag" { tag.to_owned() } else { line };
    let person = "git() { command git -c user.name=Person -c user.email=person@example.org \"$@\"; }";
    world.shell(&format!("{person}; {line}")).dir(folder).run().exits(0);
}

/// A no with these words, and a yes after the printed commands were typed in the workspace; the finding of the yes comes back.
#[track_caller]
pub(crate) fn mended(world: &World, said: &str, asked: impl Fn(i32) -> Value) -> Value {
    let finding = asked(1);
    crate::holds(&finding, "found", said);
    type_fix(world, &finding, &world.workspace());
    asked(0)
}

/// A VM whose checkout is a clone at the release's tag.
pub(crate) fn checked_out() -> World {
    let world = crate::world();
    world.vm_checkout();
    world
}

/// Asks one gate there, and claims its exit code; the finding comes back.
#[track_caller]
pub(crate) fn asked_there(world: &World, id: &str, code: i32) -> Value {
    judged(&ask_there(world, &[id]), id, code)
}
