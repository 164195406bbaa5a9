//! The steps of a publication, in the order in which they happen; each is one file.

pub(crate) mod announced;
pub(crate) mod confirm;
pub(crate) mod look;
pub(crate) mod stage;
pub(crate) mod swap;
pub(crate) mod verify;

use crate::{channel::Channel, patience::Patience, plan::Plan, signals::Signals};
use nexy_contract::{ReleaseVersion, Target, Timestamp, record, target::ArtifactRow};
use nexy_outside::{
    Common,
    files::OpenArtifact,
    github::{Asset, Github, Release},
};

/// What all steps share.
pub(crate) struct Scene<'a> {
    pub(crate) target: &'a Target,
    pub(crate) github: Github<'a>,
    pub(crate) patience: Patience,
    pub(crate) signals: Signals,
    pub(crate) common: &'a Common,
    pub(crate) version: ReleaseVersion,
}

/// One artifact on its way.
pub(crate) struct Job<'a> {
    pub(crate) artifact: record::Artifact,
    pub(crate) row: &'a ArtifactRow,
    /// Opened once; hashed and sent from this descriptor.
    pub(crate) file: OpenArtifact,
    /// The last bytes of the file, for the comparison with the public URL.
    pub(crate) tail: Vec<u8>,
    pub(crate) release: Release,
    pub(crate) channel: Channel,
    pub(crate) plan: Plan,
    /// The uploaded asset, once there is one.
    pub(crate) staged: Option<Asset>,
    /// When the last rename made it live.
    pub(crate) swapped_at: Option<Timestamp>,
}

impl Job<'_> {
    /// Where users download it.
    pub(crate) fn place(&self) -> String {
        format!("{}/{}", self.artifact.channel, self.artifact.name)
    }
}
