//! The exit code and output of a program, and the assertions that tests make about them.

use super::words::words;
use crate::printed_commands;
use assert_cmd::assert::Assert;
use predicates::prelude::*;
use serde_json::Value;
use std::os::unix::process::ExitStatusExt;
use std::process::Output;

/// How a program ended and what it said.
#[derive(Debug, Clone)]
pub struct Ran {
    /// The command as it was called.
    pub command: String,
    /// Exit code; none when a signal ended it.
    pub code: Option<i32>,
    /// The signal that ended it.
    pub signal: Option<i32>,
    /// Standard output; what is not UTF-8 is replaced.
    pub stdout: String,
    /// Standard error; what is not UTF-8 is replaced.
    pub stderr: String,
    /// Standard output, byte for byte.
    pub stdout_bytes: Vec<u8>,
    output: Output,
}

impl Ran {
    /// Takes what a command left. Every command that it prints, in a document or in words, must be one that harms nothing when it is
    /// pasted.
    #[must_use]
    #[track_caller]
    pub fn new(command: String, output: Output) -> Self {
        let ran = Self {
            command,
            code: output.status.code(),
            signal: output.status.signal(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
            stdout_bytes: output.stdout.clone(),
            output,
        };
        let document = serde_json::from_slice::<Value>(&ran.stdout_bytes).unwrap_or_default();
        let all = [printed_commands::commands(&document), printed_commands::typed(&ran.stdout), printed_commands::typed(&ran.stderr)];
        let faults: Vec<String> = all.concat().into_iter().flat_map(printed_commands::faults).collect();
        assert!(faults.is_empty(), "{faults:#?}\n{ran}");
        ran
    }

    /// Takes any predicate; a claim that fails shows the command, the exit, both streams and what was expected.
    #[must_use]
    pub fn assert(&self) -> Assert {
        let mut assert = Assert::new(self.output.clone()).append_context("command", self.command.clone());
        if let Some(signal) = self.signal {
            assert = assert.append_context("signal", signal);
        }
        for (name, stream) in [("the whole stdout", &self.stdout), ("the whole stderr", &self.stderr)] {
            if is_abridged(stream) {
                assert = assert.append_context(name, stream.clone());
            }
        }
        assert
    }

    /// It ended with this code.
    #[track_caller]
    pub fn exits(&self, code: i32) -> &Self {
        self.assert().code(code);
        self
    }

    /// A signal ended it.
    #[track_caller]
    pub fn was_killed(&self) -> &Self {
        self.assert().interrupted();
        self
    }

    /// Standard error contains these words, as they stand or wrapped.
    #[track_caller]
    pub fn says(&self, text: &str) -> &Self {
        self.assert().stderr(words(text));
        self
    }

    /// Standard error does not contain these words.
    #[track_caller]
    pub fn never_says(&self, text: &str) -> &Self {
        self.assert().stderr(words(text).not());
        self
    }

    /// Standard output contains these words, as they stand or wrapped.
    #[track_caller]
    pub fn prints(&self, text: &str) -> &Self {
        self.assert().stdout(words(text));
        self
    }

    /// Standard output is empty.
    #[track_caller]
    pub fn silent_stdout(&self) -> &Self {
        self.assert().stdout(predicate::str::is_empty());
        self
    }

    /// Standard error is empty.
    #[track_caller]
    pub fn silent_stderr(&self) -> &Self {
        self.assert().stderr(predicate::str::is_empty());
        self
    }

    /// Standard output as one JSON document.
    #[track_caller]
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.stdout_bytes).unwrap_or_else(|error| panic!("expected JSON on stdout: {error}\n{self}"))
    }

    /// The finding of one gate or probe in a report, or in the last report of a record.
    #[track_caller]
    #[must_use]
    pub fn finding(&self, id: &str) -> Value {
        let document = self.json();
        let report = document["reports"].as_array().and_then(|reports| reports.last()).unwrap_or(&document);
        let findings = report["findings"].as_array().unwrap_or_else(|| panic!("no findings\n{self}"));
        findings.iter().find(|finding| finding["id"] == id).unwrap_or_else(|| panic!("no finding of {id}\n{self}")).clone()
    }
}

impl std::fmt::Display for Ran {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.assert().fmt(formatter)
    }
}

/// Whether `assert_cmd` shows only the beginning and the end of a stream.
fn is_abridged(stream: &str) -> bool {
    stream.len() >= 8192 || stream.lines().count() >= 80
}
