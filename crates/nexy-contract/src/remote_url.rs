//! Where a git remote leads: host and `owner/name` out of the spellings that git takes, and never a user's secret.

use crate::{text, url::Url};

/// Where a remote leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A repository on the expected host.
    Repository(String),
    /// This repository on a host that only ssh's own configuration knows, so this program cannot determine which one that is.
    Alias {
        /// `owner/name`.
        repository: String,
        /// The name of the host, safe to show.
        host: String,
    },
    /// Somewhere else; a text that is safe to show.
    Elsewhere(String),
}

impl Place {
    /// Whether it is this `owner/name`; letter case does not matter on GitHub.
    pub fn is(&self, repository: &str) -> bool {
        matches!(self, Self::Repository(name) if name.eq_ignore_ascii_case(repository))
    }

    /// Whether it may be this `owner/name`, behind a host that only ssh knows.
    pub fn may_be(&self, wanted: &str) -> bool {
        matches!(self, Self::Alias { repository, .. } if repository.eq_ignore_ascii_case(wanted))
    }

    /// For people.
    pub fn shown(&self) -> String {
        match self {
            Self::Repository(name) => name.clone(),
            Self::Alias { repository, host } => format!("{repository} on `{host}`, a name that only ssh knows"),
            Self::Elsewhere(text) => text.clone(),
        }
    }
}

/// Reads the URL of a remote; `web` is GitHub's public address.
pub fn place(remote: &str, web: &Url) -> Place {
    let elsewhere = || Place::Elsewhere(without_secrets(remote));
    let mut ssh_host = None;
    let (is_ours, path) = match remote.split_once("://") {
        Some((scheme @ ("https" | "http"), rest)) => {
            let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
            let host = authority.rsplit('@').next().unwrap_or_default();
            let here = Url::parse(&format!("{scheme}://{host}"));
            (here.is_some_and(|here| here.origin() == web.origin()), path)
        }
        Some(("ssh" | "git+ssh" | "ssh+git", rest)) => {
            let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
            let host = authority.rsplit('@').next().unwrap_or_default().split(':').next().unwrap_or_default();
            ssh_host = Some(host);
            (is_ssh_host(host, web.host()), path)
        }
        Some(_) => (false, ""),
        // The short form of ssh, `git@host:owner/name`; a slash before the colon makes it a path on this machine.
        None => match remote.split_once(':') {
            Some((authority, path)) if !authority.contains('/') => {
                let host = authority.rsplit('@').next().unwrap_or_default();
                ssh_host = Some(host);
                (is_ssh_host(host, web.host()), path)
            }
            _ => (false, ""),
        },
    };
    let path = path.trim_matches('/');
    let name = path.strip_suffix(".git").unwrap_or(path);
    let is_name = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
    match name.split_once('/') {
        Some((owner, repository)) if is_name(owner) && is_name(repository) => {
            let repository = format!("{owner}/{repository}");
            match ssh_host {
                _ if is_ours => Place::Repository(repository),
                // A name without a dot is no host of the internet; ssh looks it up in its configuration.
                Some(host) if is_name(host) && !host.contains('.') => Place::Alias { repository, host: host.to_owned() },
                _ => elsewhere(),
            }
        }
        _ => elsewhere(),
    }
}

/// Whether a URL of https or http holds what may be a password or a token. A login name alone is none: GitHub's have at most
/// 39 characters.
pub fn holds_secret(remote: &str) -> bool {
    let Some(("https" | "http", rest)) = remote.split_once("://") else { return false };
    // A password may hold a slash, so everything before the last `@` counts.
    let Some((userinfo, _)) = rest.rsplit_once('@') else { return false };
    let is_token = ["ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"].iter().any(|start| userinfo.starts_with(start));
    userinfo.contains([':', '/', '%']) || userinfo.len() > 39 || is_token
}

/// GitHub also answers ssh on `ssh.` before its name, for networks that let only port 443 through.
fn is_ssh_host(host: &str, wanted: &str) -> bool {
    let host = host.to_ascii_lowercase();
    host == wanted.to_ascii_lowercase() || host.strip_prefix("ssh.").is_some_and(|rest| rest.eq_ignore_ascii_case(wanted))
}

/// Without user, password and query.
fn without_secrets(remote: &str) -> String {
    let (scheme, rest) = match remote.split_once("://") {
        Some((scheme, rest)) => (format!("{scheme}://"), rest),
        None => (String::new(), remote),
    };
    // A password may hold anything, also what would end it in a sound URL: all before the last `@` goes first.
    let rest = rest.rsplit('@').next().unwrap_or_default();
    let rest = rest.split(['?', '#']).next().unwrap_or_default();
    text::excerpt(&format!("{scheme}{rest}"), 120)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place_of(remote: &str) -> Place {
        place(remote, &Url::parse("https://git.example").expect("a URL"))
    }

    #[test]
    fn every_spelling_of_the_same_place_is_known() {
        for remote in [
            "https://git.example/owner/name",
            "https://git.example/owner/name.git",
            "https://GIT.example:443/owner/name.git/",
            "https://user:secret@git.example/owner/name.git",
            "ssh://git@git.example/owner/name.git",
            "ssh://git@git.example:22/owner/name",
            "ssh://git@ssh.git.example:443/owner/name.git",
            "git@git.example:owner/name.git",
            "git.example:/owner/name",
        ] {
            assert_eq!(place_of(remote), Place::Repository("owner/name".into()), "{remote}");
        }
        assert!(place_of("https://git.example/Owner/NAME").is("owner/name"));
    }

    #[test]
    fn other_places_are_elsewhere() {
        for remote in [
            "https://other.example/owner/name.git",
            "http://git.example/owner/name.git",
            "https://git.example.evil.test/owner/name",
            "https://git.example@evil.test/owner/name",
            "https://git.example/owner",
            "https://git.example/owner/name/more",
            "git@other.example:owner/name.git",
            "git@other:name.git",
            "git://git.example/owner/name",
            "/srv/git/name.git",
            "../name",
            "./git.example:owner/name",
            "file:///srv/name",
            "",
        ] {
            assert!(matches!(place_of(remote), Place::Elsewhere(_)), "{remote}");
        }
    }

    #[test]
    fn a_host_that_only_ssh_knows_is_neither_ours_nor_another() {
        for remote in ["git@work:owner/name.git", "work:Owner/Name", "ssh://git@work/owner/name.git", "ssh://work:22/owner/name"] {
            let place = place_of(remote);
            assert!(place.may_be("owner/name") && !place.is("owner/name"), "{remote}: {place:?}");
            assert!(place.shown().contains("on `work`"), "{remote}");
        }
        assert!(!place_of("s3cret@work:owner/name").shown().contains("s3cret"));
        assert!(!place_of("git@git.example:owner/name").may_be("owner/name"));
    }

    #[test]
    fn passwords_and_tokens_are_told_from_login_names() {
        let token = "0123456789".repeat(4);
        for remote in ["https://me:pw@h/a/b", "http://:pw@h/a", "https://ghp_x@h/a", "https://me:p/w@h/a", &format!("https://{token}@h/a")]
        {
            assert!(holds_secret(remote), "{remote}");
        }
        for remote in ["https://me@h/a/b", "https://h/a/b", "ssh://git:pw@h/a", "git@h:a/b", "/srv/a@b", "file:///a@b"] {
            assert!(!holds_secret(remote), "{remote}");
        }
    }

    #[test]
    fn a_secret_in_a_url_is_never_shown() {
        for remote in [
            "https://user:s3cret@other.example/owner/name.git",
            "https://s3cret@other.example/owner/name.git?token=s3cret#s3cret",
            "s3cret@other.example:owner/name",
            "ftp://user:s3cret@git.example/owner/name",
            "https://user:s3/s3cret@git.example/owner/name",
            "https://user:s3cret/s3@git.example/owner/name",
            "https://user:s3cret?s3cret#s3cret@git.example/owner/name",
        ] {
            assert!(!place_of(remote).shown().contains("s3cret"), "{remote}");
        }
        assert_eq!(place_of("https://u:p@other.example/owner/name.git").shown(), "https://other.example/owner/name.git");
    }
}
