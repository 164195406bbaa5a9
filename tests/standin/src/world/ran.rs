//! What a program did, and claims about it that show everything when they fail.

use serde_json::Value;

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
}

impl Ran {
    /// It ended with this code.
    #[track_caller]
    pub fn exits(&self, code: i32) -> &Self {
        assert!(self.code == Some(code), "expected exit {code}\n{self}");
        self
    }

    /// A signal ended it.
    #[track_caller]
    pub fn was_killed(&self) -> &Self {
        assert!(self.signal.is_some(), "expected a signal\n{self}");
        self
    }

    /// Standard error contains this, perhaps broken into lines for people.
    #[track_caller]
    pub fn says(&self, text: &str) -> &Self {
        let found = holds(&self.stderr, text);
        assert!(found, "expected {text:?} on stderr\n{self}");
        self
    }

    /// Standard error does not contain this.
    #[track_caller]
    pub fn never_says(&self, text: &str) -> &Self {
        let found = holds(&self.stderr, text);
        assert!(!found, "did not expect {text:?} on stderr\n{self}");
        self
    }

    /// Standard output contains this.
    #[track_caller]
    pub fn prints(&self, text: &str) -> &Self {
        let found = holds(&self.stdout, text);
        assert!(found, "expected {text:?} on stdout\n{self}");
        self
    }

    /// Standard output is empty.
    #[track_caller]
    pub fn silent_stdout(&self) -> &Self {
        assert!(self.stdout.is_empty(), "expected an empty stdout\n{self}");
        self
    }

    /// Standard error is empty.
    #[track_caller]
    pub fn silent_stderr(&self) -> &Self {
        assert!(self.stderr.is_empty(), "expected an empty stderr\n{self}");
        self
    }

    /// Standard output as one JSON document.
    #[track_caller]
    #[must_use]
    pub fn json(&self) -> Value {
        match serde_json::from_slice(&self.stdout_bytes) {
            Ok(value) => value,
            Err(error) => panic!("expected JSON on stdout: {error}\n{self}"),
        }
    }
}

/// Whether a text holds these words, as they stand or wrapped.
fn holds(text: &str, words: &str) -> bool {
    text.contains(words) || one_line(text).contains(&one_line(words))
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

impl std::fmt::Display for Ran {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            formatter,
            "$ {}\nexit: {:?}, signal: {:?}\n--- stdout ---\n{}\n--- stderr ---\n{}",
            self.command, self.code, self.signal, self.stdout, self.stderr
        )
    }
}
