//! The plan of a rollback: what one artifact goes back to and how, in every state that a crash can leave.

use super::{
    Plan, Wanted, asset_names, busy,
    channel::{self, Channel},
    refuse_partial_upload, staging,
};
use crate::{fixes, gh_commands::GhCommands};
use nexy_contract::{Exit, Fix, Problem, ReleaseVersion};
use nexy_outside::net::github::Asset;

/// The target of a rollback.
#[derive(Clone, Copy, Debug)]
pub(crate) enum RollbackTo<'a> {
    /// What was live before.
    Previous,
    /// The bytes of a file.
    Bytes(&'a Wanted<'a>),
}

/// How one artifact is rolled back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RollbackPlan {
    /// The steps.
    pub(crate) plan: Plan,
    /// Asset that goes live, or is live already; `None` when the bytes come from a file.
    pub(crate) source: Option<Asset>,
}

/// Plans the rollback of one artifact. The live asset must have a digest, which its new name contains.
///
/// # Errors
/// Exit 1 when there is nothing to go back to, exit 4 when a half-uploaded asset has the live or the previous name.
pub(crate) fn rollback(gh: GhCommands<'_>, artifact: &str, channel: &Channel, to: RollbackTo<'_>) -> Result<RollbackPlan, Problem> {
    refuse_partial_upload(gh, channel)?;
    let is_target = |asset: &&Asset| match to {
        RollbackTo::Previous => false,
        RollbackTo::Bytes(wanted) => wanted.is_held_by(asset),
    };
    if let Some(live) = channel.live.iter().find(is_target) {
        return Ok(already_live(live));
    }
    let restore = channel.fallback().cloned();
    // After a completed rollback, an asset that an earlier publication has left parked is not a second candidate.
    let is_done = |live: &Asset| channel.previous.is_none() && was_rolled_back_to(artifact, channel, live);
    let candidate = channel.rollback_candidate().filter(|_| !channel.live.as_ref().is_some_and(is_done));
    let mut rollback = match to {
        // Only the second rename of an interrupted rollback is missing.
        RollbackTo::Previous if channel.live.is_none() && candidate.is_some() => {
            return Ok(RollbackPlan { plan: Plan { restore, ..Plan::confirm_only() }, source: candidate.cloned() });
        }
        RollbackTo::Previous => match (candidate, &channel.live) {
            (Some(candidate), _) => RollbackPlan { plan: Plan::default(), source: Some(candidate.clone()) },
            (None, Some(live)) if was_rolled_back_to(artifact, channel, live) => return Ok(already_live(live)),
            (None, _) => return Ok(no_candidate(artifact, restore)),
        },
        RollbackTo::Bytes(wanted) => {
            if let Some(bad) = channel.rolled_back.iter().find(|asset| wanted.is_rolled_back_as(asset)) {
                return Err(refuse(artifact, format!("these bytes were rolled back themselves: {} is on the channel", bad.name)));
            }
            match candidate.filter(|candidate| is_target(candidate)) {
                Some(candidate) if channel.live.is_none() => {
                    return Ok(RollbackPlan { plan: Plan { restore, ..Plan::confirm_only() }, source: Some(candidate.clone()) });
                }
                Some(candidate) => RollbackPlan { plan: Plan::default(), source: Some(candidate.clone()) },
                None => RollbackPlan { plan: staged(wanted, channel)?, source: None },
            }
        }
    };
    rollback.plan.retire = channel.live.clone().or_else(|| restore.clone());
    rollback.plan.retire_as = match (&restore, channel.live.as_ref().and_then(Asset::sha256)) {
        (Some(restore), _) => asset_names::after_restore(artifact, &restore.name),
        (None, Some(sha256)) => asset_names::rolled_back(artifact, sha256),
        (None, None) => String::new(),
    };
    // The same bytes may have been rolled back before, so that their copy has the name.
    let has_the_name = |asset: &&Asset| restore.is_none() && asset.name == rollback.plan.retire_as;
    rollback.plan.blocking = channel.rolled_back.iter().find(has_the_name).cloned();
    rollback.plan.restore = restore;
    Ok(rollback)
}

/// Stages the bytes of a file. Uploads of other publications do not stop a rollback, because production is broken and a
/// publication notices that the channel has changed. Only an upload of the same bytes that may be under way is left alone.
fn staged(wanted: &Wanted<'_>, channel: &Channel) -> Result<Plan, Problem> {
    match channel.staged_for(wanted.artifact, wanted.sha256).filter(|asset| wanted.is_foreign(channel, asset)) {
        Some(foreign) => Err(busy(wanted.gh, channel, foreign)),
        None => Ok(staging(wanted, channel)),
    }
}

fn already_live(live: &Asset) -> RollbackPlan {
    RollbackPlan { plan: Plan::confirm_only(), source: Some(live.clone()) }
}

/// Whether an earlier rollback has made the live asset live: an asset with a later version was rolled back.
fn was_rolled_back_to(artifact: &str, channel: &Channel, live: &Asset) -> bool {
    let live = channel::version(artifact, live);
    channel.rolled_back.iter().any(|bad| match (live, channel::version(artifact, bad)) {
        (Some(live), Some(bad)) => bad > live,
        // This tool labels what it makes live, so an asset without a label was not made live by it.
        (Some(_), None) => true,
        (None, _) => false,
    })
}

fn no_candidate(artifact: &str, restore: Option<Asset>) -> RollbackPlan {
    let refusal = refuse(artifact, "the channel keeps no previous artifact".to_owned());
    RollbackPlan { plan: Plan { restore, refusal: Some(refusal), ..Plan::default() }, source: None }
}

fn refuse(artifact: &str, because: String) -> Problem {
    Problem::new(Exit::No, format!("{artifact} cannot be rolled back"), because, fixes::roll_back_to_a_file())
}

/// The version that goes live: the one in the label, else the one given by the operator. Both must agree, and be lower than
/// the live version.
///
/// # Errors
/// Exit 1 when the version is unknown, or when it is not lower.
pub(crate) fn version(
    artifact: &str,
    channel: &Channel,
    rollback: &RollbackPlan,
    given: Option<ReleaseVersion>,
) -> Result<ReleaseVersion, Problem> {
    let refuse = |because: String, fix: Fix| Err(Problem::new(Exit::No, format!("{artifact} is not rolled back"), because, fix));
    let labelled = rollback.source.as_ref().and_then(|asset| channel::version(artifact, asset));
    let version = match (labelled, given) {
        (Some(labelled), Some(given)) if labelled != given => {
            return refuse(
                format!("the label of what it would go back to says {labelled}, not {given}"),
                Fix::note(format!("say --to-version {labelled}, or leave it out; look with:")).then_command("nexy-publish show"),
            );
        }
        (Some(version), _) | (None, Some(version)) => version,
        (None, None) => {
            return refuse(
                "what it would go back to has no label that names a version, and clients are told a version".to_owned(),
                Fix::note("say which version it is, in place of X.Y.Z.W:")
                    .then_command("nexy-version record | nexy-publish rollback --to-version X.Y.Z.W - | nexy-manifest write -"),
            );
        }
    };
    if rollback.plan.already_live {
        return Ok(version);
    }
    let live = channel.live.as_ref().and_then(|live| channel::version(artifact, live));
    if let Some(live) = live.filter(|live| version >= *live) {
        return refuse(
            format!("{version} is not lower than {live}, which is live"),
            fixes::roll_back_to_a_file().then_note("or publish a newer one"),
        );
    }
    if let Some(bad) = channel.rolled_back.iter().find(|asset| channel::version(artifact, asset) == Some(version)) {
        return refuse(format!("{version} was rolled back itself: {} is on the channel", bad.name), fixes::roll_back_to_a_file());
    }
    Ok(version)
}
