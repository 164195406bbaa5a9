//! A value that must never be printed.

use std::fmt;

/// A secret text; no output shows it, and only its holder can hand it to a request.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    /// Takes a secret in, without the line feed that programs print after it.
    pub fn new(text: &str) -> Self {
        Self(text.trim().to_owned())
    }

    /// Whether there is nothing to keep.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether it can stand in a header line; a blank or control character makes the header invalid.
    pub fn is_header_safe(&self) -> bool {
        self.0.bytes().all(|byte| byte.is_ascii_graphic())
    }

    /// Whether it begins like this; tells kinds of tokens apart by the prefix that their issuer has made public.
    pub fn starts_with(&self, prefix: &str) -> bool {
        self.0.starts_with(prefix)
    }

    /// The text itself, for the one request that needs it.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret")
    }
}
