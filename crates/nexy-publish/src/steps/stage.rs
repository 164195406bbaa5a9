//! The bytes go up under a name that follows from them; whatever is live stays live.

use super::{Job, Scene, again, change, file, lost};
use crate::{channel, names, progress::Progress};
use nexy_contract::{Exit, Problem};
use nexy_outside::{
    files::OpenArtifact,
    github::{Asset, GithubError, Kind, Sent},
    http, stdio,
};

const AGAIN: &str = "run the same pipeline again; what was live is still live";

/// Puts the new bytes beside what is live; an upload of an earlier run is used again when it can be.
pub(crate) fn apply(scene: &Scene<'_>, job: &mut Job<'_>) -> Result<(), Problem> {
    for useless in job.plan.discard.clone() {
        scene.patience.before_change();
        again::look(scene, job)?;
        change::remove(scene, &job.release, &useless)
            .map_err(|error| error.problem(format!("cannot remove the broken upload on {}", job.artifact.channel)))?;
        job.channel.staged.retain(|asset| asset.id != useless.id);
        job.channel.bad.retain(|asset| asset.id != useless.id);
    }
    let name = names::staged(&job.artifact.name, job.artifact.sha256);
    let staged = if let Some(bad) = job.plan.restage.clone() {
        restage(scene, job, &bad, &name)?
    } else if job.plan.upload {
        let asset = upload(scene, job, &name)?;
        job.uploaded_here = true;
        job.staged = Some(asset.clone());
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
    if job.channel.staged.iter().all(|asset| asset.id != staged.id) {
        job.channel.staged.push(staged.clone());
    }
    job.staged = Some(staged);
    Ok(())
}

/// What was rolled back and is wanted again needs no second upload.
fn restage(scene: &Scene<'_>, job: &mut Job<'_>, bad: &Asset, name: &str) -> Result<Asset, Problem> {
    scene.patience.before_change();
    again::look(scene, job)?;
    let staged = change::rename(scene, &job.release, bad.id, name, &label(scene, job))
        .map_err(|failed| failed.error.problem(format!("nothing was swapped: cannot rename {}", bad.name)))?;
    job.channel.bad.retain(|asset| asset.id != bad.id);
    job.plan.restage = None;
    job.restaged = Some(bad.clone());
    scene.common.note(&format!("{}/{} lies on the channel and is used again", job.artifact.channel, bad.name));
    Ok(staged)
}

/// What was to come back did not go live: it is called rolled back again, so that it does not come back without a reason.
pub(crate) fn give_up(scene: &Scene<'_>, jobs: &mut [Job<'_>]) {
    for job in jobs {
        let Some(bad) = job.restaged.take() else { continue };
        let name = names::staged(&job.artifact.name, job.artifact.sha256);
        let is_staged = scene.github.asset(bad.id).ok().flatten().is_some_and(|asset| asset.name == name);
        if is_staged && change::rename(scene, &job.release, bad.id, &bad.name, &bad.label.clone().unwrap_or_default()).is_err() {
            stdio::note(&format!(
                "nexy-publish: {name} holds bytes that were rolled back, and could not get back the name that says so; {}\n{}",
                scene.by_hand().token(),
                scene.by_hand().rename(bad.id, &bad.name)
            ));
        }
    }
}

/// An upload whose answer was lost may have happened: look before anything is sent twice.
fn upload(scene: &Scene<'_>, job: &mut Job<'_>, name: &str) -> Result<Asset, Problem> {
    let what = format!("cannot upload {}", job.artifact.name);
    let label = label(scene, job);
    let mut attempt = 1;
    loop {
        scene.patience.before_change();
        again::look(scene, job)?;
        let error = match send(scene, job, name, &label)? {
            Ok(asset) => return Ok(asset),
            Err(error) => error,
        };
        if (error.kind.is_ambiguous() || error.kind == Kind::AlreadyExists)
            && let Some(asset) = found_after(scene, job)?
        {
            return Ok(asset);
        }
        // The name was taken by half an upload of ours, which is gone now.
        let error = if error.kind == Kind::AlreadyExists { GithubError { kind: Kind::Server, ..error } } else { error };
        // The release was there a moment ago: what is gone is the upload, taken away by somebody else's run.
        if error.kind == Kind::NotFound {
            return Err(error
                .problem(what)
                .ending(Exit::Busy)
                .doing("somebody else may be publishing: wait until they are done, then run the same pipeline again; look with:\nnexy-publish show"));
        }
        scene.patience.wait(error, attempt).map_err(|error| error.problem(what.clone()))?;
        attempt += 1;
    }
}

/// Sends the file, from the one descriptor that was hashed.
fn send(scene: &Scene<'_>, job: &mut Job<'_>, name: &str, label: &str) -> Result<Result<Asset, GithubError>, Problem> {
    let size_bytes = job.artifact.size_bytes;
    let fix = job.from_the_start;
    let source = local(job.file.as_mut())?;
    file::unchanged(source, fix)?;
    let file = source.rewound().map_err(|error| error.problem(Exit::No, AGAIN))?;
    let progress = Progress::begin(scene.common, format!("uploading {}", job.artifact.name), size_bytes);
    scene.patience.changed();
    let sent = Sent { file, size_bytes, progress: http::Progress(&|bytes| progress.at(bytes)) };
    let answer = scene.github.upload(&job.release, name, label, &sent);
    // The pause counts from the end of a long upload, not from its begin.
    scene.patience.changed();
    Ok(answer)
}

/// What the channel shows after an upload without a clear answer. What this run, or an earlier one on this machine, has
/// left half is removed; what somebody else may be sending right now is not.
fn found_after(scene: &Scene<'_>, job: &mut Job<'_>) -> Result<Option<Asset>, Problem> {
    let now = scene
        .list(&job.release, &job.artifact.name)
        .map_err(|error| error.problem(format!("cannot list the assets of {}", job.artifact.channel)))?;
    let found = now.staged_for(&job.artifact.name, job.artifact.sha256).cloned();
    match found {
        Some(asset) if channel::may_hold(&asset, job.artifact.size_bytes, job.artifact.sha256) => {
            again::as_believed(job, &now)?;
            job.channel = now;
            Ok(Some(asset))
        }
        Some(asset) if lost::may_remove(scene, job, &asset) => {
            change::remove(scene, &job.release, &asset).map_err(|error| error.problem("cannot remove a broken upload"))?;
            Ok(None)
        }
        Some(asset) => Err(Problem::new(
            Exit::Busy,
            format!("cannot upload {}", job.artifact.name),
            format!("somebody else is uploading {} right now (state `{}`)", asset.name, asset.state),
            "wait until the other publication has ended, then run the same pipeline again; look with:\nnexy-publish show",
        )),
        None => Ok(None),
    }
}

/// GitHub may have rewritten the name or received other bytes, and the file may have changed on the way; then the upload is
/// removed.
fn check(scene: &Scene<'_>, job: &mut Job<'_>, name: &str, asset: &Asset) -> Result<(), Problem> {
    let fix = job.from_the_start;
    let touched = local(job.file.as_mut()).and_then(|file| file::unchanged(file, fix)).err();
    let because = if asset.name != name {
        format!("GitHub renamed {name} to {}", asset.name)
    } else if !asset.is_uploaded() {
        format!("GitHub says that its state is `{}`", asset.state)
    } else if !channel::may_hold(asset, job.artifact.size_bytes, job.artifact.sha256) {
        format!("GitHub received {} bytes with the digest {}", asset.size, asset.digest.as_deref().unwrap_or("unknown"))
    } else if let Some(problem) = &touched {
        problem.because.clone()
    } else {
        return Ok(());
    };
    let what = format!("the upload of {} was removed again", job.artifact.name);
    let fix = touched.map_or_else(|| AGAIN.to_owned(), |problem| problem.fix);
    match change::remove(scene, &job.release, asset) {
        Ok(()) => Err(Problem::new(Exit::PutBack, what, because, fix)),
        Err(error) => Err(error.problem(format!("cannot remove a broken upload ({because})")).doing(format!(
            "{}\n{}\nthen {fix}",
            scene.by_hand().token(),
            scene.by_hand().delete(asset.id)
        ))),
    }
}

fn label(scene: &Scene<'_>, job: &Job<'_>) -> String {
    match scene.mark(&job.artifact.channel) {
        Some(mark) => names::staged_label(&job.artifact.name, job.version, mark),
        None => job.label(),
    }
}

fn local(file: Option<&mut OpenArtifact>) -> Result<&mut OpenArtifact, Problem> {
    file.ok_or_else(|| Problem::new(Exit::Bug, "there is no file to upload", "", "report this as a bug"))
}
