//! Reads one request head and says how its body is framed.

use std::io::{self, BufRead};

/// The head of one request.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    /// Path and query exactly as they were sent.
    pub(crate) target: String,
    /// The path, still percent-encoded.
    pub(crate) path: String,
    /// The query, decoded.
    pub(crate) query: Vec<(String, String)>,
    headers: Vec<(String, String)>,
    pub(crate) framing: Framing,
}

/// How the length of the body was announced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Framing {
    None,
    Length(u64),
    Chunked,
}

impl Request {
    /// The value of a header, by any spelling of its name.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut all = self.headers.iter();
        all.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// All header fields, as they came.
    pub(crate) fn headers(&self) -> &[(String, String)] {
        &self.headers
    }

    /// Goes on as a request for another path; the query stays.
    pub(crate) fn move_to(&mut self, path: &str) {
        self.target = format!("{path}{}", &self.target[self.path.len()..]);
        path.clone_into(&mut self.path);
    }

    /// The decoded value of a query parameter.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        let mut all = self.query.iter();
        all.find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The segments of the path, decoded.
    pub(crate) fn segments(&self) -> Vec<String> {
        let path = self.path.trim_start_matches('/');
        path.split('/').map(decode).collect()
    }
}

/// Reads the next head; `None` at the end of the connection.
pub(crate) fn read_request(reader: &mut impl BufRead) -> io::Result<Option<Request>> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() > 64 * 1024 {
            return Err(io::Error::other("request head above 64 KiB"));
        }
        if reader.read_until(b'\n', &mut head)? == 0 {
            return Ok(None);
        }
    }
    parse(&head).map(Some).map_err(io::Error::other)
}

fn parse(head: &[u8]) -> Result<Request, String> {
    let mut headers = [httparse::EMPTY_HEADER; 64];
    let mut parsed = httparse::Request::new(&mut headers);
    parsed.parse(head).map_err(|error| error.to_string())?;
    let target = parsed.path.unwrap().to_owned();
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let headers: Vec<(String, String)> = parsed
        .headers
        .iter()
        .map(|header| {
            let value = String::from_utf8_lossy(header.value).into_owned();
            (header.name.to_owned(), value)
        })
        .collect();
    Ok(Request {
        method: parsed.method.unwrap().to_owned(),
        path: path.to_owned(),
        query: pairs(query),
        framing: framing(&headers)?,
        headers,
        target,
    })
}

fn framing(headers: &[(String, String)]) -> Result<Framing, String> {
    let find = |name: &str| {
        let mut all = headers.iter();
        all.find(|(key, _)| key.eq_ignore_ascii_case(name))
    };
    if find("transfer-encoding").is_some() {
        return Ok(Framing::Chunked);
    }
    match find("content-length") {
        None => Ok(Framing::None),
        Some((_, value)) => value.parse().map(Framing::Length).map_err(|_| format!("content-length {value:?} is no number")),
    }
}

fn pairs(query: &str) -> Vec<(String, String)> {
    let parts = query.split('&').filter(|part| !part.is_empty());
    parts
        .map(|part| {
            let (key, value) = part.split_once('=').unwrap_or((part, ""));
            (decode(&key.replace('+', " ")), decode(&value.replace('+', " ")))
        })
        .collect()
}

/// Undoes percent-encoding; what is not valid stays as it is.
fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut index = 0;
    while index < bytes.len() {
        let code = bytes
            .get(index + 1..index + 3)
            .filter(|_| bytes[index] == b'%')
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        out.push(code.unwrap_or(bytes[index]));
        index += if code.is_some() { 3 } else { 1 };
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_read_with_its_query_and_framing() {
        let text = b"POST /a%20b/c?name=x%2By+z&l HTTP/1.1\r\nContent-Length: 3\r\nA: b\r\n\r\nxyz";
        let request = read_request(&mut &text[..]).unwrap().unwrap();
        assert_eq!(request.segments(), ["a b", "c"]);
        assert_eq!(request.parameter("name"), Some("x+y z"));
        assert_eq!(request.parameter("l"), Some(""));
        assert_eq!(request.header("a"), Some("b"));
        assert_eq!(request.framing, Framing::Length(3));
    }

    #[test]
    fn the_end_of_the_connection_is_no_request() {
        assert!(read_request(&mut &b""[..]).unwrap().is_none());
    }
}
