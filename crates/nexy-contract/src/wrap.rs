//! Wraps text at 80 columns; it never wraps commands.

/// What people read fits this many columns, commands excepted: a wrapped command cannot be copied.
pub const COLUMNS: usize = 80;

/// Breaks a text into lines: the first has room for `first` columns, the others for `width`. Only a word that no line can
/// hold is broken itself.
pub fn wrap(text: &str, first: usize, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut used = 0;
    for word in text.split(' ') {
        let mut rest: Vec<char> = word.chars().collect();
        loop {
            let room = if lines.len() == 1 { first } else { width };
            let gap = usize::from(used > 0);
            if used + gap + rest.len() <= room {
                break;
            }
            if used == 0 && rest.len() > width.max(1) {
                let head: String = rest.drain(..room.clamp(1, rest.len())).collect();
                push(&mut lines, &head);
            }
            lines.push(String::new());
            used = 0;
        }
        if used > 0 {
            push(&mut lines, " ");
            used += 1;
        }
        used += rest.len();
        push(&mut lines, &rest.into_iter().collect::<String>());
    }
    lines.iter().map(|line| line.trim_end().to_owned()).collect()
}

fn push(lines: &mut [String], text: &str) {
    if let Some(line) = lines.last_mut() {
        line.push_str(text);
    }
}

/// A label, and a text that hangs beside it.
pub fn hanging(label: &str, indent: usize, text: &str) -> String {
    let width = COLUMNS.saturating_sub(indent).max(1);
    let taken = label.chars().count();
    // A label that leaves too little room stands alone.
    let (head, first) =
        if taken <= indent { (format!("{label:<indent$}"), width) } else { (format!("{label} "), COLUMNS.saturating_sub(taken + 1)) };
    let lines = wrap(text, first, width);
    head.trim_end_matches('\n').to_owned() + &lines.join(&format!("\n{}", " ".repeat(indent)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn words_are_wrapped_and_only_one_that_fits_nowhere_is_broken() {
        assert_eq!(wrap("aa bb cc", 5, 3), ["aa bb", "cc"]);
        assert_eq!(wrap("aaaa bb", 3, 4), ["", "aaaa", "bb"]);
        assert_eq!(wrap("abcdefg h", 4, 4), ["abcd", "efg", "h"]);
        assert_eq!(wrap("", 4, 4), [""]);
        assert_eq!(hanging("a", 3, "bb cc"), "a  bb cc");
    }

    proptest! {
        #[test]
        fn nothing_is_wider_than_its_room_and_nothing_is_lost(text in "[a-zäж ]{0,120}", first in 1..30_usize, width in 1..30_usize) {
            let lines = wrap(&text, first, width);
            for (number, line) in lines.iter().enumerate() {
                let room = if number == 0 { first } else { width };
                prop_assert!(line.chars().count() <= room);
            }
            let letters = |text: &str| text.chars().filter(|letter| *letter != ' ').collect::<String>();
            prop_assert_eq!(letters(&lines.concat()), letters(&text));
        }
    }
}
