//! The row of a checker's table (id, explanation, fix) and the answer of a check.

use crate::{
    Finding, Fix, Severity, Verdict,
    fix::{FixLine, Layout},
    wrap::hanging,
};
use serde::Serialize;
use std::{fmt::Write as _, time::Duration};

/// A question in the rulebook's four words.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Explain {
    /// What goes wrong for people when this is not asked.
    pub symptom: &'static str,
    /// How the checker looks, so that a person can do the same.
    pub check: &'static str,
    /// What to do about it.
    pub fix: &'static [FixLine],
    /// How to see that it helped.
    pub verify: &'static [FixLine],
}

/// One row of `--list`.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Row {
    /// Its name on the command line and in reports.
    pub id: &'static str,
    /// The profiles that it belongs to.
    pub profiles: &'static [&'static str],
    /// The question.
    pub asks: &'static str,
    /// The section of the rulebook that asks it: `S3 §2.2`.
    pub runbook: &'static str,
}

/// What `--explain` prints.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Explained {
    /// The row of the list.
    #[serde(flatten)]
    pub row: Row,
    /// The four words.
    #[serde(flatten)]
    pub explain: Explain,
}

/// The rows for people: a line with the id and its profiles, and the question below.
pub fn list_text(rows: &[Row]) -> String {
    let id_width = rows.iter().map(|row| row.id.len()).max().unwrap_or(0);
    let mut text = String::new();
    for row in rows {
        let head = hanging(&format!("{:<id_width$} ", row.id), id_width + 2, &row.profiles.join(", "));
        let _ = writeln!(text, "{head}\n{}", hanging("", 4, row.asks));
    }
    text
}

/// One question for people: what goes wrong, how it is looked at, what to do, how to see that it helped.
pub fn explained_text(explained: &Explained) -> String {
    let Explained { row, explain } = explained;
    let mut text = hanging("", 0, &format!("{}: {}", row.id, row.asks)) + "\n\n";
    let profiles = row.profiles.join(", ");
    let words = |label: &str, words: &str| hanging(label, 10, words) + "\n";
    let lines = |label: &str, lines: &[FixLine]| Layout { notes: label, notes_at: 10, commands: label, commands_at: 10 }.show(lines) + "\n";
    text += &words("Symptom", explain.symptom);
    text += &words("Check", explain.check);
    text += &lines("Fix", explain.fix);
    text += &lines("Verify", explain.verify);
    text += &words("Rulebook", row.runbook);
    text += &words("Profiles", &profiles);
    text
}

/// What was found when a question was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Answer {
    /// Yes, no, or could not look.
    pub verdict: Verdict,
    /// What was seen, or why nothing could be seen.
    pub found: String,
    /// What should be there; empty on a pass.
    pub expected: String,
    /// What to do now; empty on a pass.
    pub fix: Fix,
    /// Whether the answer decides; all do unless they say otherwise.
    pub severity: Severity,
}

impl Answer {
    fn new(verdict: Verdict, found: String, expected: String, fix: Fix) -> Self {
        Self { verdict, found, expected, fix, severity: Severity::Gate }
    }

    /// It was looked at, and it is right.
    pub fn pass(found: impl Into<String>) -> Self {
        Self::new(Verdict::Pass, found.into(), String::new(), Fix::none())
    }

    /// It was looked at, and it is wrong.
    pub fn fail(found: impl Into<String>, expected: impl Into<String>, fix: impl Into<Fix>) -> Self {
        Self::new(Verdict::Fail, found.into(), expected.into(), fix.into())
    }

    /// It could not be looked at.
    pub fn unknown(found: impl Into<String>, expected: impl Into<String>, fix: impl Into<Fix>) -> Self {
        Self::new(Verdict::Unknown, found.into(), expected.into(), fix.into())
    }

    /// The same answer, counting as much as is said here.
    pub fn counting(self, severity: Severity) -> Self {
        Self { severity, ..self }
    }

    /// The finding of a report: the answer to the question of this id, and how long it took to look.
    pub fn finding(self, id: impl Into<String>, runbook: &str, elapsed: Duration) -> Finding {
        let Self { verdict, found, expected, fix, severity } = self;
        let elapsed_ms = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
        Finding { id: id.into(), verdict, severity, found, expected, fix, runbook: runbook.to_owned(), elapsed_ms }
    }

    /// Whether it is a yes.
    pub fn passes(&self) -> bool {
        self.verdict == Verdict::Pass
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{fix::command, wrap::COLUMNS};

    #[test]
    fn a_list_and_an_explanation_fit_80_columns() {
        let long = "Is it, as every rulebook since the first one has asked, still exactly where the runbook says that it has always been?";
        let row = Row { id: "a-rather-long-id", profiles: &["before-checkout", "hard"], asks: long, runbook: "S0 §1" };
        const FIX: &[FixLine] = &[command("nexy-gate a-rather-long-id")];
        let explain = Explain { symptom: long, check: long, fix: FIX, verify: FIX };
        for text in [list_text(&[row, row]), explained_text(&Explained { row, explain })] {
            assert!(text.lines().all(|line| line.chars().count() <= COLUMNS), "{text}");
        }
        assert!(explained_text(&Explained { row, explain }).contains("\nFix\n          nexy-gate a-rather-long-id\n"));
    }
}
