//! One line per request in `requests.jsonl`, so that tests and other processes can count.

use crate::disk;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// What the stand-in remembers of one request.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
pub struct RequestLine {
    /// Its place in the order in which the requests came; lines stand in the order in which they ended.
    pub number: u64,
    /// Which listener: `api`, `uploads`, `web`, `storage`, `server`, `updates`, `public`, `gemini` or `foreign`.
    pub listener: String,
    /// The method.
    pub method: String,
    /// Path and query as they were sent.
    pub path: String,
    /// The status that was answered; 0 when the connection ended without an answer.
    pub status: u16,
    /// Whether a header with a secret came (Authorization, or the language model's key); its value is never kept.
    pub has_authorization: bool,
    /// Bytes of the request's body that arrived.
    pub request_bytes: u64,
    /// Bytes of the answer's body that left.
    pub response_bytes: u64,
    /// The asset that the answer gave or led to.
    pub asset_id: Option<u64>,
    /// The Range header, when one came.
    pub range: Option<String>,
    /// True when the stand-in does not know this call: a test must not make any.
    pub unscripted: bool,
    /// The planted fault that hit it.
    pub fault: Option<String>,
    /// What the addresses of [`crate::Standin::watch`] led to when it came, as digests; `None` is 404.
    pub watched_before: Vec<Option<String>>,
    /// The same when it had been answered.
    pub watched_after: Vec<Option<String>>,
}

impl RequestLine {
    /// `METHOD path` without the query.
    #[must_use]
    pub fn call(&self) -> String {
        let path = self.path.split('?').next().unwrap_or_default();
        format!("{} {path}", self.method)
    }

    /// Whether it asked for a change.
    #[must_use]
    pub fn is_mutation(&self) -> bool {
        matches!(self.method.as_str(), "POST" | "PATCH" | "DELETE" | "PUT")
    }

    pub(crate) fn append_to(&self, file: &Path) {
        disk::append_line(file, &serde_json::to_value(self).unwrap());
    }
}

/// All lines of a log, in the order in which the requests ended.
pub(crate) fn read(file: &Path) -> Vec<RequestLine> {
    disk::read_lines(file).into_iter().map(|line| serde_json::from_value(line).unwrap()).collect()
}
