//! The plan of a rollback: what one artifact goes back to and how, in every state that a crash can leave.

use super::{
    Plan, Wanted, asset_names, busy,
    channel::{self, Channel},
    refuse_partial_upload, staging,
};
use crate::{fixes, gh_commands::GhCommands};
use nexy_contract::{Exit, Fix, Problem, ReleaseVersion};
use nexy_outside::net::github::Asset;

/// Plans the rollback of one artifact: to the bytes of a file, else to what was live before. The live asset must have a digest,
/// which its new name contains.
///
/// # Errors
/// Exit 1 when there is nothing to go back to, exit 4 when a half-uploaded asset has the live or the previous name.
pub(crate) fn rollback(gh: GhCommands<'_>, artifact: &str, channel: &Channel, file: Option<&Wanted<'_>>) -> Result<Plan, Problem> {
    refuse_partial_upload(gh, channel)?;
    let is_the_file = |asset: &&Asset| file.is_some_and(|wanted| wanted.is_held_by(asset));
    if let Some(live) = channel.live.iter().find(is_the_file) {
        return Ok(already_live(live));
    }
    let bad = channel.rolled_back.iter().find(|asset| file.is_some_and(|wanted| wanted.is_rolled_back_as(asset)));
    if let Some(bad) = bad {
        return Err(refuse(artifact, format!("these bytes were rolled back themselves: {} is on the channel", bad.name)));
    }
    let restore = channel.fallback().cloned();
    // After a completed rollback, an asset that an earlier publication has left parked is not a second candidate.
    let is_done = |live: &Asset| channel.previous.is_none() && was_rolled_back_to(artifact, channel, live);
    let candidate = channel.rollback_candidate().filter(|_| !channel.live.as_ref().is_some_and(is_done));
    let source = candidate.filter(|candidate| file.is_none() || is_the_file(candidate)).cloned();
    let mut plan = match (&source, file) {
        // Only the second rename of an interrupted rollback is missing.
        (Some(_), _) if channel.live.is_none() => return Ok(Plan { source, restore, ..Plan::confirm_only() }),
        (Some(_), _) => Plan { source, ..Plan::default() },
        (None, Some(wanted)) => staged(wanted, channel)?,
        (None, None) => match channel.live.as_ref().filter(|live| was_rolled_back_to(artifact, channel, live)) {
            Some(live) => return Ok(already_live(live)),
            None => {
                let refusal = refuse(artifact, "the channel keeps no previous artifact".to_owned());
                return Ok(Plan { restore, refusal: Some(refusal), ..Plan::default() });
            }
        },
    };
    plan.retire = channel.live.clone().or_else(|| restore.clone());
    plan.retire_as = match (&restore, channel.live.as_ref().and_then(Asset::sha256)) {
        (Some(restore), _) => asset_names::after_restore(artifact, &restore.name),
        (None, Some(sha256)) => asset_names::rolled_back(artifact, sha256),
        (None, None) => String::new(),
    };
    // The same bytes may have been rolled back before, so that their copy has the name.
    let has_the_name = |asset: &&Asset| restore.is_none() && asset.name == plan.retire_as;
    plan.blocking = channel.rolled_back.iter().find(has_the_name).cloned();
    plan.restore = restore;
    Ok(plan)
}

/// Stages the bytes of a file. Uploads of other publications do not stop a rollback, because production is broken and a
/// publication notices that the channel has changed. Only an upload of the same bytes that may be under way is left alone.
fn staged(wanted: &Wanted<'_>, channel: &Channel) -> Result<Plan, Problem> {
    match channel.staged_for(wanted.artifact, wanted.sha256).filter(|asset| wanted.is_foreign(channel, asset)) {
        Some(foreign) => Err(busy(wanted.gh, channel, foreign)),
        None => Ok(staging(wanted, channel)),
    }
}

fn already_live(live: &Asset) -> Plan {
    Plan { source: Some(live.clone()), ..Plan::confirm_only() }
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

fn refuse(artifact: &str, because: String) -> Problem {
    Problem::new(Exit::No, format!("{artifact} cannot be rolled back"), because, fixes::roll_back_to_a_file())
}

/// The version that goes live: the one in the label, else the one given by the operator. Both must agree, and be lower than
/// the live version.
///
/// # Errors
/// Exit 1 when the version is unknown, or when it is not lower.
pub(crate) fn version(artifact: &str, channel: &Channel, plan: &Plan, given: Option<ReleaseVersion>) -> Result<ReleaseVersion, Problem> {
    let refuse = |because: String, fix: Fix| Err(Problem::new(Exit::No, format!("{artifact} is not rolled back"), because, fix));
    let labelled = plan.source.as_ref().and_then(|asset| channel::version(artifact, asset));
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
    if plan.already_live {
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
