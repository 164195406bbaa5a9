//! What to do about a remote that does not answer or takes no push, by git's own words for the reason.

use crate::{Fix, text::shell_word};

/// Why a remote refuses, as far as git's first line tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reason {
    /// A password or token is asked for, or refused.
    Login,
    /// No key of ssh is accepted.
    Key,
    /// The account may read, and not push.
    ReadOnly,
    /// A rule of the branch allows a push to a few accounts only, or after a review only.
    Protected,
    /// A hook, here or there, refuses what was pushed.
    Hook,
    NotFound,
    /// The key of the host is new, or another one than before.
    HostKey,
    Network,
    Other,
}

const WORDS: &[(&str, Reason)] = &[
    ("protected branch", Reason::Protected),
    ("Protected branch", Reason::Protected),
    ("rule violations", Reason::Protected),
    (" hook declined", Reason::Hook),
    ("pre-push hook", Reason::Hook),
    ("denied to ", Reason::ReadOnly),
    ("Write access to repository not granted", Reason::ReadOnly),
    ("Host key verification failed", Reason::HostKey),
    ("REMOTE HOST IDENTIFICATION HAS CHANGED", Reason::HostKey),
    ("host key is known for", Reason::HostKey),
    // The frame around ssh's warning of a key that has changed.
    ("@@@@@@", Reason::HostKey),
    ("Permission denied (", Reason::Key),
    ("Too many authentication failures", Reason::Key),
    ("Authentication failed", Reason::Login),
    ("could not read Username", Reason::Login),
    ("could not read Password", Reason::Login),
    ("terminal prompts disabled", Reason::Login),
    ("returned error: 401", Reason::Login),
    ("returned error: 403", Reason::Login),
    ("epository not found", Reason::NotFound),
    ("does not appear to be a git repository", Reason::NotFound),
    ("does not exist", Reason::NotFound),
    ("' not found", Reason::NotFound),
    ("No such file or directory", Reason::NotFound),
    ("Could not resolve", Reason::Network),
    ("Temporary failure in name resolution", Reason::Network),
    ("Failed to connect", Reason::Network),
    ("onnection ", Reason::Network),
    ("Network is unreachable", Reason::Network),
    ("No route to host", Reason::Network),
    ("did not end within", Reason::Network),
    ("SSL", Reason::Network),
];

fn reason(because: &str) -> Reason {
    WORDS.iter().find(|(words, _)| because.contains(words)).map_or(Reason::Other, |(_, reason)| *reason)
}

/// Whether a rule of the branch refuses the push, which a review gets past.
pub fn is_protected(because: &str) -> bool {
    reason(because) == Reason::Protected
}

/// The lines to type and to read; `remote` and `url` are shell words, `web` is where GitHub is.
pub fn fix(because: &str, remote: &str, url: &str, web: &str) -> Fix {
    let host = web.split_once("://").map_or(web, |(_, rest)| rest).trim_end_matches('/');
    let host = shell_word(host.split(':').next().unwrap_or(host));
    match reason(because) {
        Reason::Login => {
            Fix::commands([format!("gh auth login --hostname {host} --git-protocol https"), format!("gh auth setup-git --hostname {host}")])
        }
        Reason::Key => Fix::note("no key of ssh is accepted: load the one that the account knows")
            .then_command("ssh-add -l")
            .then_command(format!("ssh -T git@{host}")),
        Reason::ReadOnly => Fix::note("this account may read the repository and not push to it; log in as one that may:")
            .then_command(format!("gh auth status --hostname {host}"))
            .then_command(format!("gh auth login --hostname {host} --git-protocol https")),
        Reason::Protected => Fix::note("a rule of the branch refuses the push; an account that the rule lets through can make it"),
        Reason::Hook => Fix::note("a hook refuses the push; do what its words above ask for"),
        Reason::NotFound => Fix::note("either the URL is wrong, or this account may not see the repository")
            .then_command(format!("git remote set-url {remote} {url}"))
            .then_command(format!("gh auth status --hostname {host}")),
        Reason::HostKey => Fix::note("compare the host's key with those that GitHub publishes")
            .then_command(format!("ssh-keyscan {host} | ssh-keygen -lf -"))
            .then_note("if it is one of them, forget the old one and accept it")
            .then_command(format!("ssh-keygen -R {host}"))
            .then_command(format!("ssh -T git@{host}")),
        Reason::Network => Fix::command(format!("curl --head --silent --show-error --max-time 20 {}", shell_word(web))),
        Reason::Other => Fix::command(format!("git ls-remote {remote}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_refusal_has_a_fix_of_its_own() {
        for (because, first) in [
            ("fatal: Authentication failed for 'https://github.com/a/b.git/'", "gh auth login --hostname github.com --git-protocol https"),
            ("fatal: could not read Username for 'https://github.com': terminal prompts disabled", "gh auth login"),
            ("git@github.com: Permission denied (publickey).", "no key of ssh"),
            ("ERROR: Repository not found.", "either the URL is wrong"),
            ("remote: Repository not found.", "either the URL is wrong"),
            ("fatal: '/x' does not appear to be a git repository", "either the URL is wrong"),
            ("Host key verification failed.", "compare the host's key"),
            ("@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@", "compare the host's key"),
            ("fatal: unable to access 'https://github.com/a/b.git/': Could not resolve host: github.com", "curl --head"),
            ("ssh: connect to host github.com port 22: Connection timed out", "curl --head"),
            ("remote rejected (protected branch hook declined): error: GH006: Protected branch update failed", "a rule of the branch"),
            ("remote rejected (push declined due to repository rule violations): error: GH013", "a rule of the branch"),
            ("remote rejected (pre-receive hook declined): no manifests on a Friday", "a hook refuses"),
            ("ERROR: Permission to a/b.git denied to someone.", "this account may read"),
            ("remote: Write access to repository not granted.", "this account may read"),
            ("`git` did not end within 40 s", "curl --head"),
            ("fatal: bad config line 3", "git ls-remote origin"),
        ] {
            let fix = fix(because, "origin", "https://github.com/a/b.git", "https://github.com");
            assert!(fix.text().starts_with(first), "{because}: {fix}");
        }
    }
}
