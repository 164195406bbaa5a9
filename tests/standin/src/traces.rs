//! What a secret looks like when it leaks: any eight bytes of it, plain, in base64 at every alignment, or URL-encoded.

use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
use std::fmt::Write as _;

/// So many consecutive bytes of a secret are a leak.
const PART: usize = 8;

/// Every text whose presence anywhere betrays `secret`.
///
/// # Panics
/// When the secret is so short that a part of it could appear by chance.
#[must_use]
pub fn of(secret: &str) -> Vec<String> {
    assert!(secret.len() >= 2 * PART, "a sentinel must be long enough not to appear by chance");
    let mut traces = windows(secret.as_bytes(), PART);
    for alignment in 0..3 {
        // Whole groups only: the digits at the edges depend on what stands beside the secret.
        let whole = &secret.as_bytes()[alignment..];
        let encoded = STANDARD_NO_PAD.encode(&whole[..whole.len() / 3 * 3]);
        traces.extend(windows(encoded.as_bytes(), PART * 4 / 3));
    }
    let mut encoded = String::new();
    for byte in secret.bytes() {
        let _ = write!(encoded, "%{byte:02X}");
    }
    traces.extend(
        encoded
            .as_bytes()
            .chunks(3)
            .map(<[u8]>::to_vec)
            .collect::<Vec<_>>()
            .windows(PART)
            .map(|part| String::from_utf8_lossy(&part.concat()).into_owned()),
    );
    traces
}

/// Claims that no trace of `secret` stands in `text`; `place` says where that is.
///
/// # Panics
/// When one does.
#[track_caller]
pub fn none_in(secret: &str, text: &str, place: &str) {
    for trace in of(secret) {
        assert!(!text.contains(&trace), "{trace:?}, a part of the secret, stands in {place}");
    }
}

/// Looks for the traces of one secret in many texts, each read once.
#[derive(Debug)]
pub struct Sieve {
    traces: Vec<String>,
    /// Whether some trace begins with these two bytes.
    begins: Vec<bool>,
}

impl Sieve {
    /// A sieve for this secret.
    ///
    /// # Panics
    /// As [`of`].
    #[must_use]
    pub fn of(secret: &str) -> Self {
        let traces = of(secret);
        let mut begins = vec![false; 1 << 16];
        for trace in &traces {
            begins[pair(trace.as_bytes())] = true;
        }
        Self { traces, begins }
    }

    /// The first trace that stands in these bytes.
    #[must_use]
    pub fn finds(&self, bytes: &[u8]) -> Option<&str> {
        let starts = bytes.windows(2).enumerate().filter(|(_, two)| self.begins[pair(two)]);
        starts
            .map(|(at, _)| &bytes[at..])
            .find_map(|rest| self.traces.iter().find(|trace| rest.starts_with(trace.as_bytes())))
            .map(String::as_str)
    }
}

fn pair(bytes: &[u8]) -> usize {
    usize::from(bytes[0]) << 8 | usize::from(bytes[1])
}

fn windows(bytes: &[u8], length: usize) -> Vec<String> {
    bytes.windows(length).map(|part| String::from_utf8_lossy(part).into_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "ghp_SENTINELzQ7vX2mK9pL4wR8tY1uB6nH3";

    #[test]
    fn every_spelling_is_found_whatever_stands_beside_it() {
        for beside in ["", "x", "xy", "user:"] {
            let encoded = STANDARD_NO_PAD.encode(format!("{beside}{SECRET}{beside}"));
            assert!(of(SECRET).iter().any(|trace| encoded.contains(trace)), "{beside:?}");
        }
        assert!(of(SECRET).iter().any(|trace| format!("Bearer {SECRET}").contains(trace)));
        assert!(of(SECRET).iter().any(|trace| "token=%4E%45%4C%7A%51%37%76%58".contains(trace)));
        none_in(SECRET, "nothing of it here, ghp_SEN", "a harmless text");
    }

    #[test]
    fn a_sieve_finds_what_stands_anywhere_and_nothing_else() {
        let sieve = Sieve::of(SECRET);
        for trace in of(SECRET) {
            for text in [trace.clone(), format!("x{trace}"), format!("{trace}x"), format!("ghp_g{trace}")] {
                assert!(sieve.finds(text.as_bytes()).is_some(), "{text}");
            }
            assert_eq!(sieve.finds(&trace.as_bytes()[1..]), None);
        }
        assert_eq!(sieve.finds(b""), None);
        assert_eq!(sieve.finds(b"nothing of it here, ghp_SEN"), None);
    }

    #[test]
    #[should_panic(expected = "stands in a leak")]
    fn a_leak_stops_the_test() {
        none_in(SECRET, "see ...INELzQ7v...", "a leak");
    }
}
