//! `--print-fix`: the printed script is read by dash and shellcheck, run twice, and the gate passes afterwards.

use crate::vm::{ask, ask_with_path, is_root, path, scripted, set_mode};
use crate::{ask as ask_at_home, config_env_access::served, world};
use nexy_standin::skip::has_program;
use nexy_standin::world::{Ran, UNIT, World};
use serde_json::json;
use std::os::unix::fs::{MetadataExt as _, chown, symlink};
use std::path::{Path, PathBuf};
use std::{collections::BTreeMap, fs};

/// Prints, and claims that printing has changed nothing below the world.
#[track_caller]
fn print(world: &World, id: &str) -> Ran {
    let before = state(world);
    let ran = ask(world, &["--print-fix", id]);
    assert!(before == state(world), "printing has changed something\n{ran}");
    ran
}

/// Every path of the world with owner and mode, and of files the length and change time (a gate tries a folder by making and
/// removing a file); the notes of the stand-ins are left out.
fn state(world: &World) -> BTreeMap<PathBuf, String> {
    let notes = [world.state(), world.root().join("temporary")];
    let mut seen = BTreeMap::new();
    let mut folders = vec![world.root()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if notes.contains(&path) {
                continue;
            }
            let at = fs::symlink_metadata(&path).expect("it is there");
            let mut known = format!("{} {} {:o}", at.uid(), at.gid(), at.mode());
            if at.is_dir() {
                folders.push(path.clone());
            } else {
                known += &format!(" {} {}.{}", at.len(), at.ctime(), at.ctime_nsec());
            }
            seen.insert(path, known);
        }
    }
    seen
}

/// The script of a gate that says no, in a file, held against dash and shellcheck.
#[track_caller]
fn printed(world: &World, id: &str) -> PathBuf {
    let ran = print(world, id);
    ran.exits(0).silent_stderr().prints("#!/bin/sh\n").prints("\nset -eu\n").prints(&format!("--print-fix {id}"));
    let mut run = ran.stdout.lines().filter(|line| !line.starts_with('#'));
    assert!(run.all(|line| !line.contains("restart ") && !line.contains("sudo ")), "{ran}");
    let file = world.state().join("fix.sh");
    fs::write(&file, &ran.stdout).expect("the script");
    for checker in [&["dash", "-n"][..], &["shellcheck", "-s", "sh"]] {
        if !has_program(&format!("what --print-fix {id} prints, held against {}", checker[0]), checker[0], checker[0]) {
            continue;
        }
        world.sh(&format!("{} '{}'", checker.join(" "), file.display())).exits(0);
    }
    file
}

/// Runs it as `sudo sh` does.
#[track_caller]
fn run(world: &World, script: &Path) -> Ran {
    world.shell(&format!("cd / && sh <'{}'", script.display())).env("PATH", &path(world)).run()
}

/// Runs it where the question of its last line is always answered with a yes.
#[track_caller]
fn run_unasked(world: &World, script: &Path, first_on_path: &str) -> Ran {
    let yes = scripted(world, "nexy-gate", "exit 0");
    let path = format!("{first_on_path}:{}:{}", yes.display(), path(world));
    world.shell(&format!("cd / && sh <'{}'", script.display())).env("PATH", &path).run()
}

#[track_caller]
pub(crate) fn passes_after_two_runs(world: &World, id: &str) {
    ask(world, &[id]).exits(1);
    let script = printed(world, id);
    // The last line of the script asks the gate.
    run(world, &script).exits(0).prints("\"verdict\": \"pass\"");
    run(world, &script).exits(0);
}

#[test]
fn the_script_changes_no_other_file_than_the_one_that_was_judged() {
    let Some((world, _)) = served("the_script_changes_no_other_file_than_the_one_that_was_judged") else { return };
    let (file, other) = (world.vm_path("config.env"), world.root().join("other"));
    set_mode(&file, 0o666);
    let script = printed(&world, "config-env-access");
    fs::write(&other, "x").expect("another file");
    set_mode(&other, 0o600);
    fs::remove_file(&file).expect("the file");
    symlink(&other, &file).expect("a link in its place");
    run(&world, &script).exits(1).says("Operation not permitted");
    assert_eq!(fs::metadata(&other).expect("it is there").mode() & 0o7777, 0o600);
}

#[test]
fn what_no_command_can_mend_is_refused_with_1_and_what_could_not_be_looked_at_with_69() {
    let Some((world, _)) = served("what_no_command_can_mend_is_refused") else { return };
    let without_setpriv = world.vm_path("bin").display().to_string();
    let ran = ask_with_path(&world, &["--print-fix", "config-env-access"], &without_setpriv);
    ran.exits(69).silent_stdout().says("not verified by trying");
    fs::remove_file(world.vm_path("config.env")).expect("the file");
    print(&world, "config-env-access").exits(1).silent_stdout().says("does not exist").says("do: ");
}

/// The unit's files, made known to the stand-in for the manager as the real one reads them.
struct Unit {
    main: PathBuf,
    drop_in: PathBuf,
}

impl Unit {
    fn new(world: &World, main: &str, drop_in: Option<&str>) -> Self {
        let folder = world.root().join("units");
        let unit = Self { main: folder.join(UNIT), drop_in: folder.join(format!("{UNIT}.d/override.conf")) };
        fs::create_dir_all(folder.join(format!("{UNIT}.d"))).expect("folders");
        fs::write(&unit.main, main).expect("the unit");
        world.set_unit("FragmentPath", json!(unit.main));
        if let Some(text) = drop_in {
            fs::write(&unit.drop_in, text).expect("a drop-in");
            world.set_unit("DropInPaths", json!(unit.drop_in));
        }
        unit.load(world);
        unit
    }

    fn load(&self, world: &World) {
        let text = fs::read_to_string(&self.main).expect("the unit") + &fs::read_to_string(&self.drop_in).unwrap_or_default();
        let mut commands: Vec<&str> = Vec::new();
        for (key, value) in text.lines().filter_map(|line| line.split_once('=')) {
            match (key, value) {
                ("ExecStart", "") => commands.clear(),
                ("ExecStart", command) => commands.push(command),
                ("User" | "WorkingDirectory", value) => world.set_unit(key, json!(value)),
                _ => {}
            }
        }
        world.set_unit("ExecStart", json!(commands));
    }

    /// The files beside the unit's own.
    fn copies(&self) -> Vec<PathBuf> {
        let folders = [self.main.parent(), self.drop_in.parent()];
        let entries = folders.into_iter().flatten().flat_map(|folder| fs::read_dir(folder).expect("a folder"));
        let paths = entries.map(|entry| entry.expect("an entry").path());
        paths.filter(|path| path.display().to_string().contains(".before-")).collect()
    }
}

/// The service's three directives as they should be.
fn right(world: &World) -> String {
    let target = world.read("nexy.toml");
    let user = target.lines().find_map(|line| line.strip_prefix("user = ")).expect("the service's user").trim_matches('"').to_owned();
    let vm = world.vm().display().to_string();
    format!("[Unit]\nDescription=x\n[Service]\nExecStart={vm}/venv/bin/python3 server/main.py\nUser={user}\nWorkingDirectory={vm}\n")
}

#[test]
fn exec_start_passes_after_the_script_wherever_the_change_is() {
    for (change, drop_in) in [
        (("server/main.py", "server/server/main.py"), None),
        (("User=", "User=somebody\n#"), None),
        (("ExecStart=", "ExecStart=/bin/false\nExecStart=-"), Some("[Service]\nUser=other\nEnvironment=A=1\n")),
        (("[Unit]", "[Unit]"), Some("[Service]\nExecStart=\nExecStart=/bin/true main.py\nWorkingDirectory=/\nEnvironment=A=1\n")),
    ] {
        let world = world();
        let unit = Unit::new(&world, &right(&world).replacen(change.0, change.1, 1), drop_in);
        let (main, over) = (fs::read_to_string(&unit.main).expect("it"), fs::read_to_string(&unit.drop_in).ok());
        ask(&world, &["exec-start"]).exits(1);
        let script = printed(&world, "exec-start");
        for _ in 0..2 {
            // The stand-in for the manager reads no files.
            run_unasked(&world, &script, "").exits(0);
            unit.load(&world);
            ask(&world, &["exec-start"]).exits(0);
        }
        assert!(over.is_none() || fs::read_to_string(&unit.drop_in).expect("it").ends_with("Environment=A=1\n"));
        let copies = unit.copies();
        assert!(!copies.is_empty(), "a copy comes first");
        for copy in copies {
            let (kept, is_main) = (fs::read_to_string(&copy).expect("a copy"), copy.parent() == unit.main.parent());
            assert_eq!(Some(&kept), if is_main { Some(&main) } else { over.as_ref() }, "the second run keeps the first copy");
        }
        let calls = fs::read_to_string(world.state().join("systemctl.jsonl")).expect("the calls");
        assert!(calls.contains("daemon-reload") && !calls.contains("\"restart\""), "{calls}");
    }
}

#[test]
fn a_unit_that_only_waits_for_a_reload_is_reloaded_and_its_files_stay() {
    let world = world();
    let unit = Unit::new(&world, &right(&world), None);
    world.set_unit("NeedDaemonReload", json!("yes"));
    passes_after_two_runs(&world, "exec-start");
    assert!(unit.copies().is_empty());
}

#[test]
fn a_copy_that_cannot_be_made_stops_the_script_before_anything_is_changed() {
    let world = world();
    let unit = Unit::new(&world, &right(&world).replace("server/main.py", "main.py"), None);
    let before = fs::read_to_string(&unit.main).expect("the unit");
    let script = printed(&world, "exec-start");
    let failing = scripted(&world, "cp", "exit 1");
    run_unasked(&world, &script, &failing.display().to_string()).exits(1).silent_stdout();
    assert_eq!(fs::read_to_string(&unit.main).expect("the unit"), before);
    run_unasked(&world, &script, "").exits(0);
    unit.load(&world);
    ask(&world, &["exec-start"]).exits(0);
}

#[test]
fn a_continued_line_and_an_absent_manager_get_no_script() {
    let world = world();
    Unit::new(&world, &right(&world).replace("server/main.py", "main.py \\\n -v"), None);
    print(&world, "exec-start").exits(1).silent_stdout().says("sudoedit");
    let ran = ask_with_path(&world, &["--print-fix", "exec-start"], "/nonexistent");
    ran.exits(69).silent_stdout().says("`systemctl` is not on PATH");
    world.set_unit("LoadState", json!("masked"));
    print(&world, "exec-start").exits(1).silent_stdout().says("unmask");
}

#[test]
fn release_inbox_passes_after_a_misspelled_name_was_moved() {
    let world = world();
    fs::rename(world.inbox("Nexy.dmg"), world.inbox("NEXY.dmg")).expect("the artifact");
    let owner = fs::metadata(world.inbox("NEXY.dmg")).expect("it").uid();
    passes_after_two_runs(&world, "release-inbox");
    assert_eq!(fs::metadata(world.inbox("Nexy.dmg")).expect("it").uid(), owner);
}

#[test]
fn a_missing_inbox_is_made_for_the_workspaces_owner_and_the_rest_is_told() {
    let world = world();
    if is_root(&world, "the inbox gets the workspace's group") {
        chown(world.workspace(), None, Some(1)).expect("its group");
    }
    fs::remove_dir_all(world.workspace().join("release_inbox")).expect("the inbox");
    let script = printed(&world, "release-inbox");
    for _ in 0..2 {
        // The folder is there, and what comes into it is a person's.
        run(&world, &script).exits(1).prints("release_inbox/ holds no artifact");
    }
    let (inbox, workspace) = (world.workspace().join("release_inbox"), world.workspace());
    let owner = |path: &Path| fs::metadata(path).map(|at| (at.uid(), at.gid())).expect("it is there");
    assert_eq!(owner(&inbox), owner(&workspace));
    fs::write(world.inbox("Nexy.dmg"), "x").expect("an artifact");
    ask_at_home(&world, &["release-inbox"]).exits(0);
}

#[test]
fn nothing_is_moved_over_an_artifact_that_came_meanwhile_and_a_partial_copy_is_a_persons() {
    let world = world();
    fs::rename(world.inbox("Nexy.dmg"), world.inbox("nexy.dmg")).expect("the artifact");
    let script = printed(&world, "release-inbox");
    fs::write(world.inbox("Nexy.dmg"), "new").expect("an artifact");
    run(&world, &script).exits(1);
    assert_eq!(fs::read_to_string(world.inbox("Nexy.dmg")).expect("it"), "new");
    assert!(world.inbox("nexy.dmg").is_file());
    print(&world, "release-inbox").exits(1).silent_stdout();
    fs::remove_file(world.inbox("nexy.dmg")).expect("the old one");
    fs::write(world.inbox("Nexy.dmg\u{1b}[2J.part"), "x").expect("a file");
    let ran = print(&world, "release-inbox");
    ran.exits(1).silent_stdout();
    assert!(!ran.stderr.contains('\u{1b}'), "{ran}");
}

#[test]
fn a_gate_that_passes_gets_a_script_that_only_says_so() {
    let world = world();
    for id in ["release-inbox", "exec-start"] {
        let script = printed(&world, id);
        let before = state(&world);
        run(&world, &script).exits(0).prints(&format!("{id} passes already"));
        assert!(before == state(&world), "{id}");
    }
}

#[test]
fn a_gate_without_a_documented_fix_is_refused_with_the_list_and_needs_no_target() {
    let world = world();
    let bare = |arguments: &[&str]| world.tool("nexy-gate").bare().dir(world.home()).args(arguments.iter().copied()).run();
    let refused = bare(&["--print-fix", "github-token"]);
    refused.exits(2).silent_stdout().says("release-inbox, update-dirs, config-env-access, exec-start");
    bare(&["--print-fix", "exec-strat"]).exits(2).silent_stdout().says("`exec-start`");
    bare(&["--print-fix", "exec-start", "hard"]).exits(2).silent_stdout();
    bare(&["--print-fix", "exec-start", "--list"]).exits(2).silent_stdout();
    bare(&["--print-fix", "exec-start", "--target=/nowhere/nexy.toml"]).exits(78).silent_stdout();
}
