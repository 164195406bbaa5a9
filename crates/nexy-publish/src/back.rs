//! The way back: from what lies on a channel to what a rollback must do, for every state that a crash can leave. Pure.

use crate::{
    by_hand::ByHand,
    channel::{self, Channel},
    names,
    plan::{self, Plan, Wanted},
};
use nexy_contract::{Exit, Problem, ReleaseVersion};
use nexy_outside::github::Asset;

/// Where a rollback leads.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Goal<'a> {
    /// To what was live before.
    Previous,
    /// To these bytes, from a file.
    Bytes(&'a Wanted<'a>),
}

/// A way back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Back {
    /// What happens.
    pub(crate) plan: Plan,
    /// What goes live, or is live already; `None` when it comes from a file.
    pub(crate) source: Option<Asset>,
}

/// Finds the way back for one artifact. The live asset must have a digest, which its new name needs.
///
/// # Errors
/// Exit 1 when there is none, exit 4 when half a file is in the way.
pub(crate) fn rollback(by_hand: ByHand<'_>, artifact: &str, channel: &Channel, goal: Goal<'_>) -> Result<Back, Problem> {
    plan::half_a_file(by_hand, [&channel.live, &channel.previous])?;
    let is_goal = |asset: &&Asset| match goal {
        Goal::Previous => false,
        Goal::Bytes(wanted) => channel::holds(asset, wanted.size_bytes, wanted.sha256),
    };
    if let Some(live) = channel.live.iter().find(is_goal) {
        return Ok(done(live));
    }
    let revive = channel.reserve().cloned();
    // Once it was rolled back, what an earlier publication has left aside is no second step.
    let is_done = |live: &Asset| channel.previous.is_none() && was_rolled_back(artifact, channel, live);
    let kept = channel.kept().filter(|_| !channel.live.as_ref().is_some_and(is_done));
    let mut back = match goal {
        // The second rename is all that is missing.
        Goal::Previous if channel.live.is_none() && kept.is_some() => {
            return Ok(Back { plan: Plan { revive, already_live: true, ..Plan::default() }, source: kept.cloned() });
        }
        Goal::Previous => match (kept, &channel.live) {
            (Some(kept), _) => Back { plan: Plan::default(), source: Some(kept.clone()) },
            (None, Some(live)) if was_rolled_back(artifact, channel, live) => return Ok(done(live)),
            (None, _) => return Ok(nowhere(artifact, revive)),
        },
        Goal::Bytes(wanted) => {
            if let Some(bad) = channel.bad.iter().find(|bad| plan::is_these_bytes(wanted, bad)) {
                return Err(no_way(artifact, format!("these bytes were rolled back themselves: {} is on the channel", bad.name)));
            }
            match kept.filter(|kept| is_goal(kept)) {
                Some(kept) if channel.live.is_none() => {
                    return Ok(Back { plan: Plan { revive, already_live: true, ..Plan::default() }, source: Some(kept.clone()) });
                }
                Some(kept) => Back { plan: Plan::default(), source: Some(kept.clone()) },
                None => Back { plan: staged(wanted, channel)?, source: None },
            }
        }
    };
    back.plan.retire = channel.live.clone().or_else(|| revive.clone());
    back.plan.retire_as = match (&revive, channel.live.as_ref().and_then(Asset::sha256)) {
        (Some(revive), _) => names::resting(artifact, &revive.name),
        (None, Some(sha256)) => names::bad(artifact, sha256),
        (None, None) => String::new(),
    };
    // The very same bytes may have been rolled back before.
    back.plan.make_room = channel.bad.iter().find(|bad| revive.is_none() && bad.name == back.plan.retire_as).cloned();
    back.plan.revive = revive;
    Ok(back)
}

/// The uploads of others do not stop a rollback: production is broken, and whoever publishes will see that the channel has
/// changed. Only an upload of the very same bytes that may be under way is left alone.
fn staged(wanted: &Wanted<'_>, channel: &Channel) -> Result<Plan, Problem> {
    match channel.staged_for(wanted.artifact, wanted.sha256).filter(|asset| plan::is_foreign(wanted, channel, asset)) {
        Some(foreign) => Err(plan::busy(wanted.by_hand, channel, foreign)),
        None => Ok(plan::staging(wanted, channel)),
    }
}

fn done(live: &Asset) -> Back {
    Back { plan: Plan { already_live: true, ..Plan::default() }, source: Some(live.clone()) }
}

/// Without a previous artifact, but with one that was rolled back from a later version: that was done before.
fn was_rolled_back(artifact: &str, channel: &Channel, live: &Asset) -> bool {
    let live = channel::version(artifact, live);
    channel.bad.iter().any(|bad| match (live, channel::version(artifact, bad)) {
        (Some(live), Some(bad)) => bad > live,
        // What this tool has made live has a label; anything else may be anything.
        (Some(_), None) => true,
        (None, _) => false,
    })
}

fn nowhere(artifact: &str, revive: Option<Asset>) -> Back {
    let refusal = no_way(artifact, "the channel keeps no previous artifact".to_owned());
    Back { plan: Plan { revive, refusal: Some(refusal), ..Plan::default() }, source: None }
}

fn no_way(artifact: &str, because: String) -> Problem {
    Problem::new(
        Exit::No,
        format!("{artifact} cannot be rolled back"),
        because,
        "name an older artifact and its version:\n\
         nexy-version record | nexy-publish rollback --artifact FILE --to-version X.Y.Z.W - | nexy-manifest write -",
    )
}

/// The version that goes live: what its label says, else what a person says; both must agree, and lie below what is live.
///
/// # Errors
/// Exit 1 when nobody knows the version, or when it would be no way back.
pub(crate) fn version(artifact: &str, channel: &Channel, back: &Back, said: Option<ReleaseVersion>) -> Result<ReleaseVersion, Problem> {
    let refuse = |because: String, fix: String| Err(Problem::new(Exit::No, format!("{artifact} is not rolled back"), because, fix));
    let labelled = back.source.as_ref().and_then(|asset| channel::version(artifact, asset));
    let version = match (labelled, said) {
        (Some(labelled), Some(said)) if labelled != said => {
            return refuse(
                format!("what it would go back to calls itself {labelled}, not {said}"),
                format!("say --to-version {labelled}, or leave it out; look with:\nnexy-publish show"),
            );
        }
        (Some(version), _) | (None, Some(version)) => version,
        (None, None) => {
            return refuse(
                "what it would go back to has no label that names a version, and clients are told a version".to_owned(),
                "say which one it is: nexy-publish rollback --to-version X.Y.Z.W -".to_owned(),
            );
        }
    };
    if back.plan.already_live {
        return Ok(version);
    }
    if let Some(live) = channel.live.as_ref().and_then(|live| channel::version(artifact, live)).filter(|live| version >= *live) {
        return refuse(
            format!("{version} is no way back from {live}, which is live"),
            "name an older artifact with --artifact FILE --to-version X.Y.Z.W, or publish a newer one".to_owned(),
        );
    }
    if let Some(bad) = channel.bad.iter().find(|bad| channel::version(artifact, bad) == Some(version)) {
        return refuse(format!("{version} was rolled back itself: {} is on the channel", bad.name), "go back further".to_owned());
    }
    Ok(version)
}

#[cfg(test)]
mod tests;
