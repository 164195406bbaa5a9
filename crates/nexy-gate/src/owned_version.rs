//! The version of the workspace, as its one owner holds it.

use nexy_contract::{ReleaseVersion, target::VersionPlace, version_places};
use nexy_outside::{Workspace, files};

/// Larger files hold no version.
pub(crate) const MAX_BYTES: u64 = 4 << 20;

/// Why there is no version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum NoVersion {
    /// The file is missing, or holds something else.
    Wrong(String),
    /// The operating system did not let us look.
    Unreadable(String),
}

impl NoVersion {
    /// The reason in words.
    pub(crate) fn because(&self) -> &str {
        match self {
            Self::Wrong(because) | Self::Unreadable(because) => because,
        }
    }
}

/// Reads the file of `layout.version_file`.
pub(crate) fn read(workspace: &Workspace) -> Result<ReleaseVersion, NoVersion> {
    let file = &workspace.target.layout.version_file;
    let text = files::read_text_if_there(&workspace.path(file), MAX_BYTES)
        .map_err(|error| NoVersion::Unreadable(format!("{file} cannot be read: {}", error.because())))?
        .ok_or_else(|| NoVersion::Wrong(format!("{file} is missing")))?;
    judge(file, &text)
}

fn judge(file: &str, text: &str) -> Result<ReleaseVersion, NoVersion> {
    let place = VersionPlace { file: file.to_owned(), whole: true, line: None, count: None, pointer: None };
    let spots = version_places::read(&place, text).map_err(|error| NoVersion::Wrong(format!("{file} {error}")))?;
    spots.first().map(|spot| spot.version).ok_or_else(|| NoVersion::Wrong(format!("{file} holds no version")))
}
