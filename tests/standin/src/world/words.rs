//! A predicate for text that people read, in which a line may end anywhere between two words.

use predicates::Predicate;
use predicates::reflection::{Case, PredicateReflection};
use std::fmt;

/// Holds for a text that contains these words in this order; line ends and indents count as one blank.
#[must_use]
pub fn words(wanted: &str) -> Words {
    Words(wanted.to_owned())
}

/// See [`words`].
#[derive(Debug, Clone)]
pub struct Words(String);

impl Predicate<[u8]> for Words {
    fn eval(&self, seen: &[u8]) -> bool {
        one_line(&String::from_utf8_lossy(seen)).contains(&one_line(&self.0))
    }

    fn find_case<'a>(&'a self, expected: bool, seen: &[u8]) -> Option<Case<'a>> {
        (self.eval(seen) == expected).then(|| Case::new(Some(self), expected))
    }
}

impl PredicateReflection for Words {}

impl fmt::Display for Words {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "var.contains_words({:?})", self.0)
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
