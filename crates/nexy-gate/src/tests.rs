//! What the unit tests of the gates share.

use crate::observed::receipts::{Kept, Receipts};
use nexy_contract::db_receipt::{DbReceipt, Event, SCHEMA};
use nexy_contract::{Target, Timestamp, Verdict, check::Answer};

/// What the committed `nexy.toml` says.
pub(crate) fn target() -> Target {
    Target::parse(include_str!("../../../nexy.toml")).expect("the committed nexy.toml")
}

/// Claims a verdict, and words of the finding.
#[track_caller]
pub(crate) fn says(answer: &Answer, verdict: Verdict, words: &str) {
    assert!(answer.verdict == verdict && answer.found.contains(words), "expected {verdict:?} {words:?}: {answer:?}");
}

/// The moment at which the gates of the database are asked.
pub(crate) fn hours_before_now(hours: i64) -> Timestamp {
    Timestamp::from_second(1_795_000_000 - hours * 3600).expect("a time")
}

/// A receipt of the database scripts, begun and ended so many hours ago.
pub(crate) fn kept(started: i64, ended: i64, event: Event) -> Kept {
    let (started_at, at) = (hours_before_now(started), hours_before_now(ended));
    let receipt = DbReceipt { schema: SCHEMA.to_owned(), started_at, at, by: "script".to_owned(), database: "d".to_owned(), event };
    Kept { name: receipt.file_name(), receipt }
}

/// These receipts, none of them doubtful, the oldest first.
pub(crate) fn receipts(kept: &[Kept]) -> Receipts {
    Receipts { kept: kept.to_vec(), ..Receipts::default() }
}
