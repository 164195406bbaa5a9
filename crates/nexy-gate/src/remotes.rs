//! Where the remotes of a repository lead, and what to type when one leads elsewhere.

use crate::{remote_url, tally::Tally};
use nexy_contract::Fix;
use nexy_contract::{Target, text::shell_word};
use nexy_outside::{git::Setting, http::Url};

/// One line of `git remote -v`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    /// The remote's name.
    pub(crate) remote: String,
    /// Where it leads after all of git's rewriting; it may hold a secret.
    pub(crate) url: String,
    /// Whether it is about pushes, not fetches.
    pub(crate) is_push: bool,
}

/// A remote and where it should lead.
pub(crate) struct Role<'a> {
    /// The remote's name.
    pub(crate) remote: &'a str,
    /// The repository, `owner/name`.
    pub(crate) repository: &'a str,
    /// Its URL.
    pub(crate) url: String,
    /// How git is typed there.
    pub(crate) git: &'a str,
}

/// `name <tab> url (fetch)`, perhaps with a filter in brackets at the end.
pub(crate) fn lines(output: &str) -> Vec<Line> {
    let read = |line: &str| {
        let (remote, rest) = line.split_once('\t')?;
        let (url, kind) = match (rest.rfind(" (push)"), rest.rfind(" (fetch)")) {
            (Some(at), _) => (&rest[..at], true),
            (None, Some(at)) => (&rest[..at], false),
            (None, None) => return None,
        };
        Some(Line { remote: remote.to_owned(), url: url.to_owned(), is_push: kind })
    };
    output.lines().filter_map(read).collect()
}

/// Holds one remote against its role; `web` is GitHub's public address, `settings` are those that git obeys there.
pub(crate) fn judge(role: &Role<'_>, web: &Url, lines: &[Line], settings: &[Setting], tally: &mut Tally) {
    let Role { remote, repository, url, git } = role;
    let (name, url) = (shell_word(remote), shell_word(url));
    let here: Vec<&Line> = lines.iter().filter(|line| line.remote == *remote).collect();
    if here.is_empty() {
        return tally.fail(format!("there is no remote {remote}"), Fix::command(format!("{git} remote add {name} {url}")));
    }
    let mut right = true;
    for line in here {
        let place = remote_url::place(&line.url, web);
        if !place.is(repository) {
            right = false;
            let (verb, key) = if line.is_push { ("pushes to", "pushurl") } else { ("fetches from", "url") };
            let fix = if is_rewritten(role, web, settings, line.is_push) {
                Fix::note(format!("take out the setting that rewrites {url}:"))
                    .then_command(format!("{git} config --show-origin --get-regexp '^url[.].*insteadof$'"))
            } else {
                // `git remote set-url` would change only the first of several.
                Fix::command(format!("{git} config --replace-all remote.{name}.{key} {url}"))
            };
            if place.may_be(repository) {
                tally.unknown(format!("{remote} {verb} {}", place.shown()), fix);
            } else {
                tally.fail(format!("{remote} {verb} {}, not {repository}", place.shown()), fix);
            }
        }
    }
    if right {
        tally.pass(format!("{remote} leads to {repository}"));
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
