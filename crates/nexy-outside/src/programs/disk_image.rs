//! Mounts a disk image read-only where the machine can do so, and always unmounts it again.

use crate::programs::{ProgramError, Ran, Run};
use std::{
    io,
    path::{Path, PathBuf},
    time::Duration,
};

/// The program that mounts.
const PROGRAM: &str = "hdiutil";
/// Where the folders for mounting are made.
const PLACE: &str = "/tmp";
/// How long an image may take to be unmounted.
const DETACH: Duration = Duration::from_secs(10);

/// Why an image is not mounted, or still is.
#[derive(Debug, thiserror::Error)]
pub enum ImageError {
    /// The program could not be run, or is not there.
    #[error(transparent)]
    Program(#[from] ProgramError),
    /// It said no: what it was asked to do, its exit status, and what it said.
    #[error("hdiutil {0} ended with {1}: {2}")]
    Refused(&'static str, i32, String),
    /// The mount folder does not exist.
    #[error("cannot make a folder in {PLACE}: {}", nexy_contract::text::os_words(.0))]
    NoFolder(io::Error),
}

/// A mounted image.
#[derive(Debug)]
pub struct MountedImage {
    folder: PathBuf,
    is_mounted: bool,
}

impl MountedImage {
    /// Mounts an image at a new folder that no other account can read.
    /// Errors: [`ImageError`]; nothing stays mounted then, as far as `hdiutil` can be made to do so.
    pub fn attach(image: &Path, patience: Duration) -> Result<Self, ImageError> {
        let folder = tempfile::Builder::new().prefix("nexy-image-").tempdir_in(PLACE).map_err(ImageError::NoFolder)?.keep();
        let mut mounted = Self { folder, is_mounted: true };
        let (at, image) = (mounted.folder.display().to_string(), image.display().to_string());
        let attach = ["attach", "-readonly", "-nobrowse", "-noautoopen", "-mountpoint", &at, &image];
        match Run::new(PROGRAM, &attach).timeout(patience).run() {
            Ok(ran) => {
                // What was refused is not mounted; what was cut off may be, and is unmounted below.
                mounted.is_mounted = ran.succeeded();
                done("attach", &ran).map(|()| mounted)
            }
            Err(error) => {
                mounted.is_mounted = !matches!(error, ProgramError::Missing(_));
                Err(error.into())
            }
        }
    }

    /// Where its content is.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Unmounts it.
    /// Errors: [`ImageError`] when it is still mounted.
    pub fn detach(mut self) -> Result<(), ImageError> {
        self.unmount()
    }

    fn unmount(&mut self) -> Result<(), ImageError> {
        if !std::mem::take(&mut self.is_mounted) {
            return Ok(());
        }
        let at = self.folder.display().to_string();
        let gently = Run::new(PROGRAM, &["detach", &at]).timeout(DETACH).run();
        if gently.is_ok_and(|ran| ran.succeeded()) {
            return Ok(());
        }
        done("detach", &Run::new(PROGRAM, &["detach", "-force", &at]).timeout(DETACH).run()?)
    }
}

impl Drop for MountedImage {
    fn drop(&mut self) {
        let _ = self.unmount();
        // Only an empty folder is removed; one that is still mounted stays.
        let _ = std::fs::remove_dir(&self.folder);
    }
}

fn done(verb: &'static str, ran: &Ran) -> Result<(), ImageError> {
    if ran.succeeded() { Ok(()) } else { Err(ImageError::Refused(verb, ran.code(), ran.complaint())) }
}
