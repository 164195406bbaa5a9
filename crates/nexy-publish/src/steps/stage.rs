//! The bytes go up under a name that follows from them; whatever is live stays live.

use super::{Job, Scene};
use crate::{
    channel, names,
    patience::{self},
};
use nexy_contract::{Exit, Problem};
use nexy_outside::github::{Asset, GithubError, Kind};

const AGAIN: &str = "run the same pipeline again; what was live is still live";

/// Puts the new bytes beside what is live; an upload of an earlier run is used again when it can be.
pub(crate) fn apply(scene: &Scene<'_>, job: &mut Job<'_>) -> Result<(), Problem> {
    if let Some(id) = job.plan.discard_staged {
        scene.patience.before_change();
        scene
            .patience
            .ask(|| scene.github.delete(id))
            .map_err(|error| error.problem(format!("cannot remove the broken upload on {}", job.artifact.channel)))?;
    }
    let name = names::staged(&job.artifact.name, job.artifact.sha256);
    let staged = if job.plan.upload {
        let asset = upload(scene, job, &name)?;
        check(scene, job, &name, &asset)?;
        scene.common.note(&format!("Uploaded. URL: {}", scene.target.public_asset_url(&job.artifact.channel, &name)));
        asset
    } else {
        scene.common.note(&format!("{}/{name} was uploaded by an earlier run and is used again", job.artifact.channel));
        job.channel
            .staged_for(&job.artifact.name, job.artifact.sha256)
            .cloned()
            .ok_or_else(|| Problem::new(Exit::Bug, "the plan names a staged file that is not there", "", "report this as a bug"))?
    };
    job.staged = Some(staged);
    Ok(())
}

/// An upload whose answer was lost may have happened: look before anything is sent twice.
fn upload(scene: &Scene<'_>, job: &mut Job<'_>, name: &str) -> Result<Asset, Problem> {
    let what = format!("cannot upload {}", job.artifact.name);
    let label = names::label(&job.artifact.name, scene.version);
    let mut attempt = 1;
    loop {
        scene.patience.before_change();
        let file = job.file.rewound().map_err(|error| error.problem(Exit::No, AGAIN))?;
        let error = match scene.github.upload(&job.release, name, &label, file, job.artifact.size_bytes) {
            Ok(asset) => return Ok(asset),
            Err(error) => error,
        };
        if let Some(asset) = found_after(scene, job, &error)? {
            return Ok(asset);
        }
        match patience::wait_for(&error, attempt) {
            Some(wait) if attempt < 2 && error.kind.is_passing() => scene.patience.again(&error, wait),
            // The release was there a moment ago: what is gone is the upload, taken away by somebody else's run.
            _ if error.kind == Kind::NotFound => {
                return Err(error.problem(what).ending(Exit::Busy).doing(
                    "somebody else may be publishing: wait until they are done (nexy-publish show), then run the same pipeline again",
                ));
            }
            _ => return Err(error.problem(what)),
        }
        attempt += 1;
    }
}

/// What the channel shows after an upload without a clear answer. Half an upload of ours is removed.
fn found_after(scene: &Scene<'_>, job: &Job<'_>, error: &GithubError) -> Result<Option<Asset>, Problem> {
    if !error.kind.is_passing() && error.kind != Kind::AlreadyExists {
        return Ok(None);
    }
    let assets = scene
        .patience
        .ask(|| scene.github.assets(job.release.id))
        .map_err(|error| error.problem(format!("cannot list the assets of {}", job.artifact.channel)))?;
    let channel = channel::sort(&job.artifact.name, assets);
    match channel.staged_for(&job.artifact.name, job.artifact.sha256) {
        Some(asset) if channel::may_hold(asset, job.artifact.size_bytes, job.artifact.sha256) => Ok(Some(asset.clone())),
        Some(asset) if error.kind == Kind::AlreadyExists => Err(Problem::new(
            Exit::Busy,
            format!("cannot upload {}", job.artifact.name),
            format!("somebody else is uploading {} right now (state `{}`)", asset.name, asset.state),
            "wait until the other publication has ended (nexy-publish show), then run the same pipeline again",
        )),
        Some(asset) => {
            let id = asset.id;
            scene.patience.changed();
            scene.patience.ask(|| scene.github.delete(id)).map_err(|error| error.problem("cannot remove a broken upload"))?;
            Ok(None)
        }
        None => Ok(None),
    }
}

/// GitHub may have rewritten the name or received other bytes; then the upload is removed.
fn check(scene: &Scene<'_>, job: &Job<'_>, name: &str, asset: &Asset) -> Result<(), Problem> {
    let because = if asset.name != name {
        format!("GitHub renamed {name} to {}", asset.name)
    } else if !asset.is_uploaded() {
        format!("GitHub says that its state is `{}`", asset.state)
    } else if !channel::may_hold(asset, job.artifact.size_bytes, job.artifact.sha256) {
        format!("GitHub received {} bytes with the digest {}", asset.size, asset.digest.as_deref().unwrap_or("unknown"))
    } else {
        return Ok(());
    };
    scene.patience.changed();
    scene.patience.ask(|| scene.github.delete(asset.id)).map_err(|error| error.problem("cannot remove a broken upload"))?;
    Err(Problem::new(Exit::PutBack, format!("the upload of {} was removed again", job.artifact.name), because, AGAIN))
}
