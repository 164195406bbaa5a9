//! Writes one response, whole or spoiled on purpose.

use serde_json::Value;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::PathBuf;

/// An answer that was decided and not yet sent.
#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Body,
    /// The asset whose bytes, or whose address, the answer gives.
    pub(crate) asset_id: Option<u64>,
    /// True when the stand-in does not know this call.
    pub(crate) unscripted: bool,
}

/// What follows the head.
#[derive(Debug)]
pub(crate) enum Body {
    Bytes(Vec<u8>),
    /// A part of a file, sent without reading it into memory.
    File {
        path: PathBuf,
        start: u64,
        length: u64,
    },
}

/// How a body is spoiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tamper {
    No,
    /// Only so many bytes leave, then the connection ends.
    CutAfter(u64),
    /// Same length, every byte from this offset on is another one.
    FlipFrom(u64),
    /// One byte less, and the head says so.
    Shorter,
    /// So many bytes more, and the head does not say how many come.
    Longer(u64),
}

impl Response {
    pub(crate) fn new(status: u16, body: Vec<u8>) -> Self {
        Self { status, headers: Vec::new(), body: Body::Bytes(body), asset_id: None, unscripted: false }
    }

    pub(crate) fn text(status: u16, text: &str) -> Self {
        Self::new(status, text.as_bytes().to_vec()).with("Content-Type", "text/plain; charset=utf-8")
    }

    pub(crate) fn json(status: u16, value: &Value) -> Self {
        Self::new(status, serde_json::to_vec(value).unwrap()).with("Content-Type", "application/json; charset=utf-8")
    }

    pub(crate) fn redirect(url: &str) -> Self {
        Self::new(302, Vec::new()).with("Location", url)
    }

    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn about(mut self, asset_id: u64) -> Self {
        self.asset_id = Some(asset_id);
        self
    }

    pub(crate) fn unscripted(mut self) -> Self {
        self.unscripted = true;
        self
    }

    fn length(&self) -> u64 {
        match &self.body {
            Body::Bytes(bytes) => bytes.len() as u64,
            Body::File { length, .. } => *length,
        }
    }
}

/// Sends the answer and says how many bytes of the body left.
pub(crate) fn write_response(stream: &mut impl Write, response: &Response, is_head: bool, close: bool, tamper: Tamper) -> io::Result<u64> {
    let length = response.length();
    let announced = match tamper {
        Tamper::Longer(_) => None,
        Tamper::Shorter => Some(length.saturating_sub(1)),
        _ => Some(length),
    };
    stream.write_all(head(response, announced, close).as_bytes())?;
    if is_head || matches!(response.status, 204 | 304) {
        return Ok(0);
    }
    let sent = match tamper {
        Tamper::CutAfter(bytes) => bytes.min(length),
        Tamper::Shorter => length.saturating_sub(1),
        _ => length,
    };
    write_body(stream, &response.body, sent, tamper)?;
    let mut extra = 0;
    if let Tamper::Longer(bytes) = tamper {
        // Blanks, so that an answer in JSON stays JSON.
        extra = io::copy(&mut io::repeat(b' ').take(bytes), stream)?;
    }
    stream.flush()?;
    Ok(sent + extra)
}

fn head(response: &Response, length: Option<u64>, close: bool) -> String {
    let mut head = format!("HTTP/1.1 {} {}\r\n", response.status, reason(response.status));
    for (name, value) in &response.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    if let Some(length) = length.filter(|_| !matches!(response.status, 204 | 304)) {
        head.push_str(&format!("Content-Length: {length}\r\n"));
    }
    if close || length.is_none() {
        head.push_str("Connection: close\r\n");
    }
    head.push_str("\r\n");
    head
}

fn write_body(stream: &mut impl Write, body: &Body, sent: u64, tamper: Tamper) -> io::Result<()> {
    match body {
        Body::Bytes(bytes) => {
            let mut bytes = bytes[..sent as usize].to_vec();
            if let Tamper::FlipFrom(offset) = tamper {
                flip(&mut bytes, 0, offset);
            }
            stream.write_all(&bytes)
        }
        Body::File { path, start, .. } => {
            let mut file = File::open(path)?;
            file.seek(SeekFrom::Start(*start))?;
            let Tamper::FlipFrom(offset) = tamper else {
                // `io::copy` hands file and socket to the kernel.
                io::copy(&mut file.take(sent), stream)?;
                return Ok(());
            };
            let mut buffer = vec![0; 256 * 1024];
            let mut done = 0;
            while done < sent {
                let wanted = buffer.len().min((sent - done) as usize);
                file.read_exact(&mut buffer[..wanted])?;
                // The offset counts from the start of the whole asset, also in a ranged answer.
                flip(&mut buffer[..wanted], start + done, offset);
                stream.write_all(&buffer[..wanted])?;
                done += wanted as u64;
            }
            Ok(())
        }
    }
}

fn flip(bytes: &mut [u8], position: u64, from: u64) {
    let skip = from.saturating_sub(position).min(bytes.len() as u64) as usize;
    for byte in &mut bytes[skip..] {
        *byte = !*byte;
    }
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        201 => "Created",
        204 => "No Content",
        206 => "Partial Content",
        302 => "Found",
        304 => "Not Modified",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        411 => "Length Required",
        416 => "Range Not Satisfiable",
        422 => "Unprocessable Entity",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        _ => "Status",
    }
}
