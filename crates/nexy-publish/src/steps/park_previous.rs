//! Parks the previous asset as `.old-<id>` and deletes it once the new one is confirmed, so that a failed publication still
//! finds it, and so does a rollback on another machine.

use super::{asset_ops, recheck, restore_live};
use crate::{
    fixes,
    job::Job,
    plan::{
        asset_names::{self, Slot},
        channel,
    },
    session::Session,
};
use nexy_contract::{Exit, Problem};
use nexy_outside::{
    frame::stdio,
    net::github::{Asset, Kind},
};

/// Frees the name that the retiring asset needs: deletes a rolled-back copy of the same bytes, and parks anything else.
pub(crate) fn park(session: &Session<'_>, job: &mut Job<'_>) -> Result<(), Problem> {
    let Some(older) = job.plan.blocking.clone() else {
        return Ok(());
    };
    recheck::before_change(session, job)?;
    let what = || format!("nothing was swapped: cannot free the name {}", older.name);
    if asset_names::slot(&job.artifact.name, &older.name) == Slot::RolledBack {
        asset_ops::delete(session, &job.release, &older).map_err(|error| error.problem(what()))?;
        job.channel.rolled_back.retain(|asset| asset.id != older.id);
    } else {
        let name = asset_names::parked(&job.artifact.name, older.id);
        let parked = asset_ops::rename(session, &job.release, older.id, &name, &label(session, job, &older)).map_err(|failed| {
            let problem = failed.error.problem(what());
            if failed.error.kind == Kind::NotFound { gone(problem) } else { problem }
        })?;
        job.channel.previous = None;
        job.channel.parked.insert(0, parked);
        job.parked = Some(older);
    }
    job.plan.blocking = None;
    Ok(())
}

fn gone(problem: Problem) -> Problem {
    let because = "another run or person has deleted it a moment ago".to_owned();
    Problem { because, ..problem }.ending(Exit::Busy).doing(fixes::look_and_start_over())
}

/// The label with the machine tag, which tells the next run on this machine that no other machine works on the asset.
fn label(session: &Session<'_>, job: &Job<'_>, asset: &Asset) -> String {
    let label = asset.label.clone().unwrap_or_default();
    match session.machine_tag(&job.artifact.channel) {
        Some(machine_tag) => asset_names::parked_label(&job.artifact.name, &label, machine_tag),
        None => label,
    }
}

/// Gives the parked asset its name back, because nothing was swapped, or the swap was undone.
///
/// # Errors
/// Exit 4 when users have no download, because a rollback was just making this very asset live, and it cannot be finished.
pub(crate) fn unpark(session: &Session<'_>, job: &mut Job<'_>) -> Result<(), Problem> {
    let Some(older) = job.parked.take() else {
        return Ok(());
    };
    session.github.lift_run_limit();
    let now = session.list(&job.release, &job.artifact.name).ok();
    let was_rolled_back = |asset: &Asset| asset_names::slot(&job.artifact.name, &asset.name) == Slot::RolledBack;
    let retired = now.as_ref().zip(job.channel.live.as_ref()).and_then(|(now, live)| now.find(live.id));
    if now.as_ref().is_some_and(|now| now.live.is_none()) && retired.is_some_and(was_rolled_back) {
        // Another machine has rolled back to this asset at the moment at which it was parked.
        return match asset_ops::rename_to(session, &job.release, &older, &job.artifact.name) {
            Ok(_) => {
                session.common.note(&format!("{} is live, because another run has rolled back to it a moment ago", older.name));
                Ok(())
            }
            Err(failed) => Err(restore_live::missing(session, job, older.id, &failed.error)),
        };
    }
    // Another run may use it by now.
    let found = match &now {
        Some(now) => now.find(older.id).cloned(),
        None => session.github.asset(older.id).ok().flatten(),
    };
    let parked_name = asset_names::parked(&job.artifact.name, older.id);
    let is_parked = found.is_some_and(|asset| asset.name == parked_name);
    let is_free = now.as_ref().is_none_or(|now| now.previous.is_none());
    if is_parked && is_free && asset_ops::rename_back(session, &job.release, &older).is_err() {
        stdio::note(&format!(
            "nexy-publish: {} could not get its name back, and a rollback finds it as {parked_name}\n{}",
            older.name,
            session.gh().rename(older.id, &older.name)
        ));
    }
    Ok(())
}

/// Deletes what was parked, by this run or by an interrupted one, once the new asset is live and confirmed. Nothing is
/// retried, because nothing depends on it: what stays is a leftover.
pub(crate) fn delete_parked(session: &Session<'_>, job: &mut Job<'_>) {
    let own = job.parked.take().map(|asset| asset.id);
    if own.is_none() && job.channel.parked.is_empty() {
        return;
    }
    session.retry.pause_before_change();
    let Ok(now) = session.github.listing(job.release.id).map(|listing| channel::sort(&job.artifact.name, listing)) else {
        return note_leftover(job, "the channel could not be listed");
    };
    let ours = job.staged.as_ref().filter(|_| job.swapped_at.is_some()).or(job.channel.live.as_ref());
    if now.live.as_ref().map(|live| live.id) != ours.map(|ours| ours.id) {
        return stdio::note(&format!(
            "nexy-publish: another run or person has changed {} since it was confirmed\n{}",
            job.place(),
            fixes::look("look at the channel:")
        ));
    }
    let machine_tag = session.machine_tag(&job.artifact.channel);
    let of_this_machine = |asset: &Asset| machine_tag.is_some_and(|tag| channel::has_machine_tag(asset, tag));
    let is_unneeded = |asset: &&Asset| own == Some(asset.id) || of_this_machine(asset) || now.is_settled(asset);
    // Without a previous asset, a parked one is what a rollback returns to.
    for asset in now.parked.iter().filter(is_unneeded).filter(|_| now.previous.is_some()) {
        session.retry.pause_before_change();
        session.retry.note_change();
        if let Err(error) = session.github.delete(asset.id) {
            note_leftover(job, &error.because);
        }
    }
}

fn note_leftover(job: &Job<'_>, because: &str) {
    stdio::note(&format!(
        "nexy-publish: an older {} stays on the channel {}: {because}; nexy-publish clean removes it later",
        job.artifact.name, job.artifact.channel
    ));
}
