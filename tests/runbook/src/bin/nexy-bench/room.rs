//! How much room is left where worlds are made.

use std::process::Command;

/// MiB that are free for temporary files.
pub(crate) fn free_mib() -> u64 {
    let output = Command::new("df").arg("-Pm").arg(std::env::temp_dir()).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().nth(1).and_then(|line| line.split_whitespace().nth(3)?.parse().ok()).unwrap_or(0)
}
