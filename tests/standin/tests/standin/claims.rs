//! A claim that fails shows the command, the exit, both streams and what was expected.

use nexy_standin::world::Ran;
use std::os::unix::process::ExitStatusExt;
use std::panic::catch_unwind;
use std::process::{ExitStatus, Output};

fn ran(status: i32, stdout: &str, stderr: &str) -> Ran {
    let output = Output { status: ExitStatus::from_raw(status), stdout: stdout.into(), stderr: stderr.into() };
    Ran::new("nexy-gate hard".to_owned(), output)
}

type Claim = fn(&Ran) -> &Ran;

/// What a failing claim prints.
fn failure(ran: &Ran, claim: Claim) -> String {
    let panic = catch_unwind(|| claim(ran).code).unwrap_err();
    *panic.downcast::<String>().unwrap()
}

fn as_json(ran: &Ran) -> &Ran {
    let _document = ran.json();
    ran
}

#[test]
fn a_failing_claim_shows_command_exit_both_streams_and_what_was_expected() {
    let seen = ran(0x0300, "a document\n", "two words\n");
    let claims: [(Claim, &str); 7] = [
        (|ran| ran.exits(7), "var == 7"),
        (|ran| ran.says("more words"), r#"var.contains_words("more words")"#),
        (|ran| ran.never_says("two words"), r#"(! var.contains_words("two words"))"#),
        (|ran| ran.prints("more words"), r#"var.contains_words("more words")"#),
        (|ran| ran.silent_stdout(), "var.is_empty()"),
        (|ran| ran.silent_stderr(), "var.is_empty()"),
        (as_json, "expected JSON on stdout: expected value at line 1 column 1"),
    ];
    for (claim, expected) in claims {
        let shown = failure(&seen, claim);
        for part in [expected, "command=`nexy-gate hard`", "code=3\n", "stdout=\"a document\\n\"", "stderr=\"two words\\n\""] {
            assert!(shown.contains(part), "{part} is missing in:\n{shown}");
        }
    }
}

#[test]
fn a_failing_claim_shows_the_signal() {
    let killed = ran(9, "", "");
    killed.was_killed();
    let shown = failure(&killed, |ran| ran.exits(0));
    assert!(shown.contains("code=<interrupted>") && shown.contains("signal=`9`"), "{shown}");
    assert!(failure(&ran(0, "", ""), |ran| ran.was_killed()).starts_with("Unexpected completion"));
}

#[test]
fn a_failing_claim_shows_a_long_stream_whole() {
    let long: Vec<String> = (0..100).map(|number| format!("line {number}")).collect();
    let shown = failure(&ran(0, "", &long.join("\n")), |ran| ran.exits(1));
    assert!(long.iter().all(|line| shown.contains(line)), "{shown}");
}

#[test]
fn words_are_found_as_they_stand_and_wrapped() {
    let seen = ran(0, "one\n    two\tthree", "");
    seen.prints("one two three").prints("two\tthree").prints("one\n").silent_stderr().exits(0);
    failure(&seen, |ran| ran.prints("one three"));
}
