//! git: plumbing that only reads, in one repository, as the account that the repository belongs to.
//!
//! A repository's configuration can name programs. So git is told to run none of them where it can be told, and root
//! never runs git in a repository that somebody else could have configured: git then runs as that account.

mod parse;

pub use parse::{Change, Entry, Setting, without_userinfo};

use crate::{
    accounts::{Account, Accounts},
    files::FileError,
    programs::{ProgramError, Ran, Run},
};
use nexy_contract::text;
use std::{
    io,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    time::Duration,
};

/// Lists of paths of the largest repositories.
const LIST_BYTES: u64 = 64 << 20;
/// One look; a gate takes several.
const TIMEOUT: Duration = Duration::from_secs(60);
/// What every call is told: lock nothing, show things as they are stored, start nobody else.
const ALWAYS: &[&str] = &[
    "--no-pager",
    "--no-optional-locks",
    "--no-replace-objects",
    "--literal-pathspecs",
    "-c",
    "core.fsmonitor=false",
    "-c",
    "core.hooksPath=/dev/null",
    "-c",
    "core.untrackedCache=false",
];
/// What a remote is reached with, beside git's own configuration.
const NETWORK: &[&str] = &["SSH_AUTH_SOCK", "HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE"];

/// git in one repository.
#[derive(Debug)]
pub struct Git {
    folder: PathBuf,
    account: Option<(Account, Option<PathBuf>)>,
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
    /// Nobody on this machine is who git would have to run as.
    #[error("{} belongs to user {uid}, who has no account on this machine, so git cannot be asked as its owner", path.display())]
    NoAccount {
        /// What belongs to them.
        path: PathBuf,
        /// Their number.
        uid: u32,
    },
    /// The repository says that its files are somewhere else.
    #[error("git takes {0} for the files of this repository (see core.worktree in its configuration)")]
    Elsewhere(String),
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

/// What lies in a checkout beside the files that git knows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Strays {
    /// Files; a folder with a repository of its own ends with `/`.
    pub paths: Vec<String>,
    /// What git could not look into, in its own words.
    pub complaints: Vec<String>,
}

impl Git {
    /// git in the repository whose `.git` stands in `folder`; `None` when there is none. Nothing is run yet.
    ///
    /// # Errors
    /// [`GitError`] when the folder cannot be looked at, or its owner has no account.
    pub fn at(folder: &Path) -> Result<Option<Self>, GitError> {
        let dot_git = folder.join(".git");
        let Some(owner) = owner(&dot_git)? else { return Ok(None) };
        let mut account = None;
        if rustix::process::geteuid().is_root() {
            let places = [(folder.to_path_buf(), owner_or_root(folder)?), (dot_git.clone(), owner)];
            let config = dot_git.join("config");
            let config_owner = owner_or_root(&config)?;
            // Whoever could have written what git obeys is who git runs as.
            let stranger = places.into_iter().chain([(config, config_owner)]).find(|(_, uid)| *uid != 0);
            if let Some((path, uid)) = stranger {
                let accounts = Accounts::read()?;
                let known = accounts.account(&accounts.user_name(uid));
                let known = known.ok_or(GitError::NoAccount { path, uid })?;
                let home = accounts.home(&known.name).map(Path::to_path_buf);
                account = Some((known, home));
            }
        }
        Ok(Some(Self { folder: folder.to_path_buf(), account }))
    }

    /// The account that git runs as, when it is not ours.
    #[must_use]
    pub fn runs_as(&self) -> Option<&str> {
        self.account.as_ref().map(|(account, _)| account.name.as_str())
    }

    fn run(&self, arguments: &[&str]) -> Run {
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
            None => run.allow(&["HOME", "XDG_CONFIG_HOME"]),
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
    ///
    /// # Errors
    /// [`GitError`].
    pub fn must_be_whole(&self) -> Result<(), GitError> {
        let top = self.line(&["rev-parse", "--show-toplevel"])?;
        let here = std::fs::canonicalize(&self.folder).map_err(|source| self.failed(source))?;
        if std::fs::canonicalize(&top).is_ok_and(|top| top == here) { Ok(()) } else { Err(GitError::Elsewhere(top)) }
    }

    fn failed(&self, source: io::Error) -> FileError {
        FileError { verb: "look at", path: self.folder.clone(), source }
    }

    /// The object that a full name of a reference leads to, tags not followed.
    ///
    /// # Errors
    /// [`GitError`].
    pub fn object(&self, name: &str) -> Result<Option<String>, GitError> {
        self.line_if_any(&["rev-parse", "--verify", "--quiet", name])
    }

    /// What kind of object it is: `commit`, `tag`, `tree`, `blob`.
    ///
    /// # Errors
    /// [`GitError`], also when there is no such object.
    pub fn kind(&self, object: &str) -> Result<String, GitError> {
        self.line(&["cat-file", "-t", object])
    }

    /// Whether the object is in this repository.
    ///
    /// # Errors
    /// [`GitError`].
    pub fn has(&self, object: &str) -> Result<bool, GitError> {
        Ok(self.line_if_any(&["rev-parse", "--verify", "--quiet", &format!("{object}^{{object}}")])?.is_some())
    }

    /// Every file of a commit's tree.
    ///
    /// # Errors
    /// [`GitError`].
    pub fn tree(&self, commit: &str) -> Result<Vec<Entry>, GitError> {
        let listed = self.ask(&["ls-tree", "-r", "-z", "--long", "--full-tree", commit])?;
        parse::tree(&listed).ok_or(GitError::Odd("a line of ls-tree"))
    }

    /// The content of a blob, as it is stored.
    ///
    /// # Errors
    /// [`GitError`].
    pub fn blob(&self, object: &str) -> Result<Vec<u8>, GitError> {
        self.ask(&["cat-file", "blob", object])
    }

    /// The paths of a commit whose content holds one of these texts.
    ///
    /// # Errors
    /// [`GitError`].
    pub fn holding(&self, commit: &str, texts: &[&str]) -> Result<Vec<String>, GitError> {
        let mut arguments = vec!["grep", "-l", "-z", "-a", "-F", "--full-name", "--no-color", "--no-recurse-submodules"];
        texts.iter().for_each(|text| arguments.extend(["-e", text]));
        arguments.push(commit);
        let ran = self.run(&arguments).run()?;
        match ran.code() {
            0 => Ok(parse::names(&ran.stdout).into_iter().filter_map(|name| Some(name.split_once(':')?.1.to_owned())).collect()),
            1 if ran.stderr.is_empty() => Ok(Vec::new()),
            _ => Err(refused(&ran)),
        }
    }

    /// The references that these patterns of `for-each-ref` name.
    ///
    /// # Errors
    /// [`GitError`].
    pub fn refs(&self, patterns: &[&str]) -> Result<Vec<Ref>, GitError> {
        let arguments: Vec<&str> = ["for-each-ref", "--format=%(objectname) %(refname)"].iter().chain(patterns).copied().collect();
        let listed = self.ask(&arguments)?;
        parse::refs(&listed, ' ').ok_or(GitError::Odd("a line of for-each-ref"))
    }

    /// Whether the first commit is in the history of the second; both must be here.
    ///
    /// # Errors
    /// [`GitError`].
    pub fn is_ancestor(&self, first: &str, second: &str) -> Result<bool, GitError> {
        Ok(self.line_if_any(&["merge-base", "--is-ancestor", first, second])?.is_some())
    }

    /// Whether the history was cut off when it was fetched.
    ///
    /// # Errors
    /// [`GitError`].
    pub fn is_shallow(&self) -> Result<bool, GitError> {
        Ok(self.line(&["rev-parse", "--is-shallow-repository"])? == "true")
    }

    /// The branch that is checked out; `None` when HEAD is detached.
    ///
    /// # Errors
    /// [`GitError`].
    pub fn branch(&self) -> Result<Option<String>, GitError> {
        let name = self.line_if_any(&["symbolic-ref", "--quiet", "HEAD"])?;
        Ok(name.and_then(|name| Some(name.strip_prefix("refs/heads/")?.to_owned())))
    }

    /// `git remote -v`: where each remote leads after all of git's rewriting.
    ///
    /// # Errors
    /// [`GitError`].
    pub fn remotes(&self) -> Result<String, GitError> {
        Ok(String::from_utf8_lossy(&self.ask(&["remote", "-v"])?).into_owned())
    }

    /// Every setting that git obeys here, but those that this door gives it.
    ///
    /// # Errors
    /// [`GitError`].
    pub fn settings(&self) -> Result<Vec<Setting>, GitError> {
        let listed = self.ask(&["config", "--list", "--show-origin", "-z"])?;
        let settings = parse::settings(&listed).ok_or(GitError::Odd("a line of config --list"))?;
        Ok(settings.into_iter().filter(|setting| setting.origin != "command line:").collect())
    }

    /// Where the settings say that hooks stand, when they say so; a relative path begins at the repository's root.
    ///
    /// # Errors
    /// [`GitError`].
    pub fn hooks_folder(&self) -> Result<Option<PathBuf>, GitError> {
        let said = self.ask(&["config", "--type=path", "--get-all", "core.hooksPath"])?;
        // The last one is what this door gives it.
        let said = String::from_utf8_lossy(&said);
        Ok(said.lines().rev().nth(1).map(|path| self.folder.join(path)))
    }

    /// What differs between HEAD, the index and the files that git knows, modes included.
    ///
    /// # Errors
    /// [`GitError`].
    pub fn changes(&self) -> Result<Vec<Change>, GitError> {
        let arguments = [
            "-c",
            "core.fileMode=true",
            "status",
            "--porcelain=v2",
            "-z",
            "--untracked-files=no",
            "--ignore-submodules=none",
            "--no-renames",
        ];
        parse::changes(&self.ask(&arguments)?).ok_or(GitError::Odd("a line of status"))
    }

    /// The files that git was told not to look at: assumed unchanged, or left out of the checkout.
    ///
    /// # Errors
    /// [`GitError`].
    pub fn hidden(&self) -> Result<Vec<String>, GitError> {
        parse::hidden(&self.ask(&["ls-files", "-v", "-z"])?).ok_or(GitError::Odd("a line of ls-files"))
    }

    /// What lies here that git does not know and that no `.gitignore` of the repository names; ignore lists of this
    /// machine do not count.
    ///
    /// # Errors
    /// [`GitError`].
    pub fn strays(&self) -> Result<Strays, GitError> {
        let ran = self.run(&["ls-files", "--others", "-z", "--exclude-per-directory=.gitignore"]).run()?;
        if !ran.succeeded() {
            return Err(refused(&ran));
        }
        let complaints = String::from_utf8_lossy(&ran.stderr).lines().filter(|line| !line.is_empty()).map(str::to_owned).collect();
        Ok(Strays { paths: parse::names(&ran.stdout), complaints })
    }

    /// Whether a path is in the index.
    ///
    /// # Errors
    /// [`GitError`].
    pub fn is_in_index(&self, path: &str) -> Result<bool, GitError> {
        Ok(!self.ask(&["ls-files", "-z", "--cached", "--full-name", "--", path])?.is_empty())
    }

    /// Where git keeps what it knows: the folder of this checkout, and the one that all checkouts share.
    ///
    /// # Errors
    /// [`GitError`].
    pub fn folders(&self) -> Result<(PathBuf, PathBuf), GitError> {
        let own = self.line(&["rev-parse", "--absolute-git-dir"])?;
        let shared = self.line(&["rev-parse", "--git-common-dir"])?;
        Ok((own.into(), self.folder.join(shared)))
    }

    /// The references of these names that a remote has now; the network is asked, and no question of its is answered.
    ///
    /// # Errors
    /// [`GitError`].
    pub fn ask_remote(&self, remote: &str, names: &[&str], timeout: Duration) -> Result<Vec<Ref>, GitError> {
        let arguments: Vec<&str> = ["ls-remote", "--quiet", "--", remote].iter().chain(names).copied().collect();
        // A password is asked of a program that knows none, and not of the person's terminal.
        let run = self.run(&arguments).allow(NETWORK).set("SSH_ASKPASS", "false").set("SSH_ASKPASS_REQUIRE", "force");
        let ran = run.timeout(timeout).run()?;
        if !ran.succeeded() {
            return Err(refused(&ran));
        }
        let listed = parse::refs(&ran.stdout, '\t').ok_or(GitError::Odd("a line of ls-remote"))?;
        // It also matches names that only end like the one that was asked for.
        Ok(listed.into_iter().filter(|found| names.contains(&found.name.as_str())).collect())
    }
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

/// Who owns a path; `None` when it is not there.
fn owner(path: &Path) -> Result<Option<u32>, FileError> {
    match std::fs::symlink_metadata(path) {
        Ok(metadata) => Ok(Some(metadata.uid())),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(None),
        Err(source) => Err(FileError { verb: "look at", path: path.to_path_buf(), source }),
    }
}

/// What is not there, nobody has configured.
fn owner_or_root(path: &Path) -> Result<u32, FileError> {
    Ok(owner(path)?.unwrap_or(0))
}
