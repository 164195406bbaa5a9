//! What a run needs before its first look: the lock of every channel, the network, and a token.

use crate::{patience::Patience, signals::Signals, steps::Scene};
use nexy_contract::{Exit, Problem, Sha256Digest, Target};
use nexy_outside::{
    Common,
    github::Github,
    http::Http,
    own_lock::{self, OwnLock, Taken},
    token,
};
use std::{collections::BTreeSet, time::Duration};

/// The network.
pub(crate) fn network(target: &Target) -> Result<Http, Problem> {
    Http::new(&target.limits).map_err(|error| Problem::new(Exit::CouldNotLook, "cannot reach GitHub", error.to_string(), error.fix()))
}

/// The exclusive right to change channels, as far as this machine can give it; other machines see our uploads.
#[derive(Debug, Default)]
pub(crate) struct Locks {
    held: Vec<OwnLock>,
    marks: Vec<(String, String)>,
}

impl Locks {
    /// Locks every channel without waiting.
    pub(crate) fn take<'a>(target: &Target, channels: impl IntoIterator<Item = &'a str>) -> Result<Self, Problem> {
        let mut locks = Self::default();
        for channel in channels.into_iter().collect::<BTreeSet<_>>() {
            match own_lock::take(&name(target, channel))? {
                Taken::Ours(lock) => {
                    locks.marks.push((channel.to_owned(), lock.mark.clone()));
                    locks.held.push(lock);
                }
                Taken::Others(process) => return Err(busy(channel, process)),
            }
        }
        Ok(locks)
    }

    /// For those who change nothing: no lock, but the marks that an earlier run has made.
    pub(crate) fn only_looking<'a>(target: &Target, channels: impl IntoIterator<Item = &'a str>) -> Self {
        let mark = |channel: &str| Some((channel.to_owned(), own_lock::mark(&name(target, channel))?));
        Self { held: Vec::new(), marks: channels.into_iter().filter_map(mark).collect() }
    }

    /// The scene of a run. Without `dry_run` it must have a token.
    pub(crate) fn scene<'a>(
        &self,
        target: &'a Target,
        http: &'a Http,
        common: &'a Common,
        dry_run: bool,
        stands_for: Option<Duration>,
    ) -> Result<Scene<'a>, Problem> {
        let token = match token::find(target) {
            Ok(token) => Some(token.secret),
            Err(_) if dry_run => None,
            Err(problem) => return Err(problem),
        };
        let limits = &target.limits;
        Ok(Scene {
            target,
            github: Github::new(http, target, token),
            patience: Patience::new(limits.mutation_pause_ms, limits.retry_total_s).standing_for(stands_for),
            signals: Signals::watch(),
            common,
            marks: self.marks.clone(),
        })
    }
}

/// One lock for each server, repository and tag.
fn name(target: &Target, channel: &str) -> String {
    let repository = &target.repositories.artifacts;
    let whole = format!("{} {repository} {channel}", target.github.api_url);
    format!("publish-{}-{channel}-{}", repository.replace('/', "-"), Sha256Digest::of(whole.as_bytes()).short())
}

fn busy(channel: &str, process: Option<String>) -> Problem {
    let who = process.map_or_else(|| "another nexy-publish".to_owned(), |process| format!("another nexy-publish (process {process})"));
    Problem::new(
        Exit::Busy,
        format!("nothing was done on the channel {channel}"),
        format!("{who} is at work on it on this machine"),
        "wait until it has ended, then run the same pipeline again",
    )
}
