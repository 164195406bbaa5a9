//! The local file: opened once, and everything is read and sent from that one descriptor.

use super::{Scene, fetch::TAIL_BYTES, signed};
use crate::progress::Progress;
use nexy_contract::{Exit, Problem, Sha256Digest, signature::Carried, text::shell_word};
use nexy_outside::files::{FileError, OpenArtifact};
use std::path::Path;

/// A file that may be sent.
pub(crate) struct Opened {
    pub(crate) file: OpenArtifact,
    pub(crate) sha256: Sha256Digest,
    pub(crate) tail: Vec<u8>,
    pub(crate) signature: Option<Carried>,
}

/// Opens a file, hashes it, and checks its signature in the same pass.
///
/// # Errors
/// Exit 1 for a file that is none, empty, too large, other than `judged` (size and digest), or not signed as it should be.
pub(crate) fn open(
    scene: &Scene<'_>,
    path: &Path,
    judged: Option<(u64, Sha256Digest)>,
    carried: Option<&Carried>,
    fix: &str,
) -> Result<Opened, Problem> {
    let unreadable = |error: FileError| error.problem(Exit::No, format!("put the finished file there, then {fix}"));
    let refuse = |because: String| Err(Problem::new(Exit::No, format!("{} is not published", path.display()), because, fix));
    let mut file = OpenArtifact::open(path).map_err(unreadable)?;
    if file.size_bytes == 0 {
        return refuse("it is empty".to_owned());
    }
    let most = scene.target.limits.artifact_max_bytes;
    if file.size_bytes > most {
        return refuse(format!("it has {} bytes, at most {most} are allowed", file.size_bytes));
    }
    if let Some((size_bytes, _)) = judged.filter(|(size_bytes, _)| *size_bytes != file.size_bytes) {
        return refuse(format!("it has {} bytes now, {size_bytes} were judged", file.size_bytes));
    }
    let mut check = signed::prepare(scene, path, carried)?;
    scene.common.note(&format!("hashing {}", shell_word(&path.display().to_string())));
    let sha256 = {
        let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
        let progress = Progress::begin(scene.common, format!("hashing {name}"), file.size_bytes);
        let mut total = 0;
        file.hash_and(&mut |piece| {
            if let Some(check) = &mut check {
                check.absorb(piece);
            }
            total += piece.len() as u64;
            progress.at(total);
        })
        .map_err(unreadable)?
    };
    if let Some((_, judged)) = judged.filter(|(_, judged)| *judged != sha256) {
        return refuse(format!("it holds other bytes now ({}) than were judged ({})", sha256.short(), judged.short()));
    }
    let signature = check.map(|check| check.finish(path, sha256)).transpose()?;
    let (_, tail) = file.ends(TAIL_BYTES).map_err(unreadable)?;
    unchanged(&file, fix)?;
    Ok(Opened { file, sha256, tail, signature })
}

/// Holds that nobody has touched the file since it was opened.
///
/// # Errors
/// Exit 1.
pub(crate) fn unchanged(file: &OpenArtifact, fix: &str) -> Result<(), Problem> {
    match file.has_changed() {
        Ok(false) => Ok(()),
        Ok(true) => Err(Problem::new(
            Exit::No,
            format!("{} is not published", file.path().display()),
            "it was changed or replaced while it was read",
            format!("wait until nobody writes it any more, then {fix}"),
        )),
        Err(error) => Err(error.problem(Exit::No, format!("put the finished file there, then {fix}"))),
    }
}
