//! The staged bytes come back through their public URL, without a token, and are compared (S2 §4.1).

use super::{Job, Scene, change, fetch, lost};
use nexy_contract::{Exit, Problem};
use nexy_outside::github::{Asset, Kind};

/// Downloads the staged artifact as a user would, and removes it when it holds other bytes.
pub(crate) fn apply(scene: &Scene<'_>, job: &mut Job<'_>) -> Result<(), Problem> {
    let Some(staged) = job.staged.clone() else {
        return Err(Problem::new(Exit::Bug, "nothing is staged", "", "report this as a bug"));
    };
    let url = scene.target.public_asset_url(&job.artifact.channel, &staged.name);
    scene.common.note("Verifying uploaded artifact from release URL...");
    let because = match fetch::whole(scene, &job.artifact.channel, &staged.name, job.artifact.size_bytes) {
        Ok(found) => {
            if found.is(scene, job) {
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
        Err(error) if error.kind == Kind::NotFound => return lost::where_it_went(scene, job, &staged, &error),
        Err(error) => return Err(error.problem(format!("cannot download {url}, so nothing was swapped")).ending(Exit::CouldNotLook)),
    };
    Err(remove(scene, job, &staged, because))
}

/// Takes the upload away, unless somebody else may be about to make it live.
fn remove(scene: &Scene<'_>, job: &mut Job<'_>, staged: &Asset, because: String) -> Problem {
    let by_hand = format!("{}\n{}\nthen run the same pipeline again", scene.by_hand().token(), scene.by_hand().delete(staged.id));
    if !lost::may_remove(scene, job, staged) {
        let what = format!("{} came back changed, and is left alone: this run has not uploaded it", staged.name);
        return Problem::new(Exit::No, what, because, format!("when nobody else is publishing, remove it\n{by_hand}"));
    }
    scene.patience.before_change();
    match change::remove(scene, &job.release, staged) {
        Ok(()) => {
            job.staged = None;
            Problem::new(
                Exit::PutBack,
                format!("the upload of {} came back changed and was removed; users still get the old one", job.artifact.name),
                because,
                "check the network and the proxy between here and GitHub, then run the same pipeline again",
            )
        }
        Err(error) => error.problem(format!("cannot remove the staged file, which holds other bytes ({because})")).doing(by_hand),
    }
}
