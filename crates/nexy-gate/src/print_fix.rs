//! The commands that make a gate pass on this machine, as a script that a person reads and gives to `sudo sh`.

use crate::{
    context::Context,
    gate::{Answer, Gate},
    gates::REPAIRS,
};
use nexy_contract::{
    Exit, Problem, Verdict,
    text::{printable, shell_word},
};
use nexy_outside::clock;

/// What can be done about a gate here and now; finding it out changes nothing.
#[derive(Debug)]
pub(crate) enum Repair {
    /// The gate passes already.
    Passes(Answer),
    /// No command can be given: it could not be looked at, or a person must decide.
    Refused(Answer),
    /// These commands, each of which does nothing when it is run again.
    Commands {
        /// What the gate says now.
        now: Answer,
        /// Lines or blocks of a POSIX shell, for root.
        commands: Vec<String>,
        /// What the gate would say of the state that they leave.
        then: Answer,
    },
}

/// How a gate's repair is found.
pub(crate) type Find = fn(&Context) -> Repair;

impl Repair {
    /// Asks for a plan only when the gate says no: what passes needs none, and what is unknown is not touched.
    pub(crate) fn of(now: Answer, plan: impl FnOnce() -> Result<(Vec<String>, Answer), Option<Answer>>) -> Self {
        match now.verdict {
            Verdict::Pass => Self::Passes(now),
            Verdict::Unknown => Self::Refused(now),
            Verdict::Fail => match plan() {
                Ok((commands, then)) if !commands.is_empty() => Self::Commands { now, commands, then },
                Ok(_) | Err(None) => Self::Refused(now),
                Err(Some(because)) => Self::Refused(because),
            },
        }
    }
}

/// A word for the script; `None` for one that a person could not read on a terminal.
pub(crate) fn word(text: &str) -> Option<String> {
    (printable(text) == text).then(|| shell_word(text))
}

/// The script for a gate.
///
/// # Errors
/// Exit 2 for a gate without a documented fix, 69 when it could not be looked at, 1 when no command can mend what was found.
pub(crate) fn script(gate: &Gate, context: impl FnOnce() -> Result<Context, Problem>) -> Result<String, Problem> {
    let Some((_, find)) = REPAIRS.iter().find(|(known, _)| known.id == gate.id) else {
        let known: Vec<&str> = REPAIRS.iter().map(|(gate, _)| gate.id).collect();
        return Err(Problem::new(
            Exit::Usage,
            format!("{} has no fix that could be printed", gate.id),
            format!("those that have one: {}", known.join(", ")),
            format!("nexy-gate --explain {}", gate.id),
        ));
    };
    render(gate, find(&context()?), &clock::now().to_string())
}

fn render(gate: &Gate, repair: Repair, now: &str) -> Result<String, Problem> {
    // The inbox is a person's own; everything else is root's to look at.
    let verify = format!("{}nexy-gate {}", if gate.profiles.contains(&"hard") { "sudo " } else { "" }, gate.id);
    let head = format!("#!/bin/sh\n# Printed by nexy-gate --print-fix {} at {now}, for this machine: {}\n", gate.id, gate.runbook);
    match repair {
        Repair::Refused(answer) => Err(Problem::new(
            if answer.verdict == Verdict::Unknown { Exit::CouldNotLook } else { Exit::No },
            format!("no script can be printed for {}", gate.id),
            answer.found,
            answer.fix,
        )),
        Repair::Passes(answer) => {
            let said = shell_word(&format!("{} passes already: there is nothing to do", gate.id));
            Ok(format!("{head}# Found: {}\nset -eu\necho {said}\n", printable(&answer.found)))
        }
        Repair::Commands { now, commands, then } => {
            let mut script = format!("{head}# Found: {}\n# Expected: {}\n", printable(&now.found), printable(&now.expected));
            script += "# Read it, then run it with: sudo sh. Running it twice is harmless; it restarts nothing.\n";
            let mut last = vec![format!("done; now: {verify}")];
            if !then.passes() {
                let found = printable(&then.found);
                let fix: Vec<String> = then.fix.lines().map(|line| format!("  {}", printable(line))).collect();
                script += &format!("# Left to a person: {found}\n");
                fix.iter().for_each(|line| script += &format!("# {line}\n"));
                last = [vec![format!("done; left to a person: {found}")], fix, vec![format!("then: {verify}")]].concat();
            }
            let last: Vec<String> = last.iter().map(|line| shell_word(line)).collect();
            // Values are quoted so that nothing in them expands; that is what the linter would warn of.
            script += &format!(
                "# Afterwards: {verify}\n# shellcheck disable=SC2016\nset -eu\n\n{}\n\nprintf '%s\\n' {}\n",
                commands.join("\n"),
                last.join(" ")
            );
            Ok(script)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gates::GATES;

    const NOW: &str = "2026-02-21T10:00:00Z";

    fn gate() -> &'static Gate {
        REPAIRS[0].0
    }

    fn no() -> Answer {
        Answer::fail("found\u{1b}[2J\nthis", "that", "type this")
    }

    #[test]
    fn what_passes_needs_no_plan_and_what_is_unknown_gets_none() {
        let never = || -> Result<(Vec<String>, Answer), Option<Answer>> { panic!("it was asked for a plan") };
        assert!(matches!(Repair::of(Answer::pass("good"), never), Repair::Passes(_)));
        assert!(matches!(Repair::of(Answer::unknown("a", "b", "c"), never), Repair::Refused(_)));
        assert!(matches!(Repair::of(no(), || Ok((vec![], Answer::pass("x")))), Repair::Refused(answer) if answer == no()));
        assert!(matches!(Repair::of(no(), || Err(None)), Repair::Refused(answer) if answer == no()));
    }

    #[test]
    fn a_no_that_no_command_mends_ends_with_1_and_a_blind_spot_with_69() {
        assert_eq!(render(gate(), Repair::Refused(no()), NOW).expect_err("refused").exit, Exit::No);
        let blind = Repair::Refused(Answer::unknown("a", "b", "c"));
        assert_eq!(render(gate(), blind, NOW).expect_err("refused").exit, Exit::CouldNotLook);
    }

    #[test]
    fn what_was_found_stays_one_comment_and_what_is_left_is_told() {
        let repair = Repair::Commands { now: no(), commands: vec!["true".to_owned()], then: Answer::fail("it's left", "x", "this") };
        let script = render(gate(), repair, NOW).expect("a script");
        assert!(script.starts_with("#!/bin/sh\n") && script.contains("\nset -eu\n\ntrue\n"), "{script}");
        assert!(script.contains("# Found: found\\x1b[2J\\nthis\n"), "{script}");
        assert!(script.contains("# Left to a person: it's left\n#   this\n"), "{script}");
        assert!(script.contains(r"it'\''s left"), "{script}");
    }

    #[test]
    fn a_word_that_nobody_could_read_is_none() {
        assert_eq!(word("a b").as_deref(), Some("'a b'"));
        assert_eq!(word("a\u{1b}b"), None);
    }

    #[test]
    fn every_repair_belongs_to_a_gate() {
        for (gate, _) in REPAIRS {
            assert!(GATES.iter().any(|known| known.id == gate.id), "{}", gate.id);
        }
    }
}
