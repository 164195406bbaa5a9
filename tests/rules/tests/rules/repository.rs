//! The repository as text: its files, the sections and tables of its pages, and its tools as they were built.

use assert_cmd::Command;
use std::fs;
use std::path::{Path, PathBuf};

/// The crates that people install.
pub(crate) const TOOLS: [&str; 5] = ["nexy-version", "nexy-gate", "nexy-publish", "nexy-manifest", "nexy-verify"];
/// The two libraries below them.
pub(crate) const LIBRARIES: [&str; 2] = ["nexy-contract", "nexy-outside"];

/// The root of the repository.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap().to_owned()
}

/// The text of a file of the repository.
pub(crate) fn text(path: &str) -> String {
    let file = root().join(path);
    fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// Every file below a folder, as paths relative to the root, in order; without build output, inbox and releases.
pub(crate) fn files(below: &str) -> Vec<String> {
    let mut found = Vec::new();
    collect(&root().join(below), &mut found);
    found.sort();
    found
}

fn collect(folder: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
        let path = entry.unwrap().path();
        let relative = path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned();
        if ["target", ".git", "release_inbox", "releases"].contains(&relative.as_str()) {
            continue;
        }
        if path.is_dir() { collect(&path, found) } else { found.push(relative) }
    }
}

/// The Rust files of shipped crates: libraries and tools.
pub(crate) fn shipped_rust() -> Vec<String> {
    let folders = LIBRARIES.iter().chain(&TOOLS).flat_map(|name| files(&format!("crates/{name}/src")));
    folders.filter(|path| path.ends_with(".rs") && !path.ends_with("/tests.rs") && !path.contains("/tests/")).collect()
}

/// Folders of the scripts that run on the VM alone, which is a Debian or an Ubuntu.
const ON_VM: [&str; 2] = ["scripts/remote/", "scripts/database/"];

/// The scripts that run on the laptop. Those in `remote/` run on the VM, which is Linux.
pub(crate) fn laptop_scripts() -> Vec<String> {
    files("scripts").into_iter().filter(|path| path.ends_with(".sh") && !ON_VM.iter().any(|folder| path.starts_with(folder))).collect()
}

/// Every shell script that must be plain POSIX.
pub(crate) fn posix_scripts() -> Vec<String> {
    files("scripts").into_iter().chain(files("tests")).filter(|path| path.ends_with(".sh")).collect()
}

/// A shell or make text without its comment lines.
pub(crate) fn without_comments(text: &str) -> String {
    text.lines().map(|line| if line.trim_start().starts_with('#') { "" } else { line }).collect::<Vec<_>>().join("\n")
}

/// README.md and every page of docs/.
pub(crate) fn pages() -> Vec<String> {
    let docs = files("docs").into_iter().filter(|path| path.ends_with(".md"));
    std::iter::once("README.md".to_owned()).chain(docs).collect()
}

/// The lines of a page below a heading of any level, up to the next heading; code blocks hold no headings.
pub(crate) fn section(page: &str, heading: &str) -> String {
    let text = text(page);
    let mut inside = false;
    let mut fenced = false;
    let mut section = String::new();
    for line in text.lines() {
        fenced ^= line.trim_start().starts_with("```");
        if !fenced && line.starts_with('#') {
            inside = line.trim_start_matches('#').trim() == heading;
        } else if inside {
            section.push_str(line);
            section.push('\n');
        }
    }
    assert!(!section.is_empty(), "{page} has no section `{heading}`");
    section
}

/// The rows of the first table below a heading of a page, without its head, cell by cell.
pub(crate) fn table(page: &str, heading: &str) -> Vec<Vec<String>> {
    let section = section(page, heading);
    let lines = section.lines().skip_while(|line| !line.starts_with('|')).take_while(|line| line.starts_with('|'));
    let rows: Vec<Vec<String>> = lines.skip(2).map(cells).collect();
    assert!(!rows.is_empty(), "{page}, `{heading}`: there is no table");
    rows
}

/// The cells of one table row; `\|` is a bar inside of a cell.
fn cells(row: &str) -> Vec<String> {
    let row = row.trim().replace("\\|", "\0");
    row.trim_matches('|').split('|').map(|cell| cell.trim().replace('\0', "|")).collect()
}

/// A program that was built beside this test.
pub(crate) fn built(name: &str) -> Command {
    let mut command = Command::cargo_bin(name).expect("`make test` builds the tools first");
    command.env_clear();
    command
}
