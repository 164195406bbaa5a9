//! Confirms the live asset from both sides: what GitHub says about it, and what the public URL serves.

use crate::{fixes, job::Job, plan::channel, session::Session};
use nexy_contract::{Exit, Problem};
use nexy_outside::{
    clock,
    net::github::{GithubError, Kind},
};
use std::time::{Duration, Instant};

/// Confirms one artifact. The caller decides how a refusal ends, because it knows whether something was swapped.
pub(crate) fn apply(session: &Session<'_>, job: &Job<'_>) -> Result<(), Problem> {
    // The listing has confirmed an asset that was live already; only one that was swapped is asked for again.
    if job.swapped_at.is_some() {
        github_says_so(session, job)?;
    }
    let deadline = Instant::now() + Duration::from_secs(session.target.limits.public_url_wait_s);
    let mut wait = Duration::from_millis(250);
    loop {
        let seen = tail(session, job);
        if matches!(seen, Ok(None)) {
            return Ok(());
        }
        let wanted = seen.as_ref().err().and_then(|error| error.retry_after_s).map_or(wait, Duration::from_secs).max(wait);
        if Instant::now() + wanted >= deadline {
            let url = session.target.public_url(job.row);
            return Err(match seen {
                Ok(seen) => refuse(job, format!("{url} does not serve it: {}", seen.unwrap_or_default())),
                Err(error) => error.problem(format!("cannot determine what {url} serves")).ending(Exit::CouldNotLook),
            });
        }
        match seen {
            Err(error) => session.retry.record_and_wait(&error, wanted),
            Ok(_) => clock::pause(wait),
        }
        wait = (wait * 2).min(Duration::from_secs(5));
    }
}

fn github_says_so(session: &Session<'_>, job: &Job<'_>) -> Result<(), Problem> {
    let Some(asset) = &job.staged else { return Ok(()) };
    let now =
        session.retry.read(|| session.github.asset(asset.id)).map_err(|error| error.problem(format!("cannot confirm {}", job.place())))?;
    match now {
        Some(now) if now.name == job.artifact.name && channel::may_hold(&now, job.artifact.size_bytes, job.artifact.sha256) => Ok(()),
        Some(now) => Err(refuse(job, format!("asset {} is called {} and has {} bytes", now.id, now.name, now.size))),
        None => Err(refuse(job, format!("asset {} does not exist any more", asset.id))),
    }
}

fn refuse(job: &Job<'_>, because: String) -> Problem {
    Problem::new(Exit::No, format!("{} is not what was published", job.place()), because, fixes::look_and_start_over())
}

/// `None` when the public URL ends with our bytes and has our size, else what it serves.
fn tail(session: &Session<'_>, job: &Job<'_>) -> Result<Option<String>, GithubError> {
    let count = job.tail.len() as u64;
    match session.github.tail(&job.artifact.channel, &job.artifact.name, count) {
        Ok(tail) if tail.whole_bytes == job.artifact.size_bytes && tail.bytes == job.tail => Ok(None),
        Ok(tail) => Ok(Some(format!("{} bytes with another end", tail.whole_bytes))),
        Err(error) if error.kind == Kind::NotFound => Ok(Some("nothing".to_owned())),
        Err(error) => Err(error),
    }
}
