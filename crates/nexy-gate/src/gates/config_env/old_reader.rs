//! Whether the code in the checkout still splits a line at its last `=`, which no value with a `=` survives.

use super::numbered;
use crate::{answer_builder::AnswerBuilder, context::Context};
use nexy_contract::{
    Fix,
    config_env::{Entry, Parsed},
    text::shell_word,
};
use nexy_outside::{
    frame::version_file,
    fs::files::{self, FileError},
};
use std::path::Path;

/// How the old reader splits.
const OLD: [&str; 2] = ["rsplit('='", "rsplit(\"=\""];

/// Judges only the code that is to run: before a checkout of another tag, what lies there is about to be replaced.
pub(super) fn judge(context: &Context, parsed: &Parsed, answer: &mut AnswerBuilder) {
    let holds = |entry: &&Entry| entry.value.as_ref().is_some_and(|value| value.holds_equals_sign());
    let lines: Vec<usize> = parsed.entries.iter().filter(holds).map(|entry| entry.line).collect();
    if lines.is_empty() || is_to_be_replaced(context) {
        return;
    }
    let target = &context.workspace.target;
    let file = shell_word(&target.vm.config_env);
    let readers = match readers(context) {
        Ok(readers) => readers,
        Err(error) => return answer.unknown(error.to_string(), Fix::command("sudo nexy-gate config-env")),
    };
    for reader in readers {
        let lines = numbered(lines.iter().copied());
        let found = format!(
            "equals-sign in the value of {lines}: {reader} splits a line at its last `=`, takes what stands before it for the name, \
             and the server dies at its start"
        );
        let fix = Fix::note(format!("deploy a tag whose {reader} splits at the first `=`, or write these values without one:"))
            .then_command(format!("sudoedit {file}"))
            .then_command("sudo nexy-gate config-env");
        answer.fail(found, fix);
    }
}

/// The files of the checkout's own code that hold the old reader, among those that also hold the version. One that is not
/// there is the matter of other gates.
fn readers(context: &Context) -> Result<Vec<String>, FileError> {
    let target = &context.workspace.target;
    let mut names: Vec<&str> = target.version_places.iter().map(|place| place.file.as_str()).filter(|file| file.ends_with(".py")).collect();
    names.dedup();
    let mut old = Vec::new();
    for name in names {
        let found = context.tree.find(&Path::new(&target.vm.checkout).join(name));
        match found.and_then(|place| files::read(&place, version_file::MAX_BYTES)) {
            Ok(bytes) if holds_old(&String::from_utf8_lossy(&bytes)) => old.push(name.to_owned()),
            Ok(_) => {}
            Err(error) if error.is_missing() => {}
            Err(error) => return Err(error),
        }
    }
    Ok(old)
}

fn holds_old(code: &str) -> bool {
    code.lines().any(|line| !line.trim_start().starts_with('#') && OLD.iter().any(|old| line.contains(old)))
}

/// Whether the checkout holds another version than the tag that is asked about.
fn is_to_be_replaced(context: &Context) -> bool {
    let target = &context.workspace.target;
    let file = Path::new(&target.vm.checkout).join(&target.layout.version_file);
    let text = context.tree.find(&file).and_then(|place| files::read(&place, version_file::MAX_BYTES));
    match (context.tag(), text) {
        (Ok(tag), Ok(version)) => tag.strip_prefix('v').is_some_and(|tag| tag != String::from_utf8_lossy(&version).trim()),
        _ => false,
    }
}
