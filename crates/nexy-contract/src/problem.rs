//! The message of a problem: what happened where, because of what, and what to type now.

use crate::{Exit, Fix, text};
use std::fmt;

/// Why a tool stops, in the three parts that an operator needs.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Problem {
    /// What went wrong and where: `cannot read release_inbox/Nexy.dmg`.
    pub what: String,
    /// What was seen: `permission denied`.
    pub because: String,
    /// What to do now, best a command: `chmod u+r release_inbox/Nexy.dmg`.
    pub fix: Fix,
    /// How the tool ends.
    pub exit: Exit,
}

impl Problem {
    /// Puts the parts together.
    pub fn new(exit: Exit, what: impl Into<String>, because: impl Into<String>, fix: impl Into<Fix>) -> Self {
        Self { what: what.into(), because: because.into(), fix: fix.into(), exit }
    }

    /// The same problem, with another way to end.
    pub fn ending(mut self, exit: Exit) -> Self {
        self.exit = exit;
        self
    }

    /// The same problem, with something else to do.
    pub fn doing(mut self, fix: impl Into<Fix>) -> Self {
        self.fix = fix.into();
        self
    }

    /// What and because, on one line and safe to print.
    pub fn message(&self) -> String {
        if self.because.is_empty() {
            text::printable(&self.what)
        } else {
            format!("{}: {}", text::printable(&self.what), text::printable(&self.because))
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.message())?;
        if !self.fix.is_empty() {
            write!(formatter, "\n{}", self.fix)?;
        }
        Ok(())
    }
}

impl std::error::Error for Problem {}
