//! Somebody else was first: this run takes its own upload away again, and nothing else; or they took it, and it is looked for.

use super::{Job, Scene, change};
use crate::{
    channel::{self, Channel},
    plan,
};
use nexy_contract::{Exit, Problem};
use nexy_outside::github::{Asset, GithubError};

/// Gives way to the upload that was there before ours.
pub(crate) fn give_way(scene: &Scene<'_>, job: &mut Job<'_>, now: &Channel, first: &Asset) -> Problem {
    let problem = plan::busy(scene.by_hand(), now, first);
    match job.staged.take().filter(|_| job.uploaded_here) {
        None => problem,
        Some(ours) => match change::remove(scene, &job.release, &ours) {
            Ok(()) => Problem { because: format!("{}; this run's own upload was removed again", problem.because), ..problem },
            Err(error) => Problem {
                because: format!("{}; this run's own upload {} could not be removed: {}", problem.because, ours.name, error.because),
                ..problem
            },
        },
    }
}

/// Whether this run may remove an upload: it is its own, of its machine, or so old that nobody can be at work with it.
pub(crate) fn may_remove(scene: &Scene<'_>, job: &Job<'_>, asset: &Asset) -> bool {
    job.uploaded_here
        || scene.mark(&job.artifact.channel).is_some_and(|mark| channel::is_of_mark(asset, mark))
        || job.channel.is_settled(asset)
}

/// What was to go live has no public address. Another publication of the same bytes may have made it live: then nothing is left to
/// do. A person may have removed or renamed it: then somebody else is at work. Or GitHub is slow.
pub(crate) fn where_it_went(scene: &Scene<'_>, job: &mut Job<'_>, staged: &Asset, error: &GithubError) -> Result<(), Problem> {
    let place = format!("{}/{}", job.artifact.channel, staged.name);
    let now = scene
        .list(&job.release, &job.artifact.name)
        .map_err(|error| error.problem(format!("nothing was swapped: cannot look where {place} is")).ending(Exit::CouldNotLook))?;
    if now.live.as_ref().is_some_and(|live| channel::holds(live, job.artifact.size_bytes, job.artifact.sha256)) {
        scene.common.note(&format!("somebody else has made {} live with these bytes meanwhile", job.place()));
        job.plan.already_live = true;
        job.staged = None;
        job.channel = now;
        return Ok(());
    }
    let because = match now.find(staged.id) {
        Some(asset) if asset.name == staged.name => {
            return Err(error
                .problem(format!("nothing was swapped: cannot download {place}, though GitHub lists it"))
                .ending(Exit::CouldNotLook));
        }
        Some(asset) => format!("somebody else has renamed it to {} meanwhile", asset.name),
        None => "somebody else has removed it meanwhile".to_owned(),
    };
    Err(Problem::new(
        Exit::Busy,
        format!("nothing was swapped: {place} is gone"),
        because,
        "agree who publishes, then run the same pipeline again; look with:\nnexy-publish show",
    ))
}
