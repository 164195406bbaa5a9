//! The receipt that a database script writes when it ends (`nexy.db-receipt/1`); one document in one file.

use crate::{Sha256Digest, Timestamp, document, document::DocumentError};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The schema id of a receipt.
pub const SCHEMA: &str = "nexy.db-receipt/1";

/// What the name of every receipt ends with; it starts with the kind: `backup-20260221T100000Z.json`.
pub const SUFFIX: &str = ".json";

/// One thing that was done to a database. It holds no address, account or password.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct DbReceipt {
    /// Always [`SCHEMA`].
    pub schema: String,
    /// When it began; a backup holds what the database was at that moment.
    pub started_at: Timestamp,
    /// When it ended.
    pub at: Timestamp,
    /// The script that did it.
    pub by: String,
    /// Name of the database in question.
    pub database: String,
    /// What was done.
    pub event: Event,
}

/// What was done; the word is also the start of the file's name.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Event {
    /// The database was dumped into a file.
    Backup(Backup),
    /// A backup was restored into a database made for that, looked at, and dropped again.
    Drill(Drill),
    /// A backup was restored into the database itself.
    Restore(Restore),
    /// Ownership, grants and triggers were set so that the server's account cannot destroy what it stores.
    Hardening(Hardening),
}

/// The kinds of events; what differs between them stands in the event itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// [`Event::Backup`].
    Backup,
    /// [`Event::Drill`].
    Drill,
    /// [`Event::Restore`].
    Restore,
    /// [`Event::Hardening`].
    Hardening,
}

/// A dump.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Backup {
    /// Absolute path of the dump on the machine.
    pub file: String,
    /// Its size, in bytes.
    pub size_bytes: u64,
    /// Its digest.
    pub sha256: Sha256Digest,
    /// What was dumped.
    pub contents: Contents,
}

/// What a database holds, counted so that a copy can be compared with it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Contents {
    /// Rows of every table, by its name with its schema: `public.users`.
    pub rows: BTreeMap<String, u64>,
    /// Number of indexes.
    pub indexes: u64,
    /// Number of constraints.
    pub constraints: u64,
    /// A digest of the rows of every table, in whatever order they stand: equal numbers do not prove equal rows.
    pub digests: BTreeMap<String, String>,
    /// The last value of every sequence; `None` for one that was never used.
    pub sequences: BTreeMap<String, Option<i64>>,
    /// Digest of the schema, as pg_dump writes it without comments.
    pub schema_sha256: Sha256Digest,
}

/// A restore drill.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Drill {
    /// Digest of the dump that was restored.
    pub backup_sha256: Sha256Digest,
    /// When that backup ended, as its own receipt says.
    pub backup_at: Timestamp,
    /// How it went.
    pub result: Outcome,
    /// What the restored database held; absent when it did not come so far.
    pub found: Option<Contents>,
}

/// A restore into the database itself.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Restore {
    /// Digest of the dump that was restored.
    pub backup_sha256: Sha256Digest,
    /// How it went; one that failed half-way has changed the database all the same.
    pub result: Outcome,
}

/// A hardening.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Hardening {
    /// The account of the server, which was restricted.
    pub role: String,
    /// Whether everything was set, and seen to hold afterwards.
    pub result: Outcome,
}

/// How it went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// As it should.
    Passed,
    /// Not as it should, or not to its end.
    Failed,
}

impl Event {
    /// Its kind.
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Backup(_) => Kind::Backup,
            Self::Drill(_) => Kind::Drill,
            Self::Restore(_) => Kind::Restore,
            Self::Hardening(_) => Kind::Hardening,
        }
    }
}

impl Kind {
    /// Every kind.
    pub const ALL: &[Self] = &[Self::Backup, Self::Drill, Self::Restore, Self::Hardening];

    /// Its word, in documents and file names.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Backup => "backup",
            Self::Drill => "drill",
            Self::Restore => "restore",
            Self::Hardening => "hardening",
        }
    }

    /// The kind that a file's name promises; `None` for a file that is no receipt, such as one that is still being written.
    pub fn of_name(name: &str) -> Option<Self> {
        let word = name.strip_suffix(SUFFIX)?.split('-').next()?;
        Self::ALL.iter().copied().find(|kind| kind.word() == word)
    }
}

impl DbReceipt {
    /// Reads a receipt.
    /// Errors: [`DocumentError`] for anything else, and for one that ended before it began.
    pub fn read(bytes: &[u8]) -> Result<Self, DocumentError> {
        let receipt: Self = document::read(bytes, SCHEMA)?;
        if receipt.at < receipt.started_at {
            return Err(DocumentError::Contradiction(format!("it ended at {}, before it began at {}", receipt.at, receipt.started_at)));
        }
        Ok(receipt)
    }

    /// The name of its file, which sorts by kind and time.
    pub fn file_name(&self) -> String {
        format!("{}-{}{SUFFIX}", self.event.kind().word(), self.at.strftime("%Y%m%dT%H%M%SZ"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_tells_the_kind_and_what_is_still_written_is_no_receipt() {
        for kind in Kind::ALL {
            assert_eq!(Kind::of_name(&format!("{}-20260221T100000Z.json", kind.word())), Some(*kind));
            assert_eq!(Kind::of_name(&format!("{}.json", kind.word())), Some(*kind));
        }
        for name in ["backups-1.json", "backup-1.json.part", ".backup-1.json", "backup-1.txt", "notes.json", ".json", ""] {
            assert_eq!(Kind::of_name(name), None, "{name}");
        }
    }

    #[test]
    fn a_receipt_that_ended_before_it_began_is_refused() {
        let text = |started: &str, at: &str| {
            format!(
                r#"{{"schema": "{SCHEMA}", "started_at": "{started}", "at": "{at}", "by": "x", "database": "d",
                    "event": {{"hardening": {{"role": "r", "result": "passed"}}}}}}"#
            )
        };
        let good = DbReceipt::read(text("2026-02-21T09:59:00Z", "2026-02-21T10:00:00Z").as_bytes()).expect("a receipt");
        assert_eq!(good.file_name(), "hardening-20260221T100000Z.json");
        assert_eq!(Kind::of_name(&good.file_name()), Some(good.event.kind()));
        let reversed = DbReceipt::read(text("2026-02-21T10:00:01Z", "2026-02-21T10:00:00Z").as_bytes());
        assert!(matches!(reversed, Err(DocumentError::Contradiction(_))));
    }

    #[test]
    fn an_event_is_exactly_one_of_the_four() {
        let event = |text: &str| serde_json::from_str::<Event>(text).is_ok();
        assert!(event(r#"{"hardening": {"role": "r", "result": "passed"}}"#));
        for text in [
            "{}",
            r#"{"hardening": {"role": "r", "result": "perhaps"}}"#,
            r#"{"hardening": {"role": "r", "result": "passed", "more": 1}}"#,
            r#"{"hardening": {"role": "r", "result": "passed"}, "drill": {}}"#,
            r#"{"rehearsal": {"role": "r", "result": "passed"}}"#,
            r#""hardening""#,
        ] {
            assert!(!event(text), "{text}");
        }
    }
}
