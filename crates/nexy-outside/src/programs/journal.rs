//! The machine's journal: what a run of a service has said, and when the manager has started a service again by itself.

use crate::programs::{ProgramError, Run};
use nexy_contract::Timestamp;
use serde::Deserialize;
use std::time::Duration;

/// The newest so many entries of a run are read.
const MOST_ENTRIES: &str = "-n5000";
/// Of these the newest bytes.
const MOST_BYTES: usize = 8 << 20;
/// The manager's own number for "a restart was scheduled", which systemd documents as fixed.
const RESTART_SCHEDULED: &str = "MESSAGE_ID=5eb03494b6584870a536b337290809b3";

/// One entry: for a service whose output goes to the journal, one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// When the journal took it.
    pub at: Timestamp,
    /// What it says; not always UTF-8.
    pub message: Vec<u8>,
}

/// Why the journal is not known.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The program did not run.
    #[error(transparent)]
    Program(#[from] ProgramError),
    /// It ran, and refused: its exit status, and what it said.
    #[error("journalctl ended with {0}: {1}")]
    Refused(i32, String),
    /// It printed something else than entries.
    #[error("journalctl printed an entry in a form that is not known")]
    Strange,
}

/// The newest entries of one run of a service, oldest first. Without the right to read them there are none.
/// Errors: [`JournalError`].
pub fn of_run(invocation: u128) -> Result<Vec<Entry>, JournalError> {
    ask(&[MOST_ENTRIES, &format!("_SYSTEMD_INVOCATION_ID={invocation:032x}")])
}

/// When the manager has started a service again by itself within the last hour, since the machine was booted; oldest first.
/// Errors: [`JournalError`].
pub fn restarts_of_last_hour(unit: &str) -> Result<Vec<Timestamp>, JournalError> {
    let entries = ask(&["-b", "--since=-1h", MOST_ENTRIES, RESTART_SCHEDULED, &format!("UNIT={unit}")])?;
    Ok(entries.into_iter().map(|entry| entry.at).collect())
}

fn ask(selection: &[&str]) -> Result<Vec<Entry>, JournalError> {
    // Without `--all` an entry of more than 4096 bytes has no message.
    let arguments = ["--no-pager", "--quiet", "--all", "--output=json", "--output-fields=MESSAGE"];
    let run = Run::new("journalctl", &[&arguments, selection].concat()).timeout(Duration::from_secs(20)).keep_tail(MOST_BYTES);
    let ran = run.run()?;
    if !ran.succeeded() {
        return Err(JournalError::Refused(ran.code(), ran.complaint()));
    }
    entries(&ran.stdout, ran.stdout.len() >= MOST_BYTES)
}

/// One JSON object a line; the first one is half a line where the beginning was cut off.
fn entries(stdout: &[u8], is_cut: bool) -> Result<Vec<Entry>, JournalError> {
    let lines = stdout.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).skip(usize::from(is_cut));
    lines.map(|line| entry(line).ok_or(JournalError::Strange)).collect()
}

/// The fields that are asked for.
#[derive(Deserialize)]
struct Written {
    #[serde(rename = "__REALTIME_TIMESTAMP")]
    microseconds: String,
    #[serde(rename = "MESSAGE", default)]
    message: Message,
}

/// A text, or its bytes where it holds control characters or no UTF-8; several where the field was given several times.
#[derive(Deserialize)]
#[serde(untagged)]
enum Message {
    Text(String),
    Bytes(Vec<u8>),
    Several(Vec<Message>),
    Nothing(()),
}

impl Default for Message {
    fn default() -> Self {
        Self::Nothing(())
    }
}

impl Message {
    fn bytes(self) -> Vec<u8> {
        match self {
            Self::Text(text) => text.into_bytes(),
            Self::Bytes(bytes) => bytes,
            Self::Several(several) => several.into_iter().map(Self::bytes).collect::<Vec<_>>().join(&b' '),
            Self::Nothing(()) => Vec::new(),
        }
    }
}

fn entry(line: &[u8]) -> Option<Entry> {
    let written: Written = serde_json::from_slice(line).ok()?;
    let at = Timestamp::from_microsecond(written.microseconds.parse().ok()?).ok()?;
    Some(Entry { at, message: written.message.bytes() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, is_cut: bool) -> Option<Vec<(i64, String)>> {
        let one = |entry: Entry| (entry.at.as_second(), String::from_utf8_lossy(&entry.message).into_owned());
        Some(entries(text.as_bytes(), is_cut).ok()?.into_iter().map(one).collect())
    }

    #[test]
    fn an_entry_is_read_in_every_form_that_its_message_comes_in() {
        let entry = |message: &str| format!("{{\"__CURSOR\":\"s\",\"__REALTIME_TIMESTAMP\":\"5000001\"{message}}}\n");
        for (message, wanted) in [
            (",\"MESSAGE\":\"ready \\u2713\"", "ready \u{2713}"),
            (",\"MESSAGE\":[27,91,109,120]", "\u{1b}[mx"),
            (",\"MESSAGE\":[[97,98],\"c\"]", "ab c"),
            (",\"MESSAGE\":null", ""),
            ("", ""),
        ] {
            assert_eq!(read(&entry(message), false), Some(vec![(5, wanted.to_owned())]), "{message}");
        }
        let two = entry(",\"MESSAGE\":\"a\"") + &entry(",\"MESSAGE\":\"b\"");
        assert_eq!(read(&two[7..], true), Some(vec![(5, "b".to_owned())]), "what was cut is left out");
        assert_eq!(read(&two[7..], false), None);
        assert_eq!(read("", false), Some(Vec::new()));
        for strange in
            ["-- No entries --\n", "{}\n", "{\"__REALTIME_TIMESTAMP\":\"x\"}\n", "{\"__REALTIME_TIMESTAMP\":\"5\",\"MESSAGE\":7}\n"]
        {
            assert_eq!(read(strange, false), None, "{strange}");
        }
    }
}
