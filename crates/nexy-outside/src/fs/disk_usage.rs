//! The free space of the file system that holds a path.

use crate::fs::{files::FileError, root_fs::RootFs};
use rustix::fs::StatVfsMountFlags;
use std::{
    fs::Metadata,
    io,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};

/// One file system, as a process that is not root sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Space {
    /// Its number, by which two paths on it know each other.
    pub device: u64,
    /// The topmost folder of it, as its machine knows it.
    pub mount: PathBuf,
    /// Free bytes for accounts other than root.
    pub free_bytes: u64,
    /// Files that may still be made; `None` when the file system does not count them.
    pub free_files: Option<u64>,
    /// The file system is mounted read-only.
    pub is_read_only: bool,
    /// It is a tmpfs, which lies in memory.
    pub is_in_memory: bool,
}

/// Looks at the file system of an absolute path of a machine, or of the nearest folder above it that is there.
/// Errors: [`FileError`] when a folder on the way cannot be looked at.
pub fn look(tree: &RootFs, path: &Path) -> Result<Space, FileError> {
    let failed = |source: io::Error| FileError { verb: "look at", path: path.to_path_buf(), source };
    let place = tree.walk(path)?.end;
    let (place, metadata) = nearest(&place).map_err(failed)?;
    let seen = rustix::fs::statvfs(place).map_err(|error| failed(error.into()))?;
    let kind = rustix::fs::statfs(place).map_err(|error| failed(error.into()))?.f_type;
    // Folders above a mounted root belong to another machine.
    let is_inside = |folder: &Path| tree.is_here() || tree.name(folder).as_path() != folder;
    let same = |folder: &&Path| is_inside(folder) && folder.metadata().is_ok_and(|above| above.dev() == metadata.dev());
    let mount = place.ancestors().take_while(same).last().unwrap_or(place);
    Ok(Space {
        device: metadata.dev(),
        mount: tree.name(mount),
        free_bytes: seen.f_bavail.saturating_mul(seen.f_frsize),
        free_files: (seen.f_files > 0).then_some(seen.f_favail),
        is_read_only: seen.f_flag.contains(StatVfsMountFlags::RDONLY),
        // How Linux marks a tmpfs: TMPFS_MAGIC of statfs(2).
        is_in_memory: kind == 0x0102_1994,
    })
}

fn nearest(place: &Path) -> io::Result<(&Path, Metadata)> {
    let mut last = io::Error::from(io::ErrorKind::NotFound);
    for folder in place.ancestors() {
        match folder.metadata() {
            Ok(metadata) => return Ok((folder, metadata)),
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => last = error,
            Err(error) => return Err(error),
        }
    }
    Err(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_there_yet_counts_where_it_would_be() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path().canonicalize().expect("it is there");
        let there = look(&RootFs::here(), &root).expect("it is there");
        let later = look(&RootFs::here(), &root.join("not/yet")).expect("its folder is there");
        assert_eq!((there.device, &there.mount), (later.device, &later.mount));
        assert!(there.free_bytes > 0 && !there.is_read_only && root.starts_with(&there.mount), "{there:?}");
    }

    #[test]
    fn the_topmost_folder_of_a_mounted_tree_is_its_root() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(folder.path().join("srv")).expect("a folder");
        let tree = RootFs::at(folder.path()).expect("it is there");
        assert_eq!(look(&tree, Path::new("/srv/app")).expect("it is there").mount, Path::new("/"));
    }
}
