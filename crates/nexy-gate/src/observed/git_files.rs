//! The files of the workspace that git tracks, and the content that it keeps for the next commit.

use super::remotes::url_of;
use nexy_contract::{Fix, check::Answer, text::shell_word};
use nexy_outside::programs::git::{Entry, FETCH_ABSENT, Git, GitError};
use nexy_outside::{Workspace, programs::ProgramError};
use std::path::Path;

/// No text that is searched is larger.
const MOST_KEPT: u64 = 64 << 20;

/// What git keeps under a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A file with content.
    File,
    /// A link; its content is a path.
    Link,
    /// A repository of its own.
    Submodule,
}

/// One tracked path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct File {
    /// Where it stands, relative to the workspace.
    pub(crate) path: String,
    /// What it is.
    pub(crate) kind: Kind,
    entry: Entry,
}

/// Every tracked path of the workspace.
#[derive(Debug)]
pub(crate) struct Tracked {
    /// In git's order.
    pub(crate) files: Vec<File>,
    git: Git,
    /// The commit whose files they are; `None` for those of the workspace.
    commit: Option<String>,
}

impl Tracked {
    /// Asks git, about the workspace or about a commit; the answer when it does not tell. `expected` is what the asking gate wants to see.
    pub(crate) fn of(workspace: &Workspace, commit: Option<&str>, expected: &str) -> Result<Self, Answer> {
        let by_hand = format!("git -C {} ls-files", shell_word(&workspace.root.display().to_string()));
        let (top, git) = repository(workspace, expected, &by_hand)?;
        let entries = commit.map_or_else(|| git.index(), |commit| git.tree(commit)).map_err(|error| refused(&error, expected, &by_hand))?;
        let prefix = workspace.root.strip_prefix(top).unwrap_or(Path::new("")).display().to_string();
        Ok(Self { files: entries.into_iter().filter_map(|entry| below(&prefix, entry)).collect(), git, commit: commit.map(str::to_owned) })
    }

    /// The message of the commit, for the workspace of the one that HEAD names; the reason when it cannot be had.
    pub(crate) fn message(&self) -> Result<String, String> {
        self.git.message(self.commit.as_deref().unwrap_or("HEAD")).map_err(|error| error.to_string())
    }

    /// The text of a tracked path in the commit that was asked about; `None` when the workspace was, whose files are read where they
    /// stand.
    pub(crate) fn committed(&self, path: &str) -> Option<Result<Option<String>, String>> {
        self.commit.as_ref()?;
        let read = |file| {
            let bytes = self.kept(file).map_err(|(because, _)| because)?;
            String::from_utf8(bytes).map_err(|_| "it is no UTF-8".to_owned())
        };
        Some(self.files.iter().find(|file| file.path == path).map(read).transpose())
    }

    /// The content that git keeps for the next commit, whatever stands in the workspace; the reason when it cannot be had, with what
    /// brings it when that is known.
    pub(crate) fn kept(&self, file: &File) -> Result<Vec<u8>, (String, Option<Fix>)> {
        let content = self.git.blob(&file.entry, MOST_KEPT).map_err(|error| {
            let fetch = matches!(error, GitError::Absent(..)).then(|| Fix::command(format!("git {FETCH_ABSENT}")));
            (error.to_string(), fetch)
        })?;
        content.ok_or_else(|| (format!("it is larger than {} MiB", MOST_KEPT >> 20), None))
    }
}

/// The repository that holds the workspace, which may stand below its root, and that root; the answer when there is none.
/// `by_hand` shows a person what git says.
pub(crate) fn repository<'a>(workspace: &'a Workspace, expected: &str, by_hand: &str) -> Result<(&'a Path, Git), Answer> {
    let root = &workspace.root;
    let found = root.ancestors().find_map(|folder| Git::at(folder).map(|git| Some((folder, git?))).transpose());
    let no_repository = || {
        let url = shell_word(&url_of(&workspace.target, &workspace.target.repositories.workspace));
        let fix = Fix::command(format!("git clone {url}")).then_note("Then work in the clone.");
        Answer::fail(format!("{} is no git repository", root.display()), expected, fix)
    };
    found.ok_or_else(no_repository)?.map_err(|error| refused(&error, expected, by_hand))
}

/// The answer for what git would not tell.
pub(crate) fn refused(error: &GitError, expected: &str, by_hand: &str) -> Answer {
    let fix = match error {
        GitError::Program(ProgramError::Missing(program)) => Fix::note(format!("Put {program} on PATH, then run the same command again.")),
        GitError::Absent(..) => Fix::command(format!("git {FETCH_ABSENT}")).then_note("Then run the same command again."),
        _ => Fix::note("git's own words stand above; the same question by hand shows all of them:").then_command(by_hand.to_owned()),
    };
    Answer::unknown(error.to_string(), expected, fix)
}

/// The entry as a path of the workspace, when it is one.
fn below(prefix: &str, entry: Entry) -> Option<File> {
    let path = if prefix.is_empty() { &entry.path } else { entry.path.strip_prefix(prefix)?.strip_prefix('/')? };
    let kind = match entry.mode.as_str() {
        "120000" => Kind::Link,
        "160000" => Kind::Submodule,
        _ => Kind::File,
    };
    Some(File { path: path.to_owned(), kind, entry })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_links_and_submodules_are_told_apart_below_the_workspace() {
        let entry = |mode: &str, path: &str| Entry { mode: mode.into(), object: "ab".into(), path: path.into() };
        let seen = |prefix: &str, mode: &str, path: &str| below(prefix, entry(mode, path)).map(|file| (file.path, file.kind));
        assert_eq!(seen("", "100755", "a/b"), Some(("a/b".into(), Kind::File)));
        assert_eq!(seen("a", "120000", "a/b"), Some(("b".into(), Kind::Link)));
        assert_eq!(seen("a", "160000", "a/b/c"), Some(("b/c".into(), Kind::Submodule)));
        assert_eq!(seen("a", "100644", "ab/c"), None);
    }
}
