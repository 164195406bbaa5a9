//! Finds names of repositories of our owners in a text, in URL, SSH and plain form.

use crate::formats::words::{self, is_part};

/// What is ours, and where it lives.
#[derive(Clone, Debug)]
pub(super) struct Ours {
    /// The repositories, each `owner/name`.
    pub(super) repositories: Vec<String>,
    /// Their owners, each once.
    pub(super) owners: Vec<String>,
    /// Hosts, with their ports, whose paths begin with `owner/name`.
    pub(super) hosts: Vec<String>,
}

/// Every repository of one of our owners in this line that is none of ours.
pub(super) fn unknown<'a>(line: &'a str, ours: &'a Ours) -> impl Iterator<Item = String> + 'a {
    let named = ours.owners.iter().flat_map(move |owner| {
        words::places(line, owner).filter_map(move |at| {
            let name = name(line[at + owner.len()..].strip_prefix('/')?)?;
            is_repository(&line[..at], ours).then(|| format!("{owner}/{name}"))
        })
    });
    named.filter(|named| !ours.repositories.iter().any(|ours| ours.eq_ignore_ascii_case(named)))
}

/// The repository's name at the start of what follows the owner; `None` where a variable or placeholder stands.
fn name(after: &str) -> Option<&str> {
    let is_of_name = |character: char| character.is_ascii_alphanumeric() || "-_.".contains(character);
    let end = after.find(|character| !is_of_name(character)).unwrap_or(after.len());
    if after[end..].starts_with(['$', '{', '<', '*', '…']) {
        return None;
    }
    // A full stop may end a sentence.
    let name = after[..end].trim_end_matches('.');
    let name = name.strip_suffix(".git").unwrap_or(name);
    name.starts_with(is_part).then_some(name)
}

/// Whether `owner/name` behind this text is a repository, and no folder on a disk.
fn is_repository(before: &str, ours: &Ours) -> bool {
    let Some(path) = before.strip_suffix('/') else { return true };
    let segment = path.rsplit(['/', ' ', '\t', '"', '\'', '`', '(', '<', '=', ',', '@']).next().unwrap_or_default();
    let host = segment.to_ascii_lowercase();
    host == "repos" || host.contains("github") || ours.hosts.iter().any(|ours| ours.eq_ignore_ascii_case(segment))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(line: &str) -> Vec<String> {
        let ours = Ours {
            repositories: vec!["Owner/app".into(), "Owner/app_server".into()],
            owners: vec!["Owner".into()],
            hosts: vec!["127.0.0.1:8000".into()],
        };
        unknown(line, &ours).collect()
    }

    #[test]
    fn an_unknown_repository_is_found_in_every_form() {
        for line in [
            "https://github.com/Owner/old_app",
            "https://github.com/owner/old_app.git",
            "git@github.com:Owner/old_app.git",
            "ssh://git@github.com/Owner/old_app",
            "https://user:token@github.com/Owner/old_app",
            "https://api.github.com/repos/Owner/old_app/releases",
            "gh api repos/Owner/old_app",
            "https://raw.githubusercontent.com/Owner/old_app/main/x",
            "http://127.0.0.1:8000/Owner/old_app/releases",
            "gh release view -R Owner/old_app",
            "gh release view --repo=Owner/old_app",
            "gh repo clone Owner/old_app",
            "GITHUB_REPOSITORY=Owner/old_app",
            "uses: Owner/old_app@v1",
            "see `Owner/old_app`.",
            "see Owner/old_app.",
        ] {
            assert_eq!(found(line).iter().map(|name| name.to_lowercase()).collect::<Vec<_>>(), ["owner/old_app"], "{line}");
        }
    }

    #[test]
    fn ours_and_what_is_no_repository_are_not() {
        for line in [
            "https://github.com/Owner/app/releases/download/x",
            "git@github.com:owner/APP_server.git",
            "`Owner/app`.",
            "https://github.com/Owner",
            "https://github.com/Owner/",
            "Owner/<repository>",
            "Owner/$REPO",
            "Owner/{app,app_server}",
            "Owner/app_*",
            "cd /srv/people/Owner/Desktop",
            "~/Owner/Desktop",
            "CoOwner/old_app",
            "https://example.net/Owner/x",
        ] {
            assert_eq!(found(line), Vec::<String>::new(), "{line}");
        }
    }
}
