//! The side of git that changes something: a commit of a few files upon a commit of a remote, and its push, which is never forced.
//! Work tree, index, HEAD and branches stay as they are.

use super::{Git, GitError, first_line, on_network, parse::is_object, refused, without_userinfo};
use crate::{fs::files::FileError, programs::Run};
use nexy_contract::text;
use std::time::Duration;

/// Settings of the person that would make a push or a fetch do more than is asked for here.
const NOTHING_ELSE: &[&str] = &[
    "-c",
    "push.followTags=false",
    "-c",
    "push.recurseSubmodules=no",
    "-c",
    "fetch.recurseSubmodules=false",
    "-c",
    "maintenance.auto=false",
];
/// A name that git would only guess from account and host is none.
const CONFIGURED: &[&str] = &["-c", "user.useConfigOnly=true"];

/// A file of a commit to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileChange {
    /// Its path, from the repository's root.
    pub path: String,
    /// The object that holds its content; `None` takes the file away.
    pub object: Option<String>,
}

impl Git {
    /// Whether git is configured with the name and the address of a person who commits.
    pub fn knows_committer(&self) -> Result<bool, GitError> {
        let arguments = [CONFIGURED, &["var", "GIT_COMMITTER_IDENT"]].concat();
        Ok(self.run(&arguments).run()?.succeeded())
    }

    /// Brings the commits of a reference of a remote; no reference of this repository is changed.
    pub fn fetch(&self, remote: &str, name: &str, timeout: Duration) -> Result<(), GitError> {
        let fetch = ["fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--refmap=", "--", remote, name];
        let ran = on_network(self.run(&[NOTHING_ELSE, &fetch].concat())).timeout(timeout).run()?;
        if ran.succeeded() { Ok(()) } else { Err(refused(&ran)) }
    }

    /// Keeps a content, byte for byte, and names its object.
    pub fn keep(&self, content: &[u8]) -> Result<String, GitError> {
        named(self.fed(&["hash-object", "-w", "--stdin"], content, |run| run)?)
    }

    /// Makes a commit upon another one, in which only these files are different, and names it.
    pub fn commit_upon(&self, parent: &str, changes: &[FileChange], message: &str) -> Result<String, GitError> {
        let failed = |source| FileError { verb: "make a folder in", path: std::env::temp_dir(), source };
        let folder = tempfile::Builder::new().prefix("nexy-").tempdir().map_err(failed)?;
        // An index of its own: the person's may hold what is to be committed later.
        let index = folder.path().join("index");
        let with_index = |run: Run| run.set("GIT_INDEX_FILE", index.as_os_str());
        self.fed(&["read-tree", parent], b"", with_index)?;
        let lines = changes.iter().map(|change| match &change.object {
            Some(object) => format!("100644 {object} 0\t{}\0", change.path),
            None => format!("0 {} 0\t{}\0", "0".repeat(parent.len()), change.path),
        });
        self.fed(&["update-index", "-z", "--index-info"], lines.collect::<String>().as_bytes(), with_index)?;
        // A partial clone holds the names of the other files, and not their content.
        let tree = named(self.fed(&["write-tree", "--missing-ok"], b"", with_index)?)?;
        named(self.fed(&[CONFIGURED, &["commit-tree", &tree, "-p", parent]].concat(), message.as_bytes(), |run| run)?)
    }

    /// Pushes a commit to a branch of a remote, with the hooks that the person's own push would run; git's reason when it refuses.
    pub fn push(&self, remote: &str, commit: &str, branch: &str, timeout: Duration) -> Result<Option<String>, GitError> {
        let to = format!("{commit}:{branch}");
        let arguments = [NOTHING_ELSE, &["push", "--porcelain", "--", remote, &to]].concat();
        // A hook that guards the push is not passed over.
        let ran = on_network(self.run_with_hooks(&arguments)).timeout(timeout).run()?;
        Ok((!ran.succeeded()).then(|| refusal(&String::from_utf8_lossy(&ran.stdout), &String::from_utf8_lossy(&ran.stderr))))
    }

    /// What a command says in its first line when it is given this input.
    fn fed(&self, arguments: &[&str], input: &[u8], with: impl FnOnce(Run) -> Run) -> Result<String, GitError> {
        let ran = with(self.run(arguments)).input(input).run()?;
        if ran.succeeded() { Ok(first_line(&ran.stdout)) } else { Err(refused(&ran)) }
    }
}

/// An object that git has named; nothing in place of a commit would be pushed as the end of the branch.
fn named(line: String) -> Result<String, GitError> {
    if is_object(&line) { Ok(line) } else { Err(GitError::Odd("the name of a new object")) }
}

/// Why a push was refused: the state of the reference (`! from:to [rejected] (fetch first)`), and the first words of remote or hook.
fn refusal(stdout: &str, stderr: &str) -> String {
    let state = stdout.lines().find_map(|line| Some(line.strip_prefix('!')?.rsplit('\t').next()?.replace(['[', ']'], "")));
    let frame = |line: &&str| !line.is_empty() && !line.starts_with("error: failed to push") && !line.starts_with("To ");
    let words = stderr.lines().map(|line| line.strip_prefix("remote:").unwrap_or(line).trim()).filter(frame).take(3);
    let all: Vec<String> = state.into_iter().chain(words.map(str::to_owned)).collect();
    let said = if all.is_empty() { "it said nothing".to_owned() } else { all.join("; ") };
    text::excerpt(&without_userinfo(&said), 400)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reason_of_a_refusal_is_the_state_and_the_first_words_of_the_remote() {
        let stdout = "To https://h.example/a.git\n!\t0123:refs/heads/main\t[remote rejected] (protected branch hook declined)\nDone\n";
        let stderr = "remote: error: GH006: Protected branch update failed for refs/heads/main.        \nremote: \nremote: - Changes must be made \
                      through a pull request.\nerror: failed to push some refs to 'https://me:s3cret@h.example/a.git'\n";
        let said = "remote rejected (protected branch hook declined); error: GH006: Protected branch update failed for refs/heads/main.; - \
                    Changes must be made through a pull request.";
        assert_eq!(refusal(stdout, stderr), said);
        let stderr = "fatal: unable to access 'https://me:s3cret@h.example/a.git/': Could not resolve host: h.example\n";
        assert_eq!(refusal("", stderr), "fatal: unable to access 'https://h.example/a.git/': Could not resolve host: h.example");
        assert_eq!(refusal("", ""), "it said nothing");
    }
}
