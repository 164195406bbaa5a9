//! The options that all five tools share.

use crate::{environment, frame::stdio};
use clap::{Args, ValueEnum};
use nexy_contract::{
    Exit, Fix, Problem, Report, brief,
    check::{self, Explained, Row},
    render,
};
use std::path::PathBuf;

/// What a brief report may have, in bytes.
const BRIEF_BYTES: usize = 3072;

/// Options that come before or after everything else.
#[derive(Args, Clone, Debug)]
pub struct Common {
    /// Use this nexy.toml [default: $NEXY_TARGET, the nearest one above, /etc/nexy/nexy.toml]
    #[arg(long, global = true, value_name = "FILE")]
    pub target: Option<PathBuf>,

    /// Form of reports and overviews [default: $NEXY_FORMAT, text on a terminal, json otherwise]; records are
    /// JSON and single values raw whatever it says
    #[arg(long, global = true, value_enum, value_name = "FORM")]
    pub format: Option<Format>,

    /// Reports in JSON: what does not pass first, in few words, at most 3 KiB; Azure brings back little more
    #[arg(long, global = true)]
    pub brief: bool,

    /// Say on standard error only what went wrong or was asked again
    #[arg(long, short, global = true)]
    pub quiet: bool,
}

/// Form of the answer on standard output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    Text,
    /// For programs.
    Json,
    /// Test Anything Protocol, for test harnesses.
    Tap,
}

impl Common {
    /// The form that counts: the option, else `$NEXY_FORMAT`, else text on a terminal and JSON elsewhere.
    /// Errors: exit 2 for a `$NEXY_FORMAT` that is no form.
    pub fn format(&self) -> Result<Format, Problem> {
        if let Some(format) = self.format {
            return Ok(format);
        }
        match environment::text("NEXY_FORMAT") {
            Some(word) => Format::from_str(&word, false).map_err(|_| {
                let fix = Fix::note("set it to text, json or tap, or unset it");
                Problem::new(Exit::Usage, "cannot use the variable NEXY_FORMAT", format!("`{word}` is no form"), fix)
            }),
            None if stdio::stdout_is_terminal() => Ok(Format::Text),
            None => Ok(Format::Json),
        }
    }

    /// Tells a person something on standard error, unless `--quiet`.
    pub fn note(&self, line: &str) {
        if !self.quiet {
            stdio::note(line);
        }
    }

    /// Prints every finding for people, unless standard output shows the same words on the same terminal.
    pub fn note_report(&self, report: &Report, document_is_text: bool) {
        let twice = document_is_text && stdio::stdout_is_terminal() && stdio::stderr_is_terminal();
        if !self.quiet && !twice {
            let coloured = stdio::stderr_is_terminal() && environment::get("NO_COLOR").is_none();
            let ordered = if self.brief { &brief::ordered(report) } else { report };
            stdio::note(render::text(ordered, coloured).trim_end());
        }
    }

    /// Prints a bare report: findings for people, and the document in the asked form.
    /// Errors: exit 69 when it was not received.
    pub fn print_report(&self, report: &Report) -> Result<(), Problem> {
        let format = self.format()?;
        self.note_report(report, format == Format::Text);
        let document = match format {
            Format::Text => {
                let coloured = stdio::stdout_is_terminal() && environment::get("NO_COLOR").is_none();
                render::text(report, coloured)
            }
            Format::Tap => render::tap(report),
            Format::Json if self.brief => brief::json(report, BRIEF_BYTES).map_err(|error| unspeakable(&error))?,
            Format::Json => json(report)?,
        };
        stdio::write_document(document.as_bytes())
    }
}

/// The rows of a checker's table, as `--list` prints them.
/// Errors: as [`json`].
pub fn list(rows: &[Row], format: Format) -> Result<String, Problem> {
    if format == Format::Json { json(&rows) } else { Ok(check::list_text(rows)) }
}

/// One question of a checker, as `--explain` prints it.
/// Errors: as [`json`].
pub fn explain(explained: &Explained, format: Format) -> Result<String, Problem> {
    if format == Format::Json { json(explained) } else { Ok(check::explained_text(explained)) }
}

/// A document as pretty JSON with a final line feed.
/// Errors: exit 70: a value that JSON cannot spell is a bug.
pub fn json(document: &impl serde::Serialize) -> Result<String, Problem> {
    serde_json::to_string_pretty(document).map(|text| text + "\n").map_err(|error| unspeakable(&error))
}

fn unspeakable(error: &serde_json::Error) -> Problem {
    Problem::new(Exit::Bug, "cannot spell the answer as JSON", error.to_string(), Fix::note("report this as a bug"))
}
