//! The checked-out side of a repository: how index and files differ from HEAD, what lies beside them, where hooks stand.

use super::{Change, Entry, Git, GitError, parse, refused};
use nexy_contract::Timestamp;
use std::path::PathBuf;

/// More pointers than these are not asked about one by one.
const MOST_ASKED: usize = 500;

/// What lies in a checkout beside the files that git knows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Strays {
    /// Files; a folder with a repository of its own ends with `/`.
    pub paths: Vec<String>,
    /// What git could not look into, in its own words.
    pub complaints: Vec<String>,
}

impl Git {
    /// Where the settings say that hooks stand, when they say so; a relative path begins at the repository's root.
    pub fn hooks_folder(&self) -> Result<Option<PathBuf>, GitError> {
        let said = self.ask(&["config", "--type=path", "--get-all", "core.hooksPath"])?;
        // The last one is what this door gives it.
        let said = String::from_utf8_lossy(&said);
        Ok(said.lines().rev().nth(1).map(|path| self.folder.join(path)))
    }

    /// The files here whose content is not here: they hold only what a filter keeps in git in its place, a pointer or cipher text.
    /// Each with the name of its filter, such as `lfs`.
    pub fn pointers(&self) -> Result<Vec<(String, String)>, GitError> {
        // The pointers of git-lfs and git-annex, and the head of a file that git-crypt has not decrypted.
        let named = self.grep(None, &["version https://git-lfs.github.com/spec/v", "/annex/objects/", "GITCRYPT"])?;
        let mut pointers = Vec::new();
        if !named.is_empty() {
            // A page about them may hold these words as well; a pointer's path has a filter.
            let arguments = ["check-attr", "-z", "filter", "--"].into_iter().chain(named.iter().take(MOST_ASKED).map(String::as_str));
            pointers = parse::with_attribute(&self.ask(&arguments.collect::<Vec<_>>())?);
        }
        // git-annex keeps most files as links into its own folder, which lead nowhere while the content is not here.
        for entry in self.index()?.into_iter().filter(|entry| entry.mode == "120000") {
            let place = self.folder.join(&entry.path);
            let leads_to_annex = std::fs::read_link(&place).is_ok_and(|to| to.to_string_lossy().contains(".git/annex/objects/"));
            if leads_to_annex && !place.exists() {
                pointers.push((entry.path, "annex".to_owned()));
            }
        }
        Ok(pointers)
    }

    /// Since when what is checked out now has been so without a break, and its commit, by the notes that git takes of every change
    /// of HEAD; `None` where it takes none. A checkout of the same commit again is no change.
    pub fn head_since(&self) -> Result<Option<(Timestamp, String)>, GitError> {
        let listed = self.ask(&["reflog", "show", "--date=unix", "--format=%H %gd", "-n1000", "HEAD"])?;
        parse::head_since(&listed).ok_or(GitError::Odd("a line of reflog"))
    }

    /// What differs between HEAD, the index and the files that git knows, modes included.
    pub fn changes(&self) -> Result<Vec<Change>, GitError> {
        let arguments = [
            "-c",
            "core.fileMode=true",
            // A link that was checked out as a file is another kind of file.
            "-c",
            "core.symlinks=true",
            "status",
            "--porcelain=v2",
            "-z",
            "--untracked-files=no",
            "--ignore-submodules=none",
            "--no-renames",
        ];
        parse::changes(&self.ask(&arguments)?).ok_or(GitError::Odd("a line of status"))
    }

    /// Every file that git tracks, with the content that it keeps for the next commit; paths begin at the repository's root.
    pub fn index(&self) -> Result<Vec<Entry>, GitError> {
        parse::index(&self.ask(&["ls-files", "--stage", "-z", "--full-name"])?).ok_or(GitError::Odd("a line of ls-files"))
    }

    /// The files that git was told not to look at: assumed unchanged, or left out of the checkout.
    pub fn hidden(&self) -> Result<Vec<String>, GitError> {
        parse::hidden(&self.ask(&["ls-files", "-v", "-z"])?).ok_or(GitError::Odd("a line of ls-files"))
    }

    /// What lies here that git does not know and that no `.gitignore` of the repository names; ignore lists of this
    /// machine do not count.
    pub fn strays(&self) -> Result<Strays, GitError> {
        let ran = self.run(&["ls-files", "--others", "-z", "--exclude-per-directory=.gitignore"]).run()?;
        if !ran.succeeded() {
            return Err(refused(&ran));
        }
        let complaints = String::from_utf8_lossy(&ran.stderr).lines().filter(|line| !line.is_empty()).map(str::to_owned).collect();
        Ok(Strays { paths: parse::names(&ran.stdout), complaints })
    }

    /// Whether a path is in the index.
    pub fn is_in_index(&self, path: &str) -> Result<bool, GitError> {
        Ok(!self.ask(&["ls-files", "-z", "--cached", "--full-name", "--", path])?.is_empty())
    }

    /// Where git keeps what it knows: the folder of this checkout, and the one that all checkouts share.
    pub fn folders(&self) -> Result<(PathBuf, PathBuf), GitError> {
        let own = self.line(&["rev-parse", "--absolute-git-dir"])?;
        let shared = self.line(&["rev-parse", "--git-common-dir"])?;
        Ok((own.into(), self.folder.join(shared)))
    }
}
