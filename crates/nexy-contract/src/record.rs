//! The release record (`nexy.release/1`): the one document that all five tools read and extend, and that stays as evidence.

use crate::{
    Exit, Fix, ReleaseVersion, Report, Sha256Digest, Timestamp, Verdict,
    document::{self, DocumentError},
    target_file::TargetIdentity,
    text,
};
use serde::{Deserialize, Serialize};

/// The schema id of a release record.
pub const SCHEMA: &str = "nexy.release/1";

/// What a publication calls its outcome.
pub const PUBLICATION: &str = "nexy-publish";

/// What a rollback calls its outcome.
pub const ROLLBACK: &str = "nexy-publish rollback";

/// What the push of the manifests calls its outcome.
pub const PUSH: &str = "nexy-manifest push";

/// All facts that are known about one release so far.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// Always [`SCHEMA`].
    pub schema: String,
    /// The version that is released.
    pub version: ReleaseVersion,
    /// Its git tag.
    pub tag: String,
    /// What it moves; a record without this word is of a release.
    #[serde(default, skip_serializing_if = "Kind::is_release")]
    pub kind: Kind,
    /// The target that it was made for.
    pub target: TargetIdentity,
    /// What leaves the inbox.
    pub artifacts: Vec<Artifact>,
    /// The manifests that were written, and what became of them.
    pub manifests: Vec<ManifestFile>,
    /// What checkers said; per tool and profile the latest counts.
    pub reports: Vec<Report>,
    /// What acting tools did, in order.
    pub outcomes: Vec<Outcome>,
    /// Room for later; unknown keys are ignored here and nowhere else.
    #[serde(default)]
    pub ext: serde_json::Map<String, serde_json::Value>,
}

/// What a release moves to its version.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// The server's code and the artifacts: at the end both are of one version.
    #[default]
    Release,
    /// The artifacts alone; the code stays where it is.
    Update,
    /// The server's code alone; nothing is published, and clients are told what they were told before.
    #[serde(rename = "server-only")]
    ServerOnly,
}

impl Kind {
    fn is_release(&self) -> bool {
        *self == Self::Release
    }
}

/// One file of the inbox, and its life on the channel.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Artifact {
    /// Its name, locally and on the channel: `Nexy.dmg`.
    pub name: String,
    /// The tag of the fixed release that it goes to: `Update`.
    pub channel: String,
    /// Size of the local file, in bytes.
    pub size_bytes: u64,
    /// Digest of the local file.
    pub sha256: Sha256Digest,
    /// What the public URL serves; only a publication writes it, from what it has read back.
    pub live: Option<Live>,
}

/// The asset that users download, as it was read back from its public URL.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Live {
    /// The fixed public URL.
    pub url: String,
    /// GitHub's id of the asset.
    pub asset_id: u64,
    /// Size of what was downloaded, in bytes.
    pub size_bytes: u64,
    /// Digest of what was downloaded.
    pub sha256: Sha256Digest,
    /// The asset that was live before and is kept for a rollback.
    pub previous: Option<Previous>,
    /// Whether this run made it live; `false` when the bytes were live already.
    pub changed: bool,
    /// When the last rename made it live; absent when nothing changed.
    pub swapped_at: Option<Timestamp>,
}

/// The asset to which a rollback returns.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Previous {
    /// GitHub's id of the asset.
    pub asset_id: u64,
    /// The name under which it is kept.
    pub name: String,
    /// Its size, in bytes.
    pub size_bytes: u64,
    /// Its digest, when GitHub knows one.
    pub sha256: Option<Sha256Digest>,
}

/// One manifest file in the workspace, and what the VM made of it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ManifestFile {
    /// Path relative to the workspace, and to the checkout on the VM.
    pub path: String,
    /// Digest of the file.
    pub sha256: Sha256Digest,
    /// The version that it announces.
    pub version: ReleaseVersion,
    /// What the VM has there after the delivery.
    pub delivered: Option<Delivered>,
    /// Whole seconds, rounded up, from the swap until the public feed showed the new length; absent until a probe sees it.
    pub window_s: Option<u64>,
}

/// What the VM says about a delivered manifest.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Delivered {
    /// When the VM answered.
    pub at: Timestamp,
    /// Digest of the file on the VM.
    pub sha256: Sha256Digest,
    /// The version that the VM's update server announces.
    pub served_version: String,
    /// The length that the VM's feed announces, in bytes.
    pub served_length: u64,
}

/// What an acting tool did.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Outcome {
    /// The tool, and its verb when it has several: `nexy-publish`, `nexy-manifest write`.
    pub by: String,
    /// When it was done.
    pub at: Timestamp,
    /// How it ended.
    pub exit: Exit,
    /// One sentence for a person.
    pub message: String,
    /// What to do next; empty when nothing is left to do.
    pub next: Fix,
    /// What a dry run would have done, step by step; empty when the tool really acted.
    pub planned: Vec<String>,
    /// What had to be asked again, and why.
    pub retries: Vec<Retry>,
    /// The reason a person gave for acting without a report.
    pub ungated: Option<String>,
}

/// One request that was repeated.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Retry {
    /// What was asked: method and path, without query.
    pub request: String,
    /// Why the first answer did not do.
    pub because: String,
    /// How long it waited before it asked again, in milliseconds.
    pub waited_ms: u64,
}

/// What a tool is about to do with a record; what it says anew itself does not stop it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reader<'a> {
    /// It acts, and calls its outcome so: everything before must be right and done.
    Acts(&'a str),
    /// It only says what it would do, and calls its outcome so: plans before it are as good as deeds.
    Plans(&'a str),
    /// It looks at this profile. A push that failed keeps it from nothing: users and VM have what was released.
    Looks(&'a str, &'a str),
}

/// Why a record is passed on unread instead of being acted upon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stop {
    /// The exit code of the tool that meets it.
    pub exit: Exit,
    /// The reasons that stop it, gravest first.
    pub because: Vec<String>,
}

impl Outcome {
    /// What a tool did, when nothing else is to be said about it.
    pub fn new(by: &str, at: Timestamp, exit: Exit, message: impl Into<String>) -> Self {
        let (next, planned, retries, ungated) = (Fix::none(), Vec::new(), Vec::new(), None);
        Self { by: by.to_owned(), at, exit, message: message.into(), next, planned, retries, ungated }
    }
}

impl Record {
    /// The record of a release that begins: nothing was asked or done yet.
    pub fn new(version: ReleaseVersion, target: TargetIdentity, artifacts: Vec<Artifact>) -> Self {
        let (manifests, reports, outcomes, ext) = (Vec::new(), Vec::new(), Vec::new(), serde_json::Map::new());
        Self {
            schema: SCHEMA.to_owned(),
            version,
            tag: version.tag(),
            kind: Kind::Release,
            target,
            artifacts,
            manifests,
            reports,
            outcomes,
            ext,
        }
    }

    /// Reads a record and checks what its parts say about each other.
    /// Errors: [`DocumentError`], for input that is no record, or one that contradicts itself.
    pub fn read(bytes: &[u8]) -> Result<Self, DocumentError> {
        let record: Self = document::read(bytes, SCHEMA)?;
        for report in &record.reports {
            report.check()?;
        }
        let names = record.artifacts.iter().map(|artifact| artifact.name.as_str());
        if let Some(twice) = document::named_twice(names) {
            return Err(DocumentError::Contradiction(format!("the artifact {} stands there twice", text::excerpt(twice, 60))));
        }
        if record.tag != record.version.tag() {
            return Err(DocumentError::Contradiction(format!("version {} with tag `{}`", record.version, record.tag)));
        }
        Ok(record)
    }

    /// The report that counts for a tool and a profile: the last one.
    pub fn latest_report(&self, by: &str, profile: &str) -> Option<&Report> {
        self.reports.iter().rev().find(|report| report.by == by && report.profile == profile)
    }

    /// The outcome that counts for a tool: the last one.
    pub fn latest_outcome(&self, by: &str) -> Option<&Outcome> {
        self.outcomes.iter().rev().find(|outcome| outcome.by == by)
    }

    /// What put the live bytes there last, a publication or a rollback; `None` when nothing did.
    pub fn last_swap(&self) -> Option<&Outcome> {
        self.outcomes.iter().rev().find(|outcome| [PUBLICATION, ROLLBACK].contains(&outcome.by.as_str()))
    }

    /// Whether the server's code must be of the version that clients are told at the end: not after an update of the artifacts alone,
    /// nor after a rollback, nor where no manifest was written.
    pub fn moves_code_and_manifest(&self) -> bool {
        let is_rollback = self.last_swap().is_some_and(|outcome| outcome.by == ROLLBACK);
        self.kind == Kind::Release && !self.manifests.is_empty() && !is_rollback
    }

    /// How the push of the manifests ended; [`Exit::Yes`] when there was none. It counts at the end, whatever is looked at in between.
    pub fn push_exit(&self) -> Exit {
        self.latest_outcome(PUSH).map_or(Exit::Yes, |outcome| outcome.exit)
    }

    /// What stops this reader.
    pub fn stop(&self, reader: Reader<'_>) -> Option<Stop> {
        let (by, profile) = match reader {
            Reader::Acts(by) | Reader::Plans(by) => (by, ""),
            Reader::Looks(by, profile) => (by, profile),
        };
        let mut stops: Vec<(Exit, String)> = Vec::new();
        let own = |report: &Report| report.by == by && report.profile == profile;
        for report in self.reports.iter().filter(|report| !own(report) && report.verdict != Verdict::Pass) {
            if self.latest_report(&report.by, &report.profile).is_some_and(|latest| std::ptr::eq(latest, report)) {
                stops.push((report.verdict.exit(), format!("{} {} says {}", report.by, report.profile, report.verdict.word())));
            }
        }
        let counts = |outcome: &&Outcome| self.latest_outcome(&outcome.by).is_some_and(|latest| std::ptr::eq(latest, *outcome));
        let is_passed_over = |outcome: &&Outcome| outcome.by == PUSH && matches!(reader, Reader::Looks(..));
        for outcome in self.outcomes.iter().filter(counts).filter(|outcome| !is_passed_over(outcome)) {
            if outcome.exit != Exit::Yes {
                stops.push((outcome.exit, format!("{} ended with {}: {}", outcome.by, outcome.exit.code(), outcome.message)));
            } else if outcome.by != by && !outcome.planned.is_empty() && !matches!(reader, Reader::Plans(_)) {
                stops.push((Exit::No, format!("{} only planned, it was a dry run", outcome.by)));
            }
        }
        let exit = Exit::gravest(stops.iter().map(|(exit, _)| *exit))?;
        stops.sort_by_key(|(other, _)| *other != exit);
        Some(Stop { exit, because: stops.into_iter().map(|(_, because)| because).collect() })
    }
}

#[cfg(test)]
mod tests;
