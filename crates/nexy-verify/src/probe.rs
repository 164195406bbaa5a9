//! The type of a row in the table of probes.

use crate::context::Context;
pub(crate) use nexy_contract::check::{Answer, Explain};
use nexy_contract::{Severity, check::Row};
use std::time::Duration;

/// The tool's name in reports.
pub(crate) const TOOL: &str = "nexy-verify";

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
    /// Looks, and judges.
    pub(crate) check: fn(&Context) -> Answer,
}

impl Probe {
    /// Its row in `--list`.
    pub(crate) fn row(&self) -> Row {
        Row { id: self.id, profiles: self.profiles, asks: self.asks, runbook: self.runbook }
    }

    /// The pause before it is asked again: this machine may be looked at more often than what is across the network.
    pub(crate) fn interval(&self) -> Duration {
        Duration::from_millis(if self.profiles.contains(&"local") { 250 } else { 2000 })
    }

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
