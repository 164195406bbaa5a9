//! What was live the time before gives up its name, and goes only when the new artifact is confirmed. Until then a publication
//! that fails gives it back, and a rollback on another machine still finds it, by its id.

use super::{Job, Scene, again, change, revive};
use crate::{channel, names, names::Place};
use nexy_contract::{Exit, Problem};
use nexy_outside::{
    github::{Asset, Kind},
    stdio,
};

/// Frees the name that the live artifact is going to get. An artifact that holds the same bytes as another one that was rolled
/// back is needed by nobody; everything else is moved aside.
pub(crate) fn make(scene: &Scene<'_>, job: &mut Job<'_>) -> Result<(), Problem> {
    let Some(older) = job.plan.make_room.clone() else {
        return Ok(());
    };
    scene.patience.before_change();
    again::look(scene, job)?;
    let what = || format!("nothing was swapped: cannot free the name {}", older.name);
    if names::place(&job.artifact.name, &older.name) == Place::Bad {
        change::remove(scene, &job.release, &older).map_err(|error| error.problem(what()))?;
        job.channel.bad.retain(|asset| asset.id != older.id);
    } else {
        let name = names::aside(&job.artifact.name, older.id);
        let moved = change::rename(scene, &job.release, older.id, &name, &label(scene, job, &older)).map_err(|failed| {
            let problem = failed.error.problem(what());
            if failed.error.kind == Kind::NotFound { gone(problem) } else { problem }
        })?;
        job.channel.previous = None;
        job.channel.aside.insert(0, moved);
        job.aside = Some(older);
    }
    job.plan.make_room = None;
    Ok(())
}

fn gone(problem: Problem) -> Problem {
    let because = "somebody else has removed it a moment ago".to_owned();
    let fix = "look at the channel, then run the whole pipeline again:\nnexy-publish show".to_owned();
    Problem { because, fix, ..problem }.ending(Exit::Busy)
}

/// With the mark of this machine, so that the next run here knows that nobody is at work with it.
fn label(scene: &Scene<'_>, job: &Job<'_>, asset: &Asset) -> String {
    let label = asset.label.clone().unwrap_or_default();
    match scene.mark(&job.artifact.channel) {
        Some(mark) => names::aside_label(&job.artifact.name, &label, mark),
        None => label,
    }
}

/// Nothing was swapped, or it was taken back: what was moved aside gets back the name under which a rollback finds it.
///
/// # Errors
/// Exit 4 when users have no download, because somebody else was just giving them this very artifact, and it cannot be
/// given back.
pub(crate) fn give_back(scene: &Scene<'_>, job: &mut Job<'_>) -> Result<(), Problem> {
    let Some(older) = job.aside.take() else {
        return Ok(());
    };
    let label = older.label.clone().unwrap_or_default();
    let now = scene.list(&job.release, &job.artifact.name).ok();
    let was_rolled_back = |asset: &Asset| names::place(&job.artifact.name, &asset.name) == Place::Bad;
    let retired = now.as_ref().zip(job.channel.live.as_ref()).and_then(|(now, live)| now.find(live.id));
    if now.as_ref().is_some_and(|now| now.live.is_none()) && retired.is_some_and(was_rolled_back) {
        // Somebody has rolled back to it in the moment in which it was moved.
        return match change::rename(scene, &job.release, older.id, &job.artifact.name, &label) {
            Ok(_) => {
                scene.common.note(&format!("{} is live, as somebody else wanted it a moment ago", older.name));
                Ok(())
            }
            Err(failed) => Err(revive::missing(scene, job, older.id, &failed.error)),
        };
    }
    // It may be somebody else's by now.
    let found = match &now {
        Some(now) => now.find(older.id).cloned(),
        None => scene.github.asset(older.id).ok().flatten(),
    };
    let is_aside = found.is_some_and(|asset| asset.name == names::aside(&job.artifact.name, older.id));
    let is_free = now.as_ref().is_none_or(|now| now.previous.is_none());
    if is_aside && is_free && change::rename(scene, &job.release, older.id, &older.name, &label).is_err() {
        stdio::note(&format!(
            "nexy-publish: {} could not get its name back, and a rollback finds it as {}; {}\n{}",
            older.name,
            names::aside(&job.artifact.name, older.id),
            scene.by_hand().token(),
            scene.by_hand().rename(older.id, &older.name)
        ));
    }
    Ok(())
}

/// The new artifact is live and confirmed: what was moved aside for it, by this run or by one that was cut off, is removed. Nobody
/// waits for this, and nothing is asked twice: what stays is a leftover.
pub(crate) fn tidy(scene: &Scene<'_>, job: &mut Job<'_>) {
    let own = job.aside.take().map(|asset| asset.id);
    if own.is_none() && job.channel.aside.is_empty() {
        return;
    }
    scene.patience.before_change();
    let Ok(now) = scene.github.listing(job.release.id).map(|listing| channel::sort(&job.artifact.name, listing)) else {
        return left(job, "the channel could not be looked at");
    };
    let ours = job.staged.as_ref().filter(|_| job.swapped_at.is_some()).or(job.channel.live.as_ref());
    if now.live.as_ref().map(|live| live.id) != ours.map(|ours| ours.id) {
        return stdio::note(&format!(
            "nexy-publish: somebody else has changed {} since it was confirmed; look with:\nnexy-publish show",
            job.place()
        ));
    }
    let of_this_machine = |asset: &Asset| scene.mark(&job.artifact.channel).is_some_and(|mark| channel::is_of_mark(asset, mark));
    let needless = |asset: &&Asset| own == Some(asset.id) || of_this_machine(asset) || now.is_settled(asset);
    // Without another one, it is what a rollback returns to.
    for asset in now.aside.iter().filter(needless).filter(|_| now.previous.is_some()) {
        scene.patience.before_change();
        scene.patience.changed();
        if let Err(error) = scene.github.delete(asset.id) {
            left(job, &error.because);
        }
    }
}

fn left(job: &Job<'_>, because: &str) {
    stdio::note(&format!(
        "nexy-publish: an older {} stays on the channel {}: {because}; nexy-publish clean removes it later",
        job.artifact.name, job.artifact.channel
    ));
}
