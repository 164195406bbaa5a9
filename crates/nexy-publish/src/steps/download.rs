//! Downloads an asset from its public URL without a token, as users do: size, digest and last bytes.

use crate::{job::Job, progress::Progress, session::Session};
use nexy_contract::Sha256Digest;
use nexy_outside::{
    clock,
    net::github::{GithubError, Kind},
};
use std::{
    cell::RefCell,
    time::{Duration, Instant},
};

/// Number of last bytes that are compared with the public URL after a swap; no two disk images are equal there.
pub(crate) const TAIL_BYTES: usize = 64 << 10;

/// What the public URL serves.
pub(crate) struct Fetched {
    pub(crate) size_bytes: u64,
    pub(crate) sha256: Sha256Digest,
    pub(crate) tail: Vec<u8>,
}

impl Fetched {
    /// Prints what was served, and compares it with what is to be live.
    pub(crate) fn is_wanted(&self, session: &Session<'_>, job: &Job<'_>) -> bool {
        session.common.note(&format!("Remote size: {} bytes", self.size_bytes));
        session.common.note(&format!("Remote SHA256: {}", self.sha256));
        self.size_bytes == job.artifact.size_bytes && self.sha256 == job.artifact.sha256
    }
}

/// Downloads an asset. The public URL of a new name may be missing for a while, so it is polled.
pub(crate) fn whole(session: &Session<'_>, channel: &str, name: &str, size_bytes: u64) -> Result<Fetched, GithubError> {
    let deadline = Instant::now() + Duration::from_secs(session.target.limits.public_url_wait_s);
    let mut wait = Duration::from_millis(250);
    loop {
        let answer = session.retry.read(|| once(session, channel, name, size_bytes));
        match answer {
            Err(error) if error.kind == Kind::NotFound && Instant::now() + wait < deadline => clock::pause(wait),
            answer => return answer,
        }
        wait = (wait * 2).min(Duration::from_secs(5));
    }
}

fn once(session: &Session<'_>, channel: &str, name: &str, size_bytes: u64) -> Result<Fetched, GithubError> {
    let progress = Progress::begin(session.common, format!("downloading {name}"), size_bytes);
    let tail = RefCell::new(Tail::default());
    let mut total = 0;
    let found = session.github.download(channel, name, size_bytes + 1, &mut |piece| {
        tail.borrow_mut().take(piece);
        total += piece.len() as u64;
        progress.at(total);
    })?;
    Ok(Fetched { size_bytes: found.size_bytes, sha256: found.sha256, tail: tail.into_inner().last() })
}

/// The last bytes of a stream.
#[derive(Default)]
struct Tail(Vec<u8>);

impl Tail {
    fn take(&mut self, piece: &[u8]) {
        self.0.extend_from_slice(&piece[piece.len().saturating_sub(TAIL_BYTES)..]);
        // Trimmed rarely, so that few bytes are moved; it never holds more than four tails and a piece.
        if self.0.len() > 4 * TAIL_BYTES {
            self.0.drain(..self.0.len() - TAIL_BYTES);
        }
    }

    fn last(mut self) -> Vec<u8> {
        self.0.split_off(self.0.len().saturating_sub(TAIL_BYTES))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tail_is_the_end_of_the_stream_whatever_its_pieces_are() {
        let bytes: Vec<u8> = (0..TAIL_BYTES * 6 + 7).map(|index| u8::try_from(index % 251).expect("a byte")).collect();
        for (length, piece) in [(0, 1), (5, 2), (TAIL_BYTES, 1000), (bytes.len(), TAIL_BYTES - 1), (bytes.len(), TAIL_BYTES * 5)] {
            let mut tail = Tail::default();
            bytes[..length].chunks(piece).for_each(|piece| tail.take(piece));
            assert_eq!(tail.last(), &bytes[length.saturating_sub(TAIL_BYTES)..length]);
        }
    }
}
