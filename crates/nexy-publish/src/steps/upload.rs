//! Uploads the new bytes beside the live asset, under a name that follows from them.

use super::{asset_ops, contention, local_file, recheck};
use crate::{
    fixes,
    job::Job,
    plan::{asset_names, channel},
    progress::Progress,
    session::Session,
};
use nexy_contract::{Exit, Fix, Problem};
use nexy_outside::{
    frame::stdio,
    fs::files::OpenArtifact,
    net::github::{Asset, GithubError, Kind, Sent},
};

/// What the operator does after a fault that left everything live.
fn run_again() -> Fix {
    Fix::note("run the same pipeline again; what was live is still live")
}

/// Stages the wanted bytes: an upload of an earlier run or a rolled-back asset is used again when it holds them.
pub(crate) fn apply(session: &Session<'_>, job: &mut Job<'_>) -> Result<(), Problem> {
    for unusable in job.plan.discard.clone() {
        recheck::before_change(session, job)?;
        asset_ops::delete(session, &job.release, &unusable)
            .map_err(|error| error.problem(format!("cannot delete the broken upload on {}", job.artifact.channel)))?;
        job.channel.staged.retain(|asset| asset.id != unusable.id);
        job.channel.rolled_back.retain(|asset| asset.id != unusable.id);
    }
    let name = asset_names::staged(&job.artifact.name, job.artifact.sha256);
    let staged = if let Some(bad) = job.plan.restage.clone() {
        restage(session, job, &bad, &name)?
    } else if job.plan.upload {
        let asset = upload(session, job, &name)?;
        job.uploaded_here = true;
        job.staged = Some(asset.clone());
        check(session, job, &name, &asset)?;
        session.common.note(&format!("uploaded as {}/{name}; users do not get it yet", job.artifact.channel));
        asset
    } else {
        session.common.note(&format!("{}/{name} was uploaded by an earlier run and is used again", job.artifact.channel));
        job.channel
            .staged_for(&job.artifact.name, job.artifact.sha256)
            .cloned()
            .ok_or_else(|| fixes::bug("the plan names a staged file that does not exist"))?
    };
    if job.channel.staged.iter().all(|asset| asset.id != staged.id) {
        job.channel.staged.push(staged.clone());
    }
    job.staged = Some(staged);
    Ok(())
}

/// Stages a rolled-back asset again, which saves an upload.
fn restage(session: &Session<'_>, job: &mut Job<'_>, bad: &Asset, name: &str) -> Result<Asset, Problem> {
    recheck::before_change(session, job)?;
    let staged = asset_ops::rename(session, &job.release, bad.id, name, &label(session, job))
        .map_err(|failed| failed.error.problem(format!("nothing was swapped: cannot rename {}", bad.name)))?;
    job.channel.rolled_back.retain(|asset| asset.id != bad.id);
    job.plan.restage = None;
    job.restaged = Some(bad.clone());
    session.common.note(&format!("{}/{} lies on the channel and is used again", job.artifact.channel, bad.name));
    Ok(staged)
}

/// Gives restaged assets that did not go live their rolled-back names again, so that they still need a reason next time.
pub(crate) fn undo_restaging(session: &Session<'_>, jobs: &mut [Job<'_>]) {
    for job in jobs {
        let Some(bad) = job.restaged.take() else { continue };
        session.github.lift_run_limit();
        let name = asset_names::staged(&job.artifact.name, job.artifact.sha256);
        let is_staged = session.github.asset(bad.id).ok().flatten().is_some_and(|asset| asset.name == name);
        if is_staged && asset_ops::rename_back(session, &job.release, &bad).is_err() {
            stdio::note(&format!(
                "nexy-publish: {name} holds bytes that were rolled back, and could not get back the name that says so\n{}",
                session.gh().rename(bad.id, &bad.name)
            ));
        }
    }
}

/// Uploads the file. After a lost answer the channel is listed before anything is sent again.
fn upload(session: &Session<'_>, job: &mut Job<'_>, name: &str) -> Result<Asset, Problem> {
    let what = format!("cannot upload {}", job.artifact.name);
    let label = label(session, job);
    let mut attempt = 1;
    loop {
        recheck::before_change(session, job)?;
        let error = match send(session, job, name, &label)? {
            Ok(asset) => return Ok(asset),
            Err(error) => error,
        };
        if (error.kind.is_ambiguous() || error.kind == Kind::AlreadyExists)
            && let Some(asset) = found_after(session, job)?
        {
            return Ok(asset);
        }
        // The name was taken by a partial upload of this machine, which is deleted now, so a retry can help.
        let error = if error.kind == Kind::AlreadyExists { GithubError { kind: Kind::Server, ..error } } else { error };
        // The release existed a moment ago, so it is the upload that another run has deleted.
        if error.kind == Kind::NotFound {
            return Err(error.problem(what).ending(Exit::Busy).doing(fixes::wait_for_the_other_publication()));
        }
        session.retry.wait(error, attempt).map_err(|error| error.problem(what.clone()))?;
        attempt += 1;
    }
}

/// Sends the file from the descriptor that was hashed.
fn send(session: &Session<'_>, job: &mut Job<'_>, name: &str, label: &str) -> Result<Result<Asset, GithubError>, Problem> {
    let size_bytes = job.artifact.size_bytes;
    let operation = job.operation;
    let source = local(job.file.as_mut())?;
    local_file::refuse_changed(source, operation)?;
    let file = source.rewound().map_err(|error| error.problem(Exit::No, run_again()))?;
    let progress = Progress::begin(session.common, format!("uploading {}", job.artifact.name), size_bytes);
    session.retry.note_change();
    let sent = Sent { file, size_bytes, progress: &|bytes| progress.at(bytes) };
    let answer = session.github.upload(&job.release, name, label, &sent);
    // The pause counts from the end of a long upload.
    session.retry.note_change();
    Ok(answer)
}

/// The upload as the channel shows it after an unclear answer. A partial upload of this run or this machine is deleted; one
/// that another machine may be sending right now is not.
fn found_after(session: &Session<'_>, job: &mut Job<'_>) -> Result<Option<Asset>, Problem> {
    let now = session
        .list(&job.release, &job.artifact.name)
        .map_err(|error| error.problem(format!("cannot list the assets of {}", job.artifact.channel)))?;
    let found = now.staged_for(&job.artifact.name, job.artifact.sha256).cloned();
    match found {
        Some(asset) if channel::may_hold(&asset, job.artifact.size_bytes, job.artifact.sha256) => {
            recheck::unchanged(job, &now)?;
            job.channel = now;
            Ok(Some(asset))
        }
        Some(asset) if contention::may_delete(session, job, &asset) => {
            asset_ops::delete(session, &job.release, &asset).map_err(|error| error.problem("cannot delete a broken upload"))?;
            Ok(None)
        }
        Some(asset) => Err(Problem::new(
            Exit::Busy,
            format!("cannot upload {}", job.artifact.name),
            format!("another run is uploading {} right now (state `{}`)", asset.name, asset.state),
            fixes::wait_for_the_other_publication(),
        )),
        None => Ok(None),
    }
}

/// Deletes the upload when GitHub has changed its name or received other bytes, or the file was changed meanwhile.
fn check(session: &Session<'_>, job: &mut Job<'_>, name: &str, asset: &Asset) -> Result<(), Problem> {
    let operation = job.operation;
    let changed = local(job.file.as_mut()).and_then(|file| local_file::refuse_changed(file, operation)).err();
    let because = if asset.name != name {
        format!("GitHub renamed {name} to {}", asset.name)
    } else if !asset.is_uploaded() {
        format!("GitHub says that its state is `{}`", asset.state)
    } else if !channel::may_hold(asset, job.artifact.size_bytes, job.artifact.sha256) {
        format!("GitHub received {} bytes with the digest {}", asset.size, asset.digest.as_deref().unwrap_or("unknown"))
    } else if let Some(problem) = &changed {
        problem.because.clone()
    } else {
        return Ok(());
    };
    let what = format!("the upload of {} was deleted again", job.artifact.name);
    let fix = changed.map_or_else(run_again, |problem| problem.fix);
    match asset_ops::delete(session, &job.release, asset) {
        Ok(()) => Err(Problem::new(Exit::PutBack, what, because, fix)),
        Err(error) => {
            let by_hand = session.gh().delete(asset.id).then(fix);
            Err(error.problem(format!("cannot delete a broken upload ({because})")).doing(by_hand))
        }
    }
}

fn label(session: &Session<'_>, job: &Job<'_>) -> String {
    match (session.machine_tag(&job.artifact.channel), job.version) {
        (Some(machine_tag), Some(version)) => asset_names::staged_label(&job.artifact.name, version, machine_tag),
        _ => job.label(),
    }
}

fn local(file: Option<&mut OpenArtifact>) -> Result<&mut OpenArtifact, Problem> {
    file.ok_or_else(|| fixes::bug("there is no file to upload"))
}
