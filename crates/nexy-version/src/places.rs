//! The version places of nexy.toml, read from disk.

use nexy_contract::{
    Problem, ReleaseVersion,
    target_file::VersionPlace,
    version_places::{self, PlaceError, Spot},
};
use nexy_outside::{
    Workspace,
    frame::version_file,
    fs::files::{self, FileError},
};

/// Files that hold a version are small; a larger file is refused.
const MAX_BYTES: u64 = 8 << 20;

/// What was found at one place.
pub(crate) enum Found {
    /// Exactly as many versions as nexy.toml demands.
    Spots(Vec<Spot>),
    /// The file was read, and holds something else.
    Wrong(PlaceError),
    /// The file does not exist.
    Missing,
    /// The file could not be read.
    Unreadable(FileError),
}

/// Reads one place.
pub(crate) fn read(workspace: &Workspace, place: &VersionPlace) -> Found {
    match files::read_text_if_there(&workspace.path(&place.file), MAX_BYTES) {
        Ok(None) => Found::Missing,
        Ok(Some(text)) => match version_places::read(place, &text) {
            Ok(spots) => Found::Spots(spots),
            Err(error) => Found::Wrong(error),
        },
        Err(error) => Found::Unreadable(error),
    }
}

/// The text of a place's file.
pub(crate) fn text(workspace: &Workspace, file: &str) -> Result<String, FileError> {
    files::read_text(&workspace.path(file), MAX_BYTES)
}

/// The version of the workspace, from its VERSION file.
pub(crate) fn current(workspace: &Workspace) -> Result<ReleaseVersion, Problem> {
    version_file::read(workspace).map_err(|error| error.problem(workspace))
}
