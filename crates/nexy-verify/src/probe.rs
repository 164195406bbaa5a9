//! The row that every probe is, and the answer that it gives.

use crate::context::Context;
use nexy_contract::{Severity, Verdict};
use std::time::Duration;

/// One question about what has arrived.
#[derive(Debug)]
pub(crate) struct Probe {
    /// Its name on the command line and in reports: the name of its file, with dashes.
    pub(crate) id: &'static str,
    /// The question.
    pub(crate) asks: &'static str,
    /// The profiles that it belongs to.
    pub(crate) profiles: &'static [&'static str],
    /// Those of its profiles in which it informs and does not decide; asked by its id it always decides.
    pub(crate) advice_in: &'static [&'static str],
    /// The section of the rulebook that asks it: `S0 §4.1`.
    pub(crate) runbook: &'static str,
    /// What `--explain` says.
    pub(crate) explain: Explain,
    /// The pause before it is asked again.
    pub(crate) interval: Duration,
    /// Looks, and judges.
    pub(crate) check: fn(&Context) -> Answer,
}

impl Probe {
    /// Whether the answer decides when the probe is asked under these names; `None` when none of them means it.
    pub(crate) fn severity(&self, names: &[String]) -> Option<Severity> {
        let mut severity = None;
        for name in names {
            if name == self.id || (self.profiles.contains(&name.as_str()) && !self.advice_in.contains(&name.as_str())) {
                return Some(Severity::Gate);
            }
            if self.profiles.contains(&name.as_str()) {
                severity = Some(Severity::Advice);
            }
        }
        severity
    }
}

/// Pause between two looks at this machine.
pub(crate) const LOCAL: Duration = Duration::from_millis(250);
/// Pause between two looks across the network.
pub(crate) const PUBLIC: Duration = Duration::from_secs(2);

/// A probe in the rulebook's four words.
#[derive(Debug)]
pub(crate) struct Explain {
    /// What goes wrong for people when this is not asked.
    pub(crate) symptom: &'static str,
    /// How the probe looks, so that a person can do the same.
    pub(crate) check: &'static str,
    /// What to do about it.
    pub(crate) fix: &'static str,
    /// How to see that it helped.
    pub(crate) verify: &'static str,
}

/// What a probe found.
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

    /// Whether it is a yes.
    pub(crate) fn passes(&self) -> bool {
        self.verdict == Verdict::Pass
    }
}
