//! The plan of a publication: what one artifact needs, in every state that a crash can leave.

use super::{
    Plan, Wanted, asset_names, busy,
    channel::{self, Channel},
    refuse_partial_upload, staging,
};
use nexy_contract::{Exit, Fix, Problem, ReleaseVersion, asset_names::Against};
use nexy_outside::net::github::Asset;

/// Plans the publication of one artifact; `allow_rolled_back` lets rolled-back bytes and versions pass.
///
/// # Errors
/// Exit 4 when a half-uploaded asset has the live or the previous name; exit 1 when the bytes are live but were rolled back.
pub(crate) fn publication(
    wanted: &Wanted<'_>,
    version: ReleaseVersion,
    allow_rolled_back: bool,
    channel: &Channel,
) -> Result<Plan, Problem> {
    refuse_partial_upload(wanted.gh, channel)?;
    if let Some(live) = channel.live.as_ref().filter(|live| wanted.is_held_by(live)) {
        if channel::is_rolled_back(live) && !allow_rolled_back {
            return Err(refuse(
                wanted,
                version,
                "these bytes were rolled back: they are live only because nothing else was there".to_owned(),
                Fix::note("build a new version"),
            ));
        }
        return Ok(Plan::confirm_only());
    }
    let restore = channel.fallback().cloned();
    let refusal = if allow_rolled_back { None } else { rolled_back(wanted, version, channel) };
    if let Some(refusal) = refusal.or_else(|| foreign_upload(wanted, channel)) {
        return Ok(Plan { restore, refusal: Some(refusal), ..Plan::default() });
    }
    if restore.as_ref().is_some_and(|asset| wanted.is_held_by(asset)) {
        return Ok(Plan { restore, ..Plan::confirm_only() });
    }
    let mut plan = staging(wanted, channel);
    plan.retire_as = match &restore {
        Some(asset) => asset_names::after_restore(wanted.artifact, &asset.name),
        None => asset_names::previous(wanted.artifact),
    };
    // A rolled-back asset is no rollback candidate, although it is live at the moment.
    if let Some(sha256) = channel.live.as_ref().filter(|live| channel::is_rolled_back(live)).and_then(Asset::sha256) {
        plan.retire_as = asset_names::rolled_back(wanted.artifact, sha256);
    }
    let has_the_name = |asset: &&Asset| asset.name == plan.retire_as;
    let named = channel.previous.iter().chain(&channel.rolled_back).find(has_the_name);
    plan.blocking = named.filter(|_| channel.live.is_some()).cloned();
    plan.retire = channel.live.clone().or_else(|| restore.clone());
    plan.restore = restore;
    Ok(plan)
}

/// Refuses bytes that were rolled back, and a version that clients on the rolled-back build would not follow.
fn rolled_back(wanted: &Wanted<'_>, version: ReleaseVersion, channel: &Channel) -> Option<Problem> {
    for asset in &channel.rolled_back {
        let said = asset_names::against(wanted.artifact, &asset.name, asset.label.as_deref(), asset.sha256(), (version, wanted.sha256));
        if let Some((against, because)) = said {
            let fix = match against {
                Against::Bytes => Fix::note("build a new version"),
                Against::Version(known) => {
                    Fix::note("give the build a higher version:").then_command(format!("nexy-version set {}", known.next()))
                }
            };
            return Some(refuse(wanted, version, because, fix));
        }
    }
    None
}

fn refuse(wanted: &Wanted<'_>, version: ReleaseVersion, because: String, fix: Fix) -> Problem {
    let fix = fix.then_note("if these bytes are right after all, with the reason:").then_command("make release ALLOW_ROLLED_BACK='REASON'");
    Problem::new(Exit::No, format!("{} {version} is not published", wanted.artifact), because, fix)
}

/// Refuses while an upload of another publication may be under way.
fn foreign_upload(wanted: &Wanted<'_>, channel: &Channel) -> Option<Problem> {
    let foreign = channel.staged.iter().find(|asset| wanted.is_foreign(channel, asset))?;
    Some(busy(wanted.gh, channel, foreign))
}
