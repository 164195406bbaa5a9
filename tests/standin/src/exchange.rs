//! Whole requests with their answers, kept when a test asked for them: what was said is then held against GitHub's own words.

use crate::connection::RequestBody;
use crate::http::{Body, Request, Response};
use crate::listener::Listener;

/// How much of a request's body is kept, bytes; what is larger is an artifact and no document.
pub(crate) const KEPT_BYTES: usize = 64 * 1024;

/// One request and the answer to it.
#[derive(Debug, Clone)]
pub struct Exchange {
    /// The listener that received it.
    pub listener: Listener,
    /// The method.
    pub method: String,
    /// The path as it was sent, percent-encoded and without its query.
    pub path: String,
    /// The query, decoded.
    pub query: Vec<(String, String)>,
    /// The request's header fields; of `Authorization` only the scheme.
    pub headers: Vec<(String, String)>,
    /// The beginning of the request's body.
    pub body: Vec<u8>,
    /// Bytes of the request's body that arrived.
    pub body_bytes: u64,
    /// The status of the answer.
    pub status: u16,
    /// The answer's header fields, without those about its length.
    pub answer_headers: Vec<(String, String)>,
    /// The answer's body; empty when it was a file.
    pub answer: Vec<u8>,
}

impl Exchange {
    pub(crate) fn new(listener: Listener, request: &Request, body: &RequestBody<'_, '_>, response: &Response) -> Self {
        Self {
            listener,
            method: request.method.clone(),
            path: request.path.clone(),
            query: request.query.clone(),
            headers: request.headers().iter().map(without_secret).collect(),
            body: body.beginning().to_vec(),
            body_bytes: body.arrived(),
            status: response.status,
            answer_headers: response.headers.clone(),
            answer: match &response.body {
                Body::Bytes(bytes) => bytes.clone(),
                Body::File { .. } => Vec::new(),
            },
        }
    }

    /// A header field of the request.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        field(&self.headers, name)
    }

    /// A header field of the answer.
    #[must_use]
    pub fn answer_header(&self, name: &str) -> Option<&str> {
        field(&self.answer_headers, name)
    }
}

fn field<'a>(fields: &'a [(String, String)], name: &str) -> Option<&'a str> {
    fields.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
}

fn without_secret((name, value): &(String, String)) -> (String, String) {
    let shown = if name.eq_ignore_ascii_case("authorization") { value.split(' ').next().unwrap_or_default() } else { value };
    (name.clone(), shown.to_owned())
}
