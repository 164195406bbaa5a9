//! One artifact of a run: what is to be live, what lies on its channel, the plan, and what the run has done so far.

use crate::{
    fixes,
    plan::{Plan, asset_names, channel::Channel},
};
use nexy_contract::{Fix, ReleaseVersion, Sha256Digest, Timestamp, record::Artifact, signature::Carried, target_file::ArtifactRow};
use nexy_outside::{
    fs::files::OpenArtifact,
    net::github::{Asset, Release},
};

/// The operation that a job belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    Publication,
    Rollback,
}

impl Operation {
    /// What the operator does when everything must be done anew.
    pub(crate) fn start_over(self) -> Fix {
        match self {
            Self::Publication => fixes::publish_from_the_inbox(),
            Self::Rollback => Fix::note("run the same command again"),
        }
    }
}

/// A local file that may be sent.
pub(crate) struct Opened {
    pub(crate) file: OpenArtifact,
    pub(crate) sha256: Sha256Digest,
    pub(crate) tail: Vec<u8>,
    pub(crate) signature: Option<Carried>,
}

/// One artifact of a run.
pub(crate) struct Job<'a> {
    pub(crate) operation: Operation,
    /// Name, channel, size and digest of what is to be live.
    pub(crate) artifact: Artifact,
    /// `None` only when the plan is a refusal.
    pub(crate) version: Option<ReleaseVersion>,
    /// The version that a rollback takes away, when it is known.
    pub(crate) leaves: Option<ReleaseVersion>,
    pub(crate) row: &'a ArtifactRow,
    /// Opened once; hashed and sent from this descriptor. `None` when the bytes lie on the channel.
    pub(crate) file: Option<OpenArtifact>,
    /// The last bytes, for the comparison with the public URL.
    pub(crate) tail: Vec<u8>,
    /// The confirmed signature of these bytes, when a key is configured.
    pub(crate) signature: Option<Carried>,
    pub(crate) release: Release,
    /// The assets on the channel as this run knows them, its own changes included.
    pub(crate) channel: Channel,
    pub(crate) plan: Plan,
    /// Asset that goes live, with the name and label that it had before.
    pub(crate) staged: Option<Asset>,
    /// Whether this run has uploaded it.
    pub(crate) uploaded_here: bool,
    /// Rolled-back asset that this run has staged again, with the name and label that it had before.
    pub(crate) restaged: Option<Asset>,
    /// Previous asset that this run has parked, with the name and label that it had before.
    pub(crate) parked: Option<Asset>,
    /// When this run made a missing asset live again.
    pub(crate) restored_at: Option<Timestamp>,
    /// When the second rename made the staged asset live.
    pub(crate) swapped_at: Option<Timestamp>,
}

impl<'a> Job<'a> {
    /// A job that has done nothing yet.
    pub(crate) fn new(
        operation: Operation,
        artifact: Artifact,
        row: &'a ArtifactRow,
        release: Release,
        channel: Channel,
        plan: Plan,
    ) -> Self {
        Self {
            operation,
            artifact: Artifact { live: None, ..artifact },
            version: None,
            leaves: None,
            row,
            file: None,
            tail: Vec::new(),
            signature: None,
            release,
            channel,
            staged: plan.source.clone(),
            plan,
            uploaded_here: false,
            restaged: None,
            parked: None,
            restored_at: None,
            swapped_at: None,
        }
    }

    /// The same job with the local file, its last bytes and its signature.
    pub(crate) fn with_file(self, opened: Opened) -> Self {
        let Opened { file, tail, signature, .. } = opened;
        Self { file: Some(file), tail, signature, ..self }
    }

    /// Channel and name, as in messages: `Update/Nexy.dmg`.
    pub(crate) fn place(&self) -> String {
        format!("{}/{}", self.artifact.channel, self.artifact.name)
    }

    /// The label of the live asset.
    pub(crate) fn label(&self) -> String {
        self.version.map_or_else(|| self.artifact.name.clone(), |version| asset_names::label(&self.artifact.name, version))
    }

    /// When this run has made something live; `None` when it has changed nothing that users see.
    pub(crate) fn changed_at(&self) -> Option<Timestamp> {
        self.swapped_at.or(self.restored_at)
    }
}
