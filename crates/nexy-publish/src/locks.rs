//! The lock of each channel on this machine, and the tag by which uploads of this machine are recognised.

use nexy_contract::{Exit, Fix, Problem, Sha256Digest, Target};
use nexy_outside::fs::user_lock::{self, OwnLock, Taken};
use std::collections::BTreeSet;

/// The exclusive right of this machine's runs to change channels. Other machines notice the uploads instead.
#[derive(Debug, Default)]
pub(crate) struct Locks {
    held: Vec<OwnLock>,
    machine_tags: Vec<(String, String)>,
}

impl Locks {
    /// Locks every channel without waiting; a dry run locks none.
    pub(crate) fn take<'a>(target: &Target, channels: impl IntoIterator<Item = &'a str>, dry_run: bool) -> Result<Self, Problem> {
        let mut locks = Self::default();
        for channel in channels.into_iter().collect::<BTreeSet<_>>() {
            let name = name(target, channel);
            if dry_run {
                locks.machine_tags.extend(user_lock::mark(&name).map(|tag| (channel.to_owned(), tag)));
                continue;
            }
            match user_lock::take(&name)? {
                Taken::Acquired(lock) => {
                    locks.machine_tags.push((channel.to_owned(), lock.mark.clone()));
                    locks.held.push(lock);
                }
                Taken::HeldBy(process) => return Err(busy(channel, process)),
            }
        }
        Ok(locks)
    }

    /// The tag that uploads of this machine to a channel carry in their labels; `None` before the first upload.
    pub(crate) fn machine_tag(&self, channel: &str) -> Option<&str> {
        self.machine_tags.iter().find(|(name, _)| name == channel).map(|(_, tag)| tag.as_str())
    }
}

/// One lock for each server, repository and tag.
fn name(target: &Target, channel: &str) -> String {
    let repository = &target.repositories.artifacts;
    let whole = format!("{} {repository} {channel}", target.github.api_url);
    format!("publish-{}-{channel}-{}", repository.replace('/', "-"), Sha256Digest::of(whole.as_bytes()).short())
}

fn busy(channel: &str, process: Option<String>) -> Problem {
    let process = process.map_or_else(String::new, |process| format!(" (process {process})"));
    Problem::new(
        Exit::Busy,
        format!("nothing was done on the channel {channel}"),
        format!("another nexy-publish{process} is at work on it on this machine"),
        Fix::note("wait until it has ended, then run the same pipeline again"),
    )
}
