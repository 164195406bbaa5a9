//! Asks every gate, also after one has said no: a person gets the whole list.

use crate::{context::Context, gate::Gate, selection::Selection};
use nexy_contract::{Finding, Report, Severity, before_publish};
use nexy_outside::clock;
use std::time::Instant;

/// The tool's name in reports.
pub(crate) const TOOL: &str = before_publish::BY;

/// Asks the gates in order, and puts their answers together.
pub(crate) fn ask_all(selection: &Selection, context: &Context) -> Report {
    let findings = selection.gates.iter().map(|gate| ask(gate, context)).collect();
    Report::new(TOOL, &selection.profile, clock::now(), context.subjects(), findings)
}

fn ask(gate: &Gate, context: &Context) -> Finding {
    let started = Instant::now();
    let answer = (gate.check)(context);
    Finding {
        id: gate.id.to_owned(),
        verdict: answer.verdict,
        severity: Severity::Gate,
        found: answer.found,
        expected: answer.expected,
        fix: answer.fix,
        runbook: gate.runbook.to_owned(),
        elapsed_ms: u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
    }
}
