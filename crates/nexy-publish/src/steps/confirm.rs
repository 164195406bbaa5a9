//! The live name is looked at from both sides: GitHub's own words, and what the public URL serves.

use super::{Job, Scene};
use crate::channel;
use nexy_contract::{Exit, Problem};
use nexy_outside::{
    clock,
    github::{GithubError, Kind},
};
use std::time::{Duration, Instant};

/// Confirms one artifact; how a refusal ends is the caller's business, who knows whether something was swapped.
pub(crate) fn apply(scene: &Scene<'_>, job: &Job<'_>) -> Result<(), Problem> {
    let refuse = |because: String| {
        Problem::new(
            Exit::No,
            format!("{} is not what was published", job.place()),
            because,
            "look at the channel, then run the whole pipeline again:\nnexy-publish show",
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
        let wanted = seen.as_ref().err().and_then(|error| error.retry_after_s).map_or(wait, Duration::from_secs).max(wait);
        if Instant::now() + wanted >= deadline {
            let url = scene.target.public_url(job.row);
            return Err(match seen {
                Ok(seen) => refuse(format!("{url} does not serve it: {}", seen.unwrap_or_default())),
                Err(error) => error.problem(format!("cannot ask {url}, so nobody knows what it serves")).ending(Exit::CouldNotLook),
            });
        }
        match seen {
            Err(error) => scene.patience.again(&error, wanted),
            Ok(_) => clock::pause(wait),
        }
        wait = (wait * 2).min(Duration::from_secs(5));
    }
}

/// `None` when the public URL ends with our bytes and has our size, else what it serves.
fn tail(scene: &Scene<'_>, job: &Job<'_>) -> Result<Option<String>, GithubError> {
    let count = job.tail.len() as u64;
    match scene.github.tail(&job.artifact.channel, &job.artifact.name, count) {
        Ok(tail) if tail.whole_bytes == job.artifact.size_bytes && tail.bytes == job.tail => Ok(None),
        Ok(tail) => Ok(Some(format!("{} bytes with another end", tail.whole_bytes))),
        Err(error) if error.kind == Kind::NotFound => Ok(Some("nothing".to_owned())),
        Err(error) => Err(error),
    }
}
