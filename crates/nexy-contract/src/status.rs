//! Where a release stands, on one screen (`nexy.status/1`): what was looked up, where, and the one thing to do next.

use crate::{Fix, ReleaseVersion, Timestamp, Verdict, channels::ShownChannel};
use serde::{Deserialize, Serialize};

/// The schema id of a status.
pub const SCHEMA: &str = "nexy.status/1";

/// Everything that one look at a release has shown.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Status {
    /// Always [`SCHEMA`].
    pub schema: String,
    /// When it was looked up.
    pub at: Timestamp,
    /// The version of the workspace; absent when it cannot be read.
    pub version: Option<ReleaseVersion>,
    /// Fail when one line says so, else unknown when one line does.
    pub verdict: Verdict,
    /// The lines, in the order of the screen.
    pub lines: Vec<StatusLine>,
    /// The channels that could be looked at.
    pub channels: Vec<ShownChannel>,
    /// What to do now.
    pub next: Next,
}

/// One thing that was looked up.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct StatusLine {
    /// What it is about, such as `tag` or an artifact's name; lines that follow each other may be about the same.
    pub about: String,
    /// Pass when nothing is wrong with it, also while it is still to be done.
    pub verdict: Verdict,
    /// What was found, or why it is not known.
    pub found: String,
    /// Where it was looked up.
    pub source: String,
}

/// The one step that is right now.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Next {
    /// The state that asks for it.
    pub because: String,
    /// The one command to type; empty when nothing is to do.
    pub fix: Fix,
}

impl Status {
    /// A status whose verdict follows from its lines.
    pub fn new(at: Timestamp, version: Option<ReleaseVersion>, lines: Vec<StatusLine>, channels: Vec<ShownChannel>, next: Next) -> Self {
        let any = |verdict| lines.iter().any(|line| line.verdict == verdict);
        let verdict = match (any(Verdict::Fail), any(Verdict::Unknown) || lines.is_empty()) {
            (true, _) => Verdict::Fail,
            (false, true) => Verdict::Unknown,
            (false, false) => Verdict::Pass,
        };
        Self { schema: SCHEMA.to_owned(), at, version, verdict, lines, channels, next }
    }
}
