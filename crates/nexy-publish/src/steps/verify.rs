//! The staged bytes come back through their public URL, without a token, and are compared (S2 §4.1).

use super::{Job, Scene};
use crate::names;
use nexy_contract::{Exit, Problem};
use nexy_outside::{
    clock,
    github::{Downloaded, GithubError, Kind},
};
use std::time::{Duration, Instant};

/// Downloads the staged artifact as a user would, and removes it when it holds other bytes.
pub(crate) fn apply(scene: &Scene<'_>, job: &Job<'_>) -> Result<(), Problem> {
    let Some(staged) = &job.staged else {
        return Err(Problem::new(Exit::Bug, "nothing is staged", "", "report this as a bug"));
    };
    let name = names::staged(&job.artifact.name, job.artifact.sha256);
    let url = scene.target.public_asset_url(&job.artifact.channel, &name);
    scene.common.note("Verifying uploaded artifact from release URL...");
    let because = match download(scene, job, &name) {
        Ok(found) => {
            scene.common.note(&format!("Remote size: {} bytes", found.size_bytes));
            scene.common.note(&format!("Remote SHA256: {}", found.sha256));
            if found.size_bytes == job.artifact.size_bytes && found.sha256 == job.artifact.sha256 {
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
        Err(error) => {
            let mut problem = error.problem(format!("cannot download {url}, so nothing was swapped"));
            if error.kind == Kind::NotFound {
                "somebody else may have taken it away: nexy-publish show, then run the whole pipeline again".clone_into(&mut problem.fix);
            }
            return Err(problem.ending(Exit::CouldNotLook));
        }
    };
    scene.patience.before_change();
    scene
        .patience
        .ask(|| scene.github.delete(staged.id))
        .map_err(|error| error.problem("cannot remove the staged file, which holds other bytes"))?;
    Err(Problem::new(
        Exit::PutBack,
        format!("the upload of {} came back changed and was removed; users still get the old one", job.artifact.name),
        because,
        "check the network and the proxy between here and GitHub, then run the same pipeline again",
    ))
}

/// A new asset may take a while until its public URL is known.
fn download(scene: &Scene<'_>, job: &Job<'_>, name: &str) -> Result<Downloaded, GithubError> {
    let deadline = Instant::now() + Duration::from_secs(scene.target.limits.public_url_wait_s);
    let mut wait = Duration::from_millis(250);
    loop {
        let asked = scene.patience.ask(|| scene.github.download(&job.artifact.channel, name, job.artifact.size_bytes + 1, &mut |_| ()));
        match asked {
            Err(error) if error.kind == Kind::NotFound && Instant::now() + wait < deadline => clock::pause(wait),
            answer => return answer,
        }
        wait = (wait * 2).min(Duration::from_secs(5));
    }
}
