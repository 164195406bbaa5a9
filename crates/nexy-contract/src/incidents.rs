//! The known incidents of `runbook/incidents.toml`, and the literal parts of a log by which each of them is found.
//!
//! The file is compiled in, so that a VM and a clone of any state know the same incidents. Its head says what the fields mean.

mod diagnosis;
mod log_line;
mod scan;

pub use diagnosis::{Diagnosis, Found, SCHEMA, text};
pub use scan::{Hit, Matcher, PIECE_BYTES, Scan, Scanned};

use crate::{Fix, fix::FixLine};
use serde::{Deserialize, Serialize};
use std::fmt;

const FILE: &str = include_str!("../../../runbook/incidents.toml");
const FILE_SCHEMA: &str = "nexy.incidents/1";
/// Shorter words to look up stand in too many entries.
const SHORTEST_WORDS: usize = 4;

/// All that is known: incidents by number, then the symptoms of the rulebooks that are none of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Book {
    /// In the order of the file.
    pub entries: Vec<Entry>,
}

/// One incident, or one symptom of the rulebooks.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Its number, or its word.
    pub id: Id,
    /// When it happened, as far as that is known; a symptom of the rulebooks has no date.
    pub date: Option<String>,
    /// What happened, in one line.
    pub title: String,
    /// By which a log shows it; empty when no log does.
    pub symptoms: Vec<Symptom>,
    /// Gates, probes and tools that refuse it today.
    pub stopped_by: Vec<String>,
    /// Why nothing does.
    pub not_stopped_because: Option<String>,
    /// How to make sure of it.
    pub check: Vec<Step>,
    /// How to mend it.
    pub fix: Vec<Step>,
    /// How to see that it is mended.
    pub verify: Vec<Step>,
    /// Sections of the rulebooks, such as `S0 §5.8`; may be empty.
    pub rulebook: String,
}

/// Names an entry for good.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Id {
    /// The number of an incident.
    Number(u32),
    /// The word of a symptom.
    Word(String),
}

impl fmt::Display for Id {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(formatter),
            Self::Word(word) => word.fmt(formatter),
        }
    }
}

/// Literal parts that stand in one line of a log.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "Spelling")]
pub struct Symptom {
    /// Every one stands in the line.
    pub all: Vec<String>,
    /// None of these does: it would be another incident.
    pub unless: Vec<String>,
}

#[derive(Deserialize)]
#[serde(untagged, deny_unknown_fields)]
enum Spelling {
    One(String),
    Several {
        all: Vec<String>,
        #[serde(default)]
        unless: Vec<String>,
    },
}

impl From<Spelling> for Symptom {
    fn from(spelling: Spelling) -> Self {
        match spelling {
            Spelling::One(part) => Self { all: vec![part], unless: Vec::new() },
            Spelling::Several { all, unless } => Self { all, unless },
        }
    }
}

impl fmt::Display for Symptom {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.all.join(" … "))
    }
}

/// One line of an instruction.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(untagged, deny_unknown_fields)]
pub enum Step {
    /// One thing to paste into a shell.
    Command {
        /// As it is typed.
        command: String,
        /// Where it is typed; in the workspace when it is not said.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        on: Option<Machine>,
    },
    /// A sentence.
    Note {
        /// To be read.
        note: String,
    },
}

/// A machine that is not the workspace's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Machine {
    /// Where the service runs.
    Vm,
}

/// The steps as lines for a person: a note says where the commands behind it are typed, whenever that changes.
pub fn lines(steps: &[Step]) -> Vec<FixLine> {
    let mut lines = Vec::new();
    let mut typed_on = None;
    for step in steps {
        match step {
            Step::Command { command, on } => {
                if *on != typed_on {
                    lines.push(FixLine::Note(if on.is_some() { "on the VM:" } else { "in the workspace:" }.into()));
                    typed_on = *on;
                }
                lines.extend(Fix::command(command.clone()).lines().iter().cloned());
            }
            Step::Note { note } => lines.push(FixLine::Note(note.clone().into())),
        }
    }
    lines
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    schema: String,
    incident: Vec<Entry>,
    symptom: Vec<Entry>,
}

impl Book {
    /// The book that was compiled in.
    /// Errors: what is wrong with it; a test reads it, so a program that was tested never meets one.
    pub fn known() -> Result<Self, String> {
        Self::parse(FILE)
    }

    /// Reads the text of such a file.
    /// Errors: what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let File { schema, incident, symptom } = toml::from_str(text).map_err(|error| error.to_string())?;
        if schema != FILE_SCHEMA {
            return Err(format!("its schema is {schema} and not {FILE_SCHEMA}"));
        }
        Ok(Self { entries: incident.into_iter().chain(symptom).collect() })
    }

    /// Looks up words that a person typed, in any case: entries whose title, or a part of whose symptoms, holds them, and the
    /// symptom that does.
    pub fn look_up(&self, words: &str) -> Vec<(&Entry, Option<&Symptom>)> {
        let words = words.trim().to_lowercase();
        if words.chars().count() < SHORTEST_WORDS {
            return Vec::new();
        }
        let holds = |text: &String| text.to_lowercase().contains(&words);
        let found = self.entries.iter().map(|entry| (entry, entry.symptoms.iter().find(|symptom| symptom.all.iter().any(holds))));
        found.filter(|(entry, symptom)| symptom.is_some() || holds(&entry.title)).collect()
    }
}

#[cfg(test)]
mod tests;
