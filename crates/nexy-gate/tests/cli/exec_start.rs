//! `exec-start` against a scripted service manager and real files.

use crate::vm::{
    ask_as_a_stranger_with_path, ask_with_path, asked, is_root, judged, path, plant, removes_only_the_link, scripted,
    serve_as_another_user, set_mode, type_line,
};
use crate::{holds, tells, world};
use nexy_outside::fs::accounts::Accounts;
use nexy_standin::world::{UNIT, World, fix_commands};
use serde_json::json;
use std::fs;
use std::os::unix::fs::{MetadataExt as _, chown, symlink};

const GATE: &str = "exec-start";

fn python(world: &World) -> String {
    world.vm_path("venv/bin/python3").display().to_string()
}

#[test]
fn the_expected_unit_passes_and_is_only_looked_at() {
    let world = world();
    holds(&asked(&world, GATE, 0), "found", "server/main.py");
    let calls = fs::read_to_string(world.state().join("systemctl.jsonl")).expect("the calls");
    assert_eq!(calls.lines().count(), 1, "{calls}");
    assert!(calls.contains("\"show\""), "{calls}");
}

#[test]
fn what_the_manager_tells_about_prefixes_folders_accounts_and_sandboxes_is_judged() {
    let world = world();
    let good = format!("{} server/main.py", python(&world));
    let folder = world.vm().display().to_string();
    for (key, value, right, code, said) in [
        ("ExecStart", format!("+{good}"), &good, 1, "begins with `+`"),
        ("ExecStart", format!(":{good}"), &good, 0, "server/main.py"),
        ("WorkingDirectory", format!("!{folder}"), &folder, 1, "begins with `-`"),
        ("RootDirectory", "/srv/jail".to_owned(), &String::new(), 1, "RootDirectory=/srv/jail gives"),
        ("MountImages", "/i:/home".to_owned(), &String::new(), 69, "cannot determine what the service reaches: MountImages="),
        ("LoadState", "masked".to_owned(), &"loaded".to_owned(), 1, "is masked"),
    ] {
        world.set_unit(key, json!(value));
        holds(&asked(&world, GATE, code), "found", said);
        world.set_unit(key, json!(right));
    }
    world.set_unit("User", json!("somebody-else"));
    holds(&asked(&world, GATE, 1), "found", "User is `somebody-else`");
}

#[test]
fn a_program_or_script_that_is_not_there_is_a_no() {
    let world = world();
    fs::remove_file(world.vm_path("server/main.py")).expect("the script");
    holds(&asked(&world, GATE, 1), "fix", "checkout HEAD -- server/main.py");
    fs::create_dir(world.vm_path("server/main.py")).expect("a folder in its place");
    holds(&asked(&world, GATE, 1), "found", "server/main.py, and there is no such file");
    let world = crate::world();
    fs::remove_file(world.vm_path("venv/bin/python3")).expect("the link");
    holds(&asked(&world, GATE, 1), "fix", "python3 -m venv");
    fs::write(world.vm_path("venv/bin/python3"), "x").expect("a file");
    set_mode(&world.vm_path("venv/bin/python3"), 0o644);
    holds(&asked(&world, GATE, 1), "fix", "chmod u+x");
}

#[test]
fn an_interpreter_that_is_gone_or_does_not_start_is_a_no() {
    let world = world();
    let python = world.vm_path("venv/bin/python3");
    let lead_to = |path: &str| {
        fs::remove_file(&python).expect("the link");
        symlink(path, &python).expect("a link");
    };
    lead_to("/nothing/bin/python3.9");
    tells(&asked(&world, GATE, 1), "leads to an interpreter that does not exist", "python3 -m venv --upgrade ");
    lead_to("/bin/false");
    tells(&asked(&world, GATE, 1), "cannot start ", "bin/pip install -r ");
    lead_to("/bin/true");
    asked(&world, GATE, 0);
}

/// A VM whose service runs as another user; `None`, loudly, without root.
fn served(test: &str) -> Option<World> {
    let world = world();
    if !is_root(&world, test) {
        return None;
    }
    serve_as_another_user(&world);
    for folder in ["server", "venv", "venv/bin"] {
        set_mode(&world.vm_path(folder), 0o755);
    }
    set_mode(&world.vm_path("server/main.py"), 0o644);
    Some(world)
}

#[test]
fn what_the_services_user_cannot_reach_is_a_no_and_the_printed_command_mends_it() {
    let Some(world) = served("what_the_services_user_cannot_reach") else { return };
    asked(&world, GATE, 0);
    for (path, mode, said) in [
        ("server", 0o700, "bin cannot pass "),
        ("server/main.py", 0o600, "bin cannot read "),
        ("venv/bin", 0o750, "bin cannot pass "),
        ("", 0o655, "bin cannot pass "),
    ] {
        let before = fs::metadata(world.vm_path(path)).expect("it is there");
        set_mode(&world.vm_path(path), mode);
        let finding = asked(&world, GATE, 1);
        holds(&finding, "found", said);
        for command in fix_commands(&finding["fix"]).into_iter().filter(|line| line.contains("ch")) {
            type_line(&world, command, &world.root());
        }
        asked(&world, GATE, 0);
        chown(world.vm_path(path), Some(before.uid()), Some(before.gid())).expect("root gives it back");
        set_mode(&world.vm_path(path), before.mode() & 0o7777);
    }
}

#[test]
fn a_link_of_the_services_user_opens_no_program_or_script_of_roots() {
    let Some(world) = served("a_link_of_the_services_user_opens_no_program_or_script_of_roots") else { return };
    let account = Accounts::read().expect("the accounts").account("bin").expect("it is on every machine");
    let roots = world.root().join("roots");
    fs::write(&roots, "x").expect("root's file");
    set_mode(&roots, 0o700);
    for folder in ["server", "venv/bin"] {
        chown(world.vm_path(folder), Some(account.uid), Some(account.gid)).expect("its owner");
    }
    for path in ["venv/bin/python3", "server/main.py"] {
        let (link, before) = (world.vm_path(path), world.root().join("before"));
        fs::rename(&link, &before).expect("what was there");
        plant(&account, &roots, &link);
        removes_only_the_link(&world, GATE, &link, &roots);
        fs::rename(&before, &link).expect("it is put back");
    }
    asked(&world, GATE, 0);
}

#[test]
fn a_script_behind_a_link_of_root_in_the_checkout_is_mended_by_the_printed_script() {
    let Some(world) = served("a_script_behind_a_link_of_root") else { return };
    let (link, real) = (world.vm_path("server/main.py"), world.vm_path("server/real.py"));
    fs::rename(&link, &real).expect("the script");
    symlink("real.py", &link).expect("a link");
    asked(&world, GATE, 0);
    set_mode(&real, 0o600);
    crate::print_fix::passes_after_two_runs(&world, GATE);
}

#[test]
fn the_interpreter_is_started_as_the_services_user_and_by_nobody_else() {
    let Some(world) = served("the_interpreter_is_started_as_the_services_user") else { return };
    let (python, noted) = (world.vm_path("venv/bin/python3"), world.root().join("noted"));
    fs::create_dir(&noted).expect("a folder");
    set_mode(&noted, 0o777);
    let script = scripted(
        &world,
        "python3",
        &format!("id -un >'{}/who'; printf '%s\\n' \"$@\" >'{0}/arguments'; ls /proc/$$/fd >'{0}/files'", noted.display()),
    );
    fs::remove_file(&python).expect("the link");
    symlink(script.join("python3"), &python).expect("a link");
    set_mode(&script, 0o755);
    asked(&world, GATE, 0);
    assert_eq!(fs::read_to_string(noted.join("who")).expect("it was started"), "bin\n");
    assert_eq!(fs::read_to_string(noted.join("arguments")).expect("it was started"), "-I\n-B\n-c\n\n");
    // The lock of a run on the VM is an open file of root's shell.
    let command = format!(
        "exec 9>>'{}'; nexy-gate --target {} {GATE}",
        world.root().join("lock").display(),
        world.workspace().join("nexy.toml").display()
    );
    world.sh(&command).exits(0);
    let files = fs::read_to_string(noted.join("files")).expect("it was started");
    assert!(!files.lines().any(|number| number == "9"), "{files}");
    // An account that cannot become that user gets unknown.
    tells(&judged(&ask_as_a_stranger_of_the_vm(&world), GATE, 69), "only root can try it as bin", "sudo nexy-gate exec-start");
    // Another program than the release's is not started.
    for name in ["who", "arguments", "files"] {
        fs::remove_file(noted.join(name)).expect("a note");
    }
    world.set_unit("ExecStart", json!(format!("{}/python3 server/main.py", script.display())));
    asked(&world, GATE, 1);
    assert!(!noted.join("who").exists());
}

/// Asks as an account that may ask the manager, and is neither root nor the service's user.
fn ask_as_a_stranger_of_the_vm(world: &World) -> nexy_standin::world::Ran {
    let answer = world.state().join("units.json");
    let shown = fs::read_to_string(&answer).expect("the units");
    let unit: serde_json::Value = serde_json::from_str::<serde_json::Value>(&shown).expect("JSON")[UNIT].take();
    let text = |key: &str| unit[key].as_str().unwrap_or_default().to_owned();
    let command = text("ExecStart");
    let program = command.split(' ').next().expect("a program");
    let lines = format!(
        "LoadState=loaded\nNeedDaemonReload=no\nUser={}\nWorkingDirectory={}\nExecStart={{ path={program} ; argv[]={command} ; ignore_errors=no ; }}",
        text("User"),
        text("WorkingDirectory")
    );
    let folder = scripted(world, "systemctl", &format!("cat <<'END'\n{lines}\nEND"));
    set_mode(&folder, 0o755);
    ask_as_a_stranger_with_path(world, GATE, &format!("{}:/usr/bin:/bin", folder.display()))
}

#[test]
fn a_manager_that_is_missing_refuses_or_says_nothing_is_unknown() {
    let world = world();
    let with = |folder: &str| judged(&ask_with_path(&world, &[GATE], folder), GATE, 69);
    holds(&with("/nonexistent"), "found", "`systemctl` is not on PATH");
    for (script, said) in [
        ("echo 'Failed to connect to bus: Host is down' >&2; exit 1", "Host is down"),
        ("exit 0", "says nothing about"),
        ("echo LoadState=loaded; echo 'ExecStart=something new'; echo NeedDaemonReload=no", "ExecStart cannot be understood"),
    ] {
        let folder = scripted(&world, "systemctl", script);
        let ran = ask_with_path(&world, &[GATE], &format!("{}:{}", folder.display(), path(&world)));
        let code = if said.contains("understood") { 1 } else { 69 };
        holds(&judged(&ran, GATE, code), "found", said);
    }
}

#[test]
fn the_hard_profile_asks_all_in_the_tables_order() {
    let world = world();
    world.vm_checkout();
    let ran = crate::vm::ask(&world, &["hard"]);
    let report = ran.json();
    let ids: Vec<&str> = report["findings"].as_array().expect("findings").iter().filter_map(|finding| finding["id"].as_str()).collect();
    let all = [
        "config-env",
        "config-env-keys",
        "config-env-access",
        "exec-start",
        "unit-enabled",
        "server-version-env",
        "checkout-state",
        "python-deps",
        "single-manifest",
    ];
    assert_eq!(ids, all);
    if crate::vm::is_root(&world, "the hard profile passes") {
        ran.exits(0);
    }
}
