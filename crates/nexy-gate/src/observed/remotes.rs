//! Where the remotes of a repository lead, and what to type when one leads elsewhere.

use crate::answer_builder::AnswerBuilder;
use nexy_contract::{
    Fix, Target, Url,
    remote_url::{self, Place},
    text::shell_word,
};
use nexy_outside::programs::git::{Git, GitError, RemoteUrl, Setting};

/// What git says about the remotes of a repository.
#[derive(Debug, Default)]
pub(crate) struct Told {
    /// Where each leads.
    pub(crate) lines: Vec<RemoteUrl>,
    /// The settings that git obeys there.
    pub(crate) settings: Vec<Setting>,
}

impl Told {
    /// Asks git.
    pub(crate) fn by(git: &Git) -> Result<Self, GitError> {
        Ok(Self { lines: git.remotes()?, settings: git.settings()? })
    }
}

/// A remote and where it should lead.
struct Role<'a> {
    remote: &'a str,
    /// `owner/name`.
    repository: &'a str,
    url: String,
    /// How git is typed there.
    git: &'a str,
}

/// Holds remotes against the repositories that they should lead to, each `owner/name`; `git` is how git is typed there.
pub(crate) fn judge(target: &Target, git: &str, roles: &[(&String, &String)], told: &Told, builder: &mut AnswerBuilder) {
    let Some(web) = Url::parse(&target.github.web_url) else {
        return builder.unknown("github.web_url is no URL", Fix::note("Correct github.web_url in nexy.toml."));
    };
    for (remote, repository) in roles {
        judge_one(&Role { remote, repository, url: url_of(target, repository), git }, &web, told, builder);
    }
}

/// Where a URL leads, seen from GitHub's public address.
pub(crate) fn place(target: &Target, url: &str) -> Option<Place> {
    Some(remote_url::place(url, &Url::parse(&target.github.web_url)?))
}

fn judge_one(role: &Role<'_>, web: &Url, told: &Told, builder: &mut AnswerBuilder) {
    let Role { remote, repository, url, git } = role;
    let (name, url) = (shell_word(remote), shell_word(url));
    let here: Vec<&RemoteUrl> = told.lines.iter().filter(|line| line.remote == *remote).collect();
    if here.is_empty() {
        return builder.fail(format!("there is no remote {remote}"), Fix::command(format!("{git} remote add {name} {url}")));
    }
    let mut right = true;
    for line in here {
        let place = remote_url::place(&line.url, web);
        if !place.is(repository) {
            right = false;
            let (verb, key) = if line.is_push { ("pushes to", "pushurl") } else { ("fetches from", "url") };
            let fix = if is_rewritten(role, web, &told.settings, line.is_push) {
                Fix::command(format!("{git} config --show-origin --get-regexp '^url[.].*insteadof$'"))
                    .then_note(format!("take out the setting that rewrites {url}"))
            } else {
                // `git remote set-url` would change only the first of several.
                Fix::command(format!("{git} config --replace-all remote.{name}.{key} {url}"))
            };
            if place.may_be(repository) {
                builder.unknown(format!("{remote} {verb} {}", place.shown()), fix);
            } else {
                builder.fail(format!("{remote} {verb} {}, not {repository}", place.shown()), fix);
            }
        }
    }
    if right {
        builder.pass(format!("{remote} leads to {repository}"));
    }
}

/// Whether the remote itself says the right place, so that a `url.….insteadOf` leads elsewhere.
fn is_rewritten(role: &Role<'_>, web: &Url, settings: &[Setting], is_push: bool) -> bool {
    let values = |key: &str| -> Vec<&str> {
        let key = format!("remote.{}.{key}", role.remote);
        settings.iter().filter(|setting| setting.key == key).filter_map(|setting| setting.value.as_deref()).collect()
    };
    let (push, fetch) = (values("pushurl"), values("url"));
    let said = if is_push && !push.is_empty() { push } else { fetch };
    !said.is_empty() && said.iter().all(|url| remote_url::place(url, web).is(role.repository))
}

/// The address of a repository on GitHub.
pub(crate) fn url_of(target: &Target, repository: &str) -> String {
    format!("{}/{repository}.git", target.github.web_url)
}
