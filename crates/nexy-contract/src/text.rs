//! Makes text from outside safe to print.

use std::{fmt::Write as _, str::FromStr};

/// Escapes every control character, so that a file name or an answer from the network cannot steer the terminal.
///
/// Line feeds become `\n`: one finding stays one line. Bidirectional overrides are escaped too, since they can make a
/// line read as another one.
pub fn printable(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' => safe.push_str("\\n"),
            '\t' => safe.push_str("\\t"),
            '\r' => safe.push_str("\\r"),
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_and_overrides_cannot_reach_a_terminal() {
        assert_eq!(printable("a\u{1b}[2Jb\nc\u{202e}d"), "a\\x1b[2Jb\\nc\\u{202e}d");
        assert_eq!(printable("Текущий релиз"), "Текущий релиз");
    }

    #[test]
    fn an_excerpt_says_when_it_was_cut() {
        assert_eq!(excerpt("abcdef", 3), "abc…");
        assert_eq!(excerpt("abc", 3), "abc");
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
