//! Right before each change: is the channel still what this run believes? Somebody else's work is never undone.

use super::{Job, Scene, lost};
use crate::{channel, names, plan};
use nexy_contract::{Exit, Problem};
use nexy_outside::github::Asset;

/// Looks at the channel, unless a look was the last thing this run has asked of GitHub.
///
/// # Errors
/// Exit 75 when somebody else has changed it, or was first.
pub(crate) fn look(scene: &Scene<'_>, job: &mut Job<'_>) -> Result<(), Problem> {
    if scene.github.calls() == job.channel.calls {
        return Ok(());
    }
    let now = scene
        .list(&job.release, &job.artifact.name)
        .map_err(|error| error.problem("nothing was swapped: cannot look at the channel again"))?;
    as_believed(job, &now)?;
    if let Some(first) = first_comer(scene, job, &now).cloned() {
        return Err(lost::give_way(scene, job, &now, &first));
    }
    job.channel = now;
    Ok(())
}

/// Holds that nothing has changed under the names that this run deals with.
///
/// # Errors
/// Exit 75.
pub(crate) fn as_believed(job: &Job<'_>, now: &channel::Channel) -> Result<(), Problem> {
    match difference(job, now) {
        None => Ok(()),
        Some(because) => Err(Problem::new(
            Exit::Busy,
            "nothing was swapped: somebody else changed the channel meanwhile",
            because,
            "look at it, then run the whole pipeline again:\nnexy-publish show",
        )),
    }
}

/// What has changed under the names that this run deals with.
fn difference(job: &Job<'_>, now: &channel::Channel) -> Option<String> {
    let same = |before: Option<&Asset>, now: Option<&Asset>| {
        let id = |asset: Option<&Asset>| asset.map(|asset| asset.id);
        let digests = before.and_then(Asset::sha256).zip(now.and_then(Asset::sha256));
        id(before) == id(now) && digests.is_none_or(|(before, now)| before == now)
    };
    let (artifact, before) = (&job.artifact.name, &job.channel);
    let previous = names::previous(artifact);
    let staged = job.staged.as_ref();
    let still = staged.and_then(|staged| now.find(staged.id).filter(|asset| asset.name == staged.name));
    if !same(before.live.as_ref(), now.live.as_ref()) {
        Some(format!("{artifact} is another asset now than before"))
    } else if !same(before.previous.as_ref(), now.previous.as_ref()) {
        Some(format!("{previous} is another asset now than before"))
    } else if let Some(staged) = staged.filter(|staged| !same(Some(staged), still)) {
        Some(format!("the staged upload {} is gone or was replaced", staged.name))
    } else {
        let needed = [&job.plan.make_room, &job.plan.restage].into_iter().flatten();
        needed.filter(|asset| !has(now, asset)).map(|gone| format!("{} is gone or was replaced", gone.name)).next()
    }
}

fn has(now: &channel::Channel, asset: &Asset) -> bool {
    now.previous.iter().chain(&now.bad).any(|other| other.id == asset.id && other.name == asset.name)
}

/// Of two uploads that are under way, the one that GitHub has got first goes on. Both sides see the same numbers, so one of
/// them gives way and the other does not.
fn first_comer<'b>(scene: &Scene<'_>, job: &Job<'_>, now: &'b channel::Channel) -> Option<&'b Asset> {
    if !job.contested {
        return None;
    }
    let wanted = plan::Wanted {
        by_hand: scene.by_hand(),
        artifact: &job.artifact.name,
        version: job.version,
        size_bytes: job.artifact.size_bytes,
        sha256: job.artifact.sha256,
        mark: scene.mark(&job.artifact.channel),
        again: false,
    };
    let ours = job.staged.as_ref().map(|asset| asset.id);
    now.staged
        .iter()
        .find(|asset| plan::is_foreign(&wanted, now, asset) && ours != Some(asset.id) && ours.is_none_or(|ours| asset.id < ours))
}
