//! The release target: parses and validates `nexy.toml` once.

mod examine;
mod schema;
mod validate;

pub use examine::Mistake;
pub use schema::*;

use crate::{
    Exit, Fix, Problem, Sha256Digest,
    text::{line_of, shell_word},
};
use serde::{Deserialize, Serialize};

/// Which target a record belongs to; one made for another target is refused.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct TargetIdentity {
    /// The digest of `nexy.toml`.
    pub sha256: Sha256Digest,
    /// The Azure resource group.
    pub resource_group: String,
    /// The virtual machine.
    pub vm: String,
    /// The public host.
    pub host: String,
    /// The repositories by role.
    pub repositories: Repositories,
}

/// Why a text is no usable `nexy.toml`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    /// A syntax error, an unknown or missing key, or a value of the wrong kind: its line, from 1, and what is wrong there.
    #[error("line {0}: {1}")]
    Line(usize, String),
    /// Keys, joined by `and`, that cannot all be true, or one that says something impossible; and why.
    #[error("{0}: {1}")]
    Contradiction(String, String),
}

impl TargetError {
    /// The problem to print for the file at `path`.
    pub fn problem(&self, path: &str) -> Problem {
        let place = match self {
            Self::Line(line, _) => format!("line {line} of {path}"),
            Self::Contradiction(keys, _) => format!("{keys} in {path}"),
        };
        let fix = Fix::note(format!("correct {place}; docs/nexy-toml.md explains every key. To see every mistake:"))
            .then_command(format!("nexy-version check-config --target {}", shell_word(path)));
        Problem::new(Exit::BadTarget, format!("cannot use {path}"), self.to_string(), fix)
    }
}

impl Target {
    /// Reads the text of `nexy.toml`.
    /// Errors: [`TargetError`] with the line, or with the keys that contradict each other.
    pub fn parse(text: &str) -> Result<Self, TargetError> {
        let target: Self = toml::from_str(text).map_err(|error| {
            let line = error.span().map_or(1, |span| line_of(text, span.start));
            TargetError::Line(line, error.message().replace('\n', ", "))
        })?;
        validate::check(&target)?;
        Ok(target)
    }

    /// Reads the text of `nexy.toml` to its end.
    /// Errors: every [`Mistake`] that shows, in the order of the lines; there is one wherever [`Target::parse`] finds one.
    pub fn examine(text: &str) -> Result<Self, Vec<Mistake>> {
        examine::examine(text)
    }

    /// What a record remembers of this target; `digest` is that of the file.
    pub fn identity(&self, digest: Sha256Digest) -> TargetIdentity {
        TargetIdentity {
            sha256: digest,
            resource_group: self.release_target.resource_group.clone(),
            vm: self.release_target.vm.clone(),
            host: self.release_target.host.clone(),
            repositories: self.repositories.clone(),
        }
    }

    /// The public URL of an artifact; fixed, so that clients never need to learn a new one.
    pub fn public_url(&self, artifact: &ArtifactRow) -> String {
        self.public_asset_url(&artifact.channel, &artifact.name)
    }

    /// The public URL of any asset on a channel.
    pub fn public_asset_url(&self, channel: &str, name: &str) -> String {
        format!("{}/{}/releases/download/{channel}/{name}", self.github.web_url, self.repositories.artifacts)
    }

    /// The artifact that clients update from.
    pub fn feed_artifact(&self) -> Option<&ArtifactRow> {
        self.artifacts.iter().find(|artifact| artifact.feed)
    }

    /// The row of an artifact by its name.
    pub fn artifact(&self, name: &str) -> Option<&ArtifactRow> {
        self.artifacts.iter().find(|artifact| artifact.name == name)
    }
}

#[cfg(test)]
mod tests;
