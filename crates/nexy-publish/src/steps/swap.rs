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
    let revived = rename(scene, id, &job.artifact.name, &label).map_err(|failed| by_hand(scene, job, id, &failed.error))?;
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
        if let Err(failed) = rename(scene, id, &names::previous(&job.artifact.name), &label) {
            return if failed.perhaps_moved {
                put_back(scene, job, id, &failed.error)
            } else {
                Err(failed.error.problem(format!("nothing was swapped: cannot rename {}", job.place())))
            };
        }
        // No pause here: until the next rename users have no download.
    }
    let label = names::label(&job.artifact.name, scene.version);
    match rename(scene, staged.id, &job.artifact.name, &label) {
        Ok(asset) => {
            went_live(scene, job, asset);
            Ok(())
        }
        Err(failed) => bring_back(scene, job, &failed),
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
    rename(scene, staged.id, &name, &label).map_err(|failed| still_new(scene, job, staged.id, &name, &failed.error))?;
    if let Some(id) = retired {
        rename(scene, id, &job.artifact.name, &live_label(job)).map_err(|failed| by_hand(scene, job, id, &failed.error))?;
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

/// A rename that was refused, or of which nobody knows.
struct NotRenamed {
    error: GithubError,
    /// The asset may have another name than before: an answer was lost, and nobody could look.
    perhaps_moved: bool,
}

/// Renames; an answer that was lost is looked up before the rename is sent again.
fn rename(scene: &Scene<'_>, id: u64, name: &str, label: &str) -> Result<Asset, NotRenamed> {
    let mut perhaps_moved = false;
    let mut attempt = 1;
    loop {
        let error = match scene.github.rename(id, name, label) {
            Ok(asset) if asset.name == name => return Ok(asset),
            Ok(asset) => {
                let error = GithubError::unexpected("PATCH asset", &format!("GitHub renamed it to `{}` instead of `{name}`", asset.name));
                return Err(NotRenamed { error, perhaps_moved: true });
            }
            Err(error) => error,
        };
        if error.kind.is_ambiguous() {
            match scene.github.asset(id) {
                Ok(Some(asset)) if asset.name == name => return Ok(asset),
                Ok(_) => perhaps_moved = false,
                Err(_) => perhaps_moved = true,
            }
        }
        match patience::wait_for(&error, attempt) {
            Some(wait) if attempt < ATTEMPTS && error.kind.is_passing() => scene.patience.again(&error, wait),
            _ => return Err(NotRenamed { error, perhaps_moved }),
        }
        attempt += 1;
    }
}

fn went_live(scene: &Scene<'_>, job: &mut Job<'_>, asset: Asset) {
    scene.patience.changed();
    job.swapped_at = Some(clock::now());
    job.staged = Some(asset);
    scene.common.note(&format!("live: {}", scene.target.public_url(job.row)));
}

/// The second rename failed: the old artifact gets its name back, unless the name turns out to be taken.
fn bring_back(scene: &Scene<'_>, job: &mut Job<'_>, failed: &NotRenamed) -> Result<(), Problem> {
    if (failed.perhaps_moved || failed.error.kind == Kind::AlreadyExists)
        && let Ok(Some(live)) = now_live(scene, job)
    {
        return taken(scene, job, live);
    }
    match job.plan.retire_live {
        Some(id) => put_back(scene, job, id, &failed.error),
        None if failed.perhaps_moved => Err(Problem::new(
            Exit::NeedsPerson,
            format!("nobody can tell whether {} is live now", job.place()),
            format!("{}: {}", failed.error.call, failed.error.because),
            "look at the channel (nexy-publish show), then run the whole pipeline again",
        )),
        None => Err(failed.error.problem(format!("nothing is live as {}, as before", job.place()))),
    }
}

/// Gives the old artifact its name back.
fn put_back(scene: &Scene<'_>, job: &mut Job<'_>, id: u64, error: &GithubError) -> Result<(), Problem> {
    let Err(second) = rename(scene, id, &job.artifact.name, &live_label(job)) else {
        scene.patience.changed();
        return Err(error.problem(format!("{} was put back: the swap could not be finished", job.place())).ending(Exit::PutBack));
    };
    match now_live(scene, job) {
        Ok(Some(live)) if live.id != id => taken(scene, job, live),
        Ok(Some(_)) => Err(error.problem(format!("{} is the old artifact still", job.place())).ending(Exit::PutBack)),
        Ok(None) => Err(by_hand(scene, job, id, &second.error)),
        Err(_) => Err(Problem {
            what: format!("nobody can tell whether users have a {} right now", job.place()),
            ..by_hand(scene, job, id, &second.error)
        }),
    }
}

/// What users get at this moment.
fn now_live(scene: &Scene<'_>, job: &Job<'_>) -> Result<Option<Asset>, GithubError> {
    let assets = scene.patience.ask(|| scene.github.assets(job.release.id))?;
    Ok(channel::sort(&job.artifact.name, assets).live)
}

/// The live name is taken: by our own artifact, whose rename has happened after all, or by somebody else's.
fn taken(scene: &Scene<'_>, job: &mut Job<'_>, live: Asset) -> Result<(), Problem> {
    if job.staged.as_ref().is_some_and(|staged| staged.id == live.id) {
        went_live(scene, job, live);
        return Ok(());
    }
    Err(somebody_elses(job, &live))
}

/// Another publication was faster between the two renames; users have its artifact.
fn somebody_elses(job: &Job<'_>, live: &Asset) -> Problem {
    Problem::new(
        Exit::Busy,
        format!("{} was published by somebody else meanwhile", job.place()),
        format!("the live name belongs to asset {} now ({})", live.id, live.label.as_deref().unwrap_or("no label")),
        "look at it (nexy-publish show), agree who publishes, then run the whole pipeline again",
    )
}

fn live_label(job: &Job<'_>) -> String {
    job.channel.live.as_ref().and_then(|asset| asset.label.clone()).unwrap_or_default()
}

/// Users have no download, as far as anybody can tell, and this tool cannot give it back: the exact command for a person.
fn by_hand(scene: &Scene<'_>, job: &Job<'_>, id: u64, error: &GithubError) -> Problem {
    Problem::new(
        Exit::NeedsPerson,
        format!("users have no {} right now", job.place()),
        format!("{}: {}", error.call, error.because),
        format!("{}   (uses $GH_TOKEN), then nexy-publish show", rename_command(scene, id, &job.artifact.name)),
    )
}

/// The new artifact could not be taken off the live name again: both renames for a person.
fn still_new(scene: &Scene<'_>, job: &Job<'_>, new: u64, staged_name: &str, error: &GithubError) -> Problem {
    let mut commands = rename_command(scene, new, staged_name);
    if let Some(old) = job.plan.retire_live {
        commands += &format!(" && {}", rename_command(scene, old, &job.artifact.name));
    }
    Problem::new(
        Exit::NeedsPerson,
        format!("{} still is the new artifact, and could not be taken back", job.place()),
        format!("{}: {}", error.call, error.because),
        format!("{commands}   (uses $GH_TOKEN), then nexy-publish show"),
    )
}

fn rename_command(scene: &Scene<'_>, id: u64, name: &str) -> String {
    format!("gh api -X PATCH repos/{}/releases/assets/{id} -f name={name}", scene.target.repositories.artifacts)
}
