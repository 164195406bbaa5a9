//! The tokens that the imitated GitHub knows.

use std::sync::Mutex;

/// Known tokens, each with whether it may write.
#[derive(Default)]
pub(crate) struct Tokens(Mutex<Vec<(String, bool)>>);

/// What the bearer of a request may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bearer {
    /// No Authorization header.
    Anonymous,
    /// A header that no known token stands in.
    Unknown,
    /// A token without the permission to change contents.
    Reader,
    /// A token that may change contents.
    Writer,
}

impl Tokens {
    /// Makes this the only token.
    pub(crate) fn set(&self, token: &str) {
        *self.0.lock().unwrap() = vec![(token.to_owned(), true)];
    }

    /// Adds a token that may only read.
    pub(crate) fn add_reader(&self, token: &str) {
        self.0.lock().unwrap().push((token.to_owned(), false));
    }

    /// Who stands behind an Authorization header.
    pub(crate) fn bearer(&self, header: Option<&str>) -> Bearer {
        let Some(header) = header else {
            return Bearer::Anonymous;
        };
        let (scheme, token) = header.split_once(' ').unwrap_or(("", header));
        let known_scheme = scheme.eq_ignore_ascii_case("bearer") || scheme.eq_ignore_ascii_case("token");
        match self.0.lock().unwrap().iter().find(|(known, _)| known_scheme && known == token) {
            Some((_, true)) => Bearer::Writer,
            Some((_, false)) => Bearer::Reader,
            None => Bearer::Unknown,
        }
    }
}
