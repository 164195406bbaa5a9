//! Makes text from outside safe to print.

use std::{fmt::Write as _, str::FromStr};

/// Escapes every control character, so that a file name or an answer from the network cannot steer the terminal.
///
/// Line feeds become `\n`: one finding stays one line. Bidirectional overrides are escaped too, since they can make a
/// line read as another one, and so is what cannot be seen, or looks like a plain blank and is none.
pub fn printable(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' => safe.push_str("\\n"),
            '\t' => safe.push_str("\\t"),
            '\r' => safe.push_str("\\r"),
            _ if is_invisible(character) => {
                let _ = write!(safe, "\\u{{{:x}}}", u32::from(character));
            }
            _ if character.is_control() => {
                let _ = write!(safe, "\\x{:02x}", u32::from(character));
            }
            _ => safe.push(character),
        }
    }
    safe
}

/// Blanks but the plain one, and characters that only steer how others are shown (Unicode's category Cf, as far as texts hold them).
fn is_invisible(character: char) -> bool {
    let steers = matches!(character, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{115f}' | '\u{1160}' | '\u{2800}' | '\u{3164}' | '\u{ffa0}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}');
    steers || (character.is_whitespace() && !character.is_ascii() && !character.is_control())
}

/// The first `limit` characters of an outside text, escaped, with an ellipsis when something was left off.
pub fn excerpt(text: &str, limit: usize) -> String {
    let mut characters = text.chars();
    let head: String = characters.by_ref().take(limit).collect();
    let mut safe = printable(&head);
    if characters.next().is_some() {
        safe.push('…');
    }
    safe
}

/// What the operating system said, in its words alone: its number helps no person.
pub fn os_words(error: &std::io::Error) -> String {
    let said = error.to_string();
    let number = said.split_once(" (os error ").and_then(|(words, rest)| Some((words, rest.split_once(')')?.1)));
    number.map_or_else(|| said.clone(), |(words, rest)| format!("{words}{rest}"))
}

/// A span of seconds in a few characters: `59 s`, `59 min`, `2 h`, `10 days`.
pub fn short_span(seconds: i64) -> String {
    match seconds {
        ..120 => format!("{seconds} s"),
        120..7200 => format!("{} min", seconds / 60),
        7200..172_800 => format!("{} h", seconds / 3600),
        172_800.. => format!("{} days", seconds / 86_400),
    }
}

/// A word for a POSIX shell: bare where that is safe, single-quoted otherwise.
pub fn shell_word(text: &str) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || "_./:@%+,=-".contains(c);
    if !text.is_empty() && text.chars().all(bare) { text.to_owned() } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

/// A word for a script that a person reads first; `None` for a text that a terminal cannot show as it is.
pub fn word(text: &str) -> Option<String> {
    (printable(text) == text).then(|| shell_word(text))
}

/// A number in its one spelling: `str::parse` would also take `+1` and `01`.
pub fn canonical_number<T: FromStr>(text: &str) -> Option<T> {
    let canonical = text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    canonical.then(|| text.parse().ok()).flatten()
}

/// The line of a byte, from 1.
pub fn line_of(text: &str, offset: usize) -> usize {
    text.as_bytes().iter().take(offset).filter(|byte| **byte == b'\n').count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_and_overrides_cannot_reach_a_terminal() {
        assert_eq!(printable("a\u{1b}[2Jb\nc\u{202e}d"), "a\\x1b[2Jb\\nc\\u{202e}d");
        assert_eq!(printable("Текущий релиз"), "Текущий релиз");
        assert_eq!(printable("\u{feff}2.0\u{a0}a\u{200b}\u{2028}\u{ad}"), "\\u{feff}2.0\\u{a0}a\\u{200b}\\u{2028}\\u{ad}");
    }

    #[test]
    fn a_fault_of_the_system_has_words_and_no_number() {
        assert_eq!(os_words(&std::io::Error::from_raw_os_error(2)), "No such file or directory");
        assert_eq!(os_words(&std::io::Error::other("Not a directory (os error 20) at path \"/a\"")), "Not a directory at path \"/a\"");
        assert_eq!(os_words(&std::io::Error::other("odd (os error 7")), "odd (os error 7");
    }

    #[test]
    fn an_excerpt_says_when_it_was_cut() {
        assert_eq!(excerpt("abcdef", 3), "abc…");
        assert_eq!(excerpt("abc", 3), "abc");
    }

    #[test]
    fn spans_are_short_and_readable() {
        assert_eq!([59, 3599, 7200, 864_000].map(short_span), ["59 s", "59 min", "2 h", "10 days"]);
    }

    #[test]
    fn a_shell_word_survives_quotes_and_blanks() {
        assert_eq!(shell_word("release_inbox/Nexy.dmg"), "release_inbox/Nexy.dmg");
        assert_eq!(shell_word("it's here"), r"'it'\''s here'");
        assert_eq!(shell_word(""), "''");
    }

    #[test]
    fn a_text_with_control_characters_is_no_word_of_a_script() {
        assert_eq!(word("a b").as_deref(), Some("'a b'"));
        assert_eq!(word("a\u{1b}b"), None);
    }
}
