//! Reads Rust source for the rules: string literals of shipped code, without comments and tests.

/// Finds every string literal outside of comments and `#[cfg(test)]` modules, with its line.
pub(crate) fn literals(source: &str) -> Vec<(usize, String)> {
    let source = without_tests(source);
    let characters: Vec<char> = source.chars().collect();
    let mut found = Vec::new();
    let mut line = 1;
    let mut at = 0;
    while at < characters.len() {
        let rest = &characters[at..];
        let length = match rest {
            ['/', '/', ..] => rest.iter().take_while(|c| **c != '\n').count(),
            ['/', '*', ..] => block_comment(rest),
            ['r', '"' | '#', ..] if !identifier_before(&characters, at) && raw_string(rest).is_some() => {
                let (length, text) = raw_string(rest).unwrap();
                found.push((line, text));
                length
            }
            ['"', ..] => {
                let (length, text) = string(rest);
                found.push((line, text));
                length
            }
            ['\'', '\\', _, ..] => 3 + rest[3..].iter().take_while(|c| **c != '\'').count(),
            ['\'', _, '\'', ..] => 3,
            _ => 1,
        };
        let end = (at + length.max(1)).min(characters.len());
        line += characters[at..end].iter().filter(|c| **c == '\n').count();
        at = end;
    }
    found
}

/// Cuts off the test module, which is the last part of every file.
pub(crate) fn without_tests(source: &str) -> &str {
    source.find("\n#[cfg(test)]\nmod ").map_or(source, |end| &source[..end])
}

fn identifier_before(characters: &[char], at: usize) -> bool {
    at > 0 && (characters[at - 1].is_alphanumeric() || characters[at - 1] == '_')
}

fn block_comment(rest: &[char]) -> usize {
    (2..rest.len()).find(|end| rest[end - 1] == '*' && rest[*end] == '/' && *end > 2).map_or(rest.len(), |end| end + 1)
}

fn raw_string(rest: &[char]) -> Option<(usize, String)> {
    let hashes = rest[1..].iter().take_while(|c| **c == '#').count();
    let start = 1 + hashes;
    if rest.get(start) != Some(&'"') {
        return None;
    }
    let closes = |end: &usize| rest[*end] == '"' && rest[end + 1..].iter().take_while(|c| **c == '#').count() >= hashes;
    let end = (start + 1..rest.len()).find(closes)?;
    Some((end + 1 + hashes, rest[start + 1..end].iter().collect()))
}

fn string(rest: &[char]) -> (usize, String) {
    let mut text = String::new();
    let mut at = 1;
    while at < rest.len() && rest[at] != '"' {
        if rest[at] == '\\' && at + 1 < rest.len() {
            at += 1;
        }
        text.push(rest[at]);
        at += 1;
    }
    (at + 1, text)
}

/// Whether `text` holds `value` as a word of its own: not as a part of a longer one.
pub(crate) fn holds(text: &str, value: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    text.match_indices(value).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + value.len()..].chars().next();
        !before.is_some_and(is_part) && !after.is_some_and(is_part)
    })
}

#[test]
fn literals_are_found_and_comments_and_tests_are_not() {
    let source = "//! \"no\"\nlet a = \"one \\\" two\"; // \"no\"\nlet b = r#\"raw \"x\" text\"#; let c = '\"'; let d = \"last\";\n/* \"no\" */\n\n#[cfg(test)]\nmod tests { \"no\" }";
    let found: Vec<String> = literals(source).into_iter().map(|(line, text)| format!("{line}:{text}")).collect();
    assert_eq!(found, ["2:one \" two", "3:raw \"x\" text", "3:last"]);
}

#[test]
fn a_value_counts_only_as_a_word_of_its_own() {
    assert!(holds("ssh to Nexy!", "Nexy") && holds("a/Nexy", "Nexy"));
    assert!(!holds("NexyNew", "Nexy") && !holds("Nexy-2", "Nexy") && !holds("my_Nexy", "Nexy"));
}
