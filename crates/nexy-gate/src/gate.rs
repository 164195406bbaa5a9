//! The row that every gate is, and the answer that it gives.

use crate::context::Context;
use nexy_contract::Verdict;

/// One question that must be answered before anything goes out.
#[derive(Debug)]
pub(crate) struct Gate {
    /// Its name on the command line and in reports: the name of its file, with dashes.
    pub(crate) id: &'static str,
    /// The question.
    pub(crate) asks: &'static str,
    /// The profiles that it belongs to.
    pub(crate) profiles: &'static [&'static str],
    /// The section of the rulebook that asks it: `S3 §2.2`.
    pub(crate) runbook: &'static str,
    /// What `--explain` says.
    pub(crate) explain: Explain,
    /// Looks, and judges.
    pub(crate) check: fn(&Context) -> Answer,
}

/// A gate in the rulebook's four words.
#[derive(Debug)]
pub(crate) struct Explain {
    /// What goes wrong for people when this is not asked.
    pub(crate) symptom: &'static str,
    /// How the gate looks, so that a person can do the same.
    pub(crate) check: &'static str,
    /// What to do about it.
    pub(crate) fix: &'static str,
    /// How to see that it helped.
    pub(crate) verify: &'static str,
}

/// What a gate found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    /// Yes, no, or could not look.
    pub(crate) verdict: Verdict,
    /// What was seen, or why nothing could be seen.
    pub(crate) found: String,
    /// What should be there; empty on a pass.
    pub(crate) expected: String,
    /// What to type now; empty on a pass.
    pub(crate) fix: String,
}

impl Answer {
    /// It was looked at, and it is right.
    pub(crate) fn pass(found: impl Into<String>) -> Self {
        Self { verdict: Verdict::Pass, found: found.into(), expected: String::new(), fix: String::new() }
    }

    /// It was looked at, and it is wrong.
    pub(crate) fn fail(found: impl Into<String>, expected: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { verdict: Verdict::Fail, found: found.into(), expected: expected.into(), fix: fix.into() }
    }

    /// It could not be looked at.
    pub(crate) fn unknown(found: impl Into<String>, expected: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { verdict: Verdict::Unknown, found: found.into(), expected: expected.into(), fix: fix.into() }
    }
}
