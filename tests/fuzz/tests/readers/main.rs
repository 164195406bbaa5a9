//! The server's environment file, read by the real readers: python-dotenv, bash and systemd's own parser, on generated files. And the
//! feed, read by an XML parser and a feed parser of others.
//!
//! Each reader that is not here is said loudly, and the others are asked all the same.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "tests start the readers and stop at the first surprise"
)]

mod feed;
mod generated;
mod programs;

use generated::{clean, portable, strange};
use nexy_contract::config_env::{self, Parsed, Rule, Severity};
use programs::{bash, dotenv, systemd};
use std::collections::BTreeMap;

const SEED: u64 = 20_260_221;
const FILES: usize = 400;
const MARK: &[u8] = b"\xef\xbb\xbf";

/// What a reader makes of a file; `None` for a name without a value.
pub(crate) type Read = BTreeMap<String, Option<String>>;

fn is_clean(parsed: &Parsed) -> bool {
    parsed.problems.iter().all(|problem| problem.severity == Severity::Unusual)
}

/// Whether a reader got exactly what the server is said to get.
#[track_caller]
fn same(reader: &str, text: &[u8], parsed: &Parsed, read: &Read) {
    let shown = String::from_utf8_lossy(text);
    for (key, value) in read {
        let entry = parsed.entry(key).unwrap_or_else(|| panic!("{reader} reads {key:?} in {shown:?}, and no assignment is known"));
        let is_same = match (&entry.value, value) {
            (Some(ours), Some(theirs)) => ours.is_exactly(theirs),
            (None, None) => true,
            _ => false,
        };
        assert!(is_same, "{reader} reads {key:?} as {value:?} in {shown:?}");
    }
    for entry in &parsed.entries {
        assert!(read.contains_key(&entry.key), "{reader} reads no {:?} in {shown:?}", entry.key);
    }
}

#[test]
fn the_servers_reader_reads_every_file_as_it_is_said_to() {
    let files: Vec<Vec<u8>> = strange(SEED, FILES).into_iter().chain(portable(SEED, FILES)).collect();
    let Some(answers) = dotenv("the_servers_reader_reads_every_file_as_it_is_said_to", &files) else { return };
    let mut refused = 0;
    for (text, answer) in files.iter().zip(answers) {
        let parsed = config_env::parse(text);
        let is_text = !parsed.problems.iter().any(|problem| problem.rule == Rule::BadUtf8);
        match answer {
            // A byte order mark is a part of the first name to it before version 1.2.3, and none of the file since: a rule of its own says so.
            Some(_) if text.starts_with(MARK) => assert!(!is_clean(&parsed), "{:?}", String::from_utf8_lossy(text)),
            Some(read) => {
                assert!(is_text, "python-dotenv reads {:?}", String::from_utf8_lossy(text));
                same("python-dotenv", text, &parsed, &read);
            }
            None => {
                refused += 1;
                assert!(!is_text, "python-dotenv refuses {:?}", String::from_utf8_lossy(text));
            }
        }
    }
    assert!(refused > 0, "no file was bad UTF-8; this compares less than it says");
}

#[test]
fn files_that_are_called_clean_are_read_alike_by_every_reader() {
    let mut files = clean(SEED, FILES);
    files.extend(portable(SEED, FILES));
    files.retain(|text| is_clean(&config_env::parse(text)));
    assert!(files.len() > FILES, "only {} clean files", files.len());
    for text in &files {
        let plain = std::str::from_utf8(text).expect("what is clean is UTF-8").lines().map(|line| line.trim_matches([' ', '\t']));
        let plain = plain.filter(|line| !line.is_empty() && !line.starts_with('#')).filter_map(|line| line.split_once('='));
        let read: Read = plain.map(|(key, value)| (key.to_owned(), Some(value.to_owned()))).collect();
        same("a plain split", text, &config_env::parse(text), &read);
    }
    let test = "files_that_are_called_clean_are_read_alike_by_every_reader";
    for (text, read) in files.iter().zip(dotenv(test, &files).into_iter().flatten()) {
        same("python-dotenv", text, &config_env::parse(text), &read.unwrap_or_default());
    }
    for (text, read) in files.iter().zip(bash(test, &files).into_iter().flatten()) {
        same("bash", text, &config_env::parse(text), &read);
    }
    for (text, read) in files.iter().zip(systemd(test, &files).into_iter().flatten()) {
        // Its generator prints nothing for an empty value, and quotes what is not plain.
        let parsed = config_env::parse(text);
        for (key, value) in read {
            let value = value.unwrap_or_default();
            let is_same = parsed.entry(&key).and_then(|entry| entry.value.as_ref()).is_some_and(|ours| ours.is_exactly(&value));
            assert!(is_same, "systemd reads {key:?} as {value:?} in {:?}", String::from_utf8_lossy(text));
        }
    }
}

#[test]
fn files_that_bash_reads_otherwise_are_never_called_clean() {
    let files: Vec<Vec<u8>> = strange(SEED + 1, FILES).into_iter().filter(|text| generated::is_harmless(text)).collect();
    let Some(answers) = bash("files_that_bash_reads_otherwise_are_never_called_clean", &files) else { return };
    let mut differing = 0;
    for (text, read) in files.iter().zip(answers) {
        let parsed = config_env::parse(text);
        let is_same = parsed.entries.iter().all(|entry| {
            let theirs = read.get(&entry.key).and_then(|value| value.as_deref());
            entry.value.as_ref().is_some_and(|ours| theirs.is_some_and(|theirs| ours.is_exactly(theirs)))
        });
        differing += usize::from(!is_same);
        assert!(is_same || !is_clean(&parsed), "bash reads {:?} as {read:?}, and no rule speaks of it", String::from_utf8_lossy(text));
    }
    assert!(differing > FILES / 20, "only {differing} files are read otherwise; this compares nothing");
}
