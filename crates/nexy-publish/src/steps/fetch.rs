//! What users would get from a public URL, all of it: size, digest and last bytes.

use super::{Job, Scene};
use crate::progress::Progress;
use nexy_contract::Sha256Digest;
use nexy_outside::{
    clock,
    github::{GithubError, Kind},
};
use std::{
    cell::RefCell,
    time::{Duration, Instant},
};

/// So many of the last bytes are compared with the public URL after a swap; a disk image differs there from every other one.
pub(crate) const TAIL_BYTES: usize = 64 << 10;

/// What came.
pub(crate) struct Fetched {
    pub(crate) size_bytes: u64,
    pub(crate) sha256: Sha256Digest,
    pub(crate) tail: Vec<u8>,
}

impl Fetched {
    /// Says what came, and whether it is what is to be live.
    pub(crate) fn is(&self, scene: &Scene<'_>, job: &Job<'_>) -> bool {
        scene.common.note(&format!("Remote size: {} bytes", self.size_bytes));
        scene.common.note(&format!("Remote SHA256: {}", self.sha256));
        self.size_bytes == job.artifact.size_bytes && self.sha256 == job.artifact.sha256
    }
}

/// Downloads an asset of a channel without a token; a new name may take a while until its public URL is known.
pub(crate) fn whole(scene: &Scene<'_>, channel: &str, name: &str, size_bytes: u64) -> Result<Fetched, GithubError> {
    let deadline = Instant::now() + Duration::from_secs(scene.target.limits.public_url_wait_s);
    let mut wait = Duration::from_millis(250);
    loop {
        let asked = scene.patience.ask(|| once(scene, channel, name, size_bytes));
        match asked {
            Err(error) if error.kind == Kind::NotFound && Instant::now() + wait < deadline => clock::pause(wait),
            answer => return answer,
        }
        wait = (wait * 2).min(Duration::from_secs(5));
    }
}

fn once(scene: &Scene<'_>, channel: &str, name: &str, size_bytes: u64) -> Result<Fetched, GithubError> {
    let progress = Progress::begin(scene.common, format!("downloading {name}"), size_bytes);
    let tail = RefCell::new(Tail::default());
    let mut total = 0;
    let found = scene.github.download(channel, name, size_bytes + 1, &mut |piece| {
        tail.borrow_mut().take(piece);
        total += piece.len() as u64;
        progress.at(total);
    })?;
    Ok(Fetched { size_bytes: found.size_bytes, sha256: found.sha256, tail: tail.into_inner().last() })
}

/// Keeps the last bytes of what passes by.
#[derive(Default)]
struct Tail(Vec<u8>);

impl Tail {
    fn take(&mut self, piece: &[u8]) {
        self.0.extend_from_slice(&piece[piece.len().saturating_sub(TAIL_BYTES)..]);
        // Moved rarely, and never large: two tails and a piece.
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
    fn the_tail_is_the_end_of_whatever_came_in_whatever_pieces() {
        let bytes: Vec<u8> = (0..TAIL_BYTES * 6 + 7).map(|index| u8::try_from(index % 251).expect("a byte")).collect();
        for (length, piece) in [(0, 1), (5, 2), (TAIL_BYTES, 1000), (bytes.len(), TAIL_BYTES - 1), (bytes.len(), TAIL_BYTES * 5)] {
            let mut tail = Tail::default();
            bytes[..length].chunks(piece).for_each(|piece| tail.take(piece));
            assert_eq!(tail.last(), &bytes[length.saturating_sub(TAIL_BYTES)..length]);
        }
    }
}
