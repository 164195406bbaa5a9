//! The account that git runs as: the one that could have written the repository's configuration.

use super::GitError;
use crate::fs::{
    accounts::{self, Account, Accounts},
    files::FileError,
};
use std::{
    io,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};

/// An account that git runs as, and its home.
pub(super) type RunsAs = (Account, Option<PathBuf>);

/// Whether a repository stands in the folder, and who git runs as there; `Some(None)` stands for ourselves.
pub(super) fn of(folder: &Path) -> Result<Option<Option<RunsAs>>, GitError> {
    let dot_git = folder.join(".git");
    let Some(owner) = owner(&dot_git)? else { return Ok(None) };
    if !accounts::is_root() {
        return Ok(Some(None));
    }
    // git runs as the account that could have written the configuration that git obeys.
    let config = dot_git.join("config");
    let owners = [(folder, owner_or_root(folder)?), (dot_git.as_path(), owner), (config.as_path(), owner_or_root(&config)?)];
    let Some((path, uid)) = owners.into_iter().find(|(_, uid)| *uid != 0) else { return Ok(Some(None)) };
    let accounts = Accounts::read()?;
    let account = accounts.account(&accounts.user_name(uid)).ok_or_else(|| GitError::NoAccount(path.to_path_buf(), uid))?;
    let home = accounts.home(&account.name).map(Path::to_path_buf);
    Ok(Some(Some((account, home))))
}

/// Who owns a path; `None` when it is not there.
fn owner(path: &Path) -> Result<Option<u32>, FileError> {
    match std::fs::symlink_metadata(path) {
        Ok(metadata) => Ok(Some(metadata.uid())),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(None),
        Err(source) => Err(FileError { verb: "look at", path: path.to_path_buf(), source }),
    }
}

/// A file that does not exist configures nothing.
fn owner_or_root(path: &Path) -> Result<u32, FileError> {
    Ok(owner(path)?.unwrap_or(0))
}
