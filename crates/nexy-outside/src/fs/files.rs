//! Files: bounded reads, replacement that a crash cannot tear, one hash of one open file, locks that the kernel frees.

use nexy_contract::{Exit, Fix, Problem, Sha256Digest, digest::RunningDigest, text};
use rustix::fs::OFlags;
use std::{
    fs::{File, OpenOptions},
    io::{self, Read, Seek as _, Write as _},
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

/// Begin and end of the names of files that are not complete yet: no program's pattern for the real ones matches them.
const STAGED: (&str, &str) = (".nexy-", ".part");

/// Size of the pieces in which artifacts are read; larger ones are no faster.
const PIECE_BYTES: usize = 256 << 10;

/// What the operating system said about which path.
#[derive(Debug, thiserror::Error)]
#[error("cannot {verb} {}: {}", path.display(), because(source))]
pub struct FileError {
    /// What was tried: `read`, `replace`, `lock`.
    pub verb: &'static str,
    /// Where.
    pub path: PathBuf,
    /// Why it failed.
    pub source: io::Error,
}

impl FileError {
    /// That there is nothing at a path.
    pub fn missing(verb: &'static str, path: &Path) -> Self {
        Self { verb, path: path.to_path_buf(), source: io::ErrorKind::NotFound.into() }
    }

    /// Whether the path does not exist.
    pub fn is_missing(&self) -> bool {
        matches!(self.source.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
    }

    /// Only the reason, in words without the path.
    pub fn because(&self) -> String {
        because(&self.source)
    }

    /// The problem to print; `exit` and `fix` are the caller's.
    pub fn problem(&self, exit: Exit, fix: impl Into<Fix>) -> Problem {
        Problem::new(exit, format!("cannot {} {}", self.verb, self.path.display()), self.because(), fix)
    }
}

/// Reads a file of at most `max` bytes.
/// Errors: [`FileError`]; a larger file is one of kind `FileTooLarge`.
pub fn read(path: &Path, max: u64) -> Result<Vec<u8>, FileError> {
    let failed = |source| FileError { verb: "read", path: path.to_path_buf(), source };
    let file = open_nonblocking(path).map_err(failed)?;
    let mut bytes = Vec::new();
    file.take(max + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > max {
        return Err(failed(io::Error::new(io::ErrorKind::FileTooLarge, format!("it is larger than {max} bytes"))));
    }
    Ok(bytes)
}

/// Reads a text of at most `max` bytes; `None` when there is no such file.
/// Errors: [`FileError`], also when it is no UTF-8.
pub fn read_text_if_there(path: &Path, max: u64) -> Result<Option<String>, FileError> {
    match read(path, max) {
        Ok(bytes) => String::from_utf8(bytes).map(Some).map_err(|error| FileError {
            verb: "read",
            path: path.to_path_buf(),
            source: io::Error::new(io::ErrorKind::InvalidData, format!("it is no UTF-8: {}", error.utf8_error())),
        }),
        Err(error) if error.is_missing() => Ok(None),
        Err(error) => Err(error),
    }
}

/// Reads a text of at most `max` bytes.
/// Errors: [`FileError`], also when it is missing or no UTF-8.
pub fn read_text(path: &Path, max: u64) -> Result<String, FileError> {
    read_text_if_there(path, max)?.ok_or_else(|| FileError::missing("read", path))
}

/// A file for a program to look at, which no other account can read and which vanishes with this value.
#[derive(Debug)]
pub struct Scratch(tempfile::NamedTempFile);

impl Scratch {
    /// Writes it where temporary files belong.
    pub fn holding(content: &[u8]) -> Result<Self, FileError> {
        let failed = |source| FileError { verb: "write in", path: std::env::temp_dir(), source };
        let mut file = tempfile::Builder::new().prefix("nexy-").tempfile().map_err(failed)?;
        file.write_all(content).map_err(failed)?;
        Ok(Self(file))
    }

    /// Where it stands.
    pub fn path(&self) -> &Path {
        self.0.path()
    }
}

/// A file whose new content is written and synced, but not yet seen under its name.
#[derive(Debug)]
pub struct Staged {
    file: tempfile::NamedTempFile,
    path: PathBuf,
}

/// Puts new content beside `path`, under a name that begins with a dot and ends with `.part`, keeping owner and mode of
/// what is there. Dropping it removes it.
/// Errors: [`FileError`]; nothing has changed then.
pub fn stage(path: &Path, content: &[u8]) -> Result<Staged, FileError> {
    let failed = |source| FileError { verb: "write beside", path: path.to_path_buf(), source };
    let folder = folder_of(path);
    let mut file = tempfile::Builder::new().prefix(STAGED.0).suffix(STAGED.1).tempfile_in(folder).map_err(failed)?;
    file.write_all(content).map_err(failed)?;
    let old = std::fs::metadata(path).ok();
    let mode = old.as_ref().map_or(0o644, |old| old.permissions().mode() & 0o7777);
    file.as_file().set_permissions(std::fs::Permissions::from_mode(mode)).map_err(failed)?;
    if rustix::process::geteuid().is_root() {
        let owner = match &old {
            Some(old) => Some((old.uid(), old.gid())),
            None => std::fs::metadata(folder).ok().map(|folder| (folder.uid(), folder.gid())),
        };
        if let Some((user, group)) = owner {
            std::os::unix::fs::fchown(file.as_file(), Some(user), Some(group)).map_err(failed)?;
        }
    }
    file.as_file().sync_all().map_err(failed)?;
    Ok(Staged { file, path: path.to_path_buf() })
}

/// The names of what runs have staged in a folder and not yet given its real name, sorted.
/// Errors: [`FileError`] when the folder cannot be listed.
pub fn staged(folder: &Path) -> Result<Vec<String>, FileError> {
    let names = list(folder)?.unwrap_or_default().into_iter();
    Ok(names.filter(|name| name.starts_with(STAGED.0) && name.ends_with(STAGED.1)).collect())
}

/// Removes what runs that were killed have staged in a folder; the caller holds the lock under which files are staged there.
/// Errors: [`FileError`] for the first one that stays.
pub fn remove_staged(folder: &Path) -> Result<(), FileError> {
    staged(folder)?.iter().try_for_each(|name| remove(&folder.join(name)))
}

impl Staged {
    /// Gives the content its name, in one step that a crash cannot tear, and syncs the folder.
    /// Errors: [`FileError`]; the old content is still there then, unless the disk itself failed at the very last step.
    pub fn commit(self) -> Result<(), FileError> {
        let path = self.path;
        let failed = |source| FileError { verb: "replace", path: path.clone(), source };
        let folder = File::open(folder_of(&path)).map_err(failed)?;
        self.file.persist(&path).map_err(|error| failed(error.error))?;
        folder.sync_all().map_err(failed)
    }
}

/// Replaces a file as one step.
/// Errors: as [`Staged::commit`].
pub fn replace(path: &Path, content: &[u8]) -> Result<(), FileError> {
    stage(path, content)?.commit()
}

/// Removes a file and syncs its folder; one that is already gone is fine.
/// Errors: [`FileError`] when it is still there, or may be after a power failure.
pub fn remove(path: &Path) -> Result<(), FileError> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed.and_then(|()| File::open(folder_of(path))?.sync_all()),
    }
    .map_err(|source| FileError { verb: "remove", path: path.to_path_buf(), source })
}

/// The names in a folder, sorted; `None` when there is no such folder.
/// Errors: [`FileError`] when it cannot be listed.
pub fn list(folder: &Path) -> Result<Option<Vec<String>>, FileError> {
    let failed = |source| FileError { verb: "list", path: folder.to_path_buf(), source };
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    let mut names = Vec::new();
    for entry in entries {
        names.push(entry.map_err(failed)?.file_name().to_string_lossy().into_owned());
    }
    names.sort_unstable();
    Ok(Some(names))
}

/// An exclusive lock on a folder; the kernel frees it when the process ends, however it ends.
#[derive(Debug)]
pub struct FolderLock {
    _folder: File,
}

/// Locks a folder without waiting; `None` when another process holds it.
/// Errors: [`FileError`] when the folder cannot be opened or locked.
pub fn lock_folder(folder: &Path) -> Result<Option<FolderLock>, FileError> {
    let failed = |source| FileError { verb: "lock", path: folder.to_path_buf(), source };
    let handle = File::open(folder).map_err(failed)?;
    match handle.try_lock() {
        Ok(()) => Ok(Some(FolderLock { _folder: handle })),
        Err(std::fs::TryLockError::WouldBlock) => Ok(None),
        Err(std::fs::TryLockError::Error(error)) => Err(failed(error)),
    }
}

/// An artifact that was opened once; everything is read from this one descriptor, so that a swapped path cannot fool us.
#[derive(Debug)]
pub struct OpenArtifact {
    file: File,
    path: PathBuf,
    opened: FileState,
    /// Size when it was opened, in bytes.
    pub size_bytes: u64,
}

impl OpenArtifact {
    /// Opens a regular file, never a link.
    /// Errors: [`FileError`]; links and special files are refused.
    pub fn open(path: &Path) -> Result<Self, FileError> {
        let failed = |source| FileError { verb: "open", path: path.to_path_buf(), source };
        let file = open_with(path, OFlags::NONBLOCK | OFlags::NOFOLLOW).map_err(|error| match std::fs::symlink_metadata(path) {
            Ok(link) if link.file_type().is_symlink() => {
                failed(io::Error::new(io::ErrorKind::InvalidInput, "it is a link; put the file itself there"))
            }
            _ => failed(error),
        })?;
        let metadata = file.metadata().map_err(failed)?;
        if !metadata.is_file() {
            return Err(failed(io::Error::new(io::ErrorKind::InvalidInput, "it is no regular file")));
        }
        Ok(Self { file, path: path.to_path_buf(), opened: FileState::of(&metadata), size_bytes: metadata.len() })
    }

    /// Hashes the whole file from its start.
    /// Errors: [`FileError`], also when the file has another size at the end than when it was opened.
    pub fn hash(&mut self) -> Result<Sha256Digest, FileError> {
        self.hash_and(&mut |_| ())
    }

    /// Hashes the whole file from its start, and hands every piece on.
    /// Errors: as [`OpenArtifact::hash`].
    pub fn hash_and(&mut self, take: &mut dyn FnMut(&[u8])) -> Result<Sha256Digest, FileError> {
        self.rewind()?;
        let mut digest = RunningDigest::default();
        let mut piece = vec![0; PIECE_BYTES];
        let mut total: u64 = 0;
        loop {
            match self.file.read(&mut piece) {
                Ok(0) => break,
                // It grows while it is read; its end may never come.
                Ok(_) if total > self.size_bytes => break,
                Ok(count) => {
                    total += count as u64;
                    digest.update(&piece[..count]);
                    take(&piece[..count]);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(self.failed(error)),
            }
        }
        if total == self.size_bytes {
            Ok(digest.finish())
        } else {
            Err(self.failed(io::Error::other(format!("it had {} bytes when it was opened and {total} now", self.size_bytes))))
        }
    }

    /// The first and last bytes, at most `count` of each.
    pub fn ends(&mut self, count: usize) -> Result<(Vec<u8>, Vec<u8>), FileError> {
        self.rewind()?;
        let mut head = Vec::new();
        let limit = count as u64;
        Read::take(&mut self.file, limit).read_to_end(&mut head).map_err(|error| self.failed(error))?;
        let start = self.size_bytes.saturating_sub(limit);
        self.file.seek(io::SeekFrom::Start(start)).map_err(|error| self.failed(error))?;
        let mut tail = Vec::new();
        Read::take(&mut self.file, limit).read_to_end(&mut tail).map_err(|error| self.failed(error))?;
        Ok((head, tail))
    }

    /// So many bytes from an offset on; the caller bounds them.
    /// Errors: [`FileError`], also when the file ends before them.
    pub fn piece(&mut self, offset: u64, bytes: u64) -> Result<Vec<u8>, FileError> {
        self.file.seek(io::SeekFrom::Start(offset)).map_err(|error| self.failed(error))?;
        let mut piece = Vec::new();
        Read::take(&mut self.file, bytes).read_to_end(&mut piece).map_err(|error| self.failed(error))?;
        if piece.len() as u64 == bytes { Ok(piece) } else { Err(self.failed(io::ErrorKind::UnexpectedEof.into())) }
    }

    /// Where it stands.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether the file was changed or replaced since it was opened.
    /// Errors: [`FileError`] when the file cannot be read any more, which a removed file causes as well.
    pub fn has_changed(&self) -> Result<bool, FileError> {
        let here = self.file.metadata().map_err(|error| self.failed(error))?;
        let there = std::fs::symlink_metadata(&self.path).map_err(|error| self.failed(error))?;
        Ok(FileState::of(&here) != self.opened || FileState::of(&there) != self.opened)
    }

    /// The descriptor, at the start of the file, for an upload.
    pub fn rewound(&mut self) -> Result<&File, FileError> {
        self.rewind()?;
        Ok(&self.file)
    }

    fn rewind(&mut self) -> Result<(), FileError> {
        self.file.seek(io::SeekFrom::Start(0)).map(|_| ()).map_err(|error| self.failed(error))
    }

    fn failed(&self, source: io::Error) -> FileError {
        FileError { verb: "read", path: self.path.clone(), source }
    }
}

/// The identity, size and time of a file: they change with the file, and are read without its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct FileState {
    device: u64,
    inode: u64,
    size_bytes: u64,
    modified: (i64, i64),
}

impl FileState {
    fn of(metadata: &std::fs::Metadata) -> Self {
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            size_bytes: metadata.len(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
        }
    }
}

/// A pipe or device in place of a file must not hang a tool.
fn open_nonblocking(path: &Path) -> io::Result<File> {
    open_with(path, OFlags::NONBLOCK)
}

fn open_with(path: &Path, flags: OFlags) -> io::Result<File> {
    OpenOptions::new().read(true).custom_flags(flags.bits().cast_signed()).open(path)
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

fn because(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such file or folder".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        io::ErrorKind::StorageFull => "the disk is full".to_owned(),
        _ => text::os_words(error),
    }
}
