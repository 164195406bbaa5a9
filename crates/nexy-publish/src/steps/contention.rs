//! Two publications of one channel: this run backs off and deletes its own upload only, or finds out where its upload went.

use super::asset_ops;
use crate::{
    fixes,
    job::Job,
    plan::{
        self,
        channel::{self, Channel},
    },
    session::Session,
};
use nexy_contract::{Exit, Problem};
use nexy_outside::net::github::{Asset, GithubError};

/// Backs off, because another upload was earlier than ours.
pub(crate) fn back_off(session: &Session<'_>, job: &mut Job<'_>, now: &Channel, earlier: &Asset) -> Problem {
    let problem = plan::busy(session.gh(), now, earlier);
    match job.staged.take().filter(|_| job.uploaded_here) {
        None => problem,
        Some(ours) => match asset_ops::delete(session, &job.release, &ours) {
            Ok(()) => Problem { because: format!("{}; this run's own upload was deleted again", problem.because), ..problem },
            Err(error) => Problem {
                because: format!("{}; this run's own upload {} could not be deleted: {}", problem.because, ours.name, error.because),
                ..problem
            },
        },
    }
}

/// Whether this run may delete an upload: it is its own, or of this machine, or so old that no run works on it any more.
pub(crate) fn may_delete(session: &Session<'_>, job: &Job<'_>, asset: &Asset) -> bool {
    job.uploaded_here
        || session.machine_tag(&job.artifact.channel).is_some_and(|machine_tag| channel::has_machine_tag(asset, machine_tag))
        || job.channel.is_settled(asset)
}

/// Finds out why the staged asset has no public URL. When another publication of the same bytes has made it live, nothing is
/// left to do. When it was deleted or renamed, another run or person is at work. Else GitHub is slow.
pub(crate) fn locate_staged(session: &Session<'_>, job: &mut Job<'_>, staged: &Asset, error: &GithubError) -> Result<(), Problem> {
    let place = format!("{}/{}", job.artifact.channel, staged.name);
    let now = session
        .list(&job.release, &job.artifact.name)
        .map_err(|error| error.problem(format!("nothing was swapped: cannot determine where {place} is")).ending(Exit::CouldNotLook))?;
    if now.live.as_ref().is_some_and(|live| channel::holds(live, job.artifact.size_bytes, job.artifact.sha256)) {
        session.common.note(&format!("another run has made {} live with these bytes meanwhile", job.place()));
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
        Some(asset) => format!("another run or person has renamed it to {} meanwhile", asset.name),
        None => "another run or person has deleted it meanwhile".to_owned(),
    };
    Err(Problem::new(
        Exit::Busy,
        format!("nothing was swapped: {place} is gone"),
        because,
        fixes::look("agree who publishes, then run the same pipeline again; look with:"),
    ))
}
