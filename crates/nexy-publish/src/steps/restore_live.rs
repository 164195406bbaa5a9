//! Restores a download for users when nothing is live but the channel holds a fallback, before anything else happens.

use super::asset_ops;
use crate::{
    fixes,
    job::Job,
    plan::asset_names::{self, Slot},
    session::Session,
};
use nexy_contract::{Exit, Problem};
use nexy_outside::{
    clock,
    net::github::{GithubError, Kind},
};
use std::time::Duration;

/// Time for another run, which may be between its two renames, to finish.
const OTHER_SWAP: Duration = Duration::from_secs(2);

/// Restores every missing download, and only then returns the first refusal.
pub(crate) fn all(session: &Session<'_>, jobs: &mut [Job<'_>]) -> Result<(), Problem> {
    for job in jobs.iter_mut() {
        restore(session, job)?;
    }
    let refusal = jobs.iter_mut().find_map(|job| job.plan.refusal.take());
    let restored = jobs.iter().any(|job| job.restored_at.is_some());
    match refusal {
        Some(refusal) if restored => Err(Problem { what: format!("users have a download again; {}", refusal.what), ..refusal }),
        Some(refusal) => Err(refusal),
        None => Ok(()),
    }
}

/// Makes the fallback of the plan live, if still nothing is live.
fn restore(session: &Session<'_>, job: &mut Job<'_>) -> Result<(), Problem> {
    let Some(fallback) = job.plan.restore.clone() else {
        return Ok(());
    };
    session.github.lift_run_limit();
    let is_contended = job.plan.refusal.as_ref().is_some_and(|refusal| refusal.exit == Exit::Busy);
    if is_contended {
        clock::pause(OTHER_SWAP);
    }
    session.retry.pause_before_change();
    if session.github.calls() != job.channel.calls || is_contended {
        let what = || format!("nothing is live as {}, and the channel cannot be listed again", job.place());
        let now = session.list(&job.release, &job.artifact.name).map_err(|error| error.problem(what()))?;
        if now.live.is_some() || now.fallback() != Some(&fallback) {
            return Err(changed_meanwhile(job));
        }
    }
    let before = fallback.label.clone().unwrap_or_default();
    let label = match (job.plan.already_live, asset_names::slot(&job.artifact.name, &fallback.name)) {
        // These are the wanted bytes, so the label names their version.
        (true, _) => job.label(),
        // The label keeps the next publication from taking rolled-back bytes for published ones.
        (false, Slot::RolledBack) => asset_names::rolled_back_label(&job.artifact.name, &before),
        (false, _) => before,
    };
    let restored = asset_ops::rename(session, &job.release, fallback.id, &job.artifact.name, &label).map_err(|failed| {
        if failed.error.kind == Kind::AlreadyExists { changed_meanwhile(job) } else { missing(session, job, fallback.id, &failed.error) }
    })?;
    session.common.note(&format!("{} was missing: {} is live again", job.place(), fallback.name));
    if fallback.name == asset_names::previous(&job.artifact.name) {
        job.channel.previous = None;
    }
    job.channel.rolled_back.retain(|asset| asset.id != fallback.id);
    job.channel.live = Some(restored);
    job.restored_at = Some(clock::now());
    Ok(())
}

fn changed_meanwhile(job: &Job<'_>) -> Problem {
    Problem::new(
        Exit::Busy,
        format!("{} was missing a moment ago, and another run or person is working on it", job.place()),
        "the channel has changed meanwhile",
        fixes::look_and_start_over(),
    )
}

/// Users have no download, as far as GitHub says, and this tool cannot restore it: the exact command for the operator.
pub(crate) fn missing(session: &Session<'_>, job: &Job<'_>, id: u64, error: &GithubError) -> Problem {
    Problem::new(
        Exit::NeedsPerson,
        format!("users have no {} right now", job.place()),
        format!("{}: {}", error.call, error.because),
        session.gh().rename(id, &job.artifact.name).then_command("nexy-publish show"),
    )
}
