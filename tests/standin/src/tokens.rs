//! The tokens that the imitated GitHub knows, kept as digests so that no secret lies in the state.

use crate::disk;
use serde_json::{Value, json};
use std::path::PathBuf;

/// Known tokens.
pub(crate) struct Tokens {
    file: PathBuf,
}

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
    pub(crate) fn new(file: PathBuf) -> Self {
        Self { file }
    }

    /// Makes this the only token.
    pub(crate) fn set(&self, token: &str, may_write: bool) {
        disk::write_json(&self.file, &json!([entry(token, may_write)]));
    }

    /// Adds one more token.
    pub(crate) fn add(&self, token: &str, may_write: bool) {
        let mut all = disk::read_json(&self.file).unwrap_or(json!([]));
        all.as_array_mut().unwrap().push(entry(token, may_write));
        disk::write_json(&self.file, &all);
    }

    pub(crate) fn are_known(&self) -> bool {
        self.file.exists()
    }

    /// Who stands behind an Authorization header.
    pub(crate) fn bearer(&self, header: Option<&str>) -> Bearer {
        let Some(header) = header else {
            return Bearer::Anonymous;
        };
        let (scheme, token) = header.split_once(' ').unwrap_or(("", header));
        let known_scheme = scheme.eq_ignore_ascii_case("bearer") || scheme.eq_ignore_ascii_case("token");
        let digest = disk::sha256(token.as_bytes());
        let all = disk::read_json(&self.file).unwrap_or(json!([]));
        let mut all = all.as_array().unwrap().iter();
        match all.find(|entry| entry["sha256"] == digest.as_str()) {
            Some(entry) if known_scheme && entry["may_write"] == true => Bearer::Writer,
            Some(_) if known_scheme => Bearer::Reader,
            _ => Bearer::Unknown,
        }
    }
}

fn entry(token: &str, may_write: bool) -> Value {
    json!({"sha256": disk::sha256(token.as_bytes()), "may_write": may_write})
}
