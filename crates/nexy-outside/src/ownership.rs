//! Who owns a file and the folders above it, and what their modes grant to whom.

use crate::{accounts::Account, files::FileError};
use rustix::io::Errno;
use std::{
    fs::Metadata,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};

/// What a path leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A regular file.
    File,
    /// A folder.
    Folder,
    /// A pipe, socket or device.
    Other,
}

/// Whether an access control list grants more than the mode shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Acl {
    /// There is none, so the mode is the whole truth.
    Absent,
    /// There is one.
    Present,
    /// Nobody can tell.
    Unreadable,
}

/// What a mode may grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Right {
    /// Read the file, or list the folder.
    Read = 4,
    /// Change it.
    Write = 2,
    /// Run the file, or pass through the folder.
    Execute = 1,
}

/// Owner, group and mode of what a path leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The path that was looked at.
    pub path: PathBuf,
    /// What it leads to.
    pub kind: Kind,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Permission bits, with set-id and sticky bits.
    pub mode: u32,
    /// Whether the mode is the whole truth.
    pub acl: Acl,
}

impl Standing {
    /// Whether the mode grants this right to a process of the account.
    #[must_use]
    pub fn grants(&self, account: &Account, right: Right) -> bool {
        let bits = right as u32;
        if account.uid == 0 {
            return right != Right::Execute || self.kind == Kind::Folder || self.mode & 0o111 != 0;
        }
        let shift = if self.uid == account.uid {
            6
        } else if account.groups.contains(&self.gid) {
            3
        } else {
            0
        };
        (self.mode >> shift) & bits != 0
    }
}

/// Looks at one path, through links.
///
/// # Errors
/// [`FileError`], also for a link that leads nowhere.
pub fn look(path: &Path) -> Result<Standing, FileError> {
    let failed = |source| FileError { verb: "look at", path: path.to_path_buf(), source };
    Ok(standing(path, &std::fs::metadata(path).map_err(failed)?))
}

/// Whether the path itself is a link, wherever it leads.
///
/// # Errors
/// [`FileError`].
pub fn is_link(path: &Path) -> Result<bool, FileError> {
    let failed = |source| FileError { verb: "look at", path: path.to_path_buf(), source };
    Ok(std::fs::symlink_metadata(path).map_err(failed)?.file_type().is_symlink())
}

/// The file first, then every folder that a process passes on the way to it: those of the path as it is written, and
/// those of the file that links lead to.
///
/// # Errors
/// [`FileError`] of the first one that cannot be looked at.
pub fn look_at_all_steps(path: &Path) -> Result<Vec<Standing>, FileError> {
    let failed = |source| FileError { verb: "look at", path: path.to_path_buf(), source };
    let real = std::fs::canonicalize(path).map_err(failed)?;
    let mut steps = vec![look(path)?];
    for folder in path.ancestors().skip(1).chain(real.ancestors().skip(1)) {
        if !folder.as_os_str().is_empty() && steps.iter().all(|step| step.path != folder) {
            steps.push(look(folder)?);
        }
    }
    Ok(steps)
}

fn standing(path: &Path, metadata: &Metadata) -> Standing {
    let kind = match metadata.file_type() {
        found if found.is_file() => Kind::File,
        found if found.is_dir() => Kind::Folder,
        _ => Kind::Other,
    };
    Standing { path: path.to_path_buf(), kind, uid: metadata.uid(), gid: metadata.gid(), mode: metadata.mode() & 0o7777, acl: acl(path) }
}

fn acl(path: &Path) -> Acl {
    let mut list = [0_u8; 512];
    match rustix::fs::getxattr(path, "system.posix_acl_access", &mut list) {
        Ok(_) | Err(Errno::RANGE) => Acl::Present,
        Err(Errno::NODATA | Errno::NOTSUP) => Acl::Absent,
        Err(_) => Acl::Unreadable,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(uid: u32, groups: &[u32]) -> Account {
        Account { name: "somebody".to_owned(), uid, gid: groups[0], groups: groups.to_vec() }
    }

    fn file(uid: u32, gid: u32, mode: u32) -> Standing {
        Standing { path: "/f".into(), kind: Kind::File, uid, gid, mode, acl: Acl::Absent }
    }

    #[test]
    fn the_first_class_that_fits_decides_even_when_a_later_one_grants_more() {
        let server = account(1000, &[1000, 33]);
        assert!(file(0, 1000, 0o640).grants(&server, Right::Read));
        assert!(file(0, 33, 0o640).grants(&server, Right::Read));
        assert!(!file(0, 0, 0o640).grants(&server, Right::Read));
        assert!(!file(0, 1000, 0o604).grants(&server, Right::Read));
        assert!(!file(1000, 1000, 0o044).grants(&server, Right::Read));
        assert!(!file(0, 1000, 0o640).grants(&server, Right::Write));
    }

    #[test]
    fn root_reads_and_writes_everything_and_runs_what_anybody_may_run() {
        let root = account(0, &[0]);
        assert!(file(1000, 1000, 0o000).grants(&root, Right::Read));
        assert!(!file(0, 0, 0o644).grants(&root, Right::Execute));
        assert!(file(0, 0, 0o601).grants(&root, Right::Execute));
    }

    #[test]
    fn every_folder_on_the_way_is_looked_at_also_behind_a_link() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path().canonicalize().expect("it is there");
        for name in ["a", "b"] {
            std::fs::create_dir(root.join(name)).expect("a folder");
        }
        crate::files::replace(&root.join("b/file"), b"x").expect("a file");
        std::os::unix::fs::symlink(root.join("b/file"), root.join("a/link")).expect("a link");
        let steps = look_at_all_steps(&root.join("a/link")).expect("it is there");
        assert_eq!(steps[0].kind, Kind::File);
        for folder in [root.join("a"), root.join("b"), root.clone(), PathBuf::from("/")] {
            assert_eq!(steps.iter().filter(|step| step.path == folder).count(), 1, "{}", folder.display());
        }
    }
}
