//! Ed25519 keys and signatures as Sparkle spells them, and where a release record keeps a signature.

use crate::{Record, Sha256Digest};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use ed25519_compact::{PublicKey, Signature, VerifyingState};
use serde::{Deserialize, Serialize};

/// What follows the artifact's name in the name of a signature file beside it.
pub const SUFFIXES: [&str; 2] = [".sig", ".ed25519"];

/// The key of a record's `ext` that holds signatures by artifact.
const EXT: &str = "signatures";

/// A signature that a record carries, and the bytes that it was made for.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Carried {
    /// Base64 of 64 bytes.
    pub ed25519: String,
    /// The artifact that it stood beside.
    pub sha256: Sha256Digest,
    /// The public key that has confirmed it; only a publication writes it, after it has read all the bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmed_by: Option<String>,
}

/// A public key: 32 bytes in base64.
pub fn public_key(text: &str) -> Option<[u8; 32]> {
    STANDARD.decode(text).ok()?.try_into().ok()
}

/// A signature: 64 bytes in base64, perhaps with a line feed behind it.
pub fn signature(text: &str) -> Option<[u8; 64]> {
    STANDARD.decode(text.trim()).ok()?.try_into().ok()
}

/// A signature that is verified piece by piece, with one state for each key.
#[derive(Clone)]
pub struct Verifying(Vec<(String, VerifyingState)>);

impl Verifying {
    /// Begins with no bytes; a key that is none verifies nothing.
    pub fn new(keys: &[String], signature: [u8; 64]) -> Self {
        let state = |text: &String| {
            let key = PublicKey::new(public_key(text)?);
            Some((text.clone(), key.verify_incremental(&Signature::new(signature)).ok()?))
        };
        Self(keys.iter().filter_map(state).collect())
    }

    /// Takes the next piece.
    pub fn absorb(&mut self, piece: &[u8]) {
        self.0.iter_mut().for_each(|(_, state)| state.absorb(piece));
    }

    /// The key that has signed all these bytes.
    pub fn confirmed_by(self) -> Option<String> {
        self.0.into_iter().find(|(_, state)| state.verify().is_ok()).map(|(key, _)| key)
    }
}

/// Whether a file of the inbox is the signature of an artifact of this name.
pub fn is_beside(artifact: &str, name: &str) -> bool {
    name.strip_prefix(artifact).is_some_and(|suffix| SUFFIXES.contains(&suffix))
}

impl Record {
    /// The signature that came with exactly these bytes of an artifact.
    pub fn signature(&self, artifact: &str, sha256: Sha256Digest) -> Option<Carried> {
        let carried = self.ext.get(EXT)?.get(artifact)?.clone();
        serde_json::from_value(carried).ok().filter(|carried: &Carried| carried.sha256 == sha256)
    }

    /// Keeps the signature of an artifact, in place of an older one; `None` removes it.
    pub fn set_signature(&mut self, artifact: &str, carried: Option<&Carried>) {
        let mut all = match self.ext.remove(EXT) {
            Some(serde_json::Value::Object(all)) => all,
            _ => serde_json::Map::new(),
        };
        all.remove(artifact);
        if let Some(value) = carried.and_then(|carried| serde_json::to_value(carried).ok()) {
            all.insert(artifact.to_owned(), value);
        }
        if !all.is_empty() {
            self.ext.insert(EXT.to_owned(), all.into());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_signatures_have_exactly_their_length() {
        assert!(public_key("rhHib+w769W2/6/t+oM1ZxgjBB93BfBKMLO0Qo1etQs=").is_some());
        let text = "EIawm2YkDZ2gBfkEMF2+1VuuTeXnCGZOdnMdVgPPvDZioq7bvDayXqKkIIzSjKMmeFdcFJOHdnba5ZV60+gPBw==";
        assert!(signature(text).is_some() && signature(&format!("{text}\n")).is_some());
        for wrong in ["", "x", &text[..40], "rhHib+w769W2/6/t+oM1ZxgjBB93BfBKMLO0Qo1etQs="] {
            assert!(signature(wrong).is_none(), "{wrong}");
        }
        assert!(public_key(text).is_none());
    }

    #[test]
    fn a_signature_file_is_known_by_its_whole_name() {
        assert!(is_beside("A.dmg", "A.dmg.sig") && is_beside("A.dmg", "A.dmg.ed25519"));
        for name in ["A.dmg", "A.dmg.sig.part", "A.dmg.SIG", "B.dmg.sig", "A.sig"] {
            assert!(!is_beside("A.dmg", name), "{name}");
        }
    }
}
