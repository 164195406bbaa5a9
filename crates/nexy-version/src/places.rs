//! The places of nexy.toml, read from disk.

use nexy_contract::{
    Exit, Problem, ReleaseVersion,
    target::VersionPlace,
    text::shell_word,
    version_places::{self, PlaceError, Spot},
};
use nexy_outside::{
    Workspace,
    files::{self, FileError},
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
    let file = &workspace.target.layout.version_file;
    let what = format!("cannot tell the version from {}", workspace.path(file).display());
    // `set` changes a version that is there; it never guesses what a broken file was about.
    let path = shell_word(&workspace.path(file).display().to_string());
    let fix = format!("echo X.Y.Z.W > {path}   # the last released version, then nexy-version set X.Y.Z.W");
    let owner = workspace.target.version_places.iter().find(|place| place.whole && place.file == *file);
    match owner.map(|place| look(workspace, place)) {
        Some(Look::Spots(spots)) if !spots.is_empty() => Ok(spots[0].version),
        Some(Look::Wrong(error)) => Err(Problem::new(Exit::No, what, error.to_string(), fix)),
        Some(Look::Unreadable(error)) => {
            Err(Problem::new(Exit::CouldNotLook, what, error.because(), "make it readable, then run the same command again"))
        }
        _ => Err(Problem::new(Exit::No, what, "there is no such file", fix)),
    }
}
