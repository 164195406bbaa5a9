//! Where a git remote leads: host and `owner/name` out of the spellings that git takes, and never a user's secret.

use nexy_outside::http::Url;

/// Where a remote leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// A repository on the expected host.
    Repository(String),
    /// Somewhere else; a text that is safe to show.
    Elsewhere(String),
}

impl Place {
    /// Whether it is this `owner/name`; letter case does not matter on GitHub.
    pub(crate) fn is(&self, repository: &str) -> bool {
        matches!(self, Self::Repository(name) if name.eq_ignore_ascii_case(repository))
    }

    /// For people.
    pub(crate) fn shown(&self) -> &str {
        match self {
            Self::Repository(name) => name,
            Self::Elsewhere(text) => text,
        }
    }
}

/// Reads the URL of a remote; `web` is GitHub's public address.
pub(crate) fn place(remote: &str, web: &Url) -> Place {
    let elsewhere = || Place::Elsewhere(without_secrets(remote));
    let (is_ours, path) = match remote.split_once("://") {
        Some((scheme @ ("https" | "http"), rest)) => {
            let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
            let host = authority.rsplit('@').next().unwrap_or_default();
            let here = Url::parse(&format!("{scheme}://{host}"));
            (here.is_some_and(|here| here.origin() == web.origin()), path)
        }
        Some(("ssh" | "git+ssh" | "ssh+git", rest)) => {
            let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
            let host = authority.rsplit('@').next().unwrap_or_default();
            (is_ssh_host(host.split(':').next().unwrap_or_default(), web.host()), path)
        }
        Some(_) => (false, ""),
        // The short form of ssh, `git@host:owner/name`; a slash before the colon makes it a path on this machine.
        None => match remote.split_once(':') {
            Some((authority, path)) if !authority.contains('/') => {
                (is_ssh_host(authority.rsplit('@').next().unwrap_or_default(), web.host()), path)
            }
            _ => (false, ""),
        },
    };
    let path = path.trim_matches('/');
    let name = path.strip_suffix(".git").unwrap_or(path);
    let is_name = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
    match name.split_once('/') {
        Some((owner, repository)) if is_ours && is_name(owner) && is_name(repository) => Place::Repository(format!("{owner}/{repository}")),
        _ => elsewhere(),
    }
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
    nexy_contract::text::excerpt(&format!("{scheme}{rest}"), 120)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(remote: &str) -> Place {
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
            assert_eq!(at(remote), Place::Repository("owner/name".into()), "{remote}");
        }
        assert!(at("https://git.example/Owner/NAME").is("owner/name"));
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
            "git@other:owner/name.git",
            "git://git.example/owner/name",
            "/srv/git/name.git",
            "../name",
            "./git.example:owner/name",
            "file:///srv/name",
            "",
        ] {
            assert!(matches!(at(remote), Place::Elsewhere(_)), "{remote}");
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
            assert!(!at(remote).shown().contains("s3cret"), "{remote}");
        }
        assert_eq!(at("https://u:p@other.example/owner/name.git").shown(), "https://other.example/owner/name.git");
    }
}
