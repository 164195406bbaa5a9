//! Small files of the stand-in's state: JSON that other processes may read at any moment.

use serde_json::Value;
use sha2::{Digest, Sha256};
use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

static NEXT_TEMPORARY: AtomicU64 = AtomicU64::new(0);

/// Reads a JSON file; `None` when it is missing.
pub(crate) fn read_json(path: &Path) -> Option<Value> {
    let text = fs::read(path).ok()?;
    match serde_json::from_slice(&text) {
        Ok(value) => Some(value),
        Err(error) => panic!("{} of the stand-in is not JSON: {error}; repair or remove it", path.display()),
    }
}

/// Replaces a JSON file by rename, so that no reader sees half of it.
pub(crate) fn write_json(path: &Path, value: &Value) {
    let folder = path.parent().unwrap();
    fs::create_dir_all(folder).unwrap();
    let number = NEXT_TEMPORARY.fetch_add(1, Ordering::Relaxed);
    let temporary = folder.join(format!(".writing-{}-{number}", std::process::id()));
    fs::write(&temporary, serde_json::to_vec_pretty(value).unwrap()).unwrap();
    fs::rename(&temporary, path).unwrap();
}

/// Appends one JSON line with one write.
pub(crate) fn append_line(path: &Path, value: &Value) {
    let mut line = serde_json::to_vec(value).unwrap();
    line.push(b'\n');
    let mut file = OpenOptions::new().create(true).append(true).open(path).unwrap();
    file.write_all(&line).unwrap();
}

/// Every line of a JSON-lines file; none when it is missing. A reader can see the first half of a line that is being written.
pub(crate) fn read_lines(path: &Path) -> Vec<Value> {
    let read = || fs::read_to_string(path).unwrap_or_default();
    let mut text = read();
    for _ in 0..1000 {
        if text.is_empty() || text.ends_with('\n') {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(1));
        text = read();
    }
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// sha256 of some bytes, lowercase hexadecimal.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    hexadecimal(&Sha256::digest(bytes))
}

/// sha256 of a file, read in pieces.
pub(crate) fn sha256_of_file(path: &Path) -> String {
    let mut file = File::open(path).unwrap();
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 256 * 1024];
    loop {
        let count = file.read(&mut buffer).unwrap();
        if count == 0 {
            return hexadecimal(&hasher.finalize());
        }
        hasher.update(&buffer[..count]);
    }
}

/// Lowercase hexadecimal.
pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_is_being_written_is_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        assert_eq!(read_lines(&path), Vec::<Value>::new());
        fs::write(&path, "{\"a\":1}\n{\"a\"").unwrap();
        let writer = std::thread::spawn({
            let path = path.clone();
            move || {
                std::thread::sleep(std::time::Duration::from_millis(20));
                OpenOptions::new().append(true).open(path).unwrap().write_all(b":2}\n").unwrap();
            }
        });
        assert_eq!(read_lines(&path).len(), 2);
        writer.join().unwrap();
    }
}
