//! `repository-quality` with real scripts that pass, fail, hang, shout and look around.

use crate::{ask, asked, holds, vm, world};
use nexy_standin::world::{World, fix_commands};
use std::{fs, os::unix::fs::chown, path::Path};

const GATE: &str = "repository-quality";
const SCRIPT: &str = "scripts/prod_ready_check.sh";

/// A world whose check does this.
fn checking(script: &str) -> World {
    let world = world();
    world.write(SCRIPT, &format!("#!/usr/bin/env bash\n{script}\n"));
    world
}

#[test]
fn a_check_that_says_yes_passes_and_runs_in_the_workspace() {
    let world = checking("test \"$(pwd -P)\" = \"$(cd \"$(dirname \"$0\")/..\" && pwd -P)\" && test -f nexy.toml");
    holds(&asked(&world, GATE, 0), "found", "it ended with 0");
}

#[test]
fn a_check_that_says_no_is_a_no_with_its_last_lines_and_the_command() {
    let world = checking("echo one; echo two; echo 'three tests failed'; printf '\\033[31mred\\033[0m\\n'; exit 4");
    let finding = asked(&world, GATE, 1);
    assert_eq!(finding["found"], "it ended with 4; it said last: two / three tests failed / red");
    holds(&finding, "fix", &format!("cd {} && bash {SCRIPT}", world.workspace().display()));
    world.sh(fix_commands(&finding["fix"])[0]).exits(4);
}

#[test]
fn it_sees_no_token_and_no_value_that_it_prints_is_repeated() {
    let world = checking("env | grep -iE 'token|NEXY_' && exit 3; exit 0");
    let ran = world.tool("nexy-gate").args([GATE, "--format=json"]).env("GITHUB_TOKEN", "x").run();
    ran.exits(0);
    let world = checking(&format!("echo API_KEY={0}; echo \"key: {0}\"; echo '{{\"key\":\"{0}\"}}' >&2; exit 1", vm::SECRET));
    let ran = ask(&world, &[GATE]);
    ran.exits(1);
    vm::keeps_the_secret(&ran);
    holds(&ran.finding(GATE), "found", "(a line that may hold a value)");
}

#[test]
fn a_check_that_prints_without_end_is_judged_by_its_end() {
    let world = checking("yes 'a long line of nothing' | head -c 5000000; echo 'the very end'; exit 2");
    holds(&asked(&world, GATE, 1), "found", "the very end");
}

#[test]
fn a_check_that_hangs_is_ended_with_everything_it_started() {
    let world = checking("sleep 300 & echo $! >pid; wait");
    world.set_target("quality", "timeout_s", "2");
    holds(&asked(&world, GATE, 69), "found", "did not end within 2 s");
    let pid = world.read("pid");
    let state = fs::read_to_string(Path::new("/proc").join(pid.trim()).join("stat")).unwrap_or_default();
    // A zombie has ended and waits for its parent.
    assert!(state.is_empty() || state.rsplit(')').next().is_some_and(|rest| rest.trim_start().starts_with('Z')), "{state}");
}

#[test]
fn a_missing_script_is_unknown_and_the_printed_command_brings_it_back() {
    let world = world();
    fs::remove_file(world.workspace().join(SCRIPT)).expect("the script");
    let finding = asked(&world, GATE, 69);
    holds(&finding, "found", "scripts/prod_ready_check.sh is not there");
    world.sh(fix_commands(&finding["fix"])[0]).exits(0);
    asked(&world, GATE, 0);
}

#[test]
fn root_runs_the_check_as_the_owner_of_the_workspace() {
    let world = checking("id -u >&2; exit 1");
    if !vm::is_root(&world, "root_runs_the_check_as_the_owner_of_the_workspace") {
        return;
    }
    holds(&asked(&world, GATE, 1), "found", "it said last: 0");
    // Root trusts only a nexy.toml of its own, which is what stands for a checkout that another account owns.
    world.set_target("vm", "target_file", &format!("\"{}\"", world.workspace().join("nexy.toml").display()));
    world.write_vm(SCRIPT, "id -u >&2; exit 1\n");
    vm::set_mode(&world.root(), 0o755);
    chown(world.vm(), Some(65534), Some(65534)).expect("its new owner");
    let ran = ask(&world, &[GATE]);
    ran.exits(1);
    holds(&ran.finding(GATE), "found", "it said last: 65534");
}
