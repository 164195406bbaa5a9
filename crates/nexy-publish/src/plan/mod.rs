//! The pure part: from what lies on a channel to the plan of one artifact, for every state that a crash can leave.

pub(crate) mod dry_run;
pub(crate) mod publish;
pub(crate) mod rollback;
#[cfg(test)]
pub(crate) mod tests;

use crate::{fixes, gh_commands::GhCommands};
use channel::Channel;
pub(crate) use nexy_contract::asset_names;
use nexy_contract::{Exit, Fix, Problem, Sha256Digest};
pub(crate) use nexy_outside::net::channel;
use nexy_outside::net::github::Asset;

/// What one artifact needs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Plan {
    /// Asset that a rollback makes live, or that is live already; `None` when the bytes come from a file.
    pub(crate) source: Option<Asset>,
    /// Asset that gets the live name before anything else happens, because no asset has it.
    pub(crate) restore: Option<Asset>,
    /// Why nothing more is done after that.
    pub(crate) refusal: Option<Problem>,
    /// The live asset, perhaps restored, holds the wanted bytes: it is only confirmed.
    pub(crate) already_live: bool,
    /// Unusable uploads of this tool; deleted first.
    pub(crate) discard: Vec<Asset>,
    /// Rolled-back asset that holds the wanted bytes, so that they are not uploaded twice.
    pub(crate) restage: Option<Asset>,
    /// Whether the bytes must be uploaded; otherwise they lie on the channel.
    pub(crate) upload: bool,
    /// Asset whose name the retiring asset needs.
    pub(crate) blocking: Option<Asset>,
    /// Live asset that gives up the live name.
    pub(crate) retire: Option<Asset>,
    /// The name that the retiring asset gets.
    pub(crate) retire_as: String,
}

impl Plan {
    /// Restores a download for users and does nothing else.
    pub(crate) fn restore_only(fallback: &Asset, refusal: Problem) -> Self {
        Self { restore: Some(fallback.clone()), refusal: Some(refusal), ..Self::default() }
    }

    /// Only confirms what is live.
    pub(crate) fn confirm_only() -> Self {
        Self { already_live: true, ..Self::default() }
    }
}

/// The bytes that are to be live on a channel.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted<'a> {
    pub(crate) gh: GhCommands<'a>,
    pub(crate) artifact: &'a str,
    pub(crate) size_bytes: u64,
    pub(crate) sha256: Sha256Digest,
    /// The tag that uploads of this machine carry in their labels; `None` before the first upload.
    pub(crate) machine_tag: Option<&'a str>,
}

impl Wanted<'_> {
    /// Whether GitHub says that an asset holds exactly these bytes.
    pub(crate) fn is_held_by(&self, asset: &Asset) -> bool {
        channel::holds(asset, self.size_bytes, self.sha256)
    }

    /// Whether nothing that GitHub says contradicts that an asset holds these bytes.
    pub(crate) fn may_be_held_by(&self, asset: &Asset) -> bool {
        channel::may_hold(asset, self.size_bytes, self.sha256)
    }

    /// Whether a rolled-back asset holds these bytes, by its name or by GitHub's digest.
    pub(crate) fn is_rolled_back_as(&self, asset: &Asset) -> bool {
        asset.name == asset_names::rolled_back(self.artifact, self.sha256) || asset.sha256() == Some(self.sha256)
    }

    /// Whether a staged asset may belong to another publication that is under way: other bytes, another machine, not old.
    pub(crate) fn is_foreign(&self, channel: &Channel, asset: &Asset) -> bool {
        let same_bytes = asset.name == asset_names::staged(self.artifact, self.sha256) && self.may_be_held_by(asset);
        !same_bytes && !self.is_of_this_machine(asset) && !channel.is_settled(asset)
    }

    fn is_of_this_machine(&self, asset: &Asset) -> bool {
        self.machine_tag.is_some_and(|machine_tag| channel::has_machine_tag(asset, machine_tag))
    }
}

/// How the wanted bytes get onto the channel: which uploads are deleted, and whether one is made.
fn staging(wanted: &Wanted<'_>, channel: &Channel) -> Plan {
    let ours = channel.staged_for(wanted.artifact, wanted.sha256);
    let usable = ours.filter(|asset| wanted.may_be_held_by(asset));
    let is_ours = |asset: &&Asset| ours.is_some_and(|ours| ours.id == asset.id);
    let mut discard: Vec<Asset> =
        channel.staged.iter().filter(|asset| !is_ours(asset) && wanted.is_of_this_machine(asset)).cloned().collect();
    discard.extend(ours.filter(|_| usable.is_none()).cloned());
    let name = asset_names::rolled_back(wanted.artifact, wanted.sha256);
    let rolled_back = channel.rolled_back.iter().find(|asset| asset.name == name);
    let restage = rolled_back.filter(|asset| usable.is_none() && wanted.may_be_held_by(asset)).cloned();
    discard.extend(rolled_back.filter(|_| restage.is_none()).cloned());
    Plan { discard, upload: usable.is_none() && restage.is_none(), restage, ..Plan::default() }
}

/// Refuses a half-uploaded asset under the live or the previous name: no tool can decide whether it may go.
fn refuse_partial_upload(gh: GhCommands<'_>, channel: &Channel) -> Result<(), Problem> {
    match [&channel.live, &channel.previous].into_iter().flatten().find(|asset| !asset.is_uploaded()) {
        None => Ok(()),
        Some(asset) => Err(Problem::new(
            Exit::NeedsPerson,
            format!("{} on the channel is not a whole file", asset.name),
            format!("asset {} is in the state `{}`", asset.id, asset.state),
            Fix::note("delete it once no upload of it is running, then run the same pipeline again").then(gh.delete(asset.id)),
        )),
    }
}

/// The refusal because of an upload of another publication, which is left alone for an hour.
pub(crate) fn busy(gh: GhCommands<'_>, channel: &Channel, asset: &Asset) -> Problem {
    let age = channel.age_s(asset).map_or_else(|| "of unknown age".to_owned(), |age| format!("{} min old", age / 60));
    let label = asset.label.as_deref().unwrap_or("no label");
    Problem::new(
        Exit::Busy,
        "nothing was swapped: another publication may be running",
        format!("{} ({label}, state `{}`) is {age}; it is left alone for an hour", asset.name, asset.state),
        fixes::wait_for_the_other_publication()
            .then_note("when no publication is running, delete what an earlier run has left:")
            .then(gh.delete(asset.id)),
    )
}
