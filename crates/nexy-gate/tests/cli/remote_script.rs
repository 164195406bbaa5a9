//! `remote-script` against the real scripts of this repository and a real dash.

use crate::{ask, asked, holds, mended, said, vm, world};
use nexy_standin::leak_scan;
use nexy_standin::world::{World, fix_text};
use std::{fs, os::unix::fs::symlink};

const GATE: &str = "remote-script";
const SCRIPT: &str = "scripts/remote/run_tool.sh";

fn append(world: &World, path: &str, text: &str) {
    let old = world.read(path);
    world.write(path, &format!("{old}{text}"));
}

#[test]
fn the_scripts_of_this_repository_pass() {
    holds(&asked(&world(), GATE, 0), "found", "scripts in scripts/remote can be sent");
}

#[test]
fn what_stopped_remote_scripts_before_is_a_no() {
    let second = world().read("scripts/vm.sh").lines().count() + 2;
    let parameters = format!("scripts/vm.sh:{second} passes --parameters to az");
    for (path, text, said) in [
        (SCRIPT, "set -euo pipefail\n", "scripts/remote/run_tool.sh:9 uses `set -o pipefail`"),
        (SCRIPT, "if true; then\n", "dash refuses scripts/remote/run_tool.sh: line "),
        (SCRIPT, "cat <<'END'\n", "scripts/remote/run_tool.sh has a here-document that never ends"),
        (SCRIPT, "exec \"$TOOLS/nexy-gate\"\n", "so the frame's trap on EXIT is never heard"),
        ("scripts/remote/frame.sh", "# changed\n", "scripts/remote/frame.sh is not the one that these tools were built with"),
        ("scripts/vm.sh", "az vm run-command invoke \\\n    --parameters a=b\n", parameters.as_str()),
    ] {
        let world = world();
        append(&world, path, text);
        holds(&asked(&world, GATE, 1), "found", said);
    }
}

#[test]
fn the_command_of_the_fix_takes_carriage_returns_and_a_mark_out() {
    for (before, after) in [("", "\r"), ("\u{feff}", "")] {
        let world = world();
        let good = world.read(SCRIPT);
        world.write(SCRIPT, &format!("{before}{}", good.replace('\n', &format!("{after}\n"))));
        world.sh(&fix_text(&asked(&world, GATE, 1)["fix"])).exits(0);
        assert_eq!(world.read(SCRIPT), good);
        asked(&world, GATE, 0);
    }
}

#[test]
fn a_secret_is_named_by_class_and_line_and_never_shown() {
    let secret = "hx7Qp2Lr9ZtW4vBn8sKd3mYf6Tc";
    for text in [
        format!("GEMINI_API_KEY={secret}\n"),
        ["curl -H 'x: gh", "p_", secret, "'\n"].concat(),
        format!("git clone https://me:{secret}@git.example/x\n"),
    ] {
        let world = world();
        append(&world, SCRIPT, &text);
        let ran = ask(&world, &[GATE]);
        ran.exits(1);
        holds(&ran.finding(GATE), "found", "scripts/remote/run_tool.sh:9 holds ");
        leak_scan::assert_none(secret, &said(&ran), "what was said");
        let left: Vec<_> = fs::read_dir(world.root().join("temporary")).expect("the folder").collect();
        assert!(left.is_empty(), "{left:?}");
    }
}

#[test]
fn a_missing_folder_is_a_no_and_the_printed_command_brings_it_back() {
    let world = world();
    fs::remove_dir_all(world.workspace().join("scripts/remote")).expect("the folder");
    mended(&world, GATE, "there is no folder scripts/remote");
}

#[test]
fn what_cannot_be_read_or_parsed_is_unknown() {
    let world = world();
    let bin = world.root().join("only-sh");
    fs::create_dir(&bin).expect("a folder");
    symlink("/bin/sh", bin.join("sh")).expect("a link");
    let ran = world.tool("nexy-gate").args([GATE, "--format=json"]).env("PATH", bin.to_str().expect("text")).run();
    ran.exits(69).says("dash is not on PATH");
    symlink("/nowhere", world.workspace().join("scripts/remote/gone.sh")).expect("a link");
    holds(&asked(&world, GATE, 69), "found", "scripts/remote/gone.sh cannot be read");
    fs::remove_file(world.workspace().join("scripts/remote/gone.sh")).expect("the link");
    let killed = vm::scripted(&world, "dash", "kill -9 $$");
    let ran = world.tool("nexy-gate").args([GATE, "--format=json"]).env("PATH", &format!("{}:/usr/bin:/bin", killed.display())).run();
    ran.exits(69).says("dash ended with 137");
}
