//! The places that hold the version: found by count, replaced without touching anything else.

use crate::{ReleaseVersion, target_file::VersionPlace, text};
use serde_json::value::RawValue;
use std::{collections::HashMap, ops::Range};

/// One version in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spot {
    /// Its line, from 1.
    pub line: usize,
    /// What stands there.
    pub version: ReleaseVersion,
    /// Its bytes.
    range: Range<usize>,
}

/// Why a place does not hold what `nexy.toml` says.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct PlaceError(String);

/// Every version that `place` describes in `text`.
/// Errors: [`PlaceError`] when the text holds fewer, more, or something else.
pub fn read(place: &VersionPlace, text: &str) -> Result<Vec<Spot>, PlaceError> {
    match (&place.line, &place.pointer) {
        (Some(pattern), _) => lines(pattern, place.count.unwrap_or(1), text),
        (None, Some(pointer)) => json(pointer, text).map(|spot| vec![spot]),
        (None, None) => whole(text).map(|spot| vec![spot]),
    }
}

/// `text` with `version` in every spot of `place`; all other bytes stay.
/// Errors: as [`read`].
pub fn replaced(place: &VersionPlace, text: &str, version: ReleaseVersion) -> Result<String, PlaceError> {
    let mut new = text.to_owned();
    for spot in read(place, text)?.into_iter().rev() {
        new.replace_range(spot.range, &version.to_string());
    }
    Ok(new)
}

/// What a place is called in messages: the file, and what is looked for in it.
pub fn name(place: &VersionPlace) -> String {
    match (&place.line, &place.pointer) {
        (Some(pattern), _) => format!("{} `{}`", place.file, pattern.trim()),
        (None, Some(pointer)) => format!("{} {pointer}", place.file),
        (None, None) => place.file.clone(),
    }
}

fn whole(text: &str) -> Result<Spot, PlaceError> {
    let content = text.strip_suffix('\n').unwrap_or(text);
    let version = content.parse().map_err(|_| PlaceError(format!("holds {}, not a version and nothing else", described(content))))?;
    Ok(Spot { line: 1, version, range: 0..content.len() })
}

/// What stands in place of a version. It is quoted only if it looks like one: the file may be a link to another one, with a secret.
fn described(content: &str) -> String {
    if content.starts_with('\u{feff}') {
        return "a byte order mark".to_owned();
    }
    let is_like_one = |character: char| character.is_ascii_digit() || ".vV-+ \t\r\n".contains(character);
    match content.len() {
        0 => "nothing".to_owned(),
        1..=40 if content.chars().all(is_like_one) => format!("`{}`", text::printable(content)),
        bytes => format!("{bytes} bytes of something else (not shown)"),
    }
}

/// A line matches when, after its indentation, it begins with the pattern: its head, a canonical version, its tail.
/// What follows the tail is free, but a digit, dot or suffix (`-rc1`) right after a version would make it another version.
fn lines(pattern: &str, wanted: usize, text: &str) -> Result<Vec<Spot>, PlaceError> {
    let (head, tail) = pattern.split_once("{version}").unwrap_or((pattern, ""));
    let mut spots = Vec::new();
    let mut offset = 0;
    for (index, line) in text.split_inclusive('\n').enumerate() {
        let indentation = line.len() - line.trim_start().len();
        if let Some(rest) = line[indentation..].strip_prefix(head.trim_start()) {
            let length = rest.bytes().take_while(|byte| byte.is_ascii_digit() || *byte == b'.').count();
            if let Ok(version) = rest[..length].parse()
                && rest[length..].starts_with(tail)
                && !(tail.is_empty() && rest[length..].starts_with(|next: char| next.is_alphanumeric() || "-+_".contains(next)))
            {
                let start = offset + indentation + head.trim_start().len();
                spots.push(Spot { line: index + 1, version, range: start..start + length });
            }
        }
        offset += line.len();
    }
    if spots.len() == wanted {
        return Ok(spots);
    }
    Err(PlaceError(format!("`{pattern}` stands there {} times, nexy.toml says {wanted}", spots.len())))
}

/// Walks the pointer over slices of the original text, so that the spot's bytes are known and the rest is never re-spelled.
fn json(pointer: &str, text: &str) -> Result<Spot, PlaceError> {
    let refuse = |because: String| PlaceError(format!("`{pointer}` {because}"));
    let mut slice = text;
    for token in pointer.split('/').skip(1) {
        let key = token.replace("~1", "/").replace("~0", "~");
        let child = if slice.trim_start().starts_with('[') {
            let items: Vec<&RawValue> = serde_json::from_str(slice).map_err(|error| refuse(format!("stands in no JSON: {error}")))?;
            key.parse().ok().and_then(|index: usize| items.get(index).copied())
        } else {
            let mut fields: HashMap<String, &RawValue> =
                serde_json::from_str(slice).map_err(|error| refuse(format!("stands in no JSON: {error}")))?;
            fields.remove(&key)
        };
        slice = child.ok_or_else(|| refuse("is not there".to_owned()))?.get();
    }
    let content = slice
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
        .ok_or_else(|| refuse(format!("is {}, not a text", described(slice))))?;
    let version = content.parse().map_err(|_| refuse(format!("is {}, not a version", described(content))))?;
    let start = content.as_ptr() as usize - text.as_ptr() as usize;
    let line = text[..start].bytes().filter(|byte| *byte == b'\n').count() + 1;
    Ok(Spot { line, version, range: start..start + content.len() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn place(line: Option<&str>, count: Option<usize>, pointer: Option<&str>) -> VersionPlace {
        VersionPlace {
            file: "f".into(),
            whole: line.is_none() && pointer.is_none(),
            line: line.map(Into::into),
            count,
            pointer: pointer.map(Into::into),
        }
    }

    fn line(pattern: &str) -> VersionPlace {
        place(Some(pattern), Some(1), None)
    }

    const NEW: ReleaseVersion = ReleaseVersion::new([9, 8, 7, 6]);

    #[test]
    fn only_what_looks_like_a_version_is_quoted() {
        for (content, said) in [
            ("v2.0.0.4\n", "holds `v2.0.0.4`"),
            ("2.0.0.4\r\n", "holds `2.0.0.4\\r`"),
            ("", "holds nothing"),
            ("\u{feff}2.0.0.4\n", "holds a byte order mark"),
            ("root:$6$secret\n", "holds 14 bytes of something else"),
            ("hunter2\n", "holds 7 bytes of something else"),
        ] {
            let error = read(&place(None, None, None), content).expect_err(content).to_string();
            assert!(error.starts_with(said), "{error}");
        }
        let key = read(&place(None, None, Some("/k")), "{\"k\": \"hunter2\"}").expect_err("no version").to_string();
        assert!(!key.contains("hunter2"), "{key}");
    }

    #[test]
    fn a_line_keeps_its_indentation_and_comment() {
        let yaml = "server:\n  default_version: 2.0.0.32  # owner: VERSION\n  default_build: 2.0.0.32\n";
        let new = replaced(&line("default_version: {version}"), yaml, NEW);
        assert_eq!(new.as_deref(), Ok("server:\n  default_version: 9.8.7.6  # owner: VERSION\n  default_build: 2.0.0.32\n"));
        let python = "    return os.getenv('SERVER_VERSION', '2.0.0.32')\n";
        let new = replaced(&line("return os.getenv('SERVER_VERSION', '{version}')"), python, NEW);
        assert_eq!(new.as_deref(), Ok("    return os.getenv('SERVER_VERSION', '9.8.7.6')\n"));
    }

    #[test]
    fn a_count_that_differs_is_an_error_and_never_a_silent_success() {
        let pattern = line("default_version: {version}");
        for (text, found) in [
            ("default_version: \"2.0.0.32\"\n", 0),
            ("default_version: 2.0.32\n", 0),
            ("default_version: 2.0.0.32.1\n", 0),
            ("default_version: 2.0.0.32-rc1\n", 0),
            ("default_version: 2.0.0.32b\n", 0),
            ("# default_version: 2.0.0.32\n", 0),
            ("", 0),
            ("default_version: 1.2.3.4\ndefault_version: 1.2.3.4\n", 2),
        ] {
            let error = read(&pattern, text).expect_err(text).to_string();
            assert!(error.contains(&format!("stands there {found} times")), "{text:?}: {error}");
        }
    }

    #[test]
    fn a_whole_file_is_one_version_and_at_most_one_line_feed() {
        assert_eq!(replaced(&place(None, None, None), "1.2.3.4\n", NEW).as_deref(), Ok("9.8.7.6\n"));
        assert_eq!(replaced(&place(None, None, None), "1.2.3.4", NEW).as_deref(), Ok("9.8.7.6"));
        for text in ["v1.2.3.4\n", "1.2.3.4\n\n", "", "1.2.3\n", "\u{feff}1.2.3.4\n"] {
            assert!(read(&place(None, None, None), text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_pointer_changes_its_text_and_nothing_else() {
        let json = "{ \"a\":{\"b/c\" : [0, \"1.2.3.4\"]},\n \"d\":1e2}";
        let pointer = place(None, None, Some("/a/b~1c/1"));
        assert_eq!(replaced(&pointer, json, NEW).as_deref(), Ok("{ \"a\":{\"b/c\" : [0, \"9.8.7.6\"]},\n \"d\":1e2}"));
        for pointer in ["/x", "/a", "/d", "/a/b~1c/7", "/a/b~1c/0"] {
            assert!(read(&place(None, None, Some(pointer)), json).is_err(), "{pointer}");
        }
        assert!(read(&pointer, "{").is_err());
    }

    proptest! {
        #[test]
        fn setting_a_version_makes_every_spot_read_it_and_setting_back_restores_the_text(
            before in "[a-z :\n\"{}]{0,40}", after in "[a-z :\n\"{}]{0,40}", old: [u32; 4], new: [u32; 4],
        ) {
            let (old, new) = (ReleaseVersion::new(old), ReleaseVersion::new(new));
            let text = format!("{before}\n  build= {old} # x\n{after}");
            let place = line("build= {version}");
            let changed = replaced(&place, &text, new).expect("one spot");
            prop_assert_eq!(read(&place, &changed).expect("one spot")[0].version, new);
            prop_assert_eq!(replaced(&place, &changed, old).expect("one spot"), text);
        }
    }
}
