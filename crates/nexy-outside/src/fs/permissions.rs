//! Owner, group and mode of a file and of the folders above it, and whether an access control list stands beside the mode.

use crate::fs::{
    accounts::Account,
    files::FileError,
    root_fs::{ResolvedPath, RootFs},
};
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
    /// A link, looked at itself.
    Link,
    /// A pipe, socket or device.
    Other,
}

/// Whether access control lists stand beside the mode. Their entries are not read: no rulebook knows a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Acl {
    /// There is none, so the mode is the whole truth.
    Absent,
    /// The path has one, or hands one down to what is made in it.
    Present,
    /// It cannot be determined whether there is one.
    Unreadable(String),
}

/// What may be granted.
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
pub struct PathMetadata {
    /// The path that was looked at, as its machine knows it.
    pub path: PathBuf,
    /// What it leads to.
    pub kind: Kind,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Permission bits, with set-id and sticky bits.
    pub mode: u32,
    /// Whether more is granted than the mode says.
    pub acl: Acl,
}

impl PathMetadata {
    /// Whether the mode grants this right to a process of the account.
    pub fn grants(&self, account: &Account, right: Right) -> bool {
        self.grants_all(account, &[right])
    }

    /// Whether the mode grants these rights together, as the kernel decides it. Where [`PathMetadata::acl`] is not
    /// [`Acl::Absent`], the mode is not the whole truth.
    pub fn grants_all(&self, account: &Account, rights: &[Right]) -> bool {
        let wanted = rights.iter().fold(0, |wanted, right| wanted | *right as u32);
        if account.uid == 0 {
            return wanted & Right::Execute as u32 == 0 || self.kind == Kind::Folder || self.mode & 0o111 != 0;
        }
        let shift = match self.uid == account.uid {
            true => 6,
            false if account.groups.contains(&self.gid) => 3,
            false => 0,
        };
        (self.mode >> shift) & wanted == wanted
    }
}

/// Looks at one path of this machine, through links.
/// Errors: [`FileError`], also for a link that leads nowhere.
pub fn look(path: &Path) -> Result<PathMetadata, FileError> {
    look_in(&RootFs::here(), path)
}

/// Whether the path itself is a link, wherever it leads.
pub fn is_link(path: &Path) -> Result<bool, FileError> {
    let failed = |source| FileError { verb: "look at", path: path.to_path_buf(), source };
    Ok(std::fs::symlink_metadata(path).map_err(failed)?.file_type().is_symlink())
}

/// Looks at one path of a machine, through links.
/// Errors: as [`look`].
pub fn look_in(tree: &RootFs, path: &Path) -> Result<PathMetadata, FileError> {
    let failed = |source| FileError { verb: "look at", path: path.to_path_buf(), source };
    let place = tree.find(path)?;
    let metadata = std::fs::metadata(&place).map_err(failed)?;
    Ok(PathMetadata { path: path.to_path_buf(), ..metadata_of(tree, &place, &metadata) })
}

/// What a path leads to comes first, under the name that it was asked by; then every folder that a process passes on the way
/// to it, the nearest first, and every link that it follows.
/// Errors: [`FileError`] of the first one that cannot be looked at.
pub fn path_chain(tree: &RootFs, path: &Path) -> Result<Vec<PathMetadata>, FileError> {
    let failed = |place: &Path| {
        let path = tree.name(place);
        move |source| FileError { verb: "look at", path, source }
    };
    let ResolvedPath { end, folders, links } = tree.walk(path)?;
    let mut steps =
        vec![PathMetadata { path: path.to_path_buf(), ..metadata_of(tree, &end, &std::fs::metadata(&end).map_err(failed(&end))?) }];
    for folder in folders.iter().rev() {
        steps.push(metadata_of(tree, folder, &std::fs::metadata(folder).map_err(failed(folder))?));
    }
    for link in &links {
        steps.push(metadata_of(tree, link, &std::fs::symlink_metadata(link).map_err(failed(link))?));
    }
    Ok(steps)
}

fn metadata_of(tree: &RootFs, place: &Path, metadata: &Metadata) -> PathMetadata {
    let kind = match metadata.file_type() {
        found if found.is_file() => Kind::File,
        found if found.is_dir() => Kind::Folder,
        found if found.is_symlink() => Kind::Link,
        _ => Kind::Other,
    };
    // A link has no list of its own; what is asked of one is asked of what it leads to.
    let acl = if kind == Kind::Link { Acl::Absent } else { acl(place) };
    PathMetadata { path: tree.name(place), kind, uid: metadata.uid(), gid: metadata.gid(), mode: metadata.mode() & 0o7777, acl }
}

/// The kernel keeps a list only where it says more than the mode, or where a folder hands it down to what is made in it.
fn acl(place: &Path) -> Acl {
    for name in ["system.posix_acl_access", "system.posix_acl_default"] {
        match rustix::fs::getxattr_query(place, name) {
            Ok(_) => return Acl::Present,
            Err(Errno::NODATA | Errno::NOTSUP) => {}
            Err(error) => return Acl::Unreadable(nexy_contract::text::os_words(&error.into())),
        }
    }
    Acl::Absent
}

#[cfg(test)]
mod tests;
