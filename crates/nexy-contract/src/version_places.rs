//! The places that hold the version: found by count, replaced without touching anything else.

use crate::{ReleaseVersion, target_file::VersionPlace, text, text::line_of};
use roxmltree::{Document, Node, ParsingOptions};
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
#[error("{because}")]
pub struct PlaceError {
    because: String,
    /// The line at which it shows, from 1, when there is one.
    pub line: Option<usize>,
    /// The text has no such place at all, which an optional one may lack.
    is_absent: bool,
}

impl PlaceError {
    fn at(line: impl Into<Option<usize>>, because: String) -> Self {
        Self { because, line: line.into(), is_absent: false }
    }

    fn absent(because: String) -> Self {
        Self { because, line: None, is_absent: true }
    }
}

/// Every version that `place` describes in `text`; none when the place is optional and not there.
/// Errors: [`PlaceError`] when the text holds fewer, more, or something else.
pub fn read(place: &VersionPlace, text: &str) -> Result<Vec<Spot>, PlaceError> {
    let found = match (&place.line, &place.pointer, &place.plist) {
        (Some(pattern), ..) => lines(pattern, place.count.unwrap_or(1), text),
        (None, Some(pointer), _) => json(pointer, text).map(|spot| vec![spot]),
        (None, None, Some(key)) => plist(key, text).map(|spot| vec![spot]),
        (None, None, None) => whole(text).map(|spot| vec![spot]),
    };
    match found {
        Err(error) if error.is_absent && place.optional => Ok(Vec::new()),
        found => found,
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
    match (&place.line, place.pointer.as_ref().or(place.plist.as_ref())) {
        (Some(pattern), _) => format!("{} `{}`", place.file, pattern.trim()),
        (None, Some(key)) => format!("{} {key}", place.file),
        (None, None) => place.file.clone(),
    }
}

fn whole(text: &str) -> Result<Spot, PlaceError> {
    let content = text.strip_suffix('\n').unwrap_or(text);
    let wrong = |_| PlaceError::at(1, format!("holds {}, not a version and nothing else", described(content)));
    Ok(Spot { line: 1, version: content.parse().map_err(wrong)?, range: 0..content.len() })
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

/// A line matches when, after its indentation, it begins with the pattern: its head, a canonical version, its tail. What follows the
/// tail is free, but a digit, dot or suffix (`-rc1`) right after a version would make it another version. Quotes around the value
/// of a key, as in `version: "2.0.0.4"`, mean nothing and stay.
fn lines(pattern: &str, wanted: usize, text: &str) -> Result<Vec<Spot>, PlaceError> {
    let (head, tail) = pattern.split_once("{version}").unwrap_or((pattern, ""));
    let head = head.trim_start();
    let takes_quotes = head.trim_end().ends_with([':', '=']);
    let (mut spots, mut other) = (Vec::new(), None);
    let mut offset = 0;
    for (index, line) in text.split_inclusive('\n').enumerate() {
        let start = line.len() - line.trim_start().len();
        let begun = line[start..].strip_prefix(head);
        // `key:` without the blank behind it holds nothing.
        if begun.is_none() && takes_quotes && line.trim() == head.trim_end() {
            other = other.or(Some((index + 1, "")));
        }
        if let Some(rest) = begun {
            let quote = rest.chars().next().filter(|first| takes_quotes && "\"'".contains(*first));
            let value = rest.strip_prefix(|first| Some(first) == quote).unwrap_or(rest);
            let length = value.bytes().take_while(|byte| byte.is_ascii_digit() || *byte == b'.').count();
            let after = &value[length..];
            let closed = quote.map_or(Some(after), |quote| after.strip_prefix(quote));
            match value[..length].parse() {
                Ok(version)
                    if closed.is_some_and(|closed| closed.starts_with(tail))
                        && !(tail.is_empty()
                            && quote.is_none()
                            && after.starts_with(|next: char| next.is_alphanumeric() || "-+_".contains(next))) =>
                {
                    let start = offset + line.len() - value.len();
                    spots.push(Spot { line: index + 1, version, range: start..start + length });
                }
                _ => other = other.or(Some((index + 1, rest.trim_end()))),
            }
        }
        offset += line.len();
    }
    if spots.len() == wanted {
        return Ok(spots);
    }
    let because = format!("`{pattern}` stands there {} times, nexy.toml says {wanted}", spots.len());
    match (other, spots.first()) {
        (Some((line, rest)), _) if spots.len() < wanted => {
            Err(PlaceError::at(line, format!("{because}; line {line} holds {} in place of the version", described(rest))))
        }
        (_, Some(_)) => {
            let at: Vec<String> = spots.iter().map(|spot| spot.line.to_string()).collect();
            Err(PlaceError::at(spots.last().map(|spot| spot.line), format!("{because}: line {}", at.join(" and "))))
        }
        _ => Err(PlaceError::absent(because)),
    }
}

/// Walks the pointer over slices of the original text, so that the spot's bytes are known and the rest is never re-spelled.
fn json(pointer: &str, text: &str) -> Result<Spot, PlaceError> {
    let at = |part: &str| line_of(text, part.as_ptr() as usize - text.as_ptr() as usize);
    let mut slice = text;
    for token in pointer.split('/').skip(1) {
        let key = token.replace("~1", "/").replace("~0", "~");
        let no_json = |error: serde_json::Error| PlaceError::at(at(slice), format!("`{pointer}` stands in no JSON: {error}"));
        let child = if slice.trim_start().starts_with('[') {
            let items: Vec<&RawValue> = serde_json::from_str(slice).map_err(no_json)?;
            key.parse().ok().and_then(|index: usize| items.get(index).copied())
        } else {
            let mut fields: HashMap<String, &RawValue> = serde_json::from_str(slice).map_err(no_json)?;
            fields.remove(&key)
        };
        slice = child.ok_or_else(|| PlaceError::absent(format!("`{pointer}` is not there")))?.get();
    }
    let refuse = |what: &str, kind| PlaceError::at(at(slice), format!("`{pointer}` is {}, not a {kind}", described(what)));
    let content = slice.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).ok_or_else(|| refuse(slice, "text"))?;
    let version = content.parse().map_err(|_| refuse(content, "version"))?;
    let start = content.as_ptr() as usize - text.as_ptr() as usize;
    Ok(Spot { line: at(content), version, range: start..start + content.len() })
}

/// The text of the `string` behind a key of the list's own dictionary. The XML reader says where it stands.
fn plist(key: &str, text: &str) -> Result<Spot, PlaceError> {
    if text.starts_with("bplist") {
        return Err(PlaceError::at(None, "is a binary property list; convert it with: plutil -convert xml1 FILE".to_owned()));
    }
    let options = ParsingOptions { allow_dtd: true, ..ParsingOptions::default() };
    let document = Document::parse_with_options(text, options).map_err(|error| {
        PlaceError::at(error.pos().row as usize, format!("holds no well-formed XML: {}", text::excerpt(&error.to_string(), 160)))
    })?;
    let dictionary = document.root_element().children().find(|node| node.has_tag_name("dict"));
    let mut keys = dictionary.iter().flat_map(Node::children).filter(|node| node.has_tag_name("key") && node.text() == Some(key));
    let Some(found) = keys.next() else { return Err(PlaceError::absent(format!("has no key {key}"))) };
    if let Some(second) = keys.next() {
        return Err(PlaceError::at(line_of(text, second.range().start), format!("has the key {key} twice")));
    }
    let value = found.next_sibling_element().filter(|node| node.has_tag_name("string"));
    let content = value.and_then(|node| node.first_child()).filter(|child| child.is_text() && child.next_sibling().is_none());
    let at = line_of(text, value.unwrap_or(found).range().start);
    let range = content.map(|node| node.range()).unwrap_or_default();
    // What is spelled with entities or CDATA is other bytes than it means.
    let spelled = text.get(range.clone()).filter(|spelled| content.and_then(|node| node.text()) == Some(spelled)).unwrap_or_default();
    let version = spelled.parse().map_err(|_| PlaceError::at(at, format!("{key} is {}, not a version", described(spelled))))?;
    Ok(Spot { line: at, version, range })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn place(line: Option<&str>, count: Option<usize>, pointer: Option<&str>) -> VersionPlace {
        let (line, pointer) = (line.map(Into::into), pointer.map(Into::into));
        VersionPlace { file: "f".into(), whole: line.is_none() && pointer.is_none(), line, count, pointer, ..VersionPlace::default() }
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
    fn quotes_around_a_value_and_line_ends_stay() {
        for (text, new) in [
            ("a: 1.2.3.4\r\n", "a: 9.8.7.6\r\n"),
            ("a: \"1.2.3.4\" # x", "a: \"9.8.7.6\" # x"),
            ("\ta: '1.2.3.4'\r\n", "\ta: '9.8.7.6'\r\n"),
        ] {
            assert_eq!(replaced(&line("a: {version}"), text, NEW).as_deref(), Ok(new));
        }
        assert_eq!(replaced(&line("A={version}"), "A='1.2.3.4'", NEW).as_deref(), Ok("A='9.8.7.6'"));
    }

    #[test]
    fn a_count_that_differs_is_an_error_with_its_line_and_never_a_silent_success() {
        for (text, at, said) in [
            ("\nv: 2.0.32\n", Some(2), "0 times, nexy.toml says 1; line 2 holds `2.0.32` in place of the version"),
            ("v: 2.0.0.32.1\n", Some(1), "line 1 holds `2.0.0.32.1`"),
            ("v: 2.0.0.32-rc1\n", Some(1), "line 1 holds 12 bytes of something else"),
            ("v: 2.0.0.32b\n", Some(1), "line 1 holds 9 bytes"),
            ("v: \"2.0.0.32\n", Some(1), "line 1 holds 9 bytes"),
            ("v: \"2.0.0.32'\n", Some(1), "line 1 holds 10 bytes"),
            ("v:\n", Some(1), "line 1 holds nothing"),
            ("v: hunter2\n", Some(1), "line 1 holds 7 bytes of something else"),
            ("# v: 2.0.0.32\n", None, "0 times, nexy.toml says 1"),
            ("", None, "0 times"),
            ("v: 1.2.3.4\nv: 1.2.3.4\n", Some(2), "2 times, nexy.toml says 1: line 1 and 2"),
        ] {
            let error = read(&line("v: {version}"), text).expect_err(text);
            assert!(error.line == at && error.to_string().contains(said), "{text:?}: {error:?}");
        }
    }

    #[test]
    fn an_optional_place_may_be_absent_and_never_wrong() {
        let optional = |place: VersionPlace| VersionPlace { optional: true, ..place };
        let list = VersionPlace { plist: Some("K".into()), ..VersionPlace::default() };
        for (place, absent, wrong) in [
            (line("V={version}"), "W=1.2.3.4\n# V=1.2.3.4\n", "V=1.2.3\n"),
            (place(None, None, Some("/v")), "{\"w\": 1}", "{\"v\": 1}"),
            (list, "<plist><dict/></plist>", "<plist><dict><key>K</key><true/></dict></plist>"),
        ] {
            assert!(read(&place, absent).is_err());
            assert_eq!(read(&optional(place.clone()), absent), Ok(vec![]));
            assert!(read(&optional(place), wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_key_of_a_property_list_changes_its_text_and_nothing_else() {
        let list = |key: &str| VersionPlace { plist: Some(key.into()), ..VersionPlace::default() };
        let text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n<!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" \"http://x.test/a.dtd\">\r\n\
                    <plist version=\"1.0\"><dict>\r\n<key>Types</key><array><dict><key>V</key><string>0.0.0.1</string></dict></array>\r\n\
                    <!-- \u{e9} --><key>V</key>\r\n\t<string>1.2.3.4</string><key>N</key><string>1.2.3.&#52;</string>\
                    <key>C</key><string><![CDATA[1.2.3.4]]></string><key>T</key><string>1.2.3</string><key>S</key><string/>\
                    <key>D</key><string>1.2.3.4</string><key>D</key><string>1.2.3.4</string></dict></plist>";
        let spots = read(&list("V"), text).expect("one spot");
        assert_eq!((spots[0].line, spots[0].version.to_string().as_str()), (6, "1.2.3.4"));
        assert_eq!(replaced(&list("V"), text, NEW), Ok(text.replacen("1.2.3.4", "9.8.7.6", 1)));
        for (key, said) in [
            ("X", "has no key X"),
            ("N", "N is nothing, not a version"),
            ("C", "C is"),
            ("T", "T is `1.2.3`, not a version"),
            ("S", "S is nothing"),
            ("D", "has the key D twice"),
            ("Types", "Types is nothing"),
        ] {
            let error = read(&list(key), text).expect_err(key).to_string();
            assert!(error.starts_with(said), "{key}: {error}");
        }
        assert!(read(&list("V"), "bplist00\u{0}").expect_err("binary").to_string().contains("plutil -convert xml1"));
        let cut = read(&list("V"), "<plist>\n<dict></list>").expect_err("cut");
        assert!(cut.line == Some(2) && cut.to_string().starts_with("holds no well-formed XML"), "{cut:?}");
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
            before in "[a-z :\r\n\"{}]{0,40}", after in "([ #'\"\r][a-z :\r\n\"'{}]{0,40})?", old: [u32; 4], new: [u32; 4], kind in 0..4,
        ) {
            let (old, new) = (ReleaseVersion::new(old), ReleaseVersion::new(new));
            let (place, text) = match kind {
                0 => (line("build= {version}"), format!("{before}\n  build= {old}{after}")),
                1 => (line("build: {version}"), format!("{before}\n\tbuild: '{old}'{after}")),
                2 => (place(None, None, Some("/a/1")), format!("{{\"b\": {:?}, \"a\" : [{:?},\r\n\"{old}\" ]}}", before, after)),
                _ => {
                    let key = VersionPlace { plist: Some("V".into()), ..VersionPlace::default() };
                    (key, format!("<plist><!--{before}--><dict><key>B</key><string>{after}</string><key>V</key> <string>{old}</string></dict></plist>"))
                }
            };
            let changed = replaced(&place, &text, new).expect("one spot");
            prop_assert_eq!(read(&place, &changed).expect("one spot")[0].version, new);
            prop_assert_eq!(replaced(&place, &changed, old).expect("one spot"), text);
        }
    }
}
