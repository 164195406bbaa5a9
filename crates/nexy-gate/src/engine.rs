//! Asks every gate, also after one has said no: a person gets the whole list, in the order of the table.

use crate::{
    context::Context,
    gate::{Answer, Gate, Machine, Takes},
    lanes,
    selection::Selection,
};
use nexy_contract::{Finding, Report, before_publish};
use nexy_outside::{clock, programs};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

/// The tool's name in reports.
pub(crate) const TOOL: &str = before_publish::BY;

/// Asks the gates, and puts their answers together.
pub(crate) fn ask_all(selection: &Selection, context: &Arc<Context>) -> Report {
    let findings = lanes::ask(&selection.gates, context);
    // What a gate without an answer has started must not outlive the report.
    programs::end_all();
    Report::new(TOOL, &selection.profile, clock::now(), context.subjects(), findings)
}

/// Asks one gate, unless this machine is the wrong one for it.
pub(crate) fn ask(gate: &'static Gate, context: &Context) -> Finding {
    let started = Instant::now();
    let answer = out_of_place(gate, context.tree.is_here(), std::env::consts::OS).unwrap_or_else(|| (gate.check)(context));
    finding(gate, answer, started.elapsed())
}

/// The finding of a gate that has not answered in time.
pub(crate) fn late(gate: &'static Gate, patience: Duration) -> Finding {
    let expected = format!("an answer within {} s (limits.gate_timeout_s)", patience.as_secs());
    let again = format!("nexy-gate {}", gate.id);
    finding(gate, Answer::unknown(format!("no answer after {} s", patience.as_secs()), expected, again), patience)
}

fn finding(gate: &Gate, answer: Answer, elapsed: Duration) -> Finding {
    Finding {
        id: gate.id.to_owned(),
        verdict: answer.verdict,
        severity: answer.severity,
        found: answer.found,
        expected: answer.expected,
        fix: answer.fix,
        runbook: gate.runbook.to_owned(),
        elapsed_ms: u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX),
    }
}

/// Why a gate cannot look from here: a Mac is no VM, and a mounted tree runs nothing and is no workspace.
fn out_of_place(gate: &Gate, is_here: bool, system: &str) -> Option<Answer> {
    match gate.at {
        Machine::Vm if is_here && system != "linux" => {
            let fix =
                if gate.profiles.contains(&"hard") { "make vm-hard".to_owned() } else { format!("scripts/vm.sh nexy-gate {}", gate.id) };
            Some(Answer::unknown(format!("this machine runs {system}, so it is not the VM"), "an answer from the VM", fix))
        }
        Machine::Vm if !is_here && gate.takes == Takes::RunningSystem => {
            let fix = format!("start that machine, and there: sudo nexy-gate {}", gate.id);
            Some(Answer::unknown("a mounted tree runs no services that could be asked", "a running machine", fix))
        }
        Machine::Laptop if !is_here => {
            let fix = format!("nexy-gate {}   (without --root)", gate.id);
            Some(Answer::unknown("it looks at the workspace, and --root names the tree of a VM", "the workspace", fix))
        }
        Machine::Laptop | Machine::Either | Machine::Vm => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gates::GATES;
    use nexy_contract::Verdict;

    #[test]
    fn a_mac_never_says_yes_about_the_vm_and_says_how_to_ask_it() {
        for gate in GATES {
            let answer = out_of_place(gate, true, "macos");
            assert_eq!(answer.is_some(), gate.at == Machine::Vm, "{}", gate.id);
            let Some(answer) = answer else { continue };
            assert_eq!(answer.verdict, Verdict::Unknown, "{}", gate.id);
            assert_eq!(answer.fix.text() == "make vm-hard", gate.profiles.contains(&"hard"), "{}", gate.id);
            assert!(answer.fix.text().contains("vm"), "{}", answer.fix);
        }
    }

    #[test]
    fn a_mounted_tree_answers_for_files_only() {
        for gate in GATES {
            let is_out = out_of_place(gate, false, "linux").is_some();
            assert_eq!(is_out, gate.at == Machine::Laptop || gate.takes == Takes::RunningSystem, "{}", gate.id);
            assert_eq!(out_of_place(gate, true, "linux"), None, "{}", gate.id);
        }
    }
}
