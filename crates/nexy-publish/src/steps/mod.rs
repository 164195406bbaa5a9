//! The steps of a publication and of a rollback, in the order in which they happen; each is one file.

pub(crate) mod again;
pub(crate) mod announced;
pub(crate) mod change;
pub(crate) mod confirm;
pub(crate) mod fetch;
pub(crate) mod file;
pub(crate) mod look;
pub(crate) mod lost;
pub(crate) mod revive;
pub(crate) mod room;
pub(crate) mod signed;
pub(crate) mod stage;
pub(crate) mod swap;
pub(crate) mod verify;

use crate::{by_hand::ByHand, channel::Channel, names, patience::Patience, plan::Plan, signals::Signals};
use nexy_contract::{ReleaseVersion, Target, Timestamp, record, signature::Carried, target::ArtifactRow};
use nexy_outside::{
    Common,
    files::OpenArtifact,
    github::{Asset, Github, GithubError, Release},
};

/// What all steps share.
pub(crate) struct Scene<'a> {
    pub(crate) target: &'a Target,
    pub(crate) github: Github<'a>,
    pub(crate) patience: Patience,
    pub(crate) signals: Signals,
    pub(crate) common: &'a Common,
    /// What the uploads of this machine to a channel carry in their labels: channel and mark.
    pub(crate) marks: Vec<(String, String)>,
}

/// One artifact on its way.
pub(crate) struct Job<'a> {
    /// Name, channel, size and digest of what is to be live.
    pub(crate) artifact: record::Artifact,
    pub(crate) version: ReleaseVersion,
    pub(crate) row: &'a ArtifactRow,
    /// Opened once; hashed and sent from this descriptor. `None` when the bytes lie on the channel.
    pub(crate) file: Option<OpenArtifact>,
    /// The last bytes, for the comparison with the public URL.
    pub(crate) tail: Vec<u8>,
    /// The signature of these bytes, when one was asked for and is right.
    pub(crate) signature: Option<Carried>,
    pub(crate) release: Release,
    /// What lies on the channel, as far as this run knows; its own changes are written down here.
    pub(crate) channel: Channel,
    pub(crate) plan: Plan,
    /// What goes live, with the name and label that it had before.
    pub(crate) staged: Option<Asset>,
    /// Whether this run has made that upload.
    pub(crate) uploaded_here: bool,
    /// Whether other uploads matter; a rollback does not wait for them.
    pub(crate) contested: bool,
    /// What a person does when everything must be done anew.
    pub(crate) from_the_start: &'static str,
    /// What was rolled back and is wanted again, with the name and label that it had before.
    pub(crate) restaged: Option<Asset>,
    /// What this run has moved away from under the name of the previous artifact, as it was before.
    pub(crate) aside: Option<Asset>,
    /// When this run made something live again that was missing.
    pub(crate) revived_at: Option<Timestamp>,
    /// When the last rename made the staged artifact live.
    pub(crate) swapped_at: Option<Timestamp>,
}

impl Job<'_> {
    /// Where users download it.
    pub(crate) fn place(&self) -> String {
        format!("{}/{}", self.artifact.channel, self.artifact.name)
    }

    /// The label that the live artifact gets.
    pub(crate) fn label(&self) -> String {
        names::label(&self.artifact.name, self.version)
    }

    /// When this run has made something live; `None` when everything was as it should be.
    pub(crate) fn changed_at(&self) -> Option<Timestamp> {
        self.swapped_at.or(self.revived_at)
    }
}

impl Scene<'_> {
    /// The commands for a person who goes on in place of this tool.
    pub(crate) fn by_hand(&self) -> ByHand<'_> {
        ByHand::of(self.target)
    }

    /// What the uploads of this machine to this channel carry in their labels; `None` before the first one.
    pub(crate) fn mark(&self, channel: &str) -> Option<&str> {
        self.marks.iter().find(|(name, _)| name == channel).map(|(_, mark)| mark.as_str())
    }

    /// What lies on an artifact's channel now.
    pub(crate) fn list(&self, release: &Release, artifact: &str) -> Result<Channel, GithubError> {
        self.patience.ask(|| self.github.listing(release.id)).map(|listing| crate::channel::sort(artifact, listing))
    }
}
