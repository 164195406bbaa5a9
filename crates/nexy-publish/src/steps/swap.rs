//! Two renames make the staged artifact live; a second one that fails is undone at once.

use super::{Job, Scene, again, change, change::NotRenamed, revive, room};
use crate::{
    channel::{self, Channel},
    names,
};
use nexy_contract::{Exit, Problem};
use nexy_outside::{
    clock,
    github::{Asset, GithubError, Kind},
    stdio,
};

/// Swaps one artifact. What was seen before is looked at once more, since minutes have passed.
pub(crate) fn apply(scene: &Scene<'_>, job: &mut Job<'_>) -> Result<(), Problem> {
    still_wanted(scene)?;
    let Some(staged) = job.staged.clone() else {
        return Err(Problem::new(Exit::Bug, "nothing is staged", "", "report this as a bug"));
    };
    match room::make(scene, job).and_then(|()| two_renames(scene, job, &staged)) {
        Err(problem) if problem.exit != Exit::NeedsPerson => Err(room::give_back(scene, job).err().unwrap_or(problem)),
        swapped => swapped,
    }
}

fn two_renames(scene: &Scene<'_>, job: &mut Job<'_>, staged: &Asset) -> Result<(), Problem> {
    scene.patience.before_change();
    again::look(scene, job)?;
    if let Some(live) = job.plan.retire.clone() {
        let label = live.label.clone().unwrap_or_default();
        if let Err(failed) = change::rename(scene, &job.release, live.id, &job.plan.retire_as, &label) {
            return if failed.perhaps_moved { put_back(scene, job, &live, &failed.error) } else { Err(not_swapped(job, &failed.error)) };
        }
        // No pause here: until the next rename users have no download.
    }
    match change::rename_soon(scene, &job.release, staged.id, &job.artifact.name, &job.label()) {
        Ok(_) => {
            went_live(scene, job);
            Ok(())
        }
        Err(failed) => bring_back(scene, job, &failed),
    }
}

/// Takes the new artifact off the live name and puts the old one back.
pub(crate) fn undo(scene: &Scene<'_>, job: &mut Job<'_>) -> Result<(), Problem> {
    if job.swapped_at.take().is_none() {
        return Ok(());
    }
    let Some(staged) = job.staged.clone() else {
        return Ok(());
    };
    // Somebody may have published over it meanwhile: what is theirs stays, and ours is what they would go back to.
    let glance = scene.github.listing(job.release.id).map(|listing| channel::sort(&job.artifact.name, listing));
    match &glance {
        Ok(Channel { live: Some(live), .. }) if live.id != staged.id => return Err(somebody_elses(job, live)),
        _ => {}
    }
    // When nothing is live, somebody has taken ours away, and users wait for the old one.
    let is_off = glance.is_ok_and(|glance| glance.live.is_none());
    let label = staged.label.clone().unwrap_or_default();
    if !is_off && let Err(failed) = change::rename(scene, &job.release, staged.id, &staged.name, &label) {
        // Somebody may have published meanwhile; then nothing of ours is live any more, and theirs is not touched.
        return match now(scene, job) {
            Ok(Channel { live: Some(live), .. }) if live.id != staged.id => Err(somebody_elses(job, &live)),
            // It has gone a moment ago.
            Ok(Channel { live: None, .. }) => put_old_back(scene, job),
            _ => Err(still_new(scene, job, &staged, &failed.error)),
        };
    }
    put_old_back(scene, job)
}

/// The way back when the live name is free.
fn put_old_back(scene: &Scene<'_>, job: &mut Job<'_>) -> Result<(), Problem> {
    if let Some(old) = job.plan.retire.clone()
        && let Err(failed) = change::rename(scene, &job.release, old.id, &job.artifact.name, &old.label.clone().unwrap_or_default())
    {
        return match now(scene, job) {
            Ok(Channel { live: Some(live), .. }) if live.id == old.id => room::give_back(scene, job),
            Ok(Channel { live: Some(live), .. }) => Err(somebody_elses(job, &live)),
            _ => Err(revive::missing(scene, job, old.id, &failed.error)),
        };
    }
    scene.common.note(&format!("{} is as it was before", job.place()));
    room::give_back(scene, job)
}

/// Nobody is left to hear the answer, or somebody wants to stop: then nothing is swapped.
fn still_wanted(scene: &Scene<'_>) -> Result<(), Problem> {
    let because = if stdio::reader_left() {
        "nobody reads the answer any more: the next command of the pipeline has gone"
    } else if scene.signals.asked_to_stop() {
        "somebody asked to stop"
    } else {
        return Ok(());
    };
    Err(Problem::new(Exit::CouldNotLook, "nothing was swapped", because, "run the whole pipeline again; what was uploaded is used again"))
}

fn not_swapped(job: &Job<'_>, error: &GithubError) -> Problem {
    let problem = error.problem(format!("nothing was swapped: cannot rename {}", job.place()));
    if error.kind == Kind::AlreadyExists {
        return problem.doing(format!("somebody else has put {} there meanwhile; look at it:\nnexy-publish show", job.plan.retire_as));
    }
    problem
}

fn went_live(scene: &Scene<'_>, job: &mut Job<'_>) {
    job.swapped_at = Some(clock::now());
    scene.common.note(&format!("live: {}", scene.target.public_url(job.row)));
}

/// The second rename failed: the old artifact gets its name back, unless the name turns out to be taken.
fn bring_back(scene: &Scene<'_>, job: &mut Job<'_>, failed: &NotRenamed) -> Result<(), Problem> {
    if (failed.perhaps_moved || failed.error.kind == Kind::AlreadyExists)
        && let Ok(now) = now(scene, job)
        && let Some(live) = &now.live
    {
        return taken(scene, job, &now, live);
    }
    match job.plan.retire.clone() {
        Some(old) => put_back(scene, job, &old, &failed.error),
        None if failed.perhaps_moved => Err(Problem::new(
            Exit::NeedsPerson,
            format!("nobody can tell whether {} is live now", job.place()),
            format!("{}: {}", failed.error.call, failed.error.because),
            "look at the channel, then run the whole pipeline again:\nnexy-publish show",
        )),
        None => Err(failed.error.problem(format!("nothing is live as {}, as before", job.place()))),
    }
}

/// Gives the old artifact its name back.
fn put_back(scene: &Scene<'_>, job: &mut Job<'_>, old: &Asset, error: &GithubError) -> Result<(), Problem> {
    let label = old.label.clone().unwrap_or_default();
    let Err(second) = change::rename(scene, &job.release, old.id, &job.artifact.name, &label) else {
        let put_back = error.problem(format!("{} was put back: the swap could not be finished", job.place())).ending(Exit::PutBack);
        return Err(put_back);
    };
    let now = now(scene, job);
    match now.as_ref().map(|now| (now, now.live.as_ref())) {
        Ok((now, Some(live))) if live.id != old.id => taken(scene, job, now, live),
        Ok((_, Some(_))) => Err(error.problem(format!("{} is the old artifact still", job.place())).ending(Exit::PutBack)),
        Ok((_, None)) => Err(revive::missing(scene, job, old.id, &second.error)),
        Err(_) => Err(Problem {
            what: format!("nobody can tell whether users have a {} right now", job.place()),
            ..revive::missing(scene, job, old.id, &second.error)
        }),
    }
}

fn now(scene: &Scene<'_>, job: &Job<'_>) -> Result<Channel, GithubError> {
    scene.list(&job.release, &job.artifact.name)
}

/// The live name is taken: by our own artifact, whose rename has happened after all, or by somebody else's.
fn taken(scene: &Scene<'_>, job: &mut Job<'_>, now: &Channel, live: &Asset) -> Result<(), Problem> {
    if job.staged.as_ref().is_some_and(|staged| staged.id == live.id) {
        went_live(scene, job);
        return Ok(());
    }
    // It was not rolled back then, but replaced by somebody else's, and is what they can go back to.
    if let (None, Some(old)) = (&now.previous, &job.plan.retire) {
        let previous = names::previous(&job.artifact.name);
        let is_named = now.find(old.id).is_some_and(|asset| asset.name == job.plan.retire_as);
        if is_named && change::rename(scene, &job.release, old.id, &previous, &old.label.clone().unwrap_or_default()).is_ok() {
            job.plan.retire_as = previous;
        }
    }
    Err(somebody_elses(job, live))
}

/// Another publication was faster between the two renames; users have its artifact.
fn somebody_elses(job: &Job<'_>, live: &Asset) -> Problem {
    Problem::new(
        Exit::Busy,
        format!("{} was published by somebody else meanwhile", job.place()),
        format!("the live name belongs to asset {} now ({})", live.id, live.label.as_deref().unwrap_or("no label")),
        format!(
            "agree who publishes, then run the whole pipeline again; what was live before is {} now; look with:\nnexy-publish show",
            if job.plan.retire_as.is_empty() { names::previous(&job.artifact.name) } else { job.plan.retire_as.clone() }
        ),
    )
}

/// The new artifact could not be taken off the live name again: both renames for a person.
fn still_new(scene: &Scene<'_>, job: &Job<'_>, new: &Asset, error: &GithubError) -> Problem {
    let mut commands = scene.by_hand().rename(new.id, &new.name);
    if let Some(old) = &job.plan.retire {
        commands += &format!(" && {}", scene.by_hand().rename(old.id, &job.artifact.name));
    }
    Problem::new(
        Exit::NeedsPerson,
        format!("{} still is the new artifact, and could not be taken back", job.place()),
        format!("{}: {}", error.call, error.because),
        format!("{}\n{commands}\nnexy-publish show", scene.by_hand().token()),
    )
}
