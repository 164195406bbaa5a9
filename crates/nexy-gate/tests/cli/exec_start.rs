//! `exec-start` against a scripted service manager and real files.

use crate::{
    holds,
    vm::{ask_with_path, asked, judged, path, scripted, set_mode},
    world,
};
use nexy_standin::world::{UNIT, World};
use serde_json::json;
use std::fs;

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
fn every_drift_that_ever_stopped_the_service_is_a_no() {
    let world = world();
    let good = format!("{} server/main.py", python(&world));
    let target = world.read("nexy.toml");
    let user = target.lines().find_map(|line| line.strip_prefix("user = ")).expect("the service's user");
    let user: serde_json::Value = serde_json::from_str(user).expect("a string");
    for (key, value, said) in [
        ("ExecStart", json!(format!("{} server/server/main.py", python(&world))), "vm/server/server/main.py, and there is no such file"),
        ("ExecStart", json!(format!("{} main.py", python(&world))), "vm/main.py, and there is no such file"),
        ("ExecStart", json!("/usr/bin/python3 server/main.py"), "ExecStart is `/usr/bin/python3"),
        ("ExecStart", json!([good, "/bin/true"]), "ExecStart is set 2 times"),
        ("User", json!(""), "User is ``"),
        ("User", json!("somebody-else"), "User is `somebody-else`"),
        ("WorkingDirectory", json!(world.vm_path("server")), "vm/server/server/main.py, and there is no such file"),
        ("WorkingDirectory", json!(""), "WorkingDirectory is ``"),
        ("NeedDaemonReload", json!("yes"), "have changed since the manager read them"),
        ("LoadState", json!("not-found"), "is not-found"),
        ("LoadState", json!("masked"), "is masked"),
    ] {
        world.set_unit(key, value);
        let finding = asked(&world, GATE, 1);
        holds(&finding, "found", said);
        let fix = finding["fix"].as_str().expect("a fix");
        assert!(fix.contains("daemon-reload") || key == "LoadState", "{fix}");
        assert!(!fix.contains("restart"), "{fix}");
        for (key, value) in [
            ("ExecStart", json!(good)),
            ("User", user.clone()),
            ("WorkingDirectory", json!(world.vm())),
            ("NeedDaemonReload", json!("no")),
            ("LoadState", json!("loaded")),
        ] {
            world.set_unit(key, value);
        }
    }
    asked(&world, GATE, 0);
}

#[test]
fn a_drop_in_that_overrides_the_command_is_named_and_the_printed_commands_take_it_out() {
    let world = world();
    let good = format!("{} server/main.py", python(&world));
    let (main, drop_in) = (world.root().join(UNIT), world.root().join("override.conf"));
    fs::write(&main, format!("[Unit]\nDescription=x\n[Service]\nExecStart={good}\n")).expect("the unit");
    fs::write(&drop_in, "[Service]\nExecStart=\nExecStart=/bin/true main.py\nEnvironment=A=1\n").expect("a drop-in");
    world.set_unit("FragmentPath", json!(main));
    world.set_unit("DropInPaths", json!(drop_in));
    world.set_unit("ExecStart", json!("/bin/true main.py"));
    let finding = asked(&world, GATE, 1);
    holds(&finding, "found", "override.conf");
    let fix = finding["fix"].as_str().expect("a fix").replace("sudo ", "");
    let (mend, reload) = fix.split_once('\n').expect("several commands");
    world.sh(mend).exits(0);
    assert_eq!(fs::read_to_string(&drop_in).expect("the drop-in"), "[Service]\nEnvironment=A=1\n");
    assert_eq!(reload, "systemctl daemon-reload\nnexy-gate exec-start");
}

#[test]
fn a_wrong_main_file_gets_the_value_once_by_the_printed_command() {
    let world = world();
    let good = format!("{} server/main.py", python(&world));
    let main = world.root().join(UNIT);
    fs::write(&main, "[Service]\nUser=x\nExecStart=/bin/true main.py\nExecStart=/bin/false\n").expect("the unit");
    world.set_unit("FragmentPath", json!(main));
    world.set_unit("ExecStart", json!(["/bin/true main.py", "/bin/false"]));
    let finding = asked(&world, GATE, 1);
    let fix = finding["fix"].as_str().expect("a fix").replace("sudo ", "");
    world.sh(fix.split_once('\n').expect("several commands").0).exits(0);
    assert_eq!(fs::read_to_string(&main).expect("the unit"), format!("[Service]\nExecStart={good}\nUser=x\n"));
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
    holds(&asked(&world, GATE, 1), "fix", "chmod a+x");
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
    let all = ["config-env", "gemini-key", "config-env-access", "exec-start", "server-version-env", "checkout-state", "single-manifest"];
    assert_eq!(ids, all);
    if crate::vm::is_root(&world, "the hard profile passes") {
        ran.exits(0);
    }
}
