//! Who owns a file and the folders above it, and what modes and lists grant to whom.

use crate::{
    accounts::Account,
    acl::AccessList,
    files::FileError,
    tree::{Tree, Walk},
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

/// The access control list beside the mode.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Acl {
    /// There is none, so the mode is the whole truth.
    Absent,
    /// There is one; the mode's group is its mask.
    List(AccessList),
    /// There is one, or none, and nobody can tell what it grants.
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

/// Owner, group, mode and list of what a path leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
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
    /// What is granted beside the mode.
    pub acl: Acl,
}

impl Standing {
    /// Whether this right is granted to a process of the account.
    #[must_use]
    pub fn grants(&self, account: &Account, right: Right) -> bool {
        self.grants_all(account, &[right])
    }

    /// Whether these rights are granted together, as the kernel decides it. A list that nobody could read is left out: whoever
    /// asks must look at [`Standing::acl`] first.
    #[must_use]
    pub fn grants_all(&self, account: &Account, rights: &[Right]) -> bool {
        let wanted = rights.iter().fold(0, |wanted, right| wanted | *right as u32);
        if account.uid == 0 {
            return wanted & Right::Execute as u32 == 0 || self.kind == Kind::Folder || self.mode & 0o111 != 0;
        }
        if self.uid == account.uid {
            return (self.mode >> 6) & wanted == wanted;
        }
        match &self.acl {
            // With an empty mask the kernel does not look at the list at all.
            Acl::List(list) if self.mode & 0o070 != 0 => list.grants(self.gid, account, wanted),
            _ => (self.mode >> if account.groups.contains(&self.gid) { 3 } else { 0 }) & wanted == wanted,
        }
    }
}

/// Looks at one path of this machine, through links.
///
/// # Errors
/// [`FileError`], also for a link that leads nowhere.
pub fn look(path: &Path) -> Result<Standing, FileError> {
    look_in(&Tree::here(), path)
}

/// Whether the path itself is a link, wherever it leads.
///
/// # Errors
/// [`FileError`].
pub fn is_link(path: &Path) -> Result<bool, FileError> {
    let failed = |source| FileError { verb: "look at", path: path.to_path_buf(), source };
    Ok(std::fs::symlink_metadata(path).map_err(failed)?.file_type().is_symlink())
}

/// Looks at one path of a machine, through links.
///
/// # Errors
/// As [`look`].
pub fn look_in(tree: &Tree, path: &Path) -> Result<Standing, FileError> {
    let failed = |source| FileError { verb: "look at", path: path.to_path_buf(), source };
    let place = tree.find(path)?;
    let metadata = std::fs::metadata(&place).map_err(failed)?;
    Ok(Standing { path: path.to_path_buf(), ..standing(tree, &place, &metadata) })
}

/// What a path leads to comes first, under the name that it was asked by; then every folder that a process passes on the way
/// to it, the nearest first, and every link that it follows.
///
/// # Errors
/// [`FileError`] of the first one that cannot be looked at.
pub fn way(tree: &Tree, path: &Path) -> Result<Vec<Standing>, FileError> {
    let failed = |place: &Path| {
        let path = tree.name(place);
        move |source| FileError { verb: "look at", path, source }
    };
    let Walk { end, folders, links } = tree.walk(path)?;
    let mut steps = vec![Standing { path: path.to_path_buf(), ..standing(tree, &end, &std::fs::metadata(&end).map_err(failed(&end))?) }];
    for folder in folders.iter().rev() {
        steps.push(standing(tree, folder, &std::fs::metadata(folder).map_err(failed(folder))?));
    }
    for link in &links {
        steps.push(standing(tree, link, &std::fs::symlink_metadata(link).map_err(failed(link))?));
    }
    Ok(steps)
}

fn standing(tree: &Tree, place: &Path, metadata: &Metadata) -> Standing {
    let kind = match metadata.file_type() {
        found if found.is_file() => Kind::File,
        found if found.is_dir() => Kind::Folder,
        found if found.is_symlink() => Kind::Link,
        _ => Kind::Other,
    };
    // A link has no list of its own; what is asked of one is asked of what it leads to.
    let acl = if kind == Kind::Link { Acl::Absent } else { acl(place) };
    Standing { path: tree.name(place), kind, uid: metadata.uid(), gid: metadata.gid(), mode: metadata.mode() & 0o7777, acl }
}

/// A list of some dozen entries; the kernel says when one is longer.
const USUAL_BYTES: usize = 512;
/// The longest value of an attribute that the kernel takes.
const MOST_BYTES: usize = 64 << 10;

fn acl(place: &Path) -> Acl {
    let read = |most: usize| {
        let mut list = vec![0_u8; most];
        rustix::fs::getxattr(place, "system.posix_acl_access", list.as_mut_slice()).map(|count| AccessList::parse(&list[..count]))
    };
    match read(USUAL_BYTES).or_else(|error| if error == Errno::RANGE { read(MOST_BYTES) } else { Err(error) }) {
        Ok(Some(list)) => Acl::List(list),
        Ok(None) => Acl::Unreadable("it is in a form that is not known".to_owned()),
        Err(Errno::NODATA | Errno::NOTSUP) => Acl::Absent,
        Err(error) => Acl::Unreadable(std::io::Error::from(error).to_string()),
    }
}

#[cfg(test)]
mod tests;
