//! Laptop scripts run on macOS and on Linux, and every script is plain POSIX.

use crate::{repository, rust_text};
use assert_cmd::Command;
use nexy_standin::skip::has_program;

/// Programs, options and bash words that a Mac, or dash, does not have.
const NOT_EVERYWHERE: &[&str] = &[
    "timeout",
    "flock",
    "sha256sum",
    "sha1sum",
    "md5sum",
    "nproc",
    "tac",
    "realpath",
    "readlink -f",
    "date -d",
    "date --",
    "stat -c",
    "stat --",
    "sed -i",
    "sed -r",
    "sed -E",
    "grep -P",
    "grep -oP",
    "xargs -r",
    "sort -V",
    "base64 -w",
    "base64 -d",
    "base64 --",
    "mktemp --",
    "head -c",
    "cp -a",
    "echo -e",
    "echo -n",
    "tail --",
    "seq",
    "mapfile",
    "readarray",
    "pipefail",
    "setsid",
    "sleep infinity",
    "apt-get",
    "/proc/",
    "/dev/stdin",
];
/// Words that start a command in bash alone.
const BASH_WORDS: &[&str] = &["local ", "declare ", "typeset ", "source ", "function ", "readarray ", "mapfile ", "shopt "];
const BASH_SIGNS: &[&str] = &["[[", "<<<", "$'", "<(", ">(", "&>", "${!", "((i", "$RANDOM", "[@]"];

#[test]
fn laptop_scripts_and_the_makefile_use_only_what_every_laptop_has() {
    let mut found = Vec::new();
    for path in repository::laptop_scripts().into_iter().chain(["Makefile".to_owned()]) {
        for (number, line) in repository::without_comments(&repository::text(&path)).lines().enumerate() {
            let line = without_messages(line);
            found.extend(
                NOT_EVERYWHERE.iter().filter(|word| rust_text::holds(&line, word)).map(|word| format!("{path}:{} {word}", number + 1)),
            );
        }
    }
    assert!(found.is_empty(), "not every laptop has these:\n{}", found.join("\n"));
}

/// Removes single-quoted words from lines that print: a message may name any program.
fn without_messages(line: &str) -> String {
    if line.contains("stop ") || line.contains("printf ") { line.split('\'').step_by(2).collect() } else { line.to_owned() }
}

#[test]
fn no_script_uses_what_only_bash_understands() {
    for path in repository::posix_scripts() {
        let script = repository::without_comments(&repository::text(&path));
        for sign in BASH_SIGNS {
            assert!(!script.contains(sign), "{path} uses {sign}");
        }
        for line in script.lines().map(str::trim_start) {
            assert!(!BASH_WORDS.iter().any(|word| line.starts_with(word)), "{path}: {line}");
        }
    }
}

#[test]
fn dash_and_shellcheck_accept_every_script() {
    for (program, arguments) in [("dash", &["-n"][..]), ("shellcheck", &["-x"][..])] {
        if !has_program(&format!("every script, read by {program}"), program, program) {
            continue;
        }
        for path in repository::posix_scripts() {
            Command::new(program).args(arguments).arg(&path).current_dir(repository::root()).assert().success();
        }
    }
}

#[test]
fn remote_scripts_are_plain_text_for_azure() {
    for path in repository::files("scripts/remote") {
        let script = repository::text(&path);
        assert!(script.bytes().all(|byte| matches!(byte, b'\n' | b'\t' | b' '..=b'~')), "{path} holds more than plain ASCII text");
        assert!(!script.starts_with("#!"), "{path} is sent behind assignments, so `#!` means nothing in it");
        assert!(script.ends_with('\n'), "{path} does not end with a line feed");
    }
}

#[test]
fn every_script_says_first_what_it_is_for() {
    for path in repository::posix_scripts() {
        let script = repository::text(&path);
        let first = script.lines().find(|line| line.starts_with("# ") && !line.starts_with("# shellcheck"));
        assert!(first.is_some_and(|line| line.len() > 30), "{path} does not say what it is for");
    }
}

#[cfg(unix)]
#[test]
fn scripts_that_people_call_can_be_called() {
    use std::os::unix::fs::PermissionsExt as _;
    for path in repository::laptop_scripts().into_iter().chain([".ci/run", ".ci/ordinary-user", "tests/skipped.sh"].map(str::to_owned)) {
        let mode = std::fs::metadata(repository::root().join(&path)).unwrap().permissions().mode();
        assert_eq!(mode & 0o111 != 0, repository::text(&path).starts_with("#!"), "{path} has mode {mode:o}");
    }
}
