//! The account that git runs as: the one that could have written the repository's configuration.

use super::GitError;
use crate::fs::{
    accounts::{self, Account, Accounts},
    files::FileError,
    permissions::{Kind, PathMetadata, path_chain},
    root_fs::RootFs,
};
use std::{
    io,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};

/// The bit of a folder in which only the owner of an entry can replace it.
const STICKY: u32 = 0o1000;

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
    let owners = owners.map(|(path, uid)| (path.to_path_buf(), uid));
    let Some((path, uid)) =
        owners.into_iter().find(|(_, uid)| *uid != 0).map_or_else(|| other_on_the_way(&config), |found| Ok(Some(found)))?
    else {
        return Ok(Some(None));
    };
    let accounts = Accounts::read()?;
    let account = accounts.account(&accounts.user_name(uid)).ok_or(GitError::NoAccount(path, uid))?;
    let home = accounts.home(&account.name).map(Path::to_path_buf);
    Ok(Some(Some((account, home))))
}

/// The first folder on the way that is another account's, who can exchange what root looked at.
/// Errors: [`GitError::Writable`] for a path into which accounts without a name can write.
fn other_on_the_way(config: &Path) -> Result<Option<(PathBuf, u32)>, GitError> {
    let steps = match path_chain(&RootFs::here(), config) {
        Ok(steps) => steps,
        // Without a configuration git obeys none.
        Err(error) if error.is_missing() => path_chain(&RootFs::here(), config.parent().unwrap_or(config))?,
        Err(error) => return Err(error.into()),
    };
    let is_shared = |step: &PathMetadata| step.kind == Kind::Folder && step.mode & STICKY != 0;
    for step in steps.iter().filter(|step| step.kind != Kind::Link) {
        if step.uid != 0 {
            return Ok(Some((step.path.clone(), step.uid)));
        }
        if step.mode & 0o022 != 0 && !is_shared(step) {
            return Err(GitError::Writable(step.path.clone()));
        }
    }
    Ok(None)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_can_exchange_the_repository_is_the_account_that_git_runs_as() {
        let above = tempfile::tempdir().expect("a folder");
        let folder = above.path().join("checkout");
        std::fs::create_dir_all(folder.join(".git")).expect("folders");
        assert!(matches!(of(&folder), Ok(Some(None))));
        assert!(matches!(of(above.path()), Ok(None)));
        if accounts::is_root() {
            std::os::unix::fs::chown(above.path(), Some(2), Some(2)).expect("its owner");
            assert!(matches!(of(&folder), Ok(Some(Some((Account { uid: 2, .. }, _))))));
        }
    }
}
