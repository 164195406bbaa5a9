//! Artifacts as genuine as a gate can tell: incompressible bytes with the real marks of their kind.

use crate::package::Package;
use crate::world::VERSION;
use std::fs::{self, File};
use std::io::{BufWriter, Seek, SeekFrom, Write};
use std::path::Path;

const TRAILER: u64 = 512;

/// A disk image of this size (at least 512 bytes); another seed gives other bytes.
#[must_use]
pub fn dmg(size_bytes: u64, seed: u64) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(size_bytes as usize);
    write_dmg_to(&mut bytes, size_bytes, seed);
    bytes
}

/// A flat package of this size (at least 3 KiB), of the version that a new world releases.
#[must_use]
pub fn pkg(size_bytes: u64, seed: u64) -> Vec<u8> {
    Package::of(VERSION).bytes(size_bytes, seed)
}

/// The same as [`dmg`], straight into a file of any size.
pub fn write_dmg(path: &Path, size_bytes: u64, seed: u64) {
    let mut file = BufWriter::with_capacity(256 * 1024, File::create(path).unwrap());
    write_dmg_to(&mut file, size_bytes, seed);
    file.flush().unwrap();
}

/// A disk image of any size that takes no room on the disk: nothing but zeros before its end.
pub fn write_sparse_dmg(path: &Path, size_bytes: u64) {
    let file = File::create(path).unwrap();
    let data = size_bytes.checked_sub(TRAILER).expect("a disk image has a trailer of 512 bytes");
    file.set_len(data).unwrap();
    (&file).seek(SeekFrom::End(0)).unwrap();
    (&file).write_all(&trailer(data)).unwrap();
}

/// The same as [`pkg`], straight into a file.
pub fn write_pkg(path: &Path, size_bytes: u64, seed: u64) {
    fs::write(path, pkg(size_bytes, seed)).unwrap();
}

/// sha256 of a file, lowercase hexadecimal.
#[must_use]
pub fn sha256(path: &Path) -> String {
    crate::disk::sha256_of_file(path)
}

fn write_dmg_to(out: &mut impl Write, size_bytes: u64, seed: u64) {
    let data = size_bytes.checked_sub(TRAILER).expect("a disk image has a trailer of 512 bytes");
    noise(out, data, seed);
    out.write_all(&trailer(data)).unwrap();
}

/// The end of a disk image of so many bytes before it.
fn trailer(data: u64) -> [u8; TRAILER as usize] {
    let mut trailer = [0; TRAILER as usize];
    trailer[..4].copy_from_slice(b"koly");
    trailer[4..8].copy_from_slice(&4_u32.to_be_bytes());
    trailer[8..12].copy_from_slice(&(TRAILER as u32).to_be_bytes());
    trailer[12..16].copy_from_slice(&1_u32.to_be_bytes());
    trailer[32..40].copy_from_slice(&data.to_be_bytes());
    trailer[56..60].copy_from_slice(&1_u32.to_be_bytes());
    trailer[60..64].copy_from_slice(&1_u32.to_be_bytes());
    trailer
}

/// xorshift64*: nothing compresses it, and the same seed gives the same bytes.
pub(crate) fn noise(out: &mut impl Write, count: u64, seed: u64) {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut left = count;
    while left > 0 {
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        let word = state.wrapping_mul(0x2545_F491_4F6C_DD1D).to_le_bytes();
        let part = left.min(8);
        out.write_all(&word[..part as usize]).unwrap();
        left -= part;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn artifacts_have_their_size_and_marks_and_the_seed_decides_the_bytes() {
        let image = dmg(4096, 1);
        assert_eq!(image.len(), 4096);
        assert_eq!(&image[4096 - 512..4096 - 508], b"koly");
        let folder = tempfile::tempdir().unwrap();
        let sparse = folder.path().join("sparse.dmg");
        write_sparse_dmg(&sparse, 4096);
        assert_eq!(std::fs::read(sparse).unwrap()[4096 - 512..], image[4096 - 512..]);
        assert_eq!(image, dmg(4096, 1));
        assert_ne!(image, dmg(4096, 2));
        assert_eq!(&pkg(4096, 1)[..4], b"xar!");
        assert_eq!(pkg(4097, 1).len(), 4097);
        assert_ne!(pkg(4096, 1), pkg(4096, 2));
    }
}
