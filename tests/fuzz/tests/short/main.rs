//! A short run of every target, the same at every build; and that a broken promise is found, kept and found again.

#![expect(clippy::disallowed_methods, reason = "tests write the files that they need")]

use assert_cmd::{Command, assert::Assert};
use nexy_fuzz::{TARGETS, Target, Until, keep, run, try_one};
use predicates::{prelude::*, str::contains};
use std::fs;

const SEED: u64 = 20_260_221;
/// A second or two for all targets together; `make fuzz` goes on for minutes.
const INPUTS: u64 = 3000;

fn fuzz(arguments: &[&str]) -> Assert {
    Command::new(env!("CARGO_BIN_EXE_nexy-fuzz")).args(arguments).assert()
}

#[test]
fn every_promise_holds_for_inputs_that_are_the_same_at_every_build() {
    for target in TARGETS {
        let done = run(target, SEED, Until::Tried(INPUTS)).unwrap_or_else(|broken| panic!("{}: {broken:?}", target.name));
        assert!(done.tried == INPUTS && done.answers > 5, "{}: {done:?}", target.name);
    }
}

#[test]
fn the_same_seed_gives_the_same_run() {
    let target = &TARGETS[0];
    let answers = |seed| run(target, seed, Until::Tried(3000)).expect("it holds").answers;
    assert_eq!(answers(SEED), answers(SEED));
}

/// Breaks on what only a mutation of its seed holds.
fn brittle(bytes: &[u8]) -> Result<u64, String> {
    assert!(!bytes.windows(2).any(|pair| pair == b"=="), "two of them");
    Ok(bytes.len() as u64 % 7)
}

const BRITTLE: Target = Target { name: "brittle", seeds: &[b"a=b c=d"], tokens: &[b"="], run: brittle };

#[test]
fn a_broken_promise_is_found_made_small_kept_and_found_again() {
    let broken = run(&BRITTLE, SEED, Until::Tried(100_000)).expect_err("it breaks");
    assert_eq!((broken.input.as_slice(), broken.because.as_str()), (&b"=="[..], "it panicked: two of them"));
    let folder = tempfile::tempdir().expect("a folder");
    let file = keep(folder.path(), &BRITTLE, &broken).expect("it is kept");
    assert!(try_one(&BRITTLE, &fs::read(file).expect("it is there")).is_err());
}

#[test]
fn the_program_ends_with_its_seed_replays_and_refuses_what_it_does_not_know() {
    fuzz(&["--seconds", "0", "--seed", "7"]).success().stderr(contains("config-env: ").and(contains("seed 7")));
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("input");
    fs::write(&file, b"A=1\n").expect("a file");
    fuzz(&["--target", "config-env", "--replay", file.to_str().expect("a path")]).success();
    for arguments in
        [&["--target", "nothing"][..], &["--seconds", "x"], &["--seconds"], &["--nothing", "1"], &["--replay", "/nothing/here"]]
    {
        fuzz(arguments).code(2);
    }
}
