//! Nothing is live, but something is there that users can be given: they get it back before anything else happens.

use super::{Job, Scene, change};
use crate::names;
use nexy_contract::{Exit, Problem};
use nexy_outside::{clock, github::Kind};
use std::time::Duration;

/// So long somebody else, who may be between two renames, is given to finish.
const A_MOMENT: Duration = Duration::from_secs(2);

/// Gives users back what the plan names, if nothing is live still.
pub(crate) fn apply(scene: &Scene<'_>, job: &mut Job<'_>) -> Result<(), Problem> {
    let Some(reserve) = job.plan.revive.clone() else {
        return Ok(());
    };
    let others_upload = job.plan.refusal.as_ref().is_some_and(|refusal| refusal.exit == Exit::Busy);
    if others_upload {
        clock::pause(A_MOMENT);
    }
    scene.patience.before_change();
    if scene.github.calls() != job.channel.calls || others_upload {
        let what = || format!("nothing is live as {}, and nobody can look again", job.place());
        let now = scene.list(&job.release, &job.artifact.name).map_err(|error| error.problem(what()))?;
        if now.live.is_some() || now.reserve() != Some(&reserve) {
            return Err(meanwhile(job));
        }
    }
    // When it is what was wanted anyway, it gets the label that says so.
    let before = reserve.label.clone().unwrap_or_default();
    let is_bad = names::place(&job.artifact.name, &reserve.name) == names::Place::Bad;
    let label = match job.plan.already_live {
        true => job.label(),
        // It must not come back by this door without a reason.
        false if is_bad => names::rolled_back_label(&job.artifact.name, &before),
        false => before,
    };
    let revived = change::rename(scene, &job.release, reserve.id, &job.artifact.name, &label).map_err(|failed| {
        if failed.error.kind == Kind::AlreadyExists { meanwhile(job) } else { missing(scene, job, reserve.id, &failed.error) }
    })?;
    scene.common.note(&format!("{} was missing: {} is live again", job.place(), reserve.name));
    if reserve.name == names::previous(&job.artifact.name) {
        job.channel.previous = None;
    }
    job.channel.bad.retain(|asset| asset.id != reserve.id);
    job.channel.live = Some(revived);
    job.revived_at = Some(clock::now());
    Ok(())
}

fn meanwhile(job: &Job<'_>) -> Problem {
    Problem::new(
        Exit::Busy,
        format!("{} was missing a moment ago, and somebody else is at work there", job.place()),
        "the channel has changed meanwhile",
        "look at it, then run the whole pipeline again:\nnexy-publish show",
    )
}

/// Users have no download, as far as anybody can tell, and this tool cannot give it back: the exact command for a person.
pub(crate) fn missing(scene: &Scene<'_>, job: &Job<'_>, id: u64, error: &nexy_outside::github::GithubError) -> Problem {
    Problem::new(
        Exit::NeedsPerson,
        format!("users have no {} right now", job.place()),
        format!("{}: {}", error.call, error.because),
        format!("{}\n{}\nnexy-publish show", scene.by_hand().token(), scene.by_hand().rename(id, &job.artifact.name)),
    )
}
