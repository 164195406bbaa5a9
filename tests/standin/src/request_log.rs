//! One line per request in `requests.jsonl`, so that tests and other processes can count.

use crate::disk;
use serde_json::{Value, json};
use std::path::Path;

/// What the stand-in remembers of one request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
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
    /// True when nobody taught the stand-in this call: a test must not have any.
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
        disk::append_line(
            file,
            &json!({
                "number": self.number,
                "listener": self.listener,
                "method": self.method,
                "path": self.path,
                "status": self.status,
                "has_authorization": self.has_authorization,
                "request_bytes": self.request_bytes,
                "response_bytes": self.response_bytes,
                "asset_id": self.asset_id,
                "range": self.range,
                "unscripted": self.unscripted,
                "fault": self.fault,
                "watched_before": self.watched_before,
                "watched_after": self.watched_after,
            }),
        );
    }

    fn from_json(line: &Value) -> Self {
        let text = |key: &str| line[key].as_str().map(str::to_owned);
        let number = |key: &str| line[key].as_u64();
        let digests = |key: &str| serde_json::from_value(line[key].clone()).unwrap();
        Self {
            number: number("number").unwrap(),
            listener: text("listener").unwrap(),
            method: text("method").unwrap(),
            path: text("path").unwrap(),
            status: number("status").unwrap() as u16,
            has_authorization: line["has_authorization"].as_bool().unwrap(),
            request_bytes: number("request_bytes").unwrap(),
            response_bytes: number("response_bytes").unwrap(),
            asset_id: number("asset_id"),
            range: text("range"),
            unscripted: line["unscripted"].as_bool().unwrap(),
            fault: text("fault"),
            watched_before: digests("watched_before"),
            watched_after: digests("watched_after"),
        }
    }
}

/// All lines of a log, in the order in which the requests ended.
pub(crate) fn read(file: &Path) -> Vec<RequestLine> {
    disk::read_lines(file).iter().map(RequestLine::from_json).collect()
}
