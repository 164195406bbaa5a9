//! Files below a folder whose owner is not trusted: no link is followed, and nothing but a regular file is read.

use crate::fs::files::FileError;
use nexy_contract::Timestamp;
use rustix::fs::{CWD, FileType, Mode, OFlags, Stat, fstat, openat};
use std::{
    fs::File,
    io::{self, Read as _},
    os::fd::OwnedFd,
    path::{Component, Path},
};

/// Reads a file of at most `max` bytes below a folder, step by step by descriptor, so that no account can exchange a step.
/// Errors: [`FileError`], also for a link, a pipe, a device or a folder in its place, and for a path that leads out.
pub fn read(root: &Path, relative: &Path, max: u64) -> Result<Vec<u8>, FileError> {
    let failed = |source| FileError { verb: "read", path: root.join(relative), source };
    let mut bytes = Vec::new();
    File::from(open(root, relative)?.0).take(max + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > max {
        return Err(failed(io::Error::new(io::ErrorKind::FileTooLarge, format!("it is larger than {max} bytes"))));
    }
    Ok(bytes)
}

/// When the content of a file below a folder was last written, cut to whole seconds; owner and mode do not count.
/// Errors: as [`read`].
pub fn written(root: &Path, relative: &Path) -> Result<Timestamp, FileError> {
    let second = open(root, relative)?.1.st_mtime;
    Timestamp::from_second(second).map_err(|_| {
        let source = io::Error::other("its time of change is none");
        FileError { verb: "look at", path: root.join(relative), source }
    })
}

fn open(root: &Path, relative: &Path) -> Result<(OwnedFd, Stat), FileError> {
    let failed = |source| FileError { verb: "read", path: root.join(relative), source };
    let refused = |because: &'static str| failed(io::Error::new(io::ErrorKind::InvalidInput, because));
    let always = OFlags::CLOEXEC | OFlags::RDONLY;
    let mut at = openat(CWD, root, always | OFlags::DIRECTORY, Mode::empty()).map_err(|error| failed(error.into()))?;
    let mut steps = relative.components().peekable();
    while let Some(step) = steps.next() {
        let Component::Normal(name) = step else { return Err(refused("its path leads out of the folder")) };
        let kind = if steps.peek().is_some() { OFlags::DIRECTORY } else { OFlags::NONBLOCK };
        at = openat(&at, name, always | OFlags::NOFOLLOW | kind, Mode::empty()).map_err(|error| match error {
            rustix::io::Errno::LOOP => refused("a link is in its place"),
            other => failed(other.into()),
        })?;
    }
    let found = fstat(&at).map_err(|error| failed(error.into()))?;
    if FileType::from_raw_mode(found.st_mode) != FileType::RegularFile {
        return Err(refused("it is not a regular file"));
    }
    Ok((at, found))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fs::files;
    use std::{fs, os::unix::fs::symlink};

    #[test]
    fn only_a_regular_file_without_a_link_on_the_way_is_read() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path().join("root");
        fs::create_dir_all(root.join("a")).expect("folders");
        files::replace(&root.join("a/file"), b"x").expect("a file");
        files::replace(&folder.path().join("secret"), b"s").expect("a file");
        symlink("../../secret", root.join("a/link")).expect("a link");
        symlink("a", root.join("folder")).expect("a link");
        rustix::fs::mknodat(CWD, root.join("a/pipe"), FileType::Fifo, Mode::RUSR, 0).expect("a pipe");
        assert_eq!(read(&root, Path::new("a/file"), 1).expect("it is there"), b"x");
        let hour = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_millis(3_600_900);
        File::options().write(true).open(root.join("a/file")).expect("it is there").set_modified(hour).expect("its time is set");
        assert_eq!(written(&root, Path::new("a/file")).expect("it is there").as_second(), 3600);
        assert!(written(&root, Path::new("a/link")).is_err());
        for (path, because) in [
            ("a/link", "a link is in its place"),
            ("folder/file", ""),
            ("a/pipe", "it is not a regular file"),
            ("a", "it is not a regular file"),
            ("../secret", "leads out"),
            ("a/nothing", ""),
        ] {
            let error = read(&root, Path::new(path), 1).expect_err(path);
            assert!(error.because().contains(because), "{path}: {error}");
        }
        assert_eq!(read(&root, Path::new("a/file"), 0).expect_err("too large").source.kind(), io::ErrorKind::FileTooLarge);
    }
}
