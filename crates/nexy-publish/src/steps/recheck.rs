//! Rechecks the channel right before each change, so that the work of another run or person is never undone.

use super::contention;
use crate::{
    fixes,
    job::{Job, Operation},
    plan::{asset_names, channel::Channel},
    session::Session,
};
use nexy_contract::{Exit, Problem};
use nexy_outside::net::github::Asset;

/// Waits for GitHub's pause between changes, and compares the channel, unless a listing was the last call of this run.
///
/// # Errors
/// Exit 75 when the channel has changed, or another upload was earlier.
pub(crate) fn before_change(session: &Session<'_>, job: &mut Job<'_>) -> Result<(), Problem> {
    session.retry.pause_before_change();
    if session.github.calls() == job.channel.calls {
        return Ok(());
    }
    let now = session
        .list(&job.release, &job.artifact.name)
        .map_err(|error| error.problem("nothing was swapped: cannot list the channel again"))?;
    unchanged(job, &now)?;
    if let Some(earlier) = earlier_upload(session, job, &now).cloned() {
        return Err(contention::back_off(session, job, &now, &earlier));
    }
    job.channel = now;
    Ok(())
}

/// Holds that nothing has changed under the names that this run deals with.
///
/// # Errors
/// Exit 75.
pub(crate) fn unchanged(job: &Job<'_>, now: &Channel) -> Result<(), Problem> {
    match difference(job, now) {
        None => Ok(()),
        Some(because) => Err(Problem::new(
            Exit::Busy,
            "nothing was swapped: another run or person changed the channel meanwhile",
            because,
            fixes::look_and_start_over(),
        )),
    }
}

/// What has changed under the names that this run deals with.
fn difference(job: &Job<'_>, now: &Channel) -> Option<String> {
    let same = |before: Option<&Asset>, now: Option<&Asset>| {
        let id = |asset: Option<&Asset>| asset.map(|asset| asset.id);
        let digests = before.and_then(Asset::sha256).zip(now.and_then(Asset::sha256));
        id(before) == id(now) && digests.is_none_or(|(before, now)| before == now)
    };
    let (artifact, before) = (&job.artifact.name, &job.channel);
    let previous = asset_names::previous(artifact);
    let staged = job.staged.as_ref();
    let still = staged.and_then(|staged| now.find(staged.id).filter(|asset| asset.name == staged.name));
    if !same(before.live.as_ref(), now.live.as_ref()) {
        Some(format!("{artifact} is another asset now than before"))
    } else if !same(before.previous.as_ref(), now.previous.as_ref()) {
        Some(format!("{previous} is another asset now than before"))
    } else if let Some(staged) = staged.filter(|staged| !same(Some(staged), still)) {
        Some(format!("the staged upload {} is gone or was replaced", staged.name))
    } else {
        let needed = [&job.plan.blocking, &job.plan.restage].into_iter().flatten();
        needed.filter(|asset| !has(now, asset)).map(|gone| format!("{} is gone or was replaced", gone.name)).next()
    }
}

fn has(now: &Channel, asset: &Asset) -> bool {
    now.previous.iter().chain(&now.rolled_back).any(|other| other.id == asset.id && other.name == asset.name)
}

/// The upload of another publication that GitHub has received before ours, which therefore goes on. Both runs see the same
/// ids, so exactly one of them backs off. A rollback does not wait for publications.
fn earlier_upload<'b>(session: &Session<'_>, job: &Job<'_>, now: &'b Channel) -> Option<&'b Asset> {
    if job.operation == Operation::Rollback {
        return None;
    }
    let wanted = session.wanted(job.row, job.artifact.size_bytes, job.artifact.sha256);
    let ours = job.staged.as_ref().map(|asset| asset.id);
    now.staged.iter().find(|asset| wanted.is_foreign(now, asset) && ours != Some(asset.id) && ours.is_none_or(|ours| asset.id < ours))
}
