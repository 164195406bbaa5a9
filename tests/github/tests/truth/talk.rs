//! Sends one raw HTTP request to the stand-in.

use nexy_standin::{Listener, Standin, TOKEN};
use serde_json::Value;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;

/// What came back.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// The body as JSON; null when there is none.
    pub(crate) fn json(&self) -> Value {
        if self.body.is_empty() { Value::Null } else { serde_json::from_slice(&self.body).unwrap() }
    }

    /// A header field.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

/// Asks the API.
pub(crate) fn get(standin: &Standin, path: &str) -> Answer {
    call(standin, Listener::Api, "GET", path, "", None)
}

/// Asks anything, with another token than the accepted one or with that.
pub(crate) fn call(standin: &Standin, listener: Listener, method: &str, path: &str, body: &str, token: Option<&str>) -> Answer {
    let kind = if listener == Listener::Uploads { "application/octet-stream" } else { "application/json" };
    let length = if body.is_empty() { String::new() } else { format!("Content-Type: {kind}\r\nContent-Length: {}\r\n", body.len()) };
    let token = token.unwrap_or(TOKEN);
    send(
        standin,
        listener,
        &format!(
            "{method} {path} HTTP/1.1\r\nHost: github\r\nUser-Agent: test\r\nAccept: application/vnd.github+json\r\n\
             Authorization: Bearer {token}\r\n{length}Connection: close\r\n\r\n{body}"
        ),
    )
}

/// Sends a whole request and reads the whole answer.
pub(crate) fn send(standin: &Standin, listener: Listener, request: &str) -> Answer {
    let mut stream = TcpStream::connect(standin.address(listener)).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n").expect("an answer");
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    let mut lines = head.split("\r\n");
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let headers = lines.map(|line| line.split_once(": ").unwrap()).map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
    Answer { status, headers, body: bytes[end + 4..].to_vec() }
}
