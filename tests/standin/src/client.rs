//! A plain HTTP client for tests: what would a user, without any token, get from this address?

use crate::disk;
use sha2::{Digest, Sha256};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

const MOST_REDIRECTS: usize = 10;

/// What an address answered after all redirections.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Got {
    /// The last status.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
}

impl Got {
    /// The body as text; what is not UTF-8 is replaced.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    #[must_use]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// Asks an `http://` address and keeps the body in memory.
#[must_use]
pub fn get(url: &str) -> Got {
    let (status, mut reader) = open(url);
    let mut body = Vec::new();
    let _cut = reader.read_to_end(&mut body);
    Got { status, body }
}

/// sha256 of all bytes that an address gives, read in pieces; the status when it is not 200.
///
/// # Errors
/// The status that was answered instead.
pub fn sha256(url: &str) -> Result<String, u16> {
    let (status, mut reader) = open(url);
    if status != 200 {
        return Err(status);
    }
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 256 * 1024];
    while let Ok(count @ 1..) = reader.read(&mut buffer) {
        hasher.update(&buffer[..count]);
    }
    Ok(disk::hexadecimal(&hasher.finalize()))
}

fn open(url: &str) -> (u16, impl Read) {
    let mut url = url.to_owned();
    for _ in 0..MOST_REDIRECTS {
        let (status, location, reader) = ask(&url);
        match location {
            Some(location) if matches!(status, 301 | 302 | 307) => url = location,
            _ => return (status, reader),
        }
    }
    panic!("more than {MOST_REDIRECTS} redirections");
}

fn ask(url: &str) -> (u16, Option<String>, BufReader<TcpStream>) {
    let rest = url.strip_prefix("http://").unwrap_or_else(|| panic!("{url} is not on loopback"));
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let mut stream = TcpStream::connect(host).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let request = format!("GET /{path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: person\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut reader = BufReader::with_capacity(256 * 1024, stream);
    let mut status = 0;
    let mut location = None;
    for number in 0.. {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) <= 2 {
            break;
        }
        if number == 0 {
            status = line.split(' ').nth(1).and_then(|word| word.parse().ok()).unwrap_or(0);
        }
        if let Some((key, value)) = line.split_once(": ")
            && key.eq_ignore_ascii_case("location")
        {
            location = Some(value.trim().to_owned());
        }
    }
    (status, location, reader)
}
