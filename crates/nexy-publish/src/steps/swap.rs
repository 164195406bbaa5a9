//! Two renames make the new artifact live; a second one that fails is undone at once.

use super::{Job, Scene};
use crate::{channel, names, patience};
use nexy_contract::{Exit, Problem};
use nexy_outside::{
    clock,
    github::{Asset, GithubError, Kind},
    stdio,
};

/// How often one rename is tried; users may be without a download meanwhile.
const ATTEMPTS: u32 = 4;

/// Nothing is live, but the previous artifact is there: users get it back before anything else happens.
pub(crate) fn revive(scene: &Scene<'_>, job: &mut Job<'_>) -> Result<(), Problem> {
    let Some(id) = job.plan.revive_previous else {
        return Ok(());
    };
    scene.patience.before_change();
    let label = job.channel.previous.as_ref().and_then(|asset| asset.label.clone()).unwrap_or_default();
    let revived = rename(scene, id, &job.artifact.name, &label).map_err(|error| by_hand(scene, job, id, &error))?;
    scene.common.note(&format!("{} was missing: the previous artifact is live again", job.place()));
    job.channel.live = Some(revived);
    job.channel.previous = None;
    Ok(())
}

/// Swaps one artifact. What was seen before is looked at once more, since minutes have passed.
pub(crate) fn apply(scene: &Scene<'_>, job: &mut Job<'_>) -> Result<(), Problem> {
    look_again(scene, job)?;
    let Some(staged) = job.staged.clone() else {
        return Err(Problem::new(Exit::Bug, "nothing is staged", "", "report this as a bug"));
    };
    if let Some(id) = job.plan.delete_previous {
        scene.patience.before_change();
        scene
            .patience
            .ask(|| scene.github.delete(id))
            .map_err(|error| error.problem("nothing was swapped: cannot remove the older previous artifact"))?;
    }
    if let Some(id) = job.plan.retire_live {
        scene.patience.before_change();
        let label = live_label(job);
        rename(scene, id, &names::previous(&job.artifact.name), &label)
            .map_err(|error| error.problem(format!("nothing was swapped: cannot rename {}", job.place())))?;
        // No pause here: until the next rename users have no download.
    }
    let label = names::label(&job.artifact.name, scene.version);
    match rename(scene, staged.id, &job.artifact.name, &label) {
        Ok(asset) => {
            scene.patience.changed();
            job.swapped_at = Some(clock::now());
            job.staged = Some(asset);
            scene.common.note(&format!("live: {}", scene.target.public_url(job.row)));
            Ok(())
        }
        Err(error) => Err(bring_back(scene, job, &error)),
    }
}

/// Takes the new artifact off the live name and puts the old one back.
pub(crate) fn undo(scene: &Scene<'_>, job: &mut Job<'_>) -> Result<(), Problem> {
    if job.swapped_at.take().is_none() {
        return Ok(());
    }
    let Some(staged) = &job.staged else {
        return Ok(());
    };
    let name = names::staged(&job.artifact.name, job.artifact.sha256);
    let label = names::label(&job.artifact.name, scene.version);
    let retired = job.plan.retire_live;
    rename(scene, staged.id, &name, &label).map_err(|error| match retired {
        Some(id) => by_hand(scene, job, id, &error),
        None => error.problem("cannot take the new artifact off the live name").ending(Exit::NeedsPerson),
    })?;
    if let Some(id) = retired {
        rename(scene, id, &job.artifact.name, &live_label(job)).map_err(|error| by_hand(scene, job, id, &error))?;
    }
    scene.patience.changed();
    scene.common.note(&format!("{} is as it was before", job.place()));
    Ok(())
}

fn look_again(scene: &Scene<'_>, job: &Job<'_>) -> Result<(), Problem> {
    if stdio::reader_left() {
        return Err(Problem::new(
            Exit::CouldNotLook,
            "nothing was swapped",
            "nobody reads the answer any more: the next command of the pipeline has gone",
            "run the whole pipeline again; the upload is used again",
        ));
    }
    if scene.signals.asked_to_stop() {
        return Err(Problem::new(
            Exit::CouldNotLook,
            "nothing was swapped",
            "somebody asked to stop",
            "run the whole pipeline again; the upload is used again",
        ));
    }
    let assets = scene
        .patience
        .ask(|| scene.github.assets(job.release.id))
        .map_err(|error| error.problem("nothing was swapped: cannot look at the channel again"))?;
    let now = channel::sort(&job.artifact.name, assets);
    let id = |asset: &Option<Asset>| asset.as_ref().map(|asset| (asset.id, asset.sha256()));
    let staged_id = job.staged.as_ref().map(|asset| asset.id);
    let because = if id(&now.live) != id(&job.channel.live) {
        format!("{} is another asset now than before", job.artifact.name)
    } else if id(&now.previous) != id(&job.channel.previous) {
        format!("{} is another asset now than before", names::previous(&job.artifact.name))
    } else if now.staged_for(&job.artifact.name, job.artifact.sha256).map(|asset| asset.id) != staged_id {
        "the staged upload is gone or was replaced".to_owned()
    } else {
        return Ok(());
    };
    Err(Problem::new(
        Exit::Busy,
        "nothing was swapped: somebody else changed the channel meanwhile",
        because,
        "look at it (nexy-publish show), then run the whole pipeline again",
    ))
}

/// Renames; an answer that was lost is looked up before the rename is sent again.
fn rename(scene: &Scene<'_>, id: u64, name: &str, label: &str) -> Result<Asset, GithubError> {
    let mut attempt = 1;
    loop {
        let error = match scene.github.rename(id, name, label) {
            Ok(asset) if asset.name == name => return Ok(asset),
            Ok(asset) => {
                return Err(GithubError::unexpected("PATCH asset", &format!("GitHub renamed it to `{}` instead of `{name}`", asset.name)));
            }
            Err(error) => error,
        };
        if (error.kind.is_passing() || error.kind == Kind::Shape)
            && let Ok(Some(asset)) = scene.github.asset(id)
            && asset.name == name
        {
            return Ok(asset);
        }
        match patience::wait_for(&error, attempt) {
            Some(wait) if attempt < ATTEMPTS && error.kind.is_passing() => scene.patience.again(&error, wait),
            _ => return Err(error),
        }
        attempt += 1;
    }
}

/// The second rename failed: the old artifact gets its name back.
fn bring_back(scene: &Scene<'_>, job: &mut Job<'_>, error: &GithubError) -> Problem {
    let Some(id) = job.plan.retire_live else {
        return error.problem(format!("nothing is live as {}, as before", job.place()));
    };
    match rename(scene, id, &job.artifact.name, &live_label(job)) {
        Ok(_) => {
            scene.patience.changed();
            error.problem(format!("{} was put back: the new artifact could not get its name", job.place())).ending(Exit::PutBack)
        }
        Err(second) => by_hand(scene, job, id, &second),
    }
}

fn live_label(job: &Job<'_>) -> String {
    job.channel.live.as_ref().and_then(|asset| asset.label.clone()).unwrap_or_default()
}

/// Users have no download, and this tool cannot give it back: the exact command for a person.
fn by_hand(scene: &Scene<'_>, job: &Job<'_>, id: u64, error: &GithubError) -> Problem {
    Problem::new(
        Exit::NeedsPerson,
        format!("users have no {} right now", job.place()),
        format!("{}: {}", error.call, error.because),
        format!(
            "gh api -X PATCH repos/{}/releases/assets/{id} -f name={}   (uses $GH_TOKEN), then nexy-publish show",
            scene.target.repositories.artifacts, job.artifact.name
        ),
    )
}
