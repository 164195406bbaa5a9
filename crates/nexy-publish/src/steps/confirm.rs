//! The live name is looked at from both sides: GitHub's own words, and what the public URL serves.

use super::{Job, Scene};
use crate::channel;
use nexy_contract::{Exit, Problem};
use nexy_outside::{clock, github::Kind};
use std::time::{Duration, Instant};

/// Confirms one artifact; how a refusal ends is the caller's business, who knows whether something was swapped.
pub(crate) fn apply(scene: &Scene<'_>, job: &Job<'_>) -> Result<(), Problem> {
    let refuse = |because: String| {
        Problem::new(
            Exit::No,
            format!("{} is not what was published", job.place()),
            because,
            "look at the channel: nexy-publish show; then run the whole pipeline again",
        )
    };
    // An asset that was found live holds these bytes by GitHub's word already; one that was swapped is asked for anew.
    if let (Some(_), Some(asset)) = (job.swapped_at, &job.staged) {
        let now = scene
            .patience
            .ask(|| scene.github.asset(asset.id))
            .map_err(|error| error.problem(format!("cannot confirm {}", job.place())))?;
        match now {
            Some(now) if now.name == job.artifact.name && channel::may_hold(&now, job.artifact.size_bytes, job.artifact.sha256) => {}
            Some(now) => return Err(refuse(format!("asset {} is called {} and has {} bytes", now.id, now.name, now.size))),
            None => return Err(refuse(format!("asset {} is gone", asset.id))),
        }
    }
    let deadline = Instant::now() + Duration::from_secs(scene.target.limits.public_url_wait_s);
    let mut wait = Duration::from_millis(250);
    loop {
        let seen = tail(scene, job);
        if matches!(seen, Ok(None)) {
            return Ok(());
        }
        if Instant::now() + wait >= deadline {
            return Err(match seen {
                Ok(seen) => refuse(format!("{} does not serve it: {}", scene.target.public_url(job.row), seen.unwrap_or_default())),
                Err(problem) => problem,
            });
        }
        clock::pause(wait);
        wait = (wait * 2).min(Duration::from_secs(5));
    }
}

/// `None` when the public URL ends with our bytes and has our size, else what it serves.
fn tail(scene: &Scene<'_>, job: &Job<'_>) -> Result<Option<String>, Problem> {
    let count = job.tail.len() as u64;
    match scene.github.tail(&job.artifact.channel, &job.artifact.name, count) {
        Ok(tail) if tail.whole_bytes == job.artifact.size_bytes && tail.bytes == job.tail => Ok(None),
        Ok(tail) => Ok(Some(format!("{} bytes with another end", tail.whole_bytes))),
        Err(error) if error.kind == Kind::NotFound => Ok(Some("nothing".to_owned())),
        Err(error) => {
            let url = scene.target.public_url(job.row);
            Err(error.problem(format!("cannot ask {url}, so nobody knows what it serves")).ending(Exit::CouldNotLook))
        }
    }
}
