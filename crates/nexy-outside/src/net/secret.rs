//! A value that must never be printed. Every text that leaves the process is cleaned of every secret that it has met.

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD},
};
use std::{
    borrow::Cow,
    collections::HashSet,
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// What stands in the place of a secret.
const MARK: &[u8] = b"[secret]";
/// So many bytes in a row of a secret are never printed, since a text may have been cut in the middle of one.
const PART: usize = 8;

/// A secret text; no output shows it, and only its holder can hand it to a request.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    /// Takes a secret in, without the line feed that programs print after it. From now on [`cleaned`] knows it.
    pub fn new(text: &str) -> Self {
        let text = text.trim();
        if text.is_ascii() {
            let mut known = known();
            let plain = forms(text.as_bytes()).filter_map(|form| Parts::of(&form, PART));
            // Half as much of the secret stands in so many digits, and digests are hexadecimal too.
            let hexadecimal = hexadecimal(text.as_bytes()).into_iter().filter_map(|form| Parts::of(&form, 2 * PART));
            for parts in plain.chain(hexadecimal) {
                if !known.contains(&parts) {
                    known.push(parts);
                }
            }
        }
        Self(text.to_owned())
    }

    /// Whether there is nothing to keep.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether it can stand in a header line; a blank or control character makes the header invalid.
    pub fn is_header_safe(&self) -> bool {
        self.0.bytes().all(|byte| byte.is_ascii_graphic())
    }

    /// Whether it begins like this; tells kinds of tokens apart by the prefix that their issuer has made public.
    pub fn starts_with(&self, prefix: &str) -> bool {
        self.0.starts_with(prefix)
    }

    /// The text itself, for the one request that needs it.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret")
    }
}

/// The parts of one spelling of a secret, all of the same length.
#[derive(PartialEq, Eq)]
struct Parts {
    length: usize,
    parts: HashSet<Vec<u8>>,
}

impl Parts {
    /// `None` for a text that is too short to be a secret: it would be found everywhere.
    fn of(form: &[u8], part: usize) -> Option<Self> {
        let form: Vec<u8> = units(form).into_iter().map(|unit| unit.0).collect();
        // Half of a short text may be an ordinary word.
        let length = if form.len() < 2 * part { form.len() } else { part };
        (length >= part).then(|| Self { length, parts: form.windows(length).map(<[u8]>::to_vec).collect() })
    }
}

/// Every secret that this process has met, in each of its spellings.
static KNOWN: Mutex<Vec<Parts>> = Mutex::new(Vec::new());

fn known() -> MutexGuard<'static, Vec<Parts>> {
    KNOWN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A secret as it is, and in both alphabets of base64, whatever stands before it there: `Basic` credentials hold a name first.
fn forms(secret: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    let encoded = (0..3).filter_map(|skipped| secret.get(skipped..)).flat_map(|rest| {
        // Whole groups only: the digits at the edges depend on what stands beside the secret.
        let whole = &rest[..rest.len() / 3 * 3];
        [STANDARD_NO_PAD.encode(whole), URL_SAFE_NO_PAD.encode(whole)].map(String::into_bytes)
    });
    std::iter::once(secret.to_vec()).chain(encoded)
}

/// A secret in hexadecimal digits, as dumps of bytes show it.
fn hexadecimal(secret: &[u8]) -> [Vec<u8>; 2] {
    let lower: String = secret.iter().map(|byte| format!("{byte:02x}")).collect();
    [lower.to_ascii_uppercase().into_bytes(), lower.into_bytes()]
}

/// A text without any known secret, in whatever spelling: plain, URL-encoded once or twice, escaped, in base64, in hexadecimal digits, cut,
/// or broken into lines.
pub fn cleaned(text: &[u8]) -> Cow<'_, [u8]> {
    let known = known();
    if known.is_empty() {
        return Cow::Borrowed(text);
    }
    let units = units(text);
    let plain: Vec<u8> = units.iter().map(|unit| unit.0).collect();
    let mut hidden = vec![false; plain.len()];
    for Parts { length, parts } in known.iter() {
        for (at, part) in plain.windows(*length).enumerate() {
            if parts.contains(part) {
                hidden[at..at + length].fill(true);
            }
        }
    }
    if !hidden.contains(&true) {
        return Cow::Borrowed(text);
    }
    let (mut clean, mut start) = (Vec::with_capacity(text.len()), 0);
    for (index, (_, end)) in units.iter().enumerate() {
        if !hidden[index] {
            clean.extend_from_slice(&text[start..*end]);
        } else if index == 0 || !hidden[index - 1] {
            clean.extend_from_slice(MARK);
        }
        start = *end;
    }
    clean.extend_from_slice(&text[start..]);
    Cow::Owned(clean)
}

/// The bytes that a text means, each with the place at which its spelling ends: `%41`, `%2541` and `\u0041` are one byte, and so are
/// a backslash and what it escapes. A line break with its indentation is none, since long words are wrapped.
fn units(text: &[u8]) -> Vec<(u8, usize)> {
    let value = |digits: Option<&[u8]>| u32::from_str_radix(std::str::from_utf8(digits?).ok()?, 16).ok();
    let mut units = Vec::with_capacity(text.len());
    let mut at = 0;
    while let Some(byte) = text.get(at) {
        let (code, length) = match (byte, text.get(at + 1)) {
            (b'\n', _) => {
                at += text[at..].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
                continue;
            }
            (b'%', _) => match (value(text.get(at + 1..at + 3)), value(text.get(at + 3..at + 5))) {
                (Some(0x25), Some(code)) => (code, 5),
                (Some(code), _) => (code, 3),
                (None, _) => (u32::from(b'%'), 1),
            },
            (b'\\', Some(b'u')) => value(text.get(at + 2..at + 6)).map_or((u32::from(b'u'), 2), |code| (code, 6)),
            (b'\\', Some(escaped)) => (u32::from(*escaped), 2),
            _ => (u32::from(*byte), 1),
        };
        at += length;
        units.push((u8::try_from(code).unwrap_or(0), at));
    }
    units
}

#[cfg(test)]
mod tests {
    use super::*;
    use nexy_standin::leak_scan;

    const SECRET: &str = "ghp_SENTINELzQ7vX2mK9pL4wR8tY1uB6nH3";

    fn clean(text: &str) -> String {
        let _known = Secret::new(SECRET);
        String::from_utf8(cleaned(text.as_bytes()).into_owned()).expect("it stays a text")
    }

    #[test]
    fn no_spelling_of_a_secret_leaves() {
        let percent: String = SECRET.bytes().map(|byte| format!("%{byte:02x}")).collect();
        let escaped: String = SECRET.bytes().map(|byte| format!("\\u{byte:04X}")).collect();
        let base64 = |before: &str| STANDARD_NO_PAD.encode(format!("{before}{SECRET}:"));
        for text in [
            format!("Bearer {SECRET}"),
            format!("https://evil.example/{SECRET}?x"),
            format!("https://evil.example/{}", SECRET.replace('_', "%5F")),
            percent.replace('%', "%25"),
            percent,
            escaped,
            hexadecimal(SECRET.as_bytes()).map(|digits| String::from_utf8(digits).expect("digits")).join(" "),
            format!("Basic {}", base64("")),
            format!("Basic {}==", base64("u:")),
            format!("Basic {}", base64("x-access-token:")),
            format!("…{}", &SECRET[9..]),
            format!("{}…", &SECRET[..20]),
            format!("{}\n          {}", &SECRET[..12], &SECRET[12..]),
            format!("{}\n          {}", &SECRET[..30], &SECRET[30..]),
            leak_scan::forms_of(SECRET).join(" "),
        ] {
            let clean = clean(&text);
            leak_scan::assert_none(SECRET, &clean, "what leaves");
            assert!(clean.contains("[secret]"), "{clean}");
        }
    }

    #[test]
    fn everything_else_stays_as_it_is() {
        assert_eq!(clean(&format!("a \u{fc} {SECRET}\n  b\n")), "a \u{fc} [secret]\n  b\n");
        for text in ["%2541 100%25 done", "", "nothing of it here, ghp_SEN", "100% sure\n\tü \\", "%", "\\u00", "\\"] {
            assert_eq!(clean(text), text);
        }
    }

    #[test]
    fn a_document_stays_a_document() {
        let json = serde_json::json!({ "a": format!("\n{SECRET}\"{SECRET}\\"), SECRET: [1, "ü…"] }).to_string();
        let read: serde_json::Value = serde_json::from_str(&clean(&json)).expect("it stays JSON");
        assert_eq!(read, serde_json::json!({ "a": "\n[secret]\"[secret]\\", "[secret]": [1, "ü…"] }));
    }

    #[test]
    fn a_short_secret_counts_as_a_whole_and_one_that_is_a_word_not_at_all() {
        let _known = (Secret::new("tokens"), Secret::new("nine-long"));
        let _again = Secret::new("nine-long\n");
        assert_eq!(known().iter().filter(|parts| parts.parts.contains(&b"nine-long"[..])).count(), 1, "a secret is known once");
        assert_eq!(clean("tokens nine-lon nine-long"), "tokens nine-lon [secret]");
    }
}
