//! What `no-force-push` looks at: the remotes themselves, and every setting that could force.

use super::{Asked, Branch, Facts, RemoteTag, settings};
use crate::gate::prelude::*;
use crate::observed::repository::Repository;
use nexy_contract::remote_url;
use nexy_outside::programs::git::{Git, GitError, Ref, RemoteUrl, Setting};
use nexy_outside::{fs::files::FileError, fs::permissions, net::http::Url};
use std::{path::Path, time::Duration};

/// The branch that would be pushed.
struct Local {
    name: String,
    commit: String,
    /// Its name on the remote.
    there: String,
}

pub(super) fn look(context: &Context, repository: &Repository, tag: String) -> Result<Facts, GitError> {
    let (target, git) = (&context.workspace.target, &repository.git);
    let all = git.settings()?;
    let lines = git.remotes()?;
    let branch = local_branch(target, git, &all)?;
    let full = format!("refs/tags/{tag}");
    let local_tag = match (git.object(&full)?, git.object(&format!("{full}^{{}}"))?) {
        (Some(object), Some(commit)) => Some(RemoteTag { object, commit }),
        _ => None,
    };
    let mut forcing = settings::forcing(&all, &[&target.remotes.workspace, &target.remotes.server]);
    forcing.extend(hook(git)?);
    Ok(Facts {
        workspace: ask(target, git, &target.remotes.workspace, branch.as_ref(), &full, &lines)?,
        server: ask(target, git, &target.remotes.server, None, &full, &lines)?,
        branch: branch.map(|branch| (branch.name, branch.there)),
        version: tag.strip_prefix('v').and_then(|version| version.parse().ok()),
        tag,
        local_tag,
        forcing,
    })
}

/// The branch that is checked out; with a detached HEAD the one that deploys.
fn local_branch(target: &Target, git: &Git, settings: &[Setting]) -> Result<Option<Local>, GitError> {
    let name = git.branch()?.unwrap_or_else(|| target.workflow.branch.clone());
    let Some(commit) = git.object(&format!("refs/heads/{name}"))? else { return Ok(None) };
    let last = |key: String| settings.iter().rfind(|setting| setting.key == key).and_then(|setting| setting.value.clone());
    let is_upstream = last(format!("branch.{name}.remote")).as_ref() == Some(&target.remotes.workspace);
    let upstream = last(format!("branch.{name}.merge")).and_then(|full| Some(full.strip_prefix("refs/heads/")?.to_owned()));
    let there = upstream.filter(|_| is_upstream).unwrap_or_else(|| name.clone());
    Ok(Some(Local { name, commit, there }))
}

fn ask(target: &Target, git: &Git, remote: &str, branch: Option<&Local>, tag: &str, lines: &[RemoteUrl]) -> Result<Asked, GitError> {
    let lines: Vec<&RemoteUrl> = lines.iter().filter(|line| line.remote == remote).collect();
    if lines.is_empty() {
        return Ok(Asked::Missing);
    }
    if lines.iter().any(|line| remote_url::holds_secret(&line.url)) {
        return Ok(Asked::HoldsSecret);
    }
    if let Some(web) = Url::parse(&target.github.web_url) {
        let places: Vec<_> = lines.iter().map(|line| remote_url::place(&line.url, &web)).collect();
        if places.iter().any(|place| *place != places[0]) {
            return Ok(Asked::TwoPlaces);
        }
    }
    let peeled = format!("{tag}^{{}}");
    let head = branch.map(|branch| format!("refs/heads/{}", branch.there));
    let mut names = vec![tag, &peeled];
    names.extend(head.as_deref());
    let timeout = Duration::from_secs(target.limits.connect_timeout_s + target.limits.stall_timeout_s);
    let told = match git.ask_remote(remote, &names, timeout) {
        Ok(told) => told,
        Err(error) => {
            let last_seen = match branch {
                Some(branch) => match git.object(&format!("refs/remotes/{remote}/{}", branch.there))? {
                    Some(commit) => Some(compare(git, commit, branch)?),
                    None => None,
                },
                None => None,
            };
            return Ok(Asked::Silent { because: error.to_string(), last_seen });
        }
    };
    let find = |name: &str| told.iter().find(|found: &&Ref| found.name == name).map(|found| found.object.clone());
    let branch = match (branch, head.as_deref().and_then(find)) {
        (Some(branch), Some(commit)) => Some(compare(git, commit, branch)?),
        (Some(_), None) => Some(Branch::New),
        (None, _) => None,
    };
    let tag = find(tag).map(|object| RemoteTag { commit: find(&peeled).unwrap_or_else(|| object.clone()), object });
    Ok(Asked::Told { branch, tag })
}

fn compare(git: &Git, commit: String, branch: &Local) -> Result<Branch, GitError> {
    if git.has(&commit)? && git.is_ancestor(&commit, &branch.commit)? {
        return Ok(Branch::Contained(commit));
    }
    Ok(if git.is_shallow()? { Branch::CutOff(commit) } else { Branch::Ahead(commit) })
}

/// A pre-push hook that is there and would not be run.
fn hook(git: &Git) -> Result<Option<(String, Fix)>, GitError> {
    let own = git.folders()?.1.join("hooks/pre-push");
    let own_runs = runs(&own)?;
    let elsewhere = git.hooks_folder()?.map(|folder| folder.join("pre-push"));
    let there_runs = elsewhere.as_deref().map(runs).transpose()?;
    Ok(settings::passed_over((&own, own_runs), elsewhere.as_deref().zip(there_runs)))
}

/// Whether git would run this hook; `None` when there is none.
fn runs(path: &Path) -> Result<Option<bool>, FileError> {
    match permissions::look(path) {
        Ok(metadata) => Ok(Some(metadata.mode & 0o111 != 0)),
        Err(error) if error.is_missing() => Ok(None),
        Err(error) => Err(error),
    }
}
