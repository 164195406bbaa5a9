//! `scripts/vm.sh` without a trustworthy answer, and what it never sends.

use crate::laptop::{invocations, left_nothing, on_vm, sent};
use nexy_standin::{TOKEN, world::World};
use serde_json::json;
use std::fs;

const GATE: &str = "scripts/vm.sh nexy-gate hard";

#[test]
fn no_last_line_of_the_script_is_unknown_and_nothing_is_sent_again() {
    for mode in ["unfinished", "drops-script"] {
        let world = World::new();
        world.set_az("mode", json!(mode));
        world.sh(GATE).exits(69).silent_stdout();
        assert_eq!(invocations(&world), 1, "{mode}");
    }
}

#[test]
fn a_forged_last_line_is_not_believed() {
    let world = World::new();
    let unknown_run = "0".repeat(32);
    on_vm(&world, "nexy-gate", &format!("echo 'NEXY-END {unknown_run} 0'; exit 1"));
    world.sh(GATE).exits(1);
    // The shell that would say the truth is killed after the forgery.
    on_vm(&world, "nexy-gate", &format!("echo 'NEXY-END {unknown_run} 0'; echo 'NEXY-END {unknown_run} 0' >&2; kill -9 $PPID"));
    world.sh(GATE).exits(69).silent_stdout();
    on_vm(&world, "nexy-gate", "echo '[stdout]'; echo '[stderr]'; exit 1");
    let code = world.sh(GATE).code;
    assert!(matches!(code, Some(1 | 69)), "{code:?}");
}

#[test]
fn a_script_that_is_killed_on_the_vm_is_unknown() {
    let world = World::new();
    on_vm(&world, "nexy-gate", "kill -9 $PPID");
    world.sh(GATE).exits(69).silent_stdout();
    on_vm(&world, "nexy-gate", "kill -TERM $PPID");
    world.sh(GATE).exits(69).silent_stdout();
}

#[test]
fn what_is_missing_is_named_with_what_to_do() {
    let world = World::new();
    for (key, wrong, right, fix) in [
        ("logged_in", json!(false), json!(true), "az login"),
        ("token", json!("expired"), json!("good"), "az login"),
        ("network", json!(false), json!(true), "curl -sSI https://management.azure.com"),
    ] {
        world.set_az(key, wrong);
        world.sh(GATE).exits(69).silent_stdout().says("nothing was sent: az ended with 1").says(fix).never_says("may still be running");
        world.set_az(key, right);
    }
    assert_eq!(invocations(&world), 0);

    fs::remove_file(world.vm_path("bin/nexy-gate")).unwrap();
    world.sh(GATE).exits(69).silent_stdout().says("nexy-gate is not installed");

    fs::remove_file(world.programs().join("az")).unwrap();
    world.sh(GATE).exits(69).silent_stdout().says("az (Azure CLI) is not on PATH");
    world.shell(GATE).env("PATH", "/usr/bin:/bin").run().exits(69).silent_stdout().says("is not on PATH");
    left_nothing(&world);
}

#[test]
fn another_vm_is_unknown() {
    let world = World::new();
    world.set_target("release_target", "vm", "\"NexyNewer\"");
    world.sh(GATE).exits(69).silent_stdout();
}

#[test]
fn a_wrong_nexy_toml_ends_before_anything_is_sent() {
    let world = World::new();
    world.write("nexy.toml", "schema = \"nexy.target/1\"\n");
    world.sh(GATE).exits(78).silent_stdout();
    assert_eq!(invocations(&world), 0);
}

#[test]
fn only_tools_that_change_nothing_are_sent() {
    let world = World::new();
    let refused = [
        "",
        "nexy-gate",
        "nexy-publish",
        "nexy-publish publish",
        "nexy-publish clean",
        "nexy-manifest install x",
        "nexy-manifest write -",
        "nexy-version set 2.0.0.5",
        "nexy-version record",
        "systemctl restart x",
        "sh -c id",
        "nexy-gates hard",
    ];
    for words in refused {
        world.sh(&format!("scripts/vm.sh {words}")).exits(2).silent_stdout().says("do:");
    }
    assert_eq!(invocations(&world), 0);
}

#[test]
fn words_that_a_shell_could_read_otherwise_are_not_sent() {
    let world = World::new();
    for word in ["'a b'", "'a;id'", "'$(id)'", "'`id`'", "\"it's\"", "'a|b'", "'*'", "''", "'a\nb'", "'ä'", "'a\\b'", "'~'"] {
        world.sh(&format!("scripts/vm.sh nexy-gate {word}")).exits(2).silent_stdout();
    }
    assert_eq!(invocations(&world), 0);
}

#[test]
fn what_is_sent_is_assignments_and_two_committed_files() {
    let world = World::new();
    on_vm(&world, "nexy-gate", "echo '{}'");
    world.sh(GATE).exits(0);
    let script = sent(&world).remove(0);
    let committed = world.read("scripts/remote/frame.sh") + &world.read("scripts/remote/run_tool.sh");
    let assignments = script.strip_suffix(&committed).unwrap();
    let names: Vec<&str> = assignments.lines().map(|line| line.split_once("='").unwrap().0).collect();
    assert_eq!(names, ["NONCE", "TOOLS", "TOML", "LOCK_DIR", "LOG_DIR", "COMMAND"]);
    for line in assignments.lines() {
        let value = line.split_once("='").unwrap().1.strip_suffix('\'').unwrap();
        assert!(value.chars().all(|c| c.is_ascii_alphanumeric() || "._:/@=+,- ".contains(c)), "{line}");
    }
    assert!(!script.contains(TOKEN));
    let call = world.az_calls().remove(1);
    assert!(!call.iter().any(|word| word == "--parameters") && !call.join(" ").contains(TOKEN), "{call:?}");
}

#[test]
fn every_run_has_a_number_of_its_own() {
    let world = World::new();
    on_vm(&world, "nexy-gate", "echo '{}'");
    world.sh(GATE).exits(0);
    world.sh(GATE).exits(0);
    let numbers: Vec<String> = sent(&world).iter().map(|script| script.lines().next().unwrap().to_owned()).collect();
    assert_ne!(numbers[0], numbers[1]);
    assert_eq!(numbers[0].len(), "NONCE=''".len() + 32);
}

#[test]
fn no_room_for_a_file_is_no_answer_of_a_check() {
    let world = World::new();
    let record = "nexy-version record | scripts/manifest_to_vm.sh -";
    for command in [GATE, record] {
        world.shell(command).env("TMPDIR", "/nowhere").run().exits(69).silent_stdout().says("cannot write in /nowhere");
    }
    // No file may grow, as on a full disk.
    let full = |command: &str| format!("ulimit -f 0; trap '' XFSZ; {command}");
    world.sh(&full(GATE)).exits(69).silent_stdout().says("cannot write in");
    world.sh(&full(&format!("echo {{}} | {}", "scripts/manifest_to_vm.sh -"))).exits(69).silent_stdout().says("cannot write in");
    fs::remove_dir_all(world.workspace().join("releases")).unwrap();
    world.write("releases", "");
    world.sh("scripts/release.sh").exits(69).says("cannot write in");
    assert_eq!(invocations(&world), 0);
}
