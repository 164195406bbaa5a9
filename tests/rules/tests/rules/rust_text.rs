//! Reads Rust source for the rules: string literals of shipped code, without comments and tests.

use proc_macro2::{Group, TokenStream, TokenTree};

/// Finds every string literal outside of comments and `#[cfg(test)]` modules, as it is written, with its line.
pub(crate) fn literals(source: &str) -> Vec<(usize, String)> {
    let tokens = without_tests(source).parse().unwrap_or_else(|error| panic!("this is no Rust: {error}\n{source}"));
    let mut found = Vec::new();
    gather(tokens, &mut found);
    found
}

fn gather(tokens: TokenStream, found: &mut Vec<(usize, String)>) {
    let mut is_attribute = false;
    for token in tokens {
        match &token {
            // A doc comment is an attribute with a string in it; other attributes are shipped text.
            TokenTree::Group(group) if is_attribute && is_doc(group) => {}
            TokenTree::Group(group) => gather(group.stream(), found),
            TokenTree::Literal(literal) if literal.to_string().ends_with(['"', '#']) => {
                found.push((literal.span().start().line, literal.to_string()));
            }
            _ => {}
        }
        is_attribute = matches!(&token, TokenTree::Punct(sign) if "#!".contains(sign.as_char()) && (sign.as_char() == '#' || is_attribute));
    }
}

fn is_doc(attribute: &Group) -> bool {
    matches!(attribute.stream().into_iter().next(), Some(TokenTree::Ident(name)) if name == "doc")
}

/// Cuts off the test module, which is the last part of every file.
pub(crate) fn without_tests(source: &str) -> &str {
    source.find("\n#[cfg(test)]\nmod ").map_or(source, |end| &source[..end])
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
    let source = "//! \"no\"\nlet a = \"one \\\" two\"; // \"no\"\nlet b = r#\"raw \"x\" text\"#; let c = '\"'; let d = \"last\";\n/// no \"no\"\n#[arg(default_value = \"x\")]\n/* \"no\" */\n\n#[cfg(test)]\nmod tests { \"no\" }";
    let found: Vec<String> = literals(source).into_iter().map(|(line, text)| format!("{line}:{text}")).collect();
    assert_eq!(found, [r#"2:"one \" two""#, "3:r#\"raw \"x\" text\"#", "3:\"last\"", "5:\"x\""]);
}

#[test]
fn a_value_counts_only_as_a_word_of_its_own() {
    assert!(holds("ssh to Nexy!", "Nexy") && holds("a/Nexy", "Nexy"));
    assert!(!holds("NexyNew", "Nexy") && !holds("Nexy-2", "Nexy") && !holds("my_Nexy", "Nexy"));
}
