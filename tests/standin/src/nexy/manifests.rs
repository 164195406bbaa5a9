//! Which manifest the update server takes: read from the disk on every request, with its fallback trap.

use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// `manifest.json`, else the newest `manifest_*.json`, even when it is not valid.
pub(crate) fn stable(folder: &Path) -> Option<Value> {
    read(&folder.join("manifest.json")).or_else(|| newest(folder))
}

/// `manifest_beta.json`; without it the stable one, as the real server falls back.
pub(crate) fn beta(folder: &Path) -> Option<Value> {
    read(&folder.join("manifest_beta.json")).or_else(|| stable(folder))
}

fn newest(folder: &Path) -> Option<Value> {
    let mut files = versioned(folder);
    files.sort_by_key(|file| {
        let times = file.metadata().and_then(|data| data.modified());
        times.unwrap_or(SystemTime::UNIX_EPOCH)
    });
    files.iter().rev().find_map(|file| read(file))
}

fn versioned(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let files = entries.map(|entry| entry.unwrap().path());
    files
        .filter(|file| {
            let name = file.file_name().unwrap().to_string_lossy();
            name.starts_with("manifest_") && name.ends_with(".json")
        })
        .collect()
}

/// Cut, with a byte order mark, not an object or missing: no manifest.
fn read(file: &Path) -> Option<Value> {
    let text = fs::read(file).ok()?;
    let value: Value = serde_json::from_slice(&text).ok()?;
    value.is_object().then_some(value)
}
