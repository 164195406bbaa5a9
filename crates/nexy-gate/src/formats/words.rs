//! Finds a name in a text as a whole word, never as a part of a longer name.

/// Every place where `name` stands as a whole word, without regard to letter case.
pub(crate) fn places<'a>(text: &'a str, name: &'a str) -> impl Iterator<Item = usize> + 'a {
    let (text_bytes, name_bytes) = (text.as_bytes(), name.as_bytes());
    let first = name_bytes.first().map_or(0, u8::to_ascii_lowercase);
    let last_start = (text.len() + 1).saturating_sub(name.len().max(1));
    (0..last_start).filter(move |at| {
        !name.is_empty()
            && text_bytes[*at].to_ascii_lowercase() == first
            && text_bytes[*at..*at + name.len()].eq_ignore_ascii_case(name_bytes)
            && text.is_char_boundary(*at)
            && begins(text, *at)
            && ends(text, *at + name.len())
    })
}

/// Whether a word may begin here: `\n` in a string, `%2F` in a URL and the `:-` of a default are no letters of it.
fn begins(text: &str, at: usize) -> bool {
    let before = &text[..at];
    let escape = before.len() >= 2 && before.as_bytes()[before.len() - 2] == b'\\' && before.ends_with(['n', 'r', 't']);
    let percent = before.len() >= 3 && {
        let tail = &before.as_bytes()[before.len() - 3..];
        tail[0] == b'%' && tail[1..].iter().all(u8::is_ascii_hexdigit)
    };
    escape || percent || before.ends_with(":-") || !before.chars().next_back().is_some_and(is_part)
}

/// Whether a word may end here; a full stop ends it unless something follows without a blank.
fn ends(text: &str, at: usize) -> bool {
    let mut after = text[at..].chars();
    match after.next() {
        Some('.') => !after.next().is_some_and(is_part),
        next => !next.is_some_and(is_part),
    }
}

/// Letters of a name.
pub(crate) fn is_part(character: char) -> bool {
    character.is_alphanumeric() || character == '_' || character == '-'
}

/// Every place where a host is named; a host below it counts as well, another address does not.
pub(crate) fn host_places<'a>(text: &'a str, host: &'a str) -> impl Iterator<Item = usize> + 'a {
    let is_address = host.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.' || byte == b':');
    places(text, host).filter(move |at| !(is_address && text[..*at].ends_with('.')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_words_are_found_in_any_case_and_parts_are_not() {
        for text in ["Old", "-g old ", "\"OLD\"", "a/old/b", "old.", "x=old", "\\nold", "%2Fold", "${X:-old}", "ы old"] {
            assert_eq!(places(text, "Old").count(), 1, "{text}");
        }
        for text in ["OldNew", "my_old", "old-2", "old_x", "bold", "old.dmg", "oldы", "-old", "ol", ""] {
            assert_eq!(places(text, "Old").count(), 0, "{text}");
        }
        assert_eq!(places("old old", "old").collect::<Vec<_>>(), [0, 4]);
        assert_eq!(places("anything", "").count(), 0);
    }

    #[test]
    fn a_host_counts_with_its_own_and_not_inside_of_others() {
        let host = "old.example.net";
        for text in ["https://old.example.net/x", "OLD.example.net:443", "www.old.example.net", "see old.example.net."] {
            assert_eq!(host_places(text, host).count(), 1, "{text}");
        }
        for text in ["bold.example.net", "old.example.net.evil.test", "old.example.network", "old-example.net"] {
            assert_eq!(host_places(text, host).count(), 0, "{text}");
        }
        assert_eq!(host_places("http://192.0.2.1:80", "192.0.2.1").count(), 1);
        assert_eq!(host_places("1.192.0.2.1 192.0.2.11 192.0.2.1.5", "192.0.2.1").count(), 0);
    }
}
