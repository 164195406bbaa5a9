//! What all steps of a run share: the target, GitHub, the retry budget, the signals and the machine tags.

use crate::{
    gh_commands::GhCommands,
    locks::Locks,
    plan::{
        Wanted,
        channel::{self, Channel},
    },
    retry::RetryBudget,
    signals::Signals,
};
use nexy_contract::{Problem, Sha256Digest, Target, target_file::ArtifactRow};
use nexy_outside::{
    Common,
    net::{
        github::{Github, GithubError, Release},
        http::Http,
        token,
    },
};

/// What all steps of a run share.
pub(crate) struct Session<'a> {
    pub(crate) target: &'a Target,
    pub(crate) github: Github<'a>,
    pub(crate) retry: RetryBudget,
    pub(crate) signals: Signals,
    pub(crate) common: &'a Common,
    locks: Locks,
}

/// Locks the channels, unless it is a dry run, and acts with a session. It must have a token; a dry run uses one if there is one.
pub(crate) fn within<'a, T>(
    target: &Target,
    common: &Common,
    channels: impl IntoIterator<Item = &'a str>,
    dry_run: bool,
    act: impl FnOnce(&Session<'_>) -> Result<T, Problem>,
) -> Result<T, Problem> {
    let locks = Locks::take(target, channels, dry_run)?;
    let limits = &target.limits;
    let http = Http::new(limits).map_err(|error| error.problem("cannot reach GitHub"))?;
    let token = match token::find(target) {
        Ok(token) => Some(token.secret),
        Err(_) if dry_run => None,
        Err(problem) => return Err(problem),
    };
    act(&Session {
        target,
        github: Github::new(&http, target, token),
        retry: RetryBudget::new(limits.mutation_pause_ms, limits.retry_total_s),
        signals: Signals::watch(),
        common,
        locks,
    })
}

impl Session<'_> {
    /// The `gh` commands for an operator who goes on in place of this tool.
    pub(crate) fn gh(&self) -> GhCommands<'_> {
        GhCommands::of(self.target)
    }

    /// The tag that uploads of this machine to a channel carry in their labels; `None` before the first upload.
    pub(crate) fn machine_tag(&self, channel: &str) -> Option<&str> {
        self.locks.machine_tag(channel)
    }

    /// The bytes that are to be live as the artifact of this row.
    pub(crate) fn wanted<'b>(&'b self, row: &'b ArtifactRow, size_bytes: u64, sha256: Sha256Digest) -> Wanted<'b> {
        Wanted { gh: self.gh(), artifact: &row.name, size_bytes, sha256, machine_tag: self.machine_tag(&row.channel) }
    }

    /// The assets on an artifact's channel now.
    pub(crate) fn list(&self, release: &Release, artifact: &str) -> Result<Channel, GithubError> {
        self.retry.read(|| self.github.listing(release.id)).map(|listing| channel::sort(artifact, listing))
    }
}
