//! git: plumbing in one repository, as the account that the repository belongs to. All of it only reads, but for `push`.
//!
//! A repository's configuration can name programs. So git is told to run none of them where it can be told, and root
//! never runs git in a repository that another account could have configured: git then runs as that account.

mod checkout;
mod owner;
mod parse;
mod push;
pub mod shelf;

pub use checkout::Strays;
pub use parse::{Change, Entry, RemoteUrl, Setting, remote_urls, without_userinfo};
pub use push::FileChange;

use crate::{
    fs::files::FileError,
    programs::{
        ProgramError, Ran, Run,
        environment::{NETWORK, PERSON},
    },
};
use nexy_contract::text;
use std::{
    io,
    path::{Path, PathBuf},
    time::Duration,
};

/// Lists of paths of the largest repositories.
const LIST_BYTES: u64 = 64 << 20;
/// One look; a gate takes several.
const TIMEOUT: Duration = Duration::from_secs(60);
/// Brings everything that a remote has, whatever a partial clone was told to leave out.
pub const FETCH_ABSENT: &str = "fetch --refetch --no-filter --tags";
/// Options of every call: take no lock, print paths and values as they are stored, start no other program.
const ALWAYS: &[&str] = &[
    "--no-pager",
    "--no-optional-locks",
    "--no-replace-objects",
    "--literal-pathspecs",
    "-c",
    "core.fsmonitor=false",
    "-c",
    "core.untrackedCache=false",
];
/// What only looks runs no program of the repository.
const NO_HOOKS: &[&str] = &["-c", "core.hooksPath=/dev/null"];

/// git in one repository.
#[derive(Debug)]
pub struct Git {
    folder: PathBuf,
    account: Option<owner::RunsAs>,
}

/// Why git did not answer.
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    /// It did not run to its end.
    #[error(transparent)]
    Program(#[from] ProgramError),
    /// The repository cannot be looked at.
    #[error(transparent)]
    File(#[from] FileError),
    /// It ended otherwise than it should, with these words.
    #[error("git refuses to tell: {0}")]
    Refused(String),
    /// The account that git would have to run as does not exist on this machine: what belongs to it, and its number.
    #[error("{path} belongs to user {1}, who has no account on this machine, so git cannot be asked as its owner", path = .0.display())]
    NoAccount(PathBuf, u32),
    /// Other accounts could have configured the repository, and it cannot be told which.
    #[error("{path} can be written by other accounts than root, so root does not run git there", path = .0.display())]
    Writable(PathBuf),
    /// The repository says that its files are somewhere else.
    #[error("git takes {0} for the files of this repository (see core.worktree in its configuration)")]
    Elsewhere(String),
    /// The repository knows an object and does not hold it: the path of a file, and the object.
    #[error("git does not hold the content of {0} (object {1}), as after a partial clone or a fault of the disk")]
    Absent(String, String),
    /// It ended well and said what cannot be understood.
    #[error("git says what cannot be understood: {0}")]
    Odd(&'static str),
}

/// A reference and what it leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ref {
    /// Its full name, such as `refs/heads/main`.
    pub name: String,
    /// The object that it names.
    pub object: String,
}

/// A file as a commit holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PastFile {
    /// When the commit was made, in seconds since 1970.
    pub at_s: i64,
    /// The commit.
    pub commit: String,
    /// What the file holds.
    pub content: Vec<u8>,
}

impl Git {
    /// git in the repository whose `.git` stands in `folder`; `None` when there is none. Nothing is run yet.
    /// Errors: [`GitError`] when the folder cannot be looked at, or its owner has no account.
    pub fn at(folder: &Path) -> Result<Option<Self>, GitError> {
        Ok(owner::of(folder)?.map(|account| Self { folder: folder.to_path_buf(), account }))
    }

    /// The folder in which the repository's `.git` stands.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    fn run(&self, arguments: &[&str]) -> Run {
        self.run_with_hooks(&[NO_HOOKS, arguments].concat())
    }

    fn run_with_hooks(&self, arguments: &[&str]) -> Run {
        let arguments: Vec<&str> = ALWAYS.iter().chain(arguments).copied().collect();
        let run = Run::new("git", &arguments)
            .folder(&self.folder)
            .timeout(TIMEOUT)
            .max_bytes(LIST_BYTES)
            .set("LC_ALL", "C")
            .set("GIT_TERMINAL_PROMPT", "0")
            // What is missing in a partial clone is not fetched behind our back.
            .set("GIT_NO_LAZY_FETCH", "1")
            // A repository further up is another one.
            .set("GIT_CEILING_DIRECTORIES", self.folder.parent().unwrap_or(Path::new("/")));
        match &self.account {
            None => run.allow(PERSON),
            Some((account, Some(home))) => run.set("HOME", home).as_account(account),
            Some((account, None)) => run.as_account(account),
        }
    }

    /// What it prints when it ends with 0.
    fn ask(&self, arguments: &[&str]) -> Result<Vec<u8>, GitError> {
        let ran = self.run(arguments).run()?;
        if ran.succeeded() { Ok(ran.stdout) } else { Err(refused(&ran)) }
    }

    fn line(&self, arguments: &[&str]) -> Result<String, GitError> {
        Ok(first_line(&self.ask(arguments)?))
    }

    /// The line that it prints when it ends with 0; `None` when it ends with 1 and no complaint, as plumbing says "no".
    fn line_if_any(&self, arguments: &[&str]) -> Result<Option<String>, GitError> {
        let ran = self.run(arguments).run()?;
        match ran.code() {
            0 => Ok(Some(first_line(&ran.stdout))),
            1 if ran.stderr.is_empty() => Ok(None),
            _ => Err(refused(&ran)),
        }
    }

    /// Holds that the repository's files are those of its folder, and that git is willing to speak of them.
    pub fn must_be_whole(&self) -> Result<(), GitError> {
        let top = self.line(&["rev-parse", "--show-toplevel"])?;
        let here = std::fs::canonicalize(&self.folder).map_err(|source| self.failed(source))?;
        if std::fs::canonicalize(&top).is_ok_and(|top| top == here) { Ok(()) } else { Err(GitError::Elsewhere(top)) }
    }

    fn failed(&self, source: io::Error) -> FileError {
        FileError { verb: "look at", path: self.folder.clone(), source }
    }

    /// The object that a full name of a reference leads to, tags not followed.
    pub fn object(&self, name: &str) -> Result<Option<String>, GitError> {
        self.line_if_any(&["rev-parse", "--verify", "--quiet", name])
    }

    /// What kind of object it is: `commit`, `tag`, `tree`, `blob`.
    /// Errors: [`GitError`], also when there is no such object.
    pub fn kind(&self, object: &str) -> Result<String, GitError> {
        self.line(&["cat-file", "-t", object])
    }

    /// Whether the object is in this repository.
    pub fn has(&self, object: &str) -> Result<bool, GitError> {
        // `rev-parse --verify` says no by its exit code alone, and git 2.39 prints a warning beside it in a partial clone.
        let ran = self.run(&["cat-file", "--batch-check"]).input(format!("{object}\n").as_bytes()).run()?;
        if !ran.succeeded() {
            return Err(refused(&ran));
        }
        match first_line(&ran.stdout).split(' ').collect::<Vec<_>>()[..] {
            [_, "missing"] => Ok(false),
            [_, _kind, _size] => Ok(true),
            _ => Err(GitError::Odd("the kind of an object")),
        }
    }

    /// Every file of a commit's tree.
    pub fn tree(&self, commit: &str) -> Result<Vec<Entry>, GitError> {
        let listed = self.ask(&["ls-tree", "-r", "-z", "--full-tree", commit])?;
        parse::tree(&listed).ok_or(GitError::Odd("a line of ls-tree"))
    }

    /// The content of a file, as it is stored; `None` when it has more bytes than `largest`.
    /// Errors: [`GitError`]; [`GitError::Absent`] when this repository does not hold it.
    pub fn blob(&self, entry: &Entry, largest: u64) -> Result<Option<Vec<u8>>, GitError> {
        let ran = match self.run(&["cat-file", "blob", &entry.object]).max_bytes(largest).run() {
            Err(ProgramError::TooMuch(..)) => return Ok(None),
            ran => ran?,
        };
        if ran.succeeded() {
            Ok(Some(ran.stdout))
        } else if self.has(&entry.object)? {
            Err(refused(&ran))
        } else {
            Err(absent(entry))
        }
    }

    /// The first file of a commit whose content this repository does not hold.
    fn first_absent(&self, commit: &str) -> Result<Option<Entry>, GitError> {
        let missing = parse::missing(&self.ask(&["rev-list", "--objects", "--no-walk", "--missing=print", commit])?);
        Ok(self.tree(commit)?.into_iter().find(|entry| missing.contains(&entry.object)))
    }

    /// The message of a commit.
    /// Errors: [`GitError`], also when there is no such commit.
    pub fn message(&self, commit: &str) -> Result<String, GitError> {
        let object = self.ask(&["cat-file", "commit", commit])?;
        let text = String::from_utf8_lossy(&object);
        Ok(text.split_once("\n\n").map_or("", |(_, message)| message).to_owned())
    }

    /// The newest `most` commits that changed a file, and what it holds in each; a commit without it is left out.
    pub fn history(&self, path: &str, most: u32) -> Result<Vec<PastFile>, GitError> {
        let listed = self.ask(&["log", &format!("-n{most}"), "--no-show-signature", "--format=%ct %H", "HEAD", "--", path])?;
        let commits = parse::commits(&listed).ok_or(GitError::Odd("a line of log"))?;
        let wanted: String = commits.iter().map(|(_, commit)| format!("{commit}:{path}\n")).collect();
        let ran = self.run(&["cat-file", "--batch"]).input(wanted.as_bytes()).run()?;
        if !ran.succeeded() {
            return Err(refused(&ran));
        }
        let contents = parse::batch(&ran.stdout).ok_or(GitError::Odd("a head of cat-file"))?;
        let past = commits.into_iter().zip(contents);
        Ok(past.filter_map(|((at_s, commit), content)| Some(PastFile { at_s, commit, content: content? })).collect())
    }

    /// The paths of a commit whose content holds one of these texts.
    pub fn holding(&self, commit: &str, texts: &[&str]) -> Result<Vec<String>, GitError> {
        let found = self.grep(Some(commit), texts);
        let names = match found {
            Ok(names) => names,
            Err(error) => return Err(self.first_absent(commit)?.map_or(error, |entry| absent(&entry))),
        };
        Ok(names.into_iter().filter_map(|name| Some(name.split_once(':')?.1.to_owned())).collect())
    }

    /// What `git grep` names: paths of a commit behind its name and `:`, or else paths of the checkout.
    fn grep(&self, commit: Option<&str>, texts: &[&str]) -> Result<Vec<String>, GitError> {
        let mut arguments = vec!["grep", "-l", "-z", "-a", "-F", "--full-name", "--no-color", "--no-recurse-submodules"];
        texts.iter().for_each(|text| arguments.extend(["-e", text]));
        arguments.extend(commit);
        let ran = self.run(&arguments).run()?;
        match ran.code() {
            0 => Ok(parse::names(&ran.stdout)),
            1 if ran.stderr.is_empty() => Ok(Vec::new()),
            _ => Err(refused(&ran)),
        }
    }

    /// The references that these patterns of `for-each-ref` name.
    pub fn refs(&self, patterns: &[&str]) -> Result<Vec<Ref>, GitError> {
        let arguments: Vec<&str> = ["for-each-ref", "--format=%(objectname) %(refname)"].iter().chain(patterns).copied().collect();
        let listed = self.ask(&arguments)?;
        parse::refs(&listed, ' ').ok_or(GitError::Odd("a line of for-each-ref"))
    }

    /// Whether the first commit is in the history of the second; both must be here.
    pub fn is_ancestor(&self, first: &str, second: &str) -> Result<bool, GitError> {
        Ok(self.line_if_any(&["merge-base", "--is-ancestor", first, second])?.is_some())
    }

    /// Whether the history was cut off when it was fetched.
    pub fn is_shallow(&self) -> Result<bool, GitError> {
        Ok(self.line(&["rev-parse", "--is-shallow-repository"])? == "true")
    }

    /// The branch that is checked out; `None` when HEAD is detached.
    pub fn branch(&self) -> Result<Option<String>, GitError> {
        let name = self.line_if_any(&["symbolic-ref", "--quiet", "HEAD"])?;
        Ok(name.and_then(|name| Some(name.strip_prefix("refs/heads/")?.to_owned())))
    }

    /// Where each remote leads after all of git's rewriting.
    pub fn remotes(&self) -> Result<Vec<RemoteUrl>, GitError> {
        Ok(remote_urls(&String::from_utf8_lossy(&self.ask(&["remote", "-v"])?)))
    }

    /// Every setting that git obeys here, but those that this door gives it.
    pub fn settings(&self) -> Result<Vec<Setting>, GitError> {
        let listed = self.ask(&["config", "--list", "--show-origin", "-z"])?;
        let settings = parse::settings(&listed).ok_or(GitError::Odd("a line of config --list"))?;
        Ok(settings.into_iter().filter(|setting| setting.origin != "command line:").collect())
    }

    /// The references of these names that a remote has now; the network is asked, and no question of its is answered.
    pub fn ask_remote(&self, remote: &str, names: &[&str], timeout: Duration) -> Result<Vec<Ref>, GitError> {
        let arguments: Vec<&str> = ["ls-remote", "--quiet", "--", remote].iter().chain(names).copied().collect();
        let ran = on_network(self.run(&arguments)).timeout(timeout).run()?;
        if !ran.succeeded() {
            return Err(refused(&ran));
        }
        let listed = parse::refs(&ran.stdout, '\t').ok_or(GitError::Odd("a line of ls-remote"))?;
        // It also matches names that only end like the one that was asked for.
        Ok(listed.into_iter().filter(|found| names.contains(&found.name.as_str())).collect())
    }
}

/// A password is asked of a program that knows none, and not of the person's terminal.
fn on_network(run: Run) -> Run {
    run.allow(NETWORK).set("SSH_ASKPASS", "false").set("SSH_ASKPASS_REQUIRE", "force")
}

fn absent(entry: &Entry) -> GitError {
    GitError::Absent(text::excerpt(&entry.path, 200), entry.object.clone())
}

/// Cleaned before it is cut: half of a URL no longer shows what was a password.
fn refused(ran: &Ran) -> GitError {
    let words = String::from_utf8_lossy(&ran.stderr);
    let first = words.lines().find(|line| !line.trim().is_empty()).unwrap_or("it said nothing");
    GitError::Refused(text::excerpt(&without_userinfo(first), 200))
}

fn first_line(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    text.strip_suffix('\n').unwrap_or(&text).to_owned()
}
