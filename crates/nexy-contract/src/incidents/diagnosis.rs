//! The answer of `nexy-verify diagnose`: the document `nexy.diagnosis/1`, and the same for people. It quotes no line of the log, which
//! may hold secrets: only the symptom as the runbook spells it.

use super::{Entry, Hit, Step, Symptom, lines};
use crate::{
    fix::{FixLine, Layout},
    text::printable,
    wrap::hanging,
};
use serde::{Deserialize, Serialize};

/// Schema id of the document.
pub const SCHEMA: &str = "nexy.diagnosis/1";
/// Where the words beside a label begin.
const INDENT: usize = 13;

/// What is known of a log, or of words that were looked up.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Diagnosis {
    /// [`SCHEMA`].
    pub schema: String,
    /// Known incidents, by the line that shows them first.
    pub found: Vec<Found>,
}

/// One known incident.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Found {
    /// Its number or word in the runbook.
    pub id: String,
    /// What happened.
    pub title: String,
    /// The symptom that was found, as the runbook spells it; empty for words of the title.
    pub symptom: String,
    /// Lines of the log that show it; none for words that were looked up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// The number of the first of them, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_line: Option<u64>,
    /// How to make sure of it.
    pub check: Vec<Step>,
    /// How to mend it.
    pub fix: Vec<Step>,
    /// How to see that it is mended.
    pub verify: Vec<Step>,
    /// Sections of the rulebooks.
    pub rulebook: String,
    /// Gates, probes and tools that stop it next time.
    pub stopped_by: Vec<String>,
    /// Why nothing does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_stopped_because: Option<String>,
}

impl Diagnosis {
    /// Of these findings.
    pub fn new(found: Vec<Found>) -> Self {
        Self { schema: SCHEMA.to_owned(), found }
    }
}

impl Found {
    /// Words that were looked up stand in this entry, and in this symptom of it.
    pub fn looked_up(entry: &Entry, symptom: Option<&Symptom>) -> Self {
        Self {
            id: entry.id.to_string(),
            title: entry.title.clone(),
            symptom: symptom.map(ToString::to_string).unwrap_or_default(),
            count: None,
            first_line: None,
            check: entry.check.clone(),
            fix: entry.fix.clone(),
            verify: entry.verify.clone(),
            rulebook: entry.rulebook.clone(),
            stopped_by: entry.stopped_by.clone(),
            not_stopped_because: entry.not_stopped_because.clone(),
        }
    }

    /// A log shows it.
    pub fn in_log(hit: &Hit<'_>) -> Self {
        Self { count: Some(hit.count), first_line: Some(hit.first_line), ..Self::looked_up(hit.entry, Some(hit.symptom)) }
    }
}

/// All of it for people, a block for each; the last line counts them.
pub fn text(diagnosis: &Diagnosis) -> String {
    let blocks: String = diagnosis.found.iter().map(|found| block(found) + "\n").collect();
    match diagnosis.found.len() {
        0 => String::new(),
        1 => blocks + "one known incident\n",
        count => format!("{blocks}{count} known incidents\n"),
    }
}

fn block(found: &Found) -> String {
    let is_number = found.id.bytes().all(|byte| byte.is_ascii_digit());
    let id = if is_number { format!("incident {}", found.id) } else { found.id.clone() };
    let place = match (found.first_line, found.count) {
        (Some(line), Some(count @ 2..)) => format!("{line}, and {} more", count - 1),
        (Some(line), _) => line.to_string(),
        _ => String::new(),
    };
    let steps = [("Check", &found.check), ("Fix", &found.fix), ("Verify", &found.verify)].map(|(label, steps)| instruction(label, steps));
    let because = found.not_stopped_because.as_deref().unwrap_or_default();
    let said = [
        hanging(&format!("{id}:"), 4, &found.title) + "\n",
        words("Line", &place),
        words("Symptom", &found.symptom),
        steps.concat(),
        words("Stopped by", &found.stopped_by.join(", ")),
        words("Not stopped", because),
        words("Rulebook", &found.rulebook),
    ];
    said.concat()
}

fn words(label: &str, words: &str) -> String {
    if words.is_empty() { String::new() } else { hanging(label, INDENT, &printable(words)) + "\n" }
}

/// The label stands beside a note and above a command.
fn instruction(label: &str, steps: &[Step]) -> String {
    let lines = lines(steps);
    let shown = Layout { notes: "", notes_at: INDENT, commands: "", commands_at: INDENT }.show(&lines);
    if lines.first().is_some_and(FixLine::is_command) {
        format!("{label}\n{shown}\n")
    } else {
        format!("{label:<INDENT$}{}\n", shown.trim_start())
    }
}
