//! `scripts/vm.sh`: what the VM says comes back, with the exit code that the tool had there.

use crate::laptop::{holds_on, invocations, left_nothing, let_go, on_vm, sent, wait_until_started};
use nexy_standin::world::{VERSION, World};
use serde_json::json;
use std::fs;

const GATE: &str = "scripts/vm.sh nexy-gate hard";

#[test]
fn a_tool_of_the_vm_answers_on_the_laptop() {
    let world = World::new();
    world.set_vm_version("2.0.0.9");
    let ran = world.sh("scripts/vm.sh nexy-version show version");
    ran.exits(0);
    assert_eq!(ran.stdout, "2.0.0.9\n");
    assert_eq!(world.read("VERSION").trim(), VERSION);
    left_nothing(&world);
}

#[test]
fn every_exit_code_of_the_tool_comes_through_with_its_document() {
    let world = World::new();
    for code in [0, 1, 3, 4, 65, 69, 70, 78] {
        on_vm(&world, "nexy-gate", &format!("echo '{{\"code\": {code}}}'; exit {code}"));
        assert_eq!(world.sh(GATE).exits(code).json(), json!({"code": code}));
    }
}

#[test]
fn an_exit_code_that_no_tool_has_is_unknown() {
    let world = World::new();
    for code in [7, 126, 137] {
        on_vm(&world, "nexy-gate", &format!("exit {code}"));
        world.sh(GATE).exits(69).says(&code.to_string());
    }
}

#[test]
fn what_only_the_shell_of_the_vm_says_is_unknown() {
    // As on a full disk: before the tool, and after it.
    for (program, code) in [("mktemp", 1), ("sed", 4)] {
        let world = World::new();
        on_vm(&world, "nexy-gate", "echo '{}'");
        on_vm(&world, program, &format!("exit {code}"));
        world.sh(GATE).exits(69).says("before it had an answer");
    }
    let world = World::new();
    on_vm(&world, "nexy-gate", "echo '{}'");
    on_vm(&world, "find", "exit 1");
    world.sh(GATE).exits(0);
}

#[test]
fn the_tool_gets_the_vms_own_target_and_answers_in_json() {
    let world = World::new();
    on_vm(&world, "nexy-gate", "echo \"$@\"");
    let target = world.vm_path("etc/nexy.toml");
    world
        .sh("scripts/vm.sh nexy-gate config-env-keys config-env")
        .exits(0)
        .prints(&format!("--target {} --format json --brief config-env-keys config-env --tag v{VERSION}\n", target.display()));
}

#[test]
fn a_vm_of_another_version_than_the_laptops_is_a_no_unless_that_version_is_named() {
    let world = World::new();
    world.set_vm_version("2.0.0.3");
    world.restart_service();
    world.sh("scripts/vm.sh nexy-verify local --stable 0s").exits(1).says("asking about v2.0.0.4");
    world.sh("scripts/vm.sh nexy-verify local --stable 0s --expect v2.0.0.3").exits(0).never_says("asking about");
    on_vm(&world, "nexy-gate", "echo \"$*\"");
    for (words, asked) in [
        ("hard", "hard --tag v2.0.0.4\n"),
        ("hard --tag v2.0.0.3", "hard --tag v2.0.0.3\n"),
        ("--list", "--list\n"),
        ("--print-fix exec-start", "--print-fix exec-start\n"),
    ] {
        let ran = world.sh(&format!("scripts/vm.sh nexy-gate {words}"));
        assert!(ran.exits(0).stdout.ends_with(&format!("--brief {asked}")), "{ran}");
    }
    // A probe by its name may be about the manifest, which is older than the code until the artifacts are out.
    on_vm(&world, "nexy-verify", "echo \"$*\"");
    assert!(world.sh("scripts/vm.sh nexy-verify local-feed").exits(0).stdout.ends_with("--brief local-feed\n"));
}

#[test]
fn a_nexy_toml_of_the_vm_that_was_not_installed_again_is_named() {
    let world = World::new();
    let file = world.vm_path("etc/nexy.toml");
    let text = fs::read_to_string(&file).unwrap();
    let lock = world.vm_path("lock");
    let other = text.replace(&format!("\"{}\"", lock.display()), "\"/run/lock\"");
    assert_ne!(other, text);
    fs::write(&file, other).unwrap();
    world.sh("scripts/vm.sh nexy-version show version").exits(0).says("says vm.lock_dir = \"/run/lock\"");
    fs::write(&file, text).unwrap();
    world.sh("scripts/vm.sh nexy-version show version").exits(0).never_says("lock_dir");
}

#[test]
fn indented_json_comes_back_as_the_same_document() {
    let world = World::new();
    on_vm(&world, "nexy-gate", "printf '{\\n    \"a\": [\\n        \"  two  words\"\\n    ]\\n}'");
    let ran = world.sh(GATE);
    assert_eq!(ran.exits(0).json(), json!({"a": ["  two  words"]}));
}

#[test]
fn what_the_tool_tells_people_is_told_and_marked() {
    let world = World::new();
    on_vm(&world, "nexy-gate", "echo 'FAIL config-env-keys' >&2; echo '[stderr]' >&2; echo '{}'; exit 1");
    world.sh(GATE).exits(1).says("vm: FAIL config-env-keys").says("vm: [stderr]").prints("{}");
}

#[test]
fn an_older_agent_that_reports_failures_is_understood() {
    let world = World::new();
    world.set_az("mode", json!("old-agent"));
    on_vm(&world, "nexy-gate", "echo '{}'; exit 1");
    world.sh(GATE).exits(1).prints("{}");
    on_vm(&world, "nexy-gate", "echo '{}'");
    world.sh(GATE).exits(0).prints("{}");
}

#[test]
fn a_conflict_is_waited_for_once() {
    let world = World::new();
    world.set_az("conflicts", json!(1));
    on_vm(&world, "nexy-gate", "echo '{}'");
    let ran = world.sh(GATE);
    ran.exits(0).says("trying again");
    assert_eq!((ran.stdout.as_str(), invocations(&world)), ("{}\n", 2));
}

#[test]
fn a_second_conflict_is_busy() {
    let world = World::new();
    world.set_az("conflicts", json!(2));
    world.sh(GATE).exits(75).silent_stdout();
    assert_eq!((invocations(&world), sent(&world).len()), (2, 0));
    left_nothing(&world);
}

#[test]
fn two_runs_at_once_do_not_meet_on_the_vm() {
    let world = World::new();
    holds_on(&world, "nexy-gate");
    let first = world.shell(GATE).spawn();
    wait_until_started(&world);
    world.sh(GATE).exits(75).silent_stdout();
    let_go(&world);
    first.wait().exits(0).prints("done");
    assert_eq!(invocations(&world), 3);
}

#[test]
fn a_run_that_azure_does_not_know_of_is_met_by_the_lock_of_the_vm() {
    let world = World::new();
    fs::create_dir(world.vm_path("lock/nexy")).unwrap();
    let lock = fs::File::create(world.vm_path("lock/nexy/run.lock")).unwrap();
    world.write_vm("lock/nexy/run.who", "nexy-manifest install, process 7\n");
    lock.lock().unwrap();
    world.sh(GATE).exits(75).silent_stdout().says("nexy-manifest install, process 7");
    lock.unlock().unwrap();
    on_vm(&world, "nexy-gate", "echo '{}'");
    world.sh(GATE).exits(0);
}

#[test]
fn an_answer_that_azure_would_cut_is_unknown_and_its_place_is_told() {
    let world = World::new();
    on_vm(&world, "nexy-gate", "i=0; while [ $i -lt 400 ]; do echo '{\"line\": 1}'; i=$((i + 1)); done");
    let ran = world.sh(GATE);
    ran.exits(69).silent_stdout().says("too long for Azure");
    let logs: Vec<_> = fs::read_dir(world.vm_path("log/nexy-runs")).unwrap().map(|entry| entry.unwrap().path()).collect();
    let log = logs.iter().find(|file| file.extension().is_some_and(|end| end == "out")).unwrap();
    ran.says(log.to_str().unwrap());
    assert_eq!(fs::read_to_string(log).unwrap().lines().count(), 400);
    assert_eq!(logs.len(), 2, "{logs:?}");
}

#[test]
fn logs_on_the_vm_are_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let world = World::new();
    on_vm(&world, "nexy-gate", "echo '{}'");
    world.sh(GATE).exits(0);
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&world.vm_path("log/nexy-runs")), 0o700);
    for entry in fs::read_dir(world.vm_path("log/nexy-runs")).unwrap() {
        assert_eq!(mode(&entry.unwrap().path()), 0o600);
    }
}

#[test]
fn an_interrupted_run_says_that_the_vm_may_go_on() {
    let world = World::new();
    holds_on(&world, "nexy-gate");
    let running = world.shell(&format!("exec {GATE}")).spawn();
    wait_until_started(&world);
    running.signal("TERM");
    running.wait().exits(143).silent_stdout().says("may still be running");
    let_go(&world);
    left_nothing(&world);
}

#[test]
fn an_az_that_takes_too_long_is_ended_and_the_answer_unknown() {
    let world = World::new();
    world.set_target("limits", "az_timeout_s", "1");
    holds_on(&world, "nexy-gate");
    world.sh(GATE).exits(69).silent_stdout().says("az was ended");
    assert_eq!(invocations(&world), 1);
    let_go(&world);
    left_nothing(&world);
}

#[test]
fn a_report_in_which_everything_fails_still_comes_back_whole() {
    let world = World::new();
    world.set_config_env("GEMINI_API_KEY=your_gemini_api_key_here\nexport A=b c\nSERVER_VERSION=1.0.3\n");
    world.set_unit("ExecStart", serde_json::json!("/usr/bin/python3 main.py"));
    world.set_unit("WorkingDirectory", serde_json::json!("/nowhere"));
    world.write_vm("server/updates/manifests/manifest_1.0.0.0.json", "{}\n");
    let ran = world.sh("scripts/vm.sh nexy-gate hard");
    ran.exits(1);
    let report = ran.json();
    assert_eq!((report["schema"].as_str(), report["verdict"].as_str()), (Some("nexy.report/1"), Some("fail")));
    assert_eq!(report["findings"][0]["verdict"], "fail");
    assert!(ran.stdout.len() <= 3072, "{} bytes", ran.stdout.len());
    world.sh("scripts/vm.sh nexy-gate hard --format text").exits(2).says("set on the VM already");
    world.sh("scripts/vm.sh nexy-gate --target /x hard").exits(2).says("set on the VM already");
}

#[test]
fn long_words_come_back_from_both_ends_in_whole_lines_with_what_is_missing() {
    let world = World::new();
    on_vm(&world, "nexy-gate", "i=0; while [ $i -lt 200 ]; do echo \"line $i of some words\" >&2; i=$((i + 1)); done; echo '{}'; exit 1");
    let ran = world.sh(GATE);
    ran.exits(1).says("vm: line 0 of some words").says("vm: line 199 of some words").says("bytes are left out here");
    let lines: Vec<&str> = ran.stderr.lines().filter_map(|line| line.strip_prefix("vm: ")).collect();
    let mark = lines.iter().find(|line| line.starts_with('(')).unwrap();
    for line in lines.iter().filter(|line| *line != mark) {
        assert!(line.starts_with("line ") && line.ends_with(" of some words"), "{line}");
    }
    let place = mark.rsplit(' ').next().unwrap().trim_end_matches(')');
    let whole = fs::read_to_string(place).unwrap();
    let shown: usize = lines.iter().filter(|line| *line != mark).map(|line| line.len() + 1).sum();
    assert!(mark.starts_with(&format!("({} of {} bytes", whole.len() - shown, whole.len())), "{mark}");
    // One long line is cut between words.
    on_vm(&world, "nexy-gate", "i=0; while [ $i -lt 900 ]; do printf 'многое ' >&2; i=$((i + 1)); done; exit 1");
    let ran = world.sh(GATE);
    let first = ran.exits(1).stderr.lines().find_map(|line| line.strip_prefix("vm: многое")).unwrap().to_owned();
    assert!(first.split_whitespace().all(|word| word == "многое"), "{first}");
}

#[test]
fn a_no_whose_answer_is_too_long_stays_a_no() {
    let world = World::new();
    on_vm(&world, "nexy-publish", "i=0; while [ $i -lt 400 ]; do echo '{\"line\": 1}'; i=$((i + 1)); done; exit 1");
    world.sh("scripts/vm.sh nexy-publish show").exits(1).silent_stdout().says("too long for Azure");
}
