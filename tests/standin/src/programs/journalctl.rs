//! `journalctl` of systemd 252, for the lines of `journal.jsonl`: entries as JSON, chosen by the values of their fields.

use super::Said;
use crate::disk;
use serde_json::{Value, json};
use std::path::Path;

const FILE: &str = "journal.jsonl";

/// The run of a service writes a line.
pub(crate) fn write(state: &Path, invocation: &str, message: &str) {
    let now = jiff::Timestamp::now().as_microsecond().to_string();
    disk::append_line(&state.join(FILE), &json!({"__REALTIME_TIMESTAMP": now, "_SYSTEMD_INVOCATION_ID": invocation, "MESSAGE": message}));
}

/// Plays one call of `journalctl`.
pub(super) fn play(state: &Path, arguments: &[String]) -> Said {
    let (mut wanted, mut most) = (Vec::new(), usize::MAX);
    for argument in arguments {
        match (argument.as_str(), argument.split_once('=')) {
            ("--no-pager" | "--quiet" | "--all" | "--output=json" | "--output-fields=MESSAGE" | "-b" | "--since=-1h", _) => {}
            (number, _) if number.starts_with("-n") => most = number[2..].parse().unwrap(),
            (field, Some((name, value))) if !field.starts_with('-') => wanted.push((name, value)),
            (other, _) => return Said::error(1, format!("journalctl of the stand-in was never taught {other:?}")),
        }
    }
    let lines = disk::read_lines(&state.join(FILE));
    let is_wanted = |line: &&Value| wanted.iter().all(|(name, value)| line[*name] == *value);
    let lines: Vec<&Value> = lines.iter().filter(is_wanted).collect();
    let shown = |line: &&Value| {
        format!("{}\n", json!({"__CURSOR": "s=0", "__REALTIME_TIMESTAMP": line["__REALTIME_TIMESTAMP"], "MESSAGE": line["MESSAGE"]}))
    };
    Said::ok(lines[lines.len().saturating_sub(most)..].iter().map(shown).collect::<String>())
}
