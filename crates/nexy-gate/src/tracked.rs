//! The files of the workspace that git tracks.

use crate::gate::Answer;
use nexy_contract::text::shell_word;
use nexy_outside::{Workspace, programs::Run};
use std::time::Duration;

/// Names of a million files.
const MAX_BYTES: u64 = 64 << 20;
const PATIENCE: Duration = Duration::from_secs(60);

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

/// One tracked path, relative to the workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tracked {
    /// Where it stands.
    pub(crate) path: String,
    /// What it is.
    pub(crate) kind: Kind,
    /// The content that git keeps for the next commit.
    object: String,
}

impl Tracked {
    /// The content that git keeps for the next commit, whatever stands in the workspace; the reason when it cannot be had.
    pub(crate) fn kept(&self, workspace: &Workspace, max_bytes: u64) -> Result<Vec<u8>, String> {
        let run = Run::new("git", &["cat-file", "blob", &self.object]).folder(&workspace.root);
        match run.allow(&["HOME", "XDG_CONFIG_HOME"]).timeout(PATIENCE).at_most(max_bytes).run() {
            Ok(ran) if ran.succeeded() => Ok(ran.stdout),
            Ok(ran) => Err(format!("git refuses to tell: {}", ran.complaint())),
            Err(error) => Err(error.to_string()),
        }
    }
}

/// Asks git; the answer when it does not tell. `expected` is what the asking gate wants to see.
pub(crate) fn files(workspace: &Workspace, expected: &str) -> Result<Vec<Tracked>, Answer> {
    let root = &workspace.root;
    // No program that the repository's configuration names is started for a list of names.
    let arguments = ["-c", "core.fsmonitor=false", "ls-files", "-z", "--stage"];
    let ran = Run::new("git", &arguments).folder(root).allow(&["HOME", "XDG_CONFIG_HOME"]).timeout(PATIENCE).at_most(MAX_BYTES).run();
    let again = format!("git -C {} ls-files", shell_word(&root.display().to_string()));
    match ran {
        Ok(ran) if ran.succeeded() => parse(&ran.stdout)
            .ok_or_else(|| Answer::unknown("git names its files in a form that is not known, or not in UTF-8", expected, again)),
        // git's words are translated, so the question whether this is a repository is asked of the folders.
        Ok(_) if !root.ancestors().any(|folder| folder.join(".git").exists()) => Err(Answer::fail(
            format!("{} is no git repository", root.display()),
            expected,
            format!("git clone {}/{}.git", workspace.target.github.web_url, workspace.target.repositories.workspace),
        )),
        Ok(ran) => Err(Answer::unknown(format!("git refuses to tell: {}", ran.complaint()), expected, again)),
        Err(error) => Err(Answer::unknown(error.to_string(), expected, "install git, then run the same command again")),
    }
}

/// `MODE OBJECT STAGE<tab>PATH`, each ended by a NUL; a path in the middle of a merge comes several times.
fn parse(output: &[u8]) -> Option<Vec<Tracked>> {
    let mut files: Vec<Tracked> = Vec::new();
    for entry in output.split(|byte| *byte == 0).filter(|entry| !entry.is_empty()) {
        let (about, path) = std::str::from_utf8(entry).ok()?.split_once('\t')?;
        let mut about = about.split(' ');
        let (mode, object) = (about.next()?, about.next()?);
        let kind = match mode {
            "100644" | "100755" | "100664" => Kind::File,
            "120000" => Kind::Link,
            "160000" => Kind::Submodule,
            _ => return None,
        };
        if files.last().is_none_or(|last| last.path != path) {
            files.push(Tracked { path: path.to_owned(), kind, object: object.to_owned() });
        }
    }
    Some(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_links_and_submodules_are_told_apart_and_named_once() {
        let output = b"100644 ab 0\ta b\n.txt\x00120000 ab 0\tlink\x00160000 ab 0\tmodule\x00100755 ab 1\tx\x00100755 cd 2\tx\0";
        let files: Vec<(String, Kind)> = parse(output).expect("git's own form").into_iter().map(|file| (file.path, file.kind)).collect();
        let expected = [("a b\n.txt", Kind::File), ("link", Kind::Link), ("module", Kind::Submodule), ("x", Kind::File)];
        assert_eq!(files, expected.map(|(path, kind)| (path.to_owned(), kind)));
        assert_eq!(parse(b""), Some(Vec::new()));
    }

    #[test]
    fn another_form_is_no_list() {
        for output in [&b"100644 ab 0 x\0"[..], b"777777 ab 0\tx\0", b"100644 ab 0\t\xff\0"] {
            assert_eq!(parse(output), None);
        }
    }
}
