//! The places of nexy.toml, read from disk.

use nexy_contract::{
    Problem, ReleaseVersion,
    target::VersionPlace,
    version_places::{self, PlaceError, Spot},
};
use nexy_outside::{
    Workspace,
    files::{self, FileError},
    owned_version,
};

/// Files that hold a version are small; more than this is none of them.
const MAX_BYTES: u64 = 8 << 20;

/// What was found at one place.
pub(crate) enum Look {
    /// Exactly as many versions as nexy.toml says.
    Spots(Vec<Spot>),
    /// The file was read, and holds something else.
    Wrong(PlaceError),
    /// The file is not there.
    Missing,
    /// The file could not be read.
    Unreadable(FileError),
}

/// Looks at one place.
pub(crate) fn look(workspace: &Workspace, place: &VersionPlace) -> Look {
    match files::read_text_if_there(&workspace.path(&place.file), MAX_BYTES) {
        Ok(None) => Look::Missing,
        Ok(Some(text)) => match version_places::read(place, &text) {
            Ok(spots) => Look::Spots(spots),
            Err(error) => Look::Wrong(error),
        },
        Err(error) => Look::Unreadable(error),
    }
}

/// The text of a place's file.
pub(crate) fn text(workspace: &Workspace, file: &str) -> Result<String, FileError> {
    files::read_text(&workspace.path(file), MAX_BYTES)
}

/// The version that the workspace is at, from the file that owns it.
pub(crate) fn current(workspace: &Workspace) -> Result<ReleaseVersion, Problem> {
    owned_version::read(workspace).map_err(|error| error.problem(workspace))
}
