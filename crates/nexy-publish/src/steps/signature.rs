//! The Ed25519 signature of an artifact, checked in the same pass in which the artifact is hashed.

use crate::{fixes, session::Session};
use nexy_contract::{
    Exit, Fix, Problem, Sha256Digest, signature as spelling,
    signature::{Carried, Verifying},
};
use nexy_outside::fs::files;
use std::path::{Path, PathBuf};

/// A signature is one short line.
const MAX_BYTES: u64 = 4096;

/// A check that takes the bytes piece by piece, with one state for each key of `signature.public_keys`.
pub(crate) struct Check {
    ed25519: String,
    origin: String,
    verifying: Verifying,
}

/// Finds the signature in the record or beside the file. `None` when no key is configured, so that none is required.
pub(crate) fn prepare(session: &Session<'_>, path: &Path, carried: Option<&Carried>) -> Result<Option<Check>, Problem> {
    let keys = &session.target.signature.public_keys;
    let beside = beside(path)?;
    if keys.is_empty() {
        if let Some((file, _)) = beside {
            session.common.note(&format!("{}: not verified: signature.public_keys of nexy.toml names no key", file.display()));
        }
        return Ok(None);
    }
    let (text, origin) = match (carried, beside) {
        (Some(carried), _) => (carried.ed25519.clone(), "the record".to_owned()),
        (None, Some((file, text))) => (text.trim().to_owned(), file.display().to_string()),
        (None, None) => {
            let names = spelling::SUFFIXES.map(|end| format!("*{end}")).join(" or ");
            return Err(refuse(path, format!("it has no signature: neither in the record nor beside it as {names}")));
        }
    };
    let bytes =
        spelling::signature(&text).ok_or_else(|| refuse(path, format!("{origin} holds no Ed25519 signature: base64 of 64 bytes")))?;
    Ok(Some(Check { verifying: Verifying::new(keys, bytes), ed25519: text, origin }))
}

impl Check {
    /// Takes the next piece of the file.
    pub(crate) fn absorb(&mut self, piece: &[u8]) {
        self.verifying.absorb(piece);
    }

    /// The signature for the record, when one of the keys has signed these bytes.
    pub(crate) fn finish(self, path: &Path, sha256: Sha256Digest) -> Result<Carried, Problem> {
        match self.verifying.confirmed_by() {
            Some(key) => Ok(Carried { ed25519: self.ed25519, sha256, confirmed_by: Some(key) }),
            None => {
                let because = "was made for other bytes, or with a key that signature.public_keys does not name";
                Err(refuse(path, format!("the signature of {} {because}", self.origin)))
            }
        }
    }
}

fn refuse(path: &Path, because: String) -> Problem {
    Problem::new(
        Exit::No,
        format!("{} is not published", path.display()),
        because,
        Fix::note(format!(
            "sign the finished file (Sparkle's sign_update -p, or your own tool), and put the line into {}{}",
            path.display(),
            spelling::SUFFIXES[0]
        ))
        .then(fixes::publish_from_the_inbox()),
    )
}

fn beside(path: &Path) -> Result<Option<(PathBuf, String)>, Problem> {
    for suffix in spelling::SUFFIXES {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        let file = PathBuf::from(name);
        let text = files::read_text_if_there(&file, MAX_BYTES).map_err(|error| {
            error.problem(Exit::No, Fix::note("put the signature itself there, or delete the file; then run the same pipeline again"))
        })?;
        if let Some(text) = text {
            return Ok(Some((file, text)));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From Sparkle's own tests: `signed-test-file.txt`, its key and its signature.
    const TEXT: &[u8] = b"Hello World!\n";
    const KEY: &str = "rhHib+w769W2/6/t+oM1ZxgjBB93BfBKMLO0Qo1etQs=";
    const SIGNATURE: &str = "EIawm2YkDZ2gBfkEMF2+1VuuTeXnCGZOdnMdVgPPvDZioq7bvDayXqKkIIzSjKMmeFdcFJOHdnba5ZV60+gPBw==";
    /// A key of RFC 8032, section 7.1.
    const OTHER_KEY: &str = "PUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgw=";

    fn signed_by(keys: &[&str], pieces: &[&[u8]]) -> Option<String> {
        let keys: Vec<String> = keys.iter().map(ToString::to_string).collect();
        let bytes = spelling::signature(SIGNATURE).expect("64 bytes");
        let mut check = Check { ed25519: SIGNATURE.into(), origin: "a test".into(), verifying: Verifying::new(&keys, bytes) };
        pieces.iter().for_each(|piece| check.absorb(piece));
        check.finish(Path::new("x"), Sha256Digest::of(b"")).ok()?.confirmed_by
    }

    #[test]
    fn sparkles_own_signature_is_right_in_any_pieces_and_beside_any_other_keys() {
        assert_eq!(signed_by(&[KEY], &[TEXT]).as_deref(), Some(KEY));
        assert_eq!(signed_by(&[KEY], &[&TEXT[..1], b"", &TEXT[1..]]).as_deref(), Some(KEY));
        assert_eq!(signed_by(&[OTHER_KEY, KEY], &[TEXT]).as_deref(), Some(KEY));
    }

    #[test]
    fn other_bytes_and_other_keys_are_refused() {
        for bytes in [&TEXT[1..], b"", &[TEXT, b"!"].concat(), b"Hello World?\n"] {
            assert_eq!(signed_by(&[KEY], &[bytes]), None);
        }
        assert_eq!(signed_by(&[OTHER_KEY], &[TEXT]), None);
        assert_eq!(signed_by(&[], &[TEXT]), None);
    }
}
