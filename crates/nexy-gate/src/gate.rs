//! The row that every gate is.

use crate::context::Context;
use nexy_contract::question::Row;
pub(crate) use nexy_contract::question::{Answer, Explain};

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

impl Gate {
    /// Its row in `--list`.
    pub(crate) fn row(&self) -> Row {
        Row { id: self.id, profiles: self.profiles, asks: self.asks, runbook: self.runbook }
    }
}
