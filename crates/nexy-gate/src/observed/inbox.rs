//! The inbox as it is: its names, and the artifacts among them, each read once through one descriptor.

use nexy_contract::{Sha256Digest, target_file::ArtifactRow};
use nexy_outside::Workspace;
use nexy_outside::fs::files::{self, OpenArtifact};

/// Bytes that are kept of the end of an artifact: the trailer of a disk image.
const TAIL_BYTES: usize = 512;
/// Bytes that are kept of its beginning: up to the mark of an ISO image.
const HEAD_BYTES: usize = 33 << 10;

/// What lies in the folder of `layout.inbox`.
#[derive(Debug)]
pub(crate) struct Inbox {
    /// The names in it, sorted; `None` when there is no such folder, words when it cannot be listed.
    pub(crate) names: Result<Option<Vec<String>>, String>,
    /// Those that `nexy.toml` names, in its order.
    pub(crate) artifacts: Vec<Found>,
}

/// An artifact that lies in the inbox under its exact name.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    /// Its row in `nexy.toml`.
    pub(crate) row: ArtifactRow,
    /// What it holds, or why it is not to be read.
    pub(crate) bytes: Result<Bytes, Fault>,
}

/// What is known of an artifact's bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Bytes {
    /// Size, in bytes.
    pub(crate) size_bytes: u64,
    /// Digest.
    pub(crate) sha256: Sha256Digest,
    /// The first 33 KiB, or all of fewer.
    pub(crate) head: Vec<u8>,
    /// The last 512 bytes, or all of fewer.
    pub(crate) tail: Vec<u8>,
}

/// Why an artifact is not read to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It is no file that may go out: a link, a folder, empty, too large.
    Refused(String),
    /// The operating system did not let us look.
    Unreadable(String),
}

impl Inbox {
    /// Lists the folder, and reads every artifact in it.
    pub(crate) fn look(workspace: &Workspace) -> Self {
        let folder = workspace.path(&workspace.target.layout.inbox);
        let names = files::list(&folder).map_err(|error| error.because());
        // Names are taken from the listing: some file systems open `Nexy.dmg` when only `nexy.dmg` is there.
        let there = |name: &String| matches!(&names, Ok(Some(names)) if names.contains(name));
        let max_bytes = workspace.target.limits.artifact_max_bytes;
        let rows = workspace.target.artifacts.iter().filter(|row| there(&row.name));
        let artifacts = rows.map(|row| Found { row: row.clone(), bytes: read(&folder.join(&row.name), max_bytes) }).collect();
        Self { names, artifacts }
    }

    /// The artifacts that could be read, by name.
    pub(crate) fn readable(&self) -> impl Iterator<Item = (&str, &Bytes)> {
        self.artifacts.iter().filter_map(|found| Some((found.row.name.as_str(), found.bytes.as_ref().ok()?)))
    }
}

/// Reads one file as an artifact.
pub(crate) fn read(path: &std::path::Path, max_bytes: u64) -> Result<Bytes, Fault> {
    let mut file = OpenArtifact::open(path).map_err(|error| match error.source.kind() {
        std::io::ErrorKind::InvalidInput => Fault::Refused(error.because()),
        _ => Fault::Unreadable(error.because()),
    })?;
    if file.size_bytes == 0 {
        return Err(Fault::Refused("it is empty".to_owned()));
    }
    if file.size_bytes > max_bytes {
        return Err(Fault::Refused(format!(
            "it is {} bytes, more than the {max_bytes} that limits.artifact_max_bytes allows",
            file.size_bytes
        )));
    }
    let unreadable = |error: files::FileError| Fault::Unreadable(error.because());
    let (head, tail) = ends(&mut file).map_err(unreadable)?;
    Ok(Bytes { size_bytes: file.size_bytes, sha256: file.hash().map_err(unreadable)?, head, tail })
}

/// Both ends of an artifact, as they are kept.
pub(crate) fn ends(file: &mut OpenArtifact) -> Result<(Vec<u8>, Vec<u8>), files::FileError> {
    let (head, mut tail) = file.ends(HEAD_BYTES)?;
    let tail = tail.split_off(tail.len().saturating_sub(TAIL_BYTES));
    Ok((head, tail))
}
