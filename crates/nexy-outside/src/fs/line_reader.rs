//! Reads a file of unknown size line by line, in pieces, so that memory stays small.

use crate::fs::files::FileError;
use rustix::fs::OFlags;
use std::{
    fs::{File, OpenOptions},
    io::{self, BufRead as _, BufReader, Read as _, Seek as _},
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
};

/// A longer line comes in pieces.
const PIECE_BYTES: usize = 64 << 10;
/// So much of a piece comes again at the start of the next one: what stands across the seam is seen whole.
const OVERLAP_BYTES: usize = 1 << 10;
/// So much is looked at to tell text from bytes.
const HEAD_BYTES: u64 = 8 << 10;

/// What a file turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Walk {
    /// Text, every line of which was seen; so many bytes.
    Text(u64),
    /// It holds a NUL near its start, so it is no text.
    Binary,
    /// It is larger than allowed, so it was not seen whole; so many bytes.
    TooLarge(u64),
    /// A folder, pipe or device.
    NoFile,
}

/// Calls `see` with every line of a file and its number, from 1, without the line feed. A link is not followed.
/// Errors: [`FileError`], also for a link.
pub fn each(path: &Path, max_bytes: u64, mut see: impl FnMut(usize, &[u8])) -> Result<Walk, FileError> {
    let failed = |source| FileError { verb: "read", path: path.to_path_buf(), source };
    let flags = (OFlags::NONBLOCK | OFlags::NOFOLLOW).bits().cast_signed();
    let mut file = OpenOptions::new().read(true).custom_flags(flags).open(path).map_err(failed)?;
    let metadata = file.metadata().map_err(failed)?;
    if !metadata.is_file() {
        return Ok(Walk::NoFile);
    }
    if is_binary(&mut file).map_err(failed)? {
        return Ok(Walk::Binary);
    }
    if metadata.len() > max_bytes {
        return Ok(Walk::TooLarge(metadata.len()));
    }
    // It may grow while it is read.
    let mut reader = BufReader::new(file.take(max_bytes + 1));
    let mut piece = Vec::new();
    let (mut number, mut seen_bytes) = (1, 0);
    loop {
        let room = (PIECE_BYTES - piece.len()) as u64;
        let read = reader.by_ref().take(room).read_until(b'\n', &mut piece).map_err(failed)?;
        seen_bytes += read as u64;
        if seen_bytes > max_bytes {
            return Ok(Walk::TooLarge(seen_bytes));
        }
        if piece.last() == Some(&b'\n') {
            piece.pop();
            see(number, &piece);
            number += 1;
            piece.clear();
        } else if read == 0 {
            if !piece.is_empty() {
                see(number, &piece);
            }
            return Ok(Walk::Text(seen_bytes));
        } else if piece.len() >= PIECE_BYTES {
            see(number, &piece);
            piece.drain(..PIECE_BYTES - OVERLAP_BYTES);
        }
    }
}

fn is_binary(file: &mut File) -> io::Result<bool> {
    let mut head = Vec::new();
    file.by_ref().take(HEAD_BYTES).read_to_end(&mut head)?;
    file.rewind()?;
    Ok(head.contains(&0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn walked(content: &[u8], max_bytes: u64) -> (Walk, Vec<(usize, Vec<u8>)>) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("f");
        crate::fs::files::replace(&path, content).expect("a file");
        let mut lines = Vec::new();
        let walk = each(&path, max_bytes, |number, line| lines.push((number, line.to_vec()))).expect("it is there");
        (walk, lines)
    }

    #[test]
    fn every_line_has_its_number_also_the_last_without_an_end() {
        let (walk, lines) = walked(b"a\n\nb", 100);
        assert_eq!(walk, Walk::Text(4));
        assert_eq!(lines, [(1, b"a".to_vec()), (2, Vec::new()), (3, b"b".to_vec())]);
        assert_eq!(walked(b"", 100), (Walk::Text(0), Vec::new()));
    }

    #[test]
    fn a_long_line_comes_in_pieces_that_overlap_and_keeps_its_number() {
        let mut content = vec![b'x'; 3 * PIECE_BYTES];
        content[PIECE_BYTES - 2..PIECE_BYTES + 2].copy_from_slice(b"seam");
        content.extend_from_slice(b"\nnext");
        let (_, lines) = walked(&content, 1 << 20);
        assert!(lines.iter().all(|(_, line)| line.len() <= PIECE_BYTES));
        assert!(lines.iter().any(|(number, line)| *number == 1 && line.windows(4).any(|window| window == b"seam")));
        assert_eq!(lines.last(), Some(&(2, b"next".to_vec())));
    }

    #[test]
    fn bytes_and_what_is_too_large_are_told_and_not_seen() {
        assert_eq!(walked(b"PK\x03\x04\0\0", 100), (Walk::Binary, Vec::new()));
        assert_eq!(walked(b"0123456789\n", 10), (Walk::TooLarge(11), Vec::new()));
        assert_eq!(each(Path::new("/dev"), 10, |_, _| ()).expect("it is there"), Walk::NoFile);
    }

    #[test]
    fn a_link_is_not_followed() {
        let folder = tempfile::tempdir().expect("a folder");
        crate::fs::files::replace(&folder.path().join("f"), b"x").expect("a file");
        std::os::unix::fs::symlink("f", folder.path().join("link")).expect("a link");
        assert!(each(&folder.path().join("link"), 10, |_, _| ()).is_err());
    }
}
