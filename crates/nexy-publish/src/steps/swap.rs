//! Swaps one artifact with two renames: the live asset gives up the live name, and the staged one gets it. A second rename
//! that fails is undone at once.

use super::{
    asset_ops::{self, NotRenamed},
    park_previous, recheck, restore_live,
};
use crate::{
    fixes,
    job::Job,
    plan::{
        asset_names,
        channel::{self, Channel},
    },
    session::Session,
};
use nexy_contract::{Exit, Fix, Problem};
use nexy_outside::{
    clock,
    frame::stdio,
    net::github::{Asset, GithubError, Kind},
};

/// Swaps one artifact. The channel is rechecked first, because minutes have passed since the plan was made.
pub(crate) fn apply(session: &Session<'_>, job: &mut Job<'_>) -> Result<(), Problem> {
    refuse_when_stopped(session)?;
    let Some(staged) = job.staged.clone() else {
        return Err(fixes::bug("nothing is staged"));
    };
    match park_previous::park(session, job).and_then(|()| two_renames(session, job, &staged)) {
        Err(problem) if problem.exit != Exit::NeedsPerson => Err(park_previous::unpark(session, job).err().unwrap_or(problem)),
        swapped => swapped,
    }
}

fn two_renames(session: &Session<'_>, job: &mut Job<'_>, staged: &Asset) -> Result<(), Problem> {
    recheck::before_change(session, job)?;
    if let Some(live) = job.plan.retire.clone()
        && let Err(failed) = asset_ops::rename_to(session, &job.release, &live, &job.plan.retire_as)
    {
        return match failed.may_have_happened {
            true => put_back(session, job, &live, &failed.error),
            false => Err(first_rename_refused(job, &failed.error)),
        };
    }
    // No pause here, because users have no download until the next rename.
    match asset_ops::rename_without_long_wait(session, &job.release, staged.id, &job.artifact.name, &job.label()) {
        Ok(_) => {
            note_live(session, job);
            Ok(())
        }
        Err(failed) => second_rename_failed(session, job, &failed),
    }
}

/// Takes the new asset off the live name and puts the old one back.
pub(crate) fn undo(session: &Session<'_>, job: &mut Job<'_>) -> Result<(), Problem> {
    if job.swapped_at.take().is_none() {
        return Ok(());
    }
    let Some(staged) = job.staged.clone() else {
        return Ok(());
    };
    // One request without retries: users wait. A publication by another machine stays, and ours is what it would go back to.
    let listing = session.github.listing(job.release.id).map(|listing| channel::sort(&job.artifact.name, listing));
    match &listing {
        Ok(Channel { live: Some(live), .. }) if live.id != staged.id => return Err(published_by_another(job, live)),
        _ => {}
    }
    // When nothing is live, another person has taken the new asset away, and users wait for the old one.
    let is_off = listing.is_ok_and(|listing| listing.live.is_none());
    if !is_off && let Err(failed) = asset_ops::rename_back(session, &job.release, &staged) {
        // Another publication may have replaced the new asset meanwhile; then it is not touched.
        return match now(session, job) {
            Ok(Channel { live: Some(live), .. }) if live.id != staged.id => Err(published_by_another(job, &live)),
            // The new asset was taken away a moment ago.
            Ok(Channel { live: None, .. }) => put_old_back(session, job),
            _ => Err(cannot_take_back(session, job, &staged, &failed.error)),
        };
    }
    put_old_back(session, job)
}

/// Gives the live name, which is free, to the old asset.
fn put_old_back(session: &Session<'_>, job: &mut Job<'_>) -> Result<(), Problem> {
    if let Some(old) = job.plan.retire.clone()
        && let Err(failed) = asset_ops::rename_to(session, &job.release, &old, &job.artifact.name)
    {
        return match now(session, job) {
            Ok(Channel { live: Some(live), .. }) if live.id == old.id => park_previous::unpark(session, job),
            Ok(Channel { live: Some(live), .. }) => Err(published_by_another(job, &live)),
            _ => Err(restore_live::missing(session, job, old.id, &failed.error)),
        };
    }
    session.common.note(&format!("{} is as it was before", job.place()));
    park_previous::unpark(session, job)
}

/// Refuses to swap when the answer has no reader any more, or the operator has asked to stop.
fn refuse_when_stopped(session: &Session<'_>) -> Result<(), Problem> {
    let because = if stdio::reader_left() {
        "standard output has no reader any more: the next command of the pipeline has ended"
    } else if session.signals.asked_to_stop() {
        "a signal asked this program to stop"
    } else {
        return Ok(());
    };
    Err(Problem::new(
        Exit::CouldNotLook,
        "nothing was swapped",
        because,
        Fix::note("run the whole pipeline again; what was uploaded is used again"),
    ))
}

fn first_rename_refused(job: &Job<'_>, error: &GithubError) -> Problem {
    let problem = error.problem(format!("nothing was swapped: cannot rename {}", job.place()));
    if error.kind == Kind::AlreadyExists {
        return problem.doing(
            Fix::note(format!("another person or run has put {} there meanwhile; look at it:", job.plan.retire_as))
                .then_command("nexy-publish show"),
        );
    }
    problem
}

fn note_live(session: &Session<'_>, job: &mut Job<'_>) {
    job.swapped_at = Some(clock::now());
    session.common.note(&format!("live: {}", session.target.public_url(job.row)));
}

/// Gives the old asset the live name back, unless the name is taken.
fn second_rename_failed(session: &Session<'_>, job: &mut Job<'_>, failed: &NotRenamed) -> Result<(), Problem> {
    if (failed.may_have_happened || failed.error.kind == Kind::AlreadyExists)
        && let Ok(now) = now(session, job)
        && let Some(live) = &now.live
    {
        return live_name_is_taken(session, job, &now, live);
    }
    match job.plan.retire.clone() {
        Some(old) => put_back(session, job, &old, &failed.error),
        None if failed.may_have_happened => Err(Problem::new(
            Exit::NeedsPerson,
            format!("cannot determine whether {} is live now", job.place()),
            format!("{}: {}", failed.error.call, failed.error.because),
            fixes::look_and_start_over(),
        )),
        None => Err(failed.error.problem(format!("nothing is live as {}, as before", job.place()))),
    }
}

/// Gives the old asset the live name back, whether or not the first rename has happened.
fn put_back(session: &Session<'_>, job: &mut Job<'_>, old: &Asset, error: &GithubError) -> Result<(), Problem> {
    let Err(second) = asset_ops::rename_to(session, &job.release, old, &job.artifact.name) else {
        let put_back = error.problem(format!("{} was put back: the swap could not be finished", job.place()));
        return Err(put_back.ending(Exit::PutBack));
    };
    let now = now(session, job);
    match now.as_ref().map(|now| (now, now.live.as_ref())) {
        Ok((now, Some(live))) if live.id != old.id => live_name_is_taken(session, job, now, live),
        Ok((_, Some(_))) => Err(error.problem(format!("{} still is the old artifact", job.place())).ending(Exit::PutBack)),
        Ok((_, None)) => Err(restore_live::missing(session, job, old.id, &second.error)),
        Err(_) => Err(Problem {
            what: format!("cannot determine whether users have a {} right now", job.place()),
            ..restore_live::missing(session, job, old.id, &second.error)
        }),
    }
}

fn now(session: &Session<'_>, job: &Job<'_>) -> Result<Channel, GithubError> {
    session.list(&job.release, &job.artifact.name)
}

/// Decides who has the live name: our own asset, whose rename has happened after all, or the asset of another publication.
fn live_name_is_taken(session: &Session<'_>, job: &mut Job<'_>, now: &Channel, live: &Asset) -> Result<(), Problem> {
    if job.staged.as_ref().is_some_and(|staged| staged.id == live.id) {
        note_live(session, job);
        return Ok(());
    }
    // The other publication has replaced our old asset, so that is what a rollback returns to, also after a rollback of ours.
    if let (None, Some(old)) = (&now.previous, &job.plan.retire) {
        let previous = asset_names::previous(&job.artifact.name);
        let is_retired = now.find(old.id).is_some_and(|asset| asset.name == job.plan.retire_as);
        if is_retired && asset_ops::rename_to(session, &job.release, old, &previous).is_ok() {
            job.plan.retire_as = previous;
        }
    }
    Err(published_by_another(job, live))
}

/// Another publication was faster between the two renames; users have its artifact.
fn published_by_another(job: &Job<'_>, live: &Asset) -> Problem {
    let old = if job.plan.retire_as.is_empty() { asset_names::previous(&job.artifact.name) } else { job.plan.retire_as.clone() };
    Problem::new(
        Exit::Busy,
        format!("{} was published by another run meanwhile", job.place()),
        format!("the live name belongs to asset {} now ({})", live.id, live.label.as_deref().unwrap_or("no label")),
        Fix::note(format!("what was live before is {old} now"))
            .then(fixes::look("agree who publishes, then run the whole pipeline again; look with:")),
    )
}

/// The new asset could not be taken off the live name: both renames for the operator.
fn cannot_take_back(session: &Session<'_>, job: &Job<'_>, new: &Asset, error: &GithubError) -> Problem {
    let mut fix = session.gh().rename(new.id, &new.name);
    if let Some(old) = &job.plan.retire {
        fix = fix.then(session.gh().rename(old.id, &job.artifact.name));
    }
    Problem::new(
        Exit::NeedsPerson,
        format!("{} still is the new artifact, and could not be taken back", job.place()),
        format!("{}: {}", error.call, error.because),
        fix.then_command("nexy-publish show"),
    )
}
