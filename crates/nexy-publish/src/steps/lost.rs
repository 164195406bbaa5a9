//! Somebody else was first: this run takes its own upload away again, and nothing else.

use super::{Job, Scene, change};
use crate::{channel::Channel, plan};
use nexy_contract::Problem;
use nexy_outside::github::Asset;

/// Gives way to the upload that was there before ours.
pub(crate) fn give_way(scene: &Scene<'_>, job: &mut Job<'_>, now: &Channel, first: &Asset) -> Problem {
    let problem = plan::busy(&scene.target.repositories.artifacts, now, first);
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
        || scene.mark(&job.artifact.channel).is_some_and(|mark| crate::channel::is_of_mark(asset, mark))
        || job.channel.is_settled(asset)
}
