//! `journalctl` over the lines of `journal.json`.

use super::Said;
use crate::{clock, disk};
use serde_json::{Value, json};
use std::path::Path;

/// Above this many bytes a message is null in JSON, unless `--all` is given.
const LONGEST_MESSAGE: usize = 4096;

/// Plays one call of `journalctl`.
pub(super) fn play(state: &Path, arguments: &[String]) -> Said {
    let call = match Call::read(arguments) {
        Ok(call) => call,
        Err(said) => return said,
    };
    let journal = disk::read_json(&state.join("journal.json")).unwrap_or_else(|| json!([]));
    let all = journal.as_array().unwrap();
    let mut lines: Vec<&Value> = all.iter().filter(|line| call.wants(line)).collect();
    if let Some(most) = call.most {
        lines = lines.split_off(lines.len().saturating_sub(most));
    }
    if lines.is_empty() && call.format != "json" && !call.quiet {
        return Said::ok("-- No entries --\n");
    }
    Said::ok(lines.iter().map(|line| call.format(line) + "\n").collect::<String>())
}

/// What was asked.
#[derive(Default)]
struct Call {
    unit: Option<String>,
    invocation: Option<String>,
    most: Option<usize>,
    format: String,
    all: bool,
    quiet: bool,
}

impl Call {
    fn read(arguments: &[String]) -> Result<Self, Said> {
        let mut call = Self { format: "short".to_owned(), ..Self::default() };
        let mut rest = arguments.iter();
        while let Some(argument) = rest.next() {
            let (name, joined) = match argument.split_once('=') {
                Some((name, value)) => (name, Some(value.to_owned())),
                None => (argument.as_str(), None),
            };
            let mut value = || joined.clone().or_else(|| rest.next().cloned());
            match name {
                "-u" | "--unit" => call.unit = value(),
                "-o" | "--output" => call.format = value().unwrap_or_default(),
                "-n" | "--lines" => call.most = value().and_then(|count| count.parse().ok()),
                "_SYSTEMD_INVOCATION_ID" => call.invocation = value(),
                // Time and boot are one in this journal.
                "--since" | "-S" => drop(value()),
                "--no-pager" | "-b" => {}
                "-a" | "--all" => call.all = true,
                "-q" | "--quiet" => call.quiet = true,
                _ => {
                    let text = format!("journalctl of the stand-in was never taught {argument:?}");
                    return Err(Said::error(1, text));
                }
            }
        }
        if let Some(unit) = call.unit.as_mut().filter(|unit| !unit.contains('.')) {
            unit.push_str(".service");
        }
        match call.format.as_str() {
            "short" | "cat" | "json" => Ok(call),
            other => Err(Said::error(1, format!("Unknown output '{other}'."))),
        }
    }

    fn wants(&self, line: &Value) -> bool {
        let same = |wanted: &Option<String>, key: &str| wanted.as_deref().is_none_or(|text| line[key] == text);
        same(&self.unit, "unit") && same(&self.invocation, "invocation")
    }

    fn format(&self, line: &Value) -> String {
        let message = line["message"].as_str().unwrap_or_default();
        let seconds = line["at"].as_u64().unwrap_or(1_795_242_917);
        match self.format.as_str() {
            "cat" => message.to_owned(),
            "json" => json!({
                "__REALTIME_TIMESTAMP": (seconds * 1_000_000).to_string(),
                "_SYSTEMD_UNIT": line["unit"],
                "_SYSTEMD_INVOCATION_ID": line["invocation"],
                "PRIORITY": line["priority"].as_str().unwrap_or("6"),
                "MESSAGE": self.message(message),
            })
            .to_string(),
            _ => format!("{} vm python3[4242]: {message}", clock::journal(seconds)),
        }
    }

    fn message(&self, message: &str) -> Value {
        if message.len() > LONGEST_MESSAGE && !self.all {
            return Value::Null;
        }
        if message.chars().any(|c| c.is_control() && c != '\t') {
            return json!(message.bytes().collect::<Vec<u8>>());
        }
        json!(message)
    }
}
