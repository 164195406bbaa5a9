//! Faults are values, planted in order: which request they hit, and what happens to it.

use crate::hold::Hold;
use crate::listener::Listener;
use serde_json::Value;
use std::path::PathBuf;
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
    /// The body of an upload arrives with another first byte, without any error on the way.
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

/// The faults that were planted, each with the number of requests that it has matched.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    planted: Vec<(Fault, u32)>,
}

impl Faults {
    pub(crate) fn plant(&mut self, fault: Fault) {
        self.planted.push((fault, 0));
    }

    pub(crate) fn clear(&mut self) {
        self.planted.clear();
    }

    /// Counts a request and says which fault is due; every matching fault counts it.
    pub(crate) fn due(&mut self, listener: Listener, method: &str, target: &str) -> Option<Reply> {
        let mut due = None;
        for (fault, seen) in &mut self.planted {
            if fault.matches(listener, method, target) {
                *seen = seen.saturating_add(1);
                due = due.or_else(|| fault.hits(*seen));
            }
        }
        due
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_and_third_matching_request_are_hit_and_no_other() {
        let mut faults = Faults::default();
        faults.plant(Fault::new(Listener::Web, "GET", "/x", Reply::WrongLength).nth(2).times(2));
        let mut ask = |method: &str| faults.due(Listener::Web, method, "/x/y");
        assert_eq!(ask("HEAD"), None);
        let hits: Vec<bool> = (0..4).map(|_| ask("GET").is_some()).collect();
        assert_eq!(hits, [false, true, true, false]);
    }
}
