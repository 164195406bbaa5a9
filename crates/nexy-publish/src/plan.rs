//! The repair table: from what lies on a channel to what must be done, for every state that a crash can leave. Pure.

use crate::{
    by_hand::ByHand,
    channel::{self, Channel},
    names,
};
use nexy_contract::{Exit, Problem, ReleaseVersion, Sha256Digest};
use nexy_outside::github::Asset;

/// What one artifact needs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Plan {
    /// Before anything else: nothing is live, so users get this one back.
    pub(crate) revive: Option<Asset>,
    /// Why nothing more is done after that.
    pub(crate) refusal: Option<Problem>,
    /// What is live, perhaps again, is what it should be: only confirm it.
    pub(crate) already_live: bool,
    /// Uploads of ours that nobody can use; removed first.
    pub(crate) discard: Vec<Asset>,
    /// What was rolled back and is wanted again: its bytes need no second upload.
    pub(crate) restage: Option<Asset>,
    /// Whether the bytes must be uploaded; otherwise they lie on the channel.
    pub(crate) upload: bool,
    /// What gives up its name to what retires.
    pub(crate) make_room: Option<Asset>,
    /// What is live now and makes way.
    pub(crate) retire: Option<Asset>,
    /// The name that it gets.
    pub(crate) retire_as: String,
}

/// Which bytes are wanted on a channel, and who asks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted<'a> {
    pub(crate) by_hand: ByHand<'a>,
    pub(crate) artifact: &'a str,
    pub(crate) version: ReleaseVersion,
    pub(crate) size_bytes: u64,
    pub(crate) sha256: Sha256Digest,
    /// What the uploads of this machine carry; `None` as long as there were none.
    pub(crate) mark: Option<&'a str>,
    /// Whether a person wants bytes that were rolled back.
    pub(crate) again: bool,
}

/// Nothing is live: users get this one back, and nothing else is done.
pub(crate) fn only_revive(reserve: &Asset, refusal: Problem) -> Plan {
    Plan { revive: Some(reserve.clone()), refusal: Some(refusal), ..Plan::default() }
}

/// Reads the repair table for one artifact that is published.
///
/// # Errors
/// Exit 4 when something half-uploaded lies under a name that users or a rollback need.
pub(crate) fn publication(wanted: &Wanted<'_>, channel: &Channel) -> Result<Plan, Problem> {
    half_a_file(wanted.by_hand, [&channel.live, &channel.previous])?;
    if let Some(live) = channel.live.as_ref().filter(|live| channel::holds(live, wanted.size_bytes, wanted.sha256)) {
        if channel::is_rolled_back(live) && !wanted.again {
            return Err(not_published(
                wanted,
                "these bytes were rolled back: they are live only because nothing else was there".to_owned(),
                "build a new version",
            ));
        }
        return Ok(Plan { already_live: true, ..Plan::default() });
    }
    let revive = channel.reserve().cloned();
    if let Some(refusal) = rolled_back(wanted, channel).or_else(|| somebody_stages(wanted, channel)) {
        return Ok(Plan { revive, refusal: Some(refusal), ..Plan::default() });
    }
    if revive.as_ref().is_some_and(|asset| channel::holds(asset, wanted.size_bytes, wanted.sha256)) {
        return Ok(Plan { revive, already_live: true, ..Plan::default() });
    }
    let mut plan = staging(wanted, channel);
    plan.retire_as = revive.as_ref().map_or_else(|| names::previous(wanted.artifact), |asset| names::resting(wanted.artifact, &asset.name));
    // What was rolled back is nothing to go back to.
    if let Some(sha256) = channel.live.as_ref().filter(|live| channel::is_rolled_back(live)).and_then(Asset::sha256) {
        plan.retire_as = names::bad(wanted.artifact, sha256);
    }
    let is_in_the_way = |asset: &&Asset| asset.name == plan.retire_as;
    plan.make_room = channel.previous.iter().chain(&channel.bad).find(is_in_the_way).filter(|_| channel.live.is_some()).cloned();
    plan.retire = channel.live.clone().or_else(|| revive.clone());
    plan.revive = revive;
    Ok(plan)
}

/// How the wanted bytes get onto the channel: which uploads are removed, and whether one is made.
pub(crate) fn staging(wanted: &Wanted<'_>, channel: &Channel) -> Plan {
    let ours = channel.staged_for(wanted.artifact, wanted.sha256);
    let usable = ours.filter(|asset| channel::may_hold(asset, wanted.size_bytes, wanted.sha256));
    let is_same = |asset: &&Asset| ours.is_some_and(|ours| ours.id == asset.id);
    let of_this_machine = |asset: &&Asset| wanted.mark.is_some_and(|mark| channel::is_of_mark(asset, mark));
    let mut discard: Vec<Asset> = channel.staged.iter().filter(|asset| !is_same(asset) && of_this_machine(asset)).cloned().collect();
    discard.extend(ours.filter(|_| usable.is_none()).cloned());
    let bad = channel.bad.iter().find(|asset| asset.name == names::bad(wanted.artifact, wanted.sha256));
    let restage = bad.filter(|bad| usable.is_none() && channel::may_hold(bad, wanted.size_bytes, wanted.sha256)).cloned();
    discard.extend(bad.filter(|_| restage.is_none()).cloned());
    Plan { discard, upload: usable.is_none() && restage.is_none(), restage, ..Plan::default() }
}

/// Half a file under a name that users or a rollback need is nothing that a tool may judge.
pub(crate) fn half_a_file(by_hand: ByHand<'_>, assets: [&Option<Asset>; 2]) -> Result<(), Problem> {
    match assets.into_iter().flatten().find(|asset| !asset.is_uploaded()) {
        None => Ok(()),
        Some(asset) => Err(Problem::new(
            Exit::NeedsPerson,
            format!("{} on the channel is no whole file", asset.name),
            format!("asset {} is in the state `{}`", asset.id, asset.state),
            format!(
                "when nobody is uploading it any more, remove it; {}\n{}\nthen run the same pipeline again",
                by_hand.token(),
                by_hand.delete(asset.id)
            ),
        )),
    }
}

/// Whether what was rolled back are the wanted bytes, by its name or by GitHub's digest.
pub(crate) fn is_these_bytes(wanted: &Wanted<'_>, bad: &Asset) -> bool {
    bad.name == names::bad(wanted.artifact, wanted.sha256) || bad.sha256() == Some(wanted.sha256)
}

/// Bytes, or a version, that clients were taken back from do not reach them again by mistake.
fn rolled_back(wanted: &Wanted<'_>, channel: &Channel) -> Option<Problem> {
    let Wanted { artifact, version, .. } = *wanted;
    if wanted.again {
        return None;
    }
    let refuse = |because: String, fix: &str| Some(not_published(wanted, because, fix));
    for bad in &channel.bad {
        if is_these_bytes(wanted, bad) {
            return refuse(format!("these bytes were rolled back: {} is on the channel", bad.name), "build a new version");
        }
        if let Some(known) = channel::version(artifact, bad).filter(|known| version <= *known) {
            return refuse(
                format!("{known} was rolled back ({}), and clients that have it follow only a higher version", bad.name),
                "give the build a higher version: nexy-version set X.Y.Z.W",
            );
        }
    }
    None
}

fn not_published(wanted: &Wanted<'_>, because: String, fix: &str) -> Problem {
    let fix = format!("{fix}; if these bytes are right after all, publish with --again REASON");
    Problem::new(Exit::No, format!("{} {} is not published", wanted.artifact, wanted.version), because, fix)
}

/// An upload of somebody else that may still be under way.
pub(crate) fn somebody_stages(wanted: &Wanted<'_>, channel: &Channel) -> Option<Problem> {
    let foreign = channel.staged.iter().find(|asset| is_foreign(wanted, channel, asset))?;
    Some(busy(wanted.by_hand, channel, foreign))
}

/// Whether a staged file belongs to somebody who may be at work with it: not our bytes, not of this machine, not old.
pub(crate) fn is_foreign(wanted: &Wanted<'_>, channel: &Channel, asset: &Asset) -> bool {
    let same_bytes =
        asset.name == names::staged(wanted.artifact, wanted.sha256) && channel::may_hold(asset, wanted.size_bytes, wanted.sha256);
    let of_this_machine = wanted.mark.is_some_and(|mark| channel::is_of_mark(asset, mark));
    !same_bytes && !of_this_machine && !channel.is_settled(asset)
}

/// Somebody else's upload stays alone for an hour.
pub(crate) fn busy(by_hand: ByHand<'_>, channel: &Channel, asset: &Asset) -> Problem {
    let age = channel.age_s(asset).map_or_else(|| "of unknown age".to_owned(), |age| format!("{} min old", age / 60));
    let label = asset.label.as_deref().unwrap_or("no label");
    Problem::new(
        Exit::Busy,
        "nothing was swapped: somebody else may be publishing",
        format!("{} ({label}, state `{}`) is {age}; it is left alone for an hour", asset.name, asset.state),
        format!(
            "wait until the other publication has ended, then run the same pipeline again; look with:\n\
             nexy-publish show\n\
             when nobody else is publishing, remove what an earlier run has left; {}\n{}",
            by_hand.token(),
            by_hand.delete(asset.id)
        ),
    )
}

#[cfg(test)]
mod tests;
