//! `remote-script` against the real scripts of this repository and a real dash.

use crate::{ask, asked, finding, holds, said, world};
use nexy_standin::world::World;
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
    for (text, said) in [
        ("set -euo pipefail\n", "uses `set -o pipefail`"),
        ("if [[ -f x ]]; then :; fi\n", "uses `[[`"),
        ("source ./x\n", "uses `source`"),
        ("if true; then\n", "dash refuses scripts/remote/run_tool.sh: line "),
        ("diff <(a) <(b)\n", "uses a process substitution"),
        ("exec \"$TOOLS/nexy-gate\"\n", "so its trap on EXIT is never heard"),
        ("trap : EXIT\n", "replaces the trap on EXIT"),
        ("echo 'не ASCII'\n", "no printable ASCII"),
        ("echo x\r\n", "has a carriage return"),
    ] {
        let world = world();
        append(&world, SCRIPT, text);
        let finding = asked(&world, GATE, 1);
        holds(&finding, "found", said);
        holds(&finding, "found", SCRIPT);
    }
}

#[test]
fn the_command_of_the_fix_takes_carriage_returns_and_a_mark_out() {
    for (before, after) in [("", "\r"), ("\u{feff}", "")] {
        let world = world();
        let good = world.read(SCRIPT);
        world.write(SCRIPT, &format!("{before}{}", good.replace('\n', &format!("{after}\n"))));
        let finding = asked(&world, GATE, 1);
        world.sh(finding["fix"].as_str().expect("a fix")).exits(0);
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
        holds(&finding(&ran, GATE), "found", "scripts/remote/run_tool.sh:9 holds ");
        for window in secret.as_bytes().windows(8) {
            assert!(!said(&ran).contains(std::str::from_utf8(window).expect("text")), "{ran}");
        }
        let left: Vec<_> = fs::read_dir(world.root().join("temporary")).expect("the folder").collect();
        assert!(left.is_empty(), "{left:?}");
    }
}

#[test]
fn what_would_swallow_the_script_behind_it_is_a_no_although_dash_does_not_mind() {
    for (text, said) in
        [("cat <<'END'\n", "frame.sh has a here-document that never ends"), ("echo the end", "frame.sh does not end with a line feed")]
    {
        let world = world();
        append(&world, "scripts/remote/frame.sh", text);
        world.sh("dash -n scripts/remote/frame.sh").exits(0);
        holds(&asked(&world, GATE, 1), "found", said);
    }
}

#[test]
fn a_frame_that_does_not_tell_how_it_ended_is_a_no() {
    for (from, to, said) in [
        ("trap finish EXIT", ":", "sets no trap on EXIT"),
        ("NEXY-END", "THE-END", "does not print NEXY-END"),
        ("    exit \"$status\"\n", "    echo done\n    exit \"$status\"\n", "goes on after its last line"),
    ] {
        let world = world();
        let text = world.read("scripts/remote/frame.sh").replacen(from, to, 1);
        world.write("scripts/remote/frame.sh", &text);
        holds(&asked(&world, GATE, 1), "found", said);
    }
    let world = world();
    fs::remove_file(world.workspace().join("scripts/remote/frame.sh")).expect("the frame");
    holds(&asked(&world, GATE, 1), "found", "scripts/remote/run_tool.sh sets no trap on EXIT");
}

#[test]
fn a_laptop_script_that_passes_parameters_is_a_no() {
    let world = world();
    append(&world, "scripts/vm.sh", "az vm run-command invoke \\\n    --parameters a=b\n");
    holds(&asked(&world, GATE, 1), "found", "scripts/vm.sh:36 passes --parameters to az");
}

#[test]
fn too_large_or_empty_or_missing_is_a_no() {
    let one = world();
    append(&one, SCRIPT, &"# a comment\n".repeat(6000));
    holds(&asked(&one, GATE, 1), "found", "64 KiB or more");
    one.write(SCRIPT, "");
    holds(&asked(&one, GATE, 1), "found", "run_tool.sh is empty");
    fs::remove_dir_all(one.workspace().join("scripts/remote")).expect("the folder");
    let finding = asked(&one, GATE, 1);
    holds(&finding, "found", "there is no folder scripts/remote");
    one.sh(finding["fix"].as_str().expect("a fix")).exits(0);
    asked(&one, GATE, 0);
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
    let ended = world.root().join("ended");
    fs::create_dir(&ended).expect("a folder");
    world.sh(&format!("printf '#!/bin/sh\\nkill -9 $$\\n' >'{0}/dash' && chmod 755 '{0}/dash'", ended.display())).exits(0);
    let ran = world.tool("nexy-gate").args([GATE, "--format=json"]).env("PATH", &format!("{}:/usr/bin:/bin", ended.display())).run();
    ran.exits(69).says("dash ended with 137");
    for name in ["frame.sh", "run_tool.sh", "install_manifest.sh"] {
        fs::remove_file(world.workspace().join("scripts/remote").join(name)).expect("a script");
    }
    holds(&asked(&world, GATE, 69), "found", "there is no script in scripts/remote");
}
