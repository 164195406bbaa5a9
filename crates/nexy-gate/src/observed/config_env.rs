//! The server's environment file, as the gates that judge it read it.

use nexy_contract::config_env::{self, Parsed};
use nexy_contract::{Fix, Target, check::Answer, text::shell_word};
use nexy_outside::fs::files::{self, FileError};
use nexy_outside::fs::permissions::{self, Kind};
use nexy_outside::fs::root_fs::RootFs;
use std::path::Path;

/// The server's file has some kilobytes; more than this is another file.
pub(crate) const MAX_BYTES: u64 = 1 << 20;

/// What is expected of the file.
pub(crate) const EXPECTED: &str = "a regular file of at most 1 MiB, every line of which all readers understand alike";

/// Reads the file of vm.config_env, or answers why there is nothing to read.
pub(crate) fn read(target: &Target, tree: &RootFs) -> Result<Parsed, Answer> {
    let path = target.vm.config_env.as_str();
    let kind = permissions::look_in(tree, Path::new(path)).map_err(|error| cannot_read(&error, target, tree))?.kind;
    match kind {
        Kind::File => {}
        Kind::Folder => return Err(missing(format!("{path} is a directory"), target)),
        Kind::Link | Kind::Other => return Err(missing(format!("{path} is not a regular file"), target)),
    }
    let place = tree.find(Path::new(path)).map_err(|error| cannot_read(&error, target, tree))?;
    let bytes = files::read(&place, MAX_BYTES).map_err(|error| match error.source.kind() {
        std::io::ErrorKind::FileTooLarge => missing(format!("{path} is larger than 1 MiB, so it is another file"), target),
        _ => cannot_read(&error, target, tree),
    })?;
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(missing(format!("{path} is empty"), target));
    }
    Ok(config_env::parse(&bytes))
}

/// The answer about a file that cannot be read: one that does not exist is a failure, one that may not be looked at is unknown.
pub(crate) fn cannot_read(error: &FileError, target: &Target, tree: &RootFs) -> Answer {
    let path = target.vm.config_env.as_str();
    if !error.is_missing() {
        let found = format!("cannot look at {path}: {}", error.because());
        return Answer::unknown(found, EXPECTED, Fix::note("look as root:").then_command("sudo nexy-gate hard"));
    }
    let found = match tree.is_link(Path::new(path)) {
        Ok(true) => format!("{path} is a link that leads nowhere"),
        _ => format!("{path} does not exist"),
    };
    missing(found, target)
}

fn missing(found: String, target: &Target) -> Answer {
    let (path, user) = (shell_word(&target.vm.config_env), shell_word(&target.service.user));
    let fix = Fix::note("put the real file there, from where you keep it:")
        .then_command(format!("sudo install -o root -g \"$(id -gn {user})\" -m 640 YOUR_COPY {path}"))
        .then_command("sudo nexy-gate hard");
    Answer::fail(found, EXPECTED, fix)
}

/// What is wrong with a key, in words that tell nothing about its value.
pub(crate) fn key_fault(parsed: &Parsed, key: &str) -> Option<String> {
    let Some(entry) = parsed.entry(key) else { return Some("is absent".to_owned()) };
    let line = entry.line;
    let Some(value) = &entry.value else { return Some(format!("stands without `=` (line {line})")) };
    if value.is_empty() {
        Some(format!("is empty (line {line})"))
    } else if entry.expands {
        Some(format!("is made of another variable, which only the running server can resolve (line {line})"))
    } else if value.assigns(key) {
        Some(format!("holds a whole assignment, its own name and `=` included (line {line})"))
    } else if value.is(key) {
        Some(format!("holds its own name (line {line})"))
    } else if let Some(class) = value.placeholder() {
        Some(format!("holds a placeholder of the class `{class}` (line {line})"))
    } else if value.is_reference() {
        Some(format!("only says where a key is kept, and the server asks no other program for it (line {line})"))
    } else if value.has_foreign_character() {
        Some(format!("holds a character outside of ASCII, such as a typographic quote; no HTTP header carries it (line {line})"))
    } else if value.has_blank_or_control() {
        Some(format!("holds a blank or a control character (line {line})"))
    } else {
        None
    }
}
