//! Reads the version of the workspace from the file that owns it, `layout.version_file` of nexy.toml.

use crate::{Workspace, fs::files};
use nexy_contract::{Exit, Fix, Problem, ReleaseVersion, target_file::VersionPlace, text::shell_word, version_places};
use std::path::Path;

/// Larger files hold no version.
pub const MAX_BYTES: u64 = 4 << 20;

/// Why there is no version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoVersion {
    /// The file is missing, or holds something else.
    Wrong(String),
    /// The operating system did not let us look.
    Unreadable(String),
}

impl NoVersion {
    /// The reason in words.
    pub fn because(&self) -> &str {
        match self {
            Self::Wrong(because) | Self::Unreadable(because) => because,
        }
    }

    /// The problem to print. `set` changes a version that is there; it never guesses what a broken file was about.
    pub fn problem(&self, workspace: &Workspace) -> Problem {
        let path = workspace.path(&workspace.target.layout.version_file).display().to_string();
        let what = format!("cannot tell the version from {path}");
        match self {
            Self::Wrong(because) => {
                let (root, file) = (workspace.root.display().to_string(), &workspace.target.layout.version_file);
                let fix = Fix::note("take it as it was committed, or write the last released version into it by hand:")
                    .then_command(format!("git -C {} checkout -- {}", shell_word(&root), shell_word(file)))
                    .then_note("then set the next version:")
                    .then_command("nexy-version set X.Y.Z.W");
                Problem::new(Exit::No, what, because, fix)
            }
            Self::Unreadable(because) => {
                Problem::new(Exit::CouldNotLook, what, because, Fix::note("make it readable, then run the same command again"))
            }
        }
    }
}

/// Reads the file of `layout.version_file`.
pub fn read(workspace: &Workspace) -> Result<ReleaseVersion, NoVersion> {
    let file = &workspace.target.layout.version_file;
    read_at(file, &workspace.path(file))
}

/// The version of the workspace, or the problem to print.
pub fn must_read(workspace: &Workspace) -> Result<ReleaseVersion, Problem> {
    read(workspace).map_err(|error| error.problem(workspace))
}

/// Reads the file of `layout.version_file` at another place than the workspace.
pub fn read_at(file: &str, place: &Path) -> Result<ReleaseVersion, NoVersion> {
    let text = files::read_text_if_there(place, MAX_BYTES)
        .map_err(|error| NoVersion::Unreadable(format!("{file} cannot be read: {}", error.because())))?
        .ok_or_else(|| NoVersion::Wrong(format!("{file} is missing")))?;
    judge(file, &text)
}

/// Holds that a record speaks of the version that the workspace is at now; gates have judged that one and no other.
/// Errors: the problem to print.
pub fn ensure_is(workspace: &Workspace, version: ReleaseVersion) -> Result<(), Problem> {
    let now = must_read(workspace)?;
    if now == version {
        return Ok(());
    }
    let because = format!("{} says {now}", workspace.target.layout.version_file);
    let fix = Fix::note("start again from `nexy-version record`, so that the gates judge the version that is released");
    Err(Problem::new(Exit::No, format!("the record is about version {version}"), because, fix))
}

fn judge(file: &str, text: &str) -> Result<ReleaseVersion, NoVersion> {
    let place = VersionPlace { file: file.to_owned(), whole: true, ..VersionPlace::default() };
    let spots = version_places::read(&place, text).map_err(|error| NoVersion::Wrong(format!("{file} {error}")))?;
    spots.first().map(|spot| spot.version).ok_or_else(|| NoVersion::Wrong(format!("{file} holds no version")))
}
