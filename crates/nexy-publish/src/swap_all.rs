//! Swaps all artifacts, then confirms all of them; a failure undoes every swap. Also records what is live afterwards.

use crate::{
    fixes,
    job::Job,
    session::Session,
    signals::AS_BEFORE,
    steps::{confirm, swap},
};
use nexy_contract::{
    Exit, Fix, Problem, Record,
    record::{Artifact, Live, Previous},
};

/// Makes all staged artifacts live, or none.
pub(crate) fn swap_all(session: &Session<'_>, jobs: &mut [Job<'_>]) -> Result<(), Problem> {
    session.signals.defer();
    session.retry.extend_for_swap();
    session.github.lift_run_limit();
    let swapped = jobs.iter_mut().filter(|job| !job.plan.already_live).try_for_each(|job| swap::apply(session, job));
    let is_swapped = jobs.iter().any(|job| job.swapped_at.is_some());
    session.signals.allow(if is_swapped {
        "users have what was made live a moment ago; it was downloaded and compared before"
    } else {
        AS_BEFORE
    });
    let confirmed = swapped.and_then(|()| jobs.iter().try_for_each(|job| confirm::apply(session, job)));
    let Err(problem) = confirmed else {
        return Ok(());
    };
    if jobs.iter().all(|job| job.swapped_at.is_none()) {
        return Err(problem);
    }
    session.signals.defer();
    let not_undone: Vec<Problem> = jobs.iter_mut().rev().filter_map(|job| swap::undo(session, job).err()).collect();
    session.signals.allow(if not_undone.is_empty() { AS_BEFORE } else { "users have what the lines above say" });
    let needs_person: Vec<Problem> =
        std::iter::once(problem.clone()).filter(|problem| problem.exit == Exit::NeedsPerson).chain(not_undone).collect();
    if needs_person.is_empty() {
        let had = if jobs.iter().any(|job| job.plan.retire.is_some()) {
            "users have the old artifacts again"
        } else {
            "nothing is live, as before"
        };
        return Err(Problem { what: format!("{had}; {}", problem.what), ..problem }.ending(Exit::PutBack));
    }
    let joined = |part: fn(&Problem) -> &str, by: &str| needs_person.iter().map(part).collect::<Vec<_>>().join(by);
    let exit = Exit::gravest(needs_person.iter().map(|problem| problem.exit)).unwrap_or(Exit::NeedsPerson);
    Err(Problem::new(
        exit,
        joined(|problem| &problem.what, "; "),
        joined(|problem| &problem.because, "; "),
        needs_person.iter().fold(Fix::none(), |fix, problem| fix.then(&problem.fix)),
    ))
}

/// Records what is live now, and the confirmed signatures.
pub(crate) fn record_live(session: &Session<'_>, record: &mut Record, jobs: &[Job<'_>]) -> Result<(), Problem> {
    for job in jobs {
        let artifact = Artifact { live: Some(live(session, job)?), ..job.artifact.clone() };
        match record.artifacts.iter_mut().find(|known| known.name == artifact.name) {
            Some(known) => *known = artifact,
            None => record.artifacts.push(artifact),
        }
        record.set_signature(&job.artifact.name, job.signature.as_ref());
    }
    Ok(())
}

/// What this run has confirmed as live.
fn live(session: &Session<'_>, job: &Job<'_>) -> Result<Live, Problem> {
    let (asset, before) = match job.swapped_at {
        Some(_) => (job.staged.as_ref(), job.plan.retire.as_ref().map(|old| (old, &job.plan.retire_as))),
        None => (job.channel.live.as_ref(), job.channel.previous.as_ref().map(|old| (old, &old.name))),
    };
    let asset = asset.ok_or_else(|| fixes::bug("nothing is live after a publication"))?;
    Ok(Live {
        url: session.target.public_url(job.row),
        asset_id: asset.id,
        size_bytes: job.artifact.size_bytes,
        sha256: job.artifact.sha256,
        previous: before.map(|(asset, name)| Previous {
            asset_id: asset.id,
            name: name.clone(),
            size_bytes: asset.size,
            sha256: asset.sha256(),
        }),
        changed: job.changed_at().is_some(),
        swapped_at: job.changed_at(),
    })
}
