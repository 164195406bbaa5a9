//! `config-env` against real files.

use crate::{
    holds,
    vm::{SECRET, ask_as_a_stranger, asked, is_root, judged, set_mode},
    world,
};
use std::{fs, os::unix::fs::symlink};

const GATE: &str = "config-env";

#[test]
fn the_usual_file_passes() {
    holds(&asked(&world(), GATE, 0), "found", "6 assignments, read alike by all");
}

#[test]
fn a_line_that_readers_disagree_on_is_named_by_rule_and_line_and_never_shown() {
    let world = world();
    for (text, rule) in [
        (format!("A=1\nexport K={SECRET}\n"), "export in line 2"),
        (format!("A=1\nK=\"{SECRET}\"\n"), "quotes in line 2"),
        (format!("A=1\nK={SECRET} # mine\n"), "inline-comment in line 2"),
        (format!("A=1\nK={SECRET} {SECRET}\n"), "blank-in-value in line 2"),
        (format!("A=1\nK = {SECRET}\n"), "stray-blank in line 2"),
        (format!("A=1\nK=\"{SECRET}\nL=2\n"), "unbalanced-quotes in line 2"),
        (format!("A=1\nK=\"{SECRET}\n{SECRET}\"\n"), "multi-line in line 2"),
        (format!("A=1\nK=${{A}}{SECRET}\n"), "expansion in line 2"),
        (format!("A=1\nK=$({SECRET})\n"), "shell-character in line 2"),
        (format!("A=1\nK=a\\{SECRET}\n"), "backslash in line 2"),
        (format!("A=1\n{SECRET}\n"), "illegal-name in line 2"),
        ("A=1\nK\n".to_owned(), "no-equals-sign in line 2"),
        (format!("A=1\nK-K={SECRET}\n"), "illegal-name in line 2"),
        (format!("A=1\r\nK={SECRET}\r\n"), "carriage-return in lines 1, 2"),
        (format!("\u{feff}K={SECRET}\n"), "byte-order-mark in line 1"),
        (format!("K={SECRET}\nK=2\n"), "differing-duplicate in line 2"),
        (format!("A=1\nK={SECRET}\0\n"), "nul in line 2"),
        (format!("A=1\nK={SECRET}\u{1b}[2J\n"), "control-character in line 2"),
    ] {
        world.set_config_env(&text);
        holds(&asked(&world, GATE, 1), "found", rule);
    }
}

#[test]
fn bytes_that_are_no_utf8_lose_the_whole_file() {
    let world = world();
    fs::write(world.vm_path("config.env"), [b"A=1\nK=", SECRET.as_bytes(), b"\xff\n"].concat()).expect("the file");
    holds(&asked(&world, GATE, 1), "found", "bad-utf8 in line 2");
}

#[test]
fn the_printed_commands_mend_what_needs_no_editor() {
    let world = world();
    world.set_config_env(&format!("\u{feff}A=1\r\nexport K={SECRET}\r\n"));
    let finding = asked(&world, GATE, 1);
    let fix = finding["fix"].as_str().expect("a fix").replace("sudo ", "");
    let (mend, again) = fix.rsplit_once('\n').expect("several commands");
    assert_eq!(again, "nexy-gate hard");
    world.sh(mend).exits(0);
    holds(&asked(&world, GATE, 0), "found", "2 assignments");
}

#[test]
fn whatever_is_no_readable_regular_file_of_some_size_is_a_no() {
    let world = world();
    let file = world.vm_path("config.env");
    let no = |said: &str| holds(&asked(&world, GATE, 1), "found", said);
    fs::write(&file, "\n \n").expect("blanks");
    no("is empty");
    fs::write(&file, "# K=1\n").expect("a comment");
    no("assigns nothing");
    fs::write(&file, format!("K={}\n", "a".repeat(1 << 20))).expect("a large file");
    no("is larger than 1 MiB");
    fs::remove_file(&file).expect("the file");
    no("there is no ");
    symlink(world.vm_path("nowhere"), &file).expect("a link");
    no("is a link that leads nowhere");
    fs::remove_file(&file).expect("the link");
    fs::create_dir(&file).expect("a folder");
    no("is a folder");
    fs::remove_dir(&file).expect("the folder");
    world.sh(&format!("mkfifo {}", file.display())).exits(0);
    no("is no regular file");
}

#[test]
fn a_file_that_the_asking_user_may_not_read_is_unknown() {
    let world = world();
    if !is_root(&world, "a_file_that_the_asking_user_may_not_read_is_unknown") {
        return;
    }
    set_mode(&world.vm(), 0o755);
    let finding = judged(&ask_as_a_stranger(&world, GATE), GATE, 69);
    holds(&finding, "found", "permission denied");
    holds(&finding, "fix", "sudo nexy-gate hard");
}
