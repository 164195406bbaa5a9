//! Downloads the bytes that are to go live from their public URL, without a token, and compares them (S2 §4.1).

use super::{asset_ops, contention, download};
use crate::{fixes, job::Job, session::Session};
use nexy_contract::{Exit, Fix, Problem};
use nexy_outside::net::github::{Asset, Kind};

/// Verifies the staged upload, and deletes it when it holds other bytes.
pub(crate) fn upload(session: &Session<'_>, job: &mut Job<'_>) -> Result<(), Problem> {
    let Some(staged) = job.staged.clone() else {
        return Err(fixes::bug("nothing is staged"));
    };
    let url = session.target.public_asset_url(&job.artifact.channel, &staged.name);
    session.common.note("Verifying uploaded artifact from release URL...");
    let because = match download::whole(session, &job.artifact.channel, &staged.name, job.artifact.size_bytes) {
        Ok(found) => {
            if found.is_wanted(session, job) {
                return Ok(());
            }
            format!(
                "{url} serves {} bytes {}, sent were {} bytes {}",
                found.size_bytes,
                found.sha256.short(),
                job.artifact.size_bytes,
                job.artifact.sha256.short()
            )
        }
        Err(error) if error.kind == Kind::TooLarge => error.because,
        Err(error) if error.kind == Kind::NotFound => return contention::locate_staged(session, job, &staged, &error),
        Err(error) => return Err(error.problem(format!("cannot download {url}, so nothing was swapped")).ending(Exit::CouldNotLook)),
    };
    Err(delete(session, job, &staged, because))
}

/// Deletes the upload, unless another run may be about to make it live.
fn delete(session: &Session<'_>, job: &mut Job<'_>, staged: &Asset, because: String) -> Problem {
    let by_hand = session.gh().delete(staged.id).then_note("then run the same pipeline again");
    if !contention::may_delete(session, job, staged) {
        let what = format!("{} came back changed, and is left alone: this run has not uploaded it", staged.name);
        return Problem::new(Exit::No, what, because, Fix::note("when no other publication is running, delete it:").then(by_hand));
    }
    session.retry.pause_before_change();
    match asset_ops::delete(session, &job.release, staged) {
        Ok(()) => {
            job.staged = None;
            Problem::new(
                Exit::PutBack,
                format!("the upload of {} came back changed and was deleted; users still get the old one", job.artifact.name),
                because,
                Fix::note("check the network and the proxy between here and GitHub, then run the same pipeline again"),
            )
        }
        Err(error) => error.problem(format!("cannot delete the staged file, which holds other bytes ({because})")).doing(by_hand),
    }
}

/// Verifies what a rollback makes live: an upload of this run, an asset of the channel, or what is live already.
pub(crate) fn rollback(session: &Session<'_>, job: &mut Job<'_>) -> Result<(), Problem> {
    if job.file.is_some() && !job.plan.already_live {
        return upload(session, job);
    }
    let name = match (&job.staged, job.plan.already_live) {
        (_, true) => job.artifact.name.clone(),
        (Some(source), false) => source.name.clone(),
        (None, false) => return Err(fixes::bug("there is nothing to go back to")),
    };
    session.common.note(&format!("Verifying {}/{name} from release URL...", job.artifact.channel));
    let downloaded = download::whole(session, &job.artifact.channel, &name, job.artifact.size_bytes);
    let found = match (downloaded, job.staged.clone()) {
        (Ok(found), _) => found,
        (Err(error), Some(source)) if error.kind == Kind::NotFound && !job.plan.already_live => {
            contention::locate_staged(session, job, &source, &error)?;
            return rollback(session, job);
        }
        (Err(error), _) => {
            return Err(error.problem(format!("cannot download {name}, so nothing was rolled back")).ending(Exit::CouldNotLook));
        }
    };
    if !found.is_wanted(session, job) {
        return Err(Problem::new(
            Exit::No,
            format!("{name} is damaged, so nothing was rolled back"),
            format!(
                "it serves {} bytes {}, GitHub knows {} bytes {}",
                found.size_bytes,
                found.sha256.short(),
                job.artifact.size_bytes,
                job.artifact.sha256.short()
            ),
            fixes::roll_back_to_a_file(),
        ));
    }
    job.tail = found.tail;
    Ok(())
}
