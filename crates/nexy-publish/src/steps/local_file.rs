//! The local file: opened once, and everything is read and sent from that one descriptor.

use super::{download::TAIL_BYTES, signature};
use crate::{
    job::{Opened, Operation},
    progress::Progress,
    session::Session,
};
use nexy_contract::{Exit, Fix, Problem, Sha256Digest, signature::Carried, text::shell_word};
use nexy_outside::fs::files::{FileError, OpenArtifact};
use std::path::Path;

/// Opens a file, hashes it, and checks its signature in the same pass.
///
/// # Errors
/// Exit 1 for a path that is not a regular file, a file that is empty or too large, one that differs from `judged` (size and
/// digest), and one without the signature that is required.
pub(crate) fn open(
    session: &Session<'_>,
    path: &Path,
    judged: Option<(u64, Sha256Digest)>,
    carried: Option<&Carried>,
    operation: Operation,
) -> Result<Opened, Problem> {
    let unreadable = |error: FileError| unreadable(&error, operation);
    let refuse = |because: String| Err(Problem::new(Exit::No, not_published(path), because, operation.start_over()));
    let mut file = OpenArtifact::open(path).map_err(unreadable)?;
    if file.size_bytes == 0 {
        return refuse("it is empty".to_owned());
    }
    let most = session.target.limits.artifact_max_bytes;
    if file.size_bytes > most {
        return refuse(format!("it has {} bytes, at most {most} are allowed", file.size_bytes));
    }
    if let Some((size_bytes, _)) = judged.filter(|(size_bytes, _)| *size_bytes != file.size_bytes) {
        return refuse(format!("it has {} bytes now, {size_bytes} were judged", file.size_bytes));
    }
    let mut check = signature::prepare(session, path, carried)?;
    session.common.note(&format!("hashing {}", shell_word(&path.display().to_string())));
    let sha256 = {
        let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
        let progress = Progress::begin(session.common, format!("hashing {name}"), file.size_bytes);
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
    refuse_changed(&file, operation)?;
    Ok(Opened { file, sha256, tail, signature })
}

/// Refuses a file that was changed or replaced since it was opened.
///
/// # Errors
/// Exit 1.
pub(crate) fn refuse_changed(file: &OpenArtifact, operation: Operation) -> Result<(), Problem> {
    match file.has_changed() {
        Ok(false) => Ok(()),
        Ok(true) => Err(Problem::new(
            Exit::No,
            not_published(file.path()),
            "it was changed or replaced while it was read",
            Fix::note("wait until no program writes it any more").then(operation.start_over()),
        )),
        Err(error) => Err(unreadable(&error, operation)),
    }
}

fn unreadable(error: &FileError, operation: Operation) -> Problem {
    error.problem(Exit::No, Fix::note("put the finished file there").then(operation.start_over()))
}

fn not_published(path: &Path) -> String {
    format!("{} is not published", path.display())
}
