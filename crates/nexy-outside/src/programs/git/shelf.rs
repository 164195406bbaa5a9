//! The files of one commit, read without checking it out.

use super::{Entry, Git, GitError};
use std::collections::BTreeMap;

/// A manifest or a version place is far smaller.
pub const MAX_BYTES: u64 = 4 << 20;

/// What a file holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Held {
    /// This text.
    Text(String),
    /// It is not there.
    Missing,
    /// It holds no text, and why.
    NoText(&'static str),
}

/// The tree of one commit, with its files by their paths.
#[derive(Debug)]
pub struct Shelf<'a> {
    /// The repository.
    pub git: &'a Git,
    /// The files by their paths.
    pub entries: BTreeMap<String, Entry>,
}

impl<'a> Shelf<'a> {
    /// Lists the files of a commit.
    pub fn of(git: &'a Git, commit: &str) -> Result<Self, GitError> {
        let entries = git.tree(commit)?.into_iter().map(|entry| (entry.path.clone(), entry)).collect();
        Ok(Self { git, entries })
    }

    /// Reads a file.
    /// Errors: [`GitError::Absent`] for one that the commit has and a partial clone does not.
    pub fn read(&self, path: &str) -> Result<Held, GitError> {
        let Some(entry) = self.entries.get(path) else { return Ok(Held::Missing) };
        let content = if entry.is_file() { self.git.blob(entry, MAX_BYTES)? } else { None };
        let Some(bytes) = content else { return Ok(Held::NoText("it is no file of its own, or larger than 4 MiB")) };
        Ok(String::from_utf8(bytes).map_or(Held::NoText("it is no UTF-8"), Held::Text))
    }
}
