//! Finds a leaked secret: any eight bytes of it, plain, in base64 at every alignment, or URL-encoded.

use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
use std::fmt::Write as _;

/// Consecutive bytes of a secret that count as a leak.
const PART: usize = 8;

/// Every text that counts as a leak of `secret`.
///
/// # Panics
/// When the secret is so short that a part of it could appear by chance.
#[must_use]
pub fn forms_of(secret: &str) -> Vec<String> {
    assert!(secret.len() >= 2 * PART, "a sentinel must be long enough not to appear by chance");
    let mut forms = windows(secret.as_bytes(), PART);
    for alignment in 0..3 {
        // Whole groups only: the digits at the edges depend on what stands beside the secret.
        let whole = &secret.as_bytes()[alignment..];
        let encoded = STANDARD_NO_PAD.encode(&whole[..whole.len() / 3 * 3]);
        forms.extend(windows(encoded.as_bytes(), PART * 4 / 3));
    }
    let mut encoded = String::new();
    for byte in secret.bytes() {
        let _ = write!(encoded, "%{byte:02X}");
    }
    forms.extend(
        encoded
            .as_bytes()
            .chunks(3)
            .map(<[u8]>::to_vec)
            .collect::<Vec<_>>()
            .windows(PART)
            .map(|part| String::from_utf8_lossy(&part.concat()).into_owned()),
    );
    forms
}

/// Asserts that `text` holds no form of `secret`; `place` names the text in the message.
///
/// # Panics
/// When one does.
#[track_caller]
pub fn assert_none(secret: &str, text: &str, place: &str) {
    for form in forms_of(secret) {
        assert!(!text.contains(&form), "{form:?}, a part of the secret, stands in {place}");
    }
}

/// Looks for one secret in many texts, each read once.
#[derive(Debug)]
pub struct Scanner {
    forms: Vec<String>,
    /// Whether a form begins with these two bytes.
    begins: Vec<bool>,
}

impl Scanner {
    /// Prepares the forms of this secret.
    ///
    /// # Panics
    /// As [`forms_of`].
    #[must_use]
    pub fn new(secret: &str) -> Self {
        let forms = forms_of(secret);
        let mut begins = vec![false; 1 << 16];
        for form in &forms {
            begins[pair(form.as_bytes())] = true;
        }
        Self { forms, begins }
    }

    /// The first form that stands in these bytes.
    #[must_use]
    pub fn find(&self, bytes: &[u8]) -> Option<&str> {
        let starts = bytes.windows(2).enumerate().filter(|(_, two)| self.begins[pair(two)]);
        starts
            .map(|(at, _)| &bytes[at..])
            .find_map(|rest| self.forms.iter().find(|form| rest.starts_with(form.as_bytes())))
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
    fn every_spelling_is_found_beside_any_text() {
        for beside in ["", "x", "xy", "user:"] {
            let encoded = STANDARD_NO_PAD.encode(format!("{beside}{SECRET}{beside}"));
            assert!(forms_of(SECRET).iter().any(|form| encoded.contains(form)), "{beside:?}");
        }
        assert!(forms_of(SECRET).iter().any(|form| format!("Bearer {SECRET}").contains(form)));
        assert!(forms_of(SECRET).iter().any(|form| "token=%4E%45%4C%7A%51%37%76%58".contains(form)));
        assert_none(SECRET, "nothing of it here, ghp_SEN", "a harmless text");
    }

    #[test]
    fn a_scanner_finds_a_form_anywhere_and_nothing_else() {
        let scanner = Scanner::new(SECRET);
        for form in forms_of(SECRET) {
            for text in [form.clone(), format!("x{form}"), format!("{form}x"), format!("ghp_g{form}")] {
                assert!(scanner.find(text.as_bytes()).is_some(), "{text}");
            }
            assert_eq!(scanner.find(&form.as_bytes()[1..]), None);
        }
        assert_eq!(scanner.find(b""), None);
        assert_eq!(scanner.find(b"nothing of it here, ghp_SEN"), None);
    }

    #[test]
    #[should_panic(expected = "stands in a leak")]
    fn a_leak_stops_the_test() {
        assert_none(SECRET, "see ...INELzQ7v...", "a leak");
    }
}
