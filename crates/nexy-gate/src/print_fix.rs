//! Prints the commands of a finding as a script that a person reads and then runs. The script ends with the same question.

use crate::{
    context::Context,
    gate::{Gate, Guard, Machine, Repair, RepairStep},
};
use nexy_contract::{
    Exit, Fix, Problem, Verdict,
    fix::FixLine,
    text::{printable, shell_word},
};
use nexy_outside::clock;
use std::path::Path;

/// The script for a gate.
///
/// # Errors
/// Exit 2 for a gate without a documented fix, 69 when it could not look, 1 when no command mends what was found.
pub(crate) fn script(gate: &Gate, all: &[&Gate], context: impl FnOnce() -> Result<Context, Problem>) -> Result<String, Problem> {
    let Some(repair) = gate.repair else {
        let known: Vec<&str> = all.iter().filter(|gate| gate.repair.is_some()).map(|gate| gate.id).collect();
        return Err(Problem::new(
            Exit::Usage,
            format!("{} has no fix that could be printed", gate.id),
            format!("those that have one: {}", known.join(", ")),
            Fix::command(format!("nexy-gate --explain {}", gate.id)),
        ));
    };
    let context = context()?;
    render(gate, repair(&context), &context.workspace.target_path, &clock::now().to_string())
}

fn render(gate: &Gate, repair: Repair, target: &Path, now: &str) -> Result<String, Problem> {
    let Repair { now: answer, steps } = repair;
    let found = printable(&answer.found);
    let head = format!("#!/bin/sh\n# Printed by nexy-gate --print-fix {} at {now}, for this machine: {}\n", gate.id, gate.runbook);
    if answer.verdict == Verdict::Pass {
        let said = shell_word(&format!("{} passes already: there is nothing to do", gate.id));
        return Ok(format!("{head}# Found: {found}\nset -eu\necho {said}\n"));
    }
    if answer.verdict == Verdict::Unknown || steps.is_empty() {
        let exit = if answer.verdict == Verdict::Unknown { Exit::CouldNotLook } else { Exit::No };
        return Err(Problem::new(exit, format!("no script can be printed for {}", gate.id), answer.found, answer.fix));
    }
    // The inbox is a person's own; everything else is root's.
    let runner = if gate.at == Machine::Laptop { "sh" } else { "sudo sh" };
    let again = format!("nexy-gate --target {} {}", shell_word(&target.display().to_string()), gate.id);
    let mut script = format!("{head}# Found: {found}\n# Expected: {}\n", printable(&answer.expected));
    script += &format!("# Read it, then run it with: {runner}. Running it twice is harmless; it restarts nothing.\n");
    let is_done = |line: &str| {
        let command = line.strip_prefix("sudo ").unwrap_or(line);
        command.starts_with("nexy-gate ") || steps.iter().any(|step| step.typed("sudo ") == line || step.typed("") == line)
    };
    let left: Vec<&FixLine> = answer.fix.lines().iter().filter(|line| !(line.is_command() && is_done(line.text()))).collect();
    if !left.is_empty() {
        script += "# Left to a person, after it:\n";
        left.iter().for_each(|line| script += &format!("#   {}\n", printable(line.text())));
    }
    // Values are quoted so that nothing in them expands; that is what the linter would warn of.
    script += "# shellcheck disable=SC1003,SC2016\nset -eu\numask 022\n\n";
    steps.iter().for_each(|step| script += &block(step));
    script += &format!("\n# Asks the gate again.\n{again}\n");
    Ok(script)
}

/// One command behind its guard.
fn block(step: &RepairStep) -> String {
    let command = step.scripted();
    match &step.guard {
        Guard::None => format!("{command}\n"),
        Guard::OnlyIf(condition) => format!("if {condition}; then\n    {command}\nfi\n"),
        Guard::StopUnless { condition, message } => {
            format!("if ! {{ {condition}; }}; then\n    echo {} >&2\n    exit 1\nfi\n{command}\n", shell_word(message))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{gate::Answer, gates::GATES};

    fn rendered(now: Answer, steps: &[RepairStep]) -> Result<String, Problem> {
        let gate = GATES.iter().find(|gate| gate.id == "config-env-access").expect("it is in the table");
        render(gate, Repair { now, steps: steps.to_vec() }, Path::new("/it's/nexy.toml"), "2026-02-21T10:00:00Z")
    }

    fn no() -> Answer {
        Answer::fail(
            "found\u{1b}[2J\nthis",
            "that",
            Fix::command("sudo true").then_note("ask\u{1b}a person").then_command("sudo nexy-gate config-env-access"),
        )
    }

    #[test]
    fn a_no_without_commands_ends_with_1_and_an_unknown_with_69_and_a_pass_with_nothing_to_do() {
        let step = [RepairStep::new("true")];
        assert_eq!(rendered(no(), &[]).expect_err("refused").exit, Exit::No);
        assert_eq!(rendered(Answer::unknown("a", "b", Fix::note("c")), &step).expect_err("refused").exit, Exit::CouldNotLook);
        let script = rendered(Answer::pass("good"), &step).expect("a script");
        assert!(script.ends_with("set -eu\necho 'config-env-access passes already: there is nothing to do'\n"), "{script}");
    }

    #[test]
    fn the_finding_stays_in_comments_and_the_last_line_asks_the_gate_again() {
        let script = rendered(no(), &[RepairStep::new("true")]).expect("a script");
        assert!(script.contains("# Found: found\\x1b[2J\\nthis\n"), "{script}");
        assert!(script.contains("# Left to a person, after it:\n#   ask\\x1ba person\n# shellcheck"), "{script}");
        assert!(script.contains("\nset -eu\numask 022\n\ntrue\n"), "{script}");
        assert!(script.ends_with("\nnexy-gate --target '/it'\\''s/nexy.toml' config-env-access\n"), "{script}");
    }

    #[test]
    fn what_another_account_runs_is_typed_and_scripted_with_that_accounts_rights() {
        let step = RepairStep::new("mkdir -p /a").by_account("server", "it's");
        let found = Answer::fail("found", "that", Fix::command(step.typed("sudo ")));
        assert_eq!(found.fix.text(), "sudo -u server mkdir -p /a");
        let script = rendered(found, &[step]).expect("a script");
        assert!(script.contains("\nsetpriv --reuid server --regid 'it'\\''s' --init-groups -- mkdir -p /a\n"), "{script}");
        assert!(!script.contains("Left to a person"), "{script}");
    }

    #[test]
    fn a_guard_stops_the_script_or_skips_its_command() {
        let steps = [RepairStep::new("a").only_if("[ -e b ]"), RepairStep::new("c").or_stop("[ -e d ]", "it's gone")];
        let script = rendered(no(), &steps).expect("a script");
        assert!(script.contains("\nif [ -e b ]; then\n    a\nfi\n"), "{script}");
        assert!(script.contains("\nif ! { [ -e d ]; }; then\n    echo 'it'\\''s gone' >&2\n    exit 1\nfi\nc\n"), "{script}");
    }
}
