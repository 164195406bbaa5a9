//! Faults are values, planted in order: which request they hit, and what happens to it.

use crate::disk;
use crate::hold::Hold;
use crate::listener::Listener;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// One planted fault.
#[derive(Debug, Clone, PartialEq)]
pub struct Fault {
    /// The listener whose requests it hits.
    pub listener: Listener,
    /// The method it hits; `*` is any.
    pub method: String,
    /// What the path with its query must contain; empty is any.
    pub path_contains: String,
    /// Which of the matching requests it hits first, counted from 1.
    pub nth: u32,
    /// How many requests it hits in a row; `u32::MAX` is all that follow.
    pub times: u32,
    /// What happens.
    pub what: Reply,
}

impl Fault {
    /// Hits the first matching request, once.
    #[must_use]
    pub fn new(listener: Listener, method: &str, path_contains: &str, what: Reply) -> Self {
        Self { listener, method: method.to_owned(), path_contains: path_contains.to_owned(), nth: 1, times: 1, what }
    }

    /// Waits for the nth matching request.
    #[must_use]
    pub fn nth(mut self, nth: u32) -> Self {
        self.nth = nth;
        self
    }

    /// Hits so many matching requests in a row.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.times = times;
        self
    }

    /// Hits every matching request from the nth on.
    #[must_use]
    pub fn always(self) -> Self {
        self.times(u32::MAX)
    }
}

/// What a fault does to a request.
#[derive(Debug, Clone, PartialEq)]
pub enum Reply {
    /// The connection ends, nothing happened.
    HangupBefore,
    /// It happened, and the connection ends without an answer.
    HangupAfter,
    /// The connection is reset (RST), before anything happened or after it.
    Reset {
        /// Whether it happened.
        after: bool,
    },
    /// Nothing is ever answered, whether it happened or not; the connection stays until the client goes away.
    Silence {
        /// Whether it happened.
        after: bool,
    },
    /// This is the answer, with these headers, whether it happened or not; the module `error_responses` makes GitHub's own.
    Answer {
        /// The status.
        status: u16,
        /// Extra headers.
        headers: Vec<(String, String)>,
        /// The body.
        body: Value,
        /// Whether it happened.
        after: bool,
    },
    /// It happens and is answered; from the moment before the answer on, this listener refuses connections (for so long,
    /// or until the faults are cleared).
    ThenShut {
        /// The listener.
        listener: Listener,
        /// For how long.
        time: Option<Duration>,
    },
    /// The body of an upload arrives with another first byte, and nobody notices on the way.
    ChangedUpload,
    /// The request waits until it is let go, before it has any effect or after it.
    Hold {
        /// Where the test waits for it, and lets it go.
        hold: Hold,
        /// False: held before the request has any effect. True: right after it.
        after: bool,
    },
    /// Nothing happened, and this is the answer.
    Status(u16, Value),
    /// Nothing happened, and this is the answer, with these headers.
    StatusWith(u16, Vec<(String, String)>, Value),
    /// It happened, and this status is the answer.
    StatusAfter(u16),
    /// An upload leaves a `starter` asset, and this status is the answer.
    StarterThenStatus(u16),
    /// So many bytes of the answer's body leave, then the connection ends.
    CutAfter(u64),
    /// The answer has its length, and every byte from this offset on is another one.
    CorruptBytes(u64),
    /// The answer is one byte shorter than it should be, and says so.
    WrongLength,
    /// Nothing is answered for so long; then everything goes on.
    Stall(Duration),
    /// So many bytes of the answer's body leave, then nothing until the client goes away.
    HangAfter(u64),
    /// The answer is a redirection to this address.
    RedirectTo(String),
    /// Every `digest` of the answer is null.
    DigestNull,
    /// Every `digest` of the answer is another one.
    DigestWrong,
    /// The public address leads where it led before the name's last change (404 when nowhere).
    Stale,
    /// The answer's body is followed by so many bytes more, and its length is not announced.
    Oversized(u64),
    /// The process whose id stands in this file is killed (-9), then the connection ends.
    KillPid {
        /// Holds the process id; waited for up to 5 s.
        file: PathBuf,
        /// False: killed before the request has any effect. True: right after it.
        after: bool,
    },
}

/// The faults that were planted, and how often each has been matched.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    planted: Vec<(Fault, u32)>,
    /// The same for those of `faults.json`, by their text.
    from_file: Vec<(String, u32)>,
}

impl Faults {
    pub(crate) fn plant(&mut self, fault: Fault) {
        self.planted.push((fault, 0));
    }

    pub(crate) fn clear(&mut self) {
        self.planted.clear();
    }

    /// Counts a request and says which fault is due; every matching fault counts it.
    pub(crate) fn due(&mut self, file: &Path, listener: Listener, method: &str, target: &str) -> Option<Reply> {
        let mut due = None;
        for (fault, seen) in &mut self.planted {
            if fault.matches(listener, method, target) {
                *seen = seen.saturating_add(1);
                due = due.or_else(|| fault.hits(*seen));
            }
        }
        let listed = disk::read_json(file).unwrap_or(Value::Array(Vec::new()));
        let listed = listed.as_array().expect("faults.json holds an array");
        let texts: Vec<String> = listed.iter().map(Value::to_string).collect();
        self.from_file.retain(|(text, _)| texts.contains(text));
        for (entry, text) in listed.iter().zip(&texts) {
            let fault = from_json(entry);
            if fault.matches(listener, method, target) {
                let seen = self.count(text);
                due = due.or_else(|| fault.hits(seen));
            }
        }
        due
    }

    fn count(&mut self, text: &str) -> u32 {
        if let Some((_, seen)) = self.from_file.iter_mut().find(|(known, _)| known == text) {
            *seen = seen.saturating_add(1);
            return *seen;
        }
        self.from_file.push((text.to_owned(), 1));
        1
    }
}

impl Fault {
    fn matches(&self, listener: Listener, method: &str, target: &str) -> bool {
        self.listener == listener && (self.method == "*" || self.method == method) && target.contains(&self.path_contains)
    }

    fn hits(&self, seen: u32) -> Option<Reply> {
        let last = self.nth.saturating_add(self.times.saturating_sub(1));
        (self.nth..=last).contains(&seen).then(|| self.what.clone())
    }
}

/// One entry of `faults.json`:
/// `{"listener":"web","method":"GET","path_contains":"Nexy.dmg","nth":1,"times":1,"reply":"cut_after","value":100}`.
fn from_json(entry: &Value) -> Fault {
    let text = |key: &str| entry[key].as_str().unwrap_or_default().to_owned();
    let number = |key: &str| entry[key].as_u64().unwrap_or(1) as u32;
    let name = text("listener");
    let listener = Listener::ALL.into_iter().find(|listener| listener.name() == name);
    Fault {
        listener: listener.unwrap_or_else(|| panic!("faults.json: unknown listener {name:?}")),
        method: if entry["method"].is_null() { "*".to_owned() } else { text("method") },
        path_contains: text("path_contains"),
        nth: number("nth"),
        times: number("times"),
        what: reply_from_json(entry),
    }
}

fn reply_from_json(entry: &Value) -> Reply {
    let value = &entry["value"];
    let number = value.as_u64().unwrap_or(0);
    let status = u16::try_from(number).unwrap_or(500);
    let name = entry["reply"].as_str().unwrap_or_default();
    match name {
        "hangup_before" => Reply::HangupBefore,
        "hangup_after" => Reply::HangupAfter,
        "status" => Reply::Status(status, json!({"message": "planted"})),
        "status_after" => Reply::StatusAfter(status),
        "starter_then_status" => Reply::StarterThenStatus(status),
        "cut_after" => Reply::CutAfter(number),
        "corrupt_bytes" => Reply::CorruptBytes(number),
        "wrong_length" => Reply::WrongLength,
        "stall_ms" => Reply::Stall(Duration::from_millis(number)),
        "hang_after" => Reply::HangAfter(number),
        "redirect_to" => Reply::RedirectTo(value.as_str().unwrap_or_default().to_owned()),
        "digest_null" => Reply::DigestNull,
        "digest_wrong" => Reply::DigestWrong,
        "stale" => Reply::Stale,
        "oversized" => Reply::Oversized(number),
        "kill_pid" | "kill_pid_after" => {
            Reply::KillPid { file: PathBuf::from(value.as_str().unwrap_or_default()), after: name == "kill_pid_after" }
        }
        other => panic!("faults.json: unknown reply {other:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_and_third_matching_request_are_hit_and_no_other() {
        let mut faults = Faults::default();
        faults.plant(Fault::new(Listener::Web, "GET", "/x", Reply::WrongLength).nth(2).times(2));
        let missing = Path::new("/nonexistent/faults.json");
        let mut ask = |method: &str| faults.due(missing, Listener::Web, method, "/x/y");
        assert_eq!(ask("HEAD"), None);
        let hits: Vec<bool> = (0..4).map(|_| ask("GET").is_some()).collect();
        assert_eq!(hits, [false, true, true, false]);
    }

    #[test]
    fn a_fault_in_the_file_counts_across_requests() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("faults.json");
        let entry = json!([{"listener": "api", "nth": 2, "reply": "status", "value": 503, "method": "GET"}]);
        disk::write_json(&file, &entry);
        let mut faults = Faults::default();
        assert_eq!(faults.due(&file, Listener::Api, "GET", "/"), None);
        let due = faults.due(&file, Listener::Api, "GET", "/");
        assert!(matches!(due, Some(Reply::Status(503, _))));
        assert_eq!(faults.due(&file, Listener::Api, "GET", "/"), None);
    }
}
