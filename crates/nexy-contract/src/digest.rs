//! The SHA-256 digest by which artifacts are compared.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::{fmt, str::FromStr};

/// A SHA-256 digest; spelled as 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Sha256Digest([u8; 32]);

/// A text that is no SHA-256 digest.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{}` is no SHA-256 digest: expected 64 lower-case hexadecimal digits", crate::text::excerpt(.0, 70))]
pub struct DigestError(String);

impl Sha256Digest {
    /// The digest of bytes that are already in memory.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// The first twelve digits: enough to tell staged assets apart, short enough to read.
    pub fn short(self) -> String {
        let mut text = self.to_string();
        text.truncate(12);
        text
    }

    /// Reads GitHub's spelling, `sha256:<hex>`; `None` for another algorithm or a malformed text.
    pub fn from_github(text: &str) -> Option<Self> {
        text.strip_prefix("sha256:")?.to_ascii_lowercase().parse().ok()
    }
}

/// A digest of bytes that arrive piece by piece.
#[derive(Clone, Default)]
pub struct RunningDigest(Sha256);

impl RunningDigest {
    /// Takes the next piece.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The digest of all pieces.
    pub fn finish(self) -> Sha256Digest {
        Sha256Digest(self.0.finalize().into())
    }
}

impl FromStr for Sha256Digest {
    type Err = DigestError;

    fn from_str(text: &str) -> Result<Self, DigestError> {
        let is_digit = |digit: u8| matches!(digit, b'0'..=b'9' | b'a'..=b'f');
        if text.len() != 64 || !text.bytes().all(is_digit) {
            return Err(DigestError(text.to_owned()));
        }
        let mut bytes = [0; 32];
        for (index, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&text[2 * index..2 * index + 2], 16).map_err(|_| DigestError(text.to_owned()))?;
        }
        Ok(Self(bytes))
    }
}

impl fmt::Display for Sha256Digest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(formatter, "{byte:02x}"))
    }
}

impl fmt::Debug for Sha256Digest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "sha256:{self}")
    }
}

impl TryFrom<String> for Sha256Digest {
    type Error = DigestError;

    fn try_from(text: String) -> Result<Self, DigestError> {
        text.parse()
    }
}

impl From<Sha256Digest> for String {
    fn from(digest: Sha256Digest) -> Self {
        digest.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const EMPTY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    #[test]
    fn the_digest_of_nothing_is_the_known_one() {
        assert_eq!(Sha256Digest::of(b"").to_string(), EMPTY);
        assert_eq!(Sha256Digest::from_github(&format!("sha256:{EMPTY}")), Some(Sha256Digest::of(b"")));
        assert_eq!(Sha256Digest::from_github(EMPTY), None);
        assert_eq!(Sha256Digest::of(b"").short(), "e3b0c44298fc");
    }

    #[test]
    fn one_digest_has_one_spelling() {
        for text in ["", "E3", &EMPTY.to_uppercase(), &EMPTY[1..], &format!("{EMPTY}0"), &EMPTY.replace('e', "g")] {
            assert!(text.parse::<Sha256Digest>().is_err(), "{text:?} was accepted");
        }
    }

    proptest! {
        #[test]
        fn every_digest_survives_the_round_trip(bytes: Vec<u8>, cut: prop::sample::Index) {
            let digest = Sha256Digest::of(&bytes);
            prop_assert_eq!(digest.to_string().parse::<Sha256Digest>(), Ok(digest));
            let (head, tail) = bytes.split_at(cut.index(bytes.len() + 1));
            let mut running = RunningDigest::default();
            running.update(head);
            running.update(tail);
            prop_assert_eq!(running.finish(), digest);
        }
    }
}
