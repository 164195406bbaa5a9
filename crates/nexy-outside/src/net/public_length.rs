//! The length that the public URL announces: asked with a small range and without a token, as a client asks.

use crate::net::{
    github::{Github, GithubError},
    http::Http,
};
use nexy_contract::{Problem, Target, target_file::ArtifactRow};

/// The length that users would download, in bytes.
/// Errors: the problem to print: the URL cannot be asked, or serves nothing.
pub fn length(target: &Target, artifact: &ArtifactRow) -> Result<u64, Problem> {
    let what = format!("cannot see what {} serves", target.public_url(artifact));
    let http = Http::new(&target.limits).map_err(|error| error.problem(what.clone()))?;
    let github = Github::new(&http, target, None);
    let tail = github.tail(&artifact.channel, &artifact.name, 1).map_err(|error: GithubError| error.problem(what))?;
    Ok(tail.whole_bytes)
}
