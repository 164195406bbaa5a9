//! The receipts of the database scripts as they lie in the folder of `vm.receipts`, and whether they can be believed.

use crate::{answer_builder::AnswerBuilder, permissions};
use nexy_contract::db_receipt::{DbReceipt, Event, Kind, Outcome};
use nexy_contract::text::{excerpt, shell_word};
use nexy_contract::{Fix, Timestamp, check::Answer, document::DocumentError, target_file::Target};
use nexy_outside::fs::permissions::{Kind as PathKind, PathMetadata, is_link, look as look_at, path_chain};
use nexy_outside::{clock, fs::files, fs::root_fs::RootFs};
use std::path::{Path, PathBuf};

/// A receipt has some kilobytes; more than this is none.
const MAX_BYTES: u64 = 1 << 20;
/// Group and others.
const WRITERS: u32 = 0o022;
const STICKY: u32 = 0o1000;

/// One receipt that can be believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Kept {
    /// The name of its file.
    pub(crate) name: String,
    /// What it says.
    pub(crate) receipt: DbReceipt,
}

/// What was found in the folder; what is wrong with it has been counted already.
#[derive(Debug, Default)]
pub(crate) struct Receipts {
    /// Those that can be believed, the oldest first.
    pub(crate) kept: Vec<Kept>,
    /// Everything that makes the others, or all of them, doubtful.
    pub(crate) doubts: AnswerBuilder,
    /// Whether one of them is not believed; then the newest one is unknown.
    pub(crate) are_incomplete: bool,
}

/// Looks at every receipt of these kinds; `Err` when there is no folder to look into.
pub(crate) fn look(target: &Target, tree: &RootFs, gate: &str, kinds: &[Kind]) -> Result<Receipts, Answer> {
    let shown = &target.vm.receipts;
    let expected = format!("receipts of the database scripts in {shown}");
    let as_root = Fix::command(format!("sudo nexy-gate {gate}"));
    let unknown = |found: String, fix: Fix| Answer::unknown(found, expected.clone(), fix);
    let folder = tree.find(Path::new(shown)).map_err(|error| unknown(error.to_string(), as_root.clone()))?;
    let names = match files::list(&folder) {
        Ok(Some(names)) => names,
        Ok(None) => return Err(unknown(format!("there is no folder {shown}, so no backup is known"), run(target, script_of(kinds)))),
        Err(error) => return Err(unknown(format!("cannot look into {shown}: {}", error.because()), as_root)),
    };
    let mut receipts = Receipts::default();
    doubt_folder(tree, Path::new(shown), &as_root, &mut receipts.doubts);
    let now = clock::now();
    for name in names {
        let Some(kind) = Kind::of_name(&name).filter(|kind| kinds.contains(kind)) else { continue };
        let path = folder.join(&name);
        let machine_path = PathBuf::from(shown).join(&name);
        let receipt = read(&path, kind);
        let is_past = |receipt: &DbReceipt| receipt.at.as_second() <= now.as_second() + target.limits.clock_skew_s;
        receipts.are_incomplete |= !receipt.as_ref().is_ok_and(is_past);
        match receipt {
            Ok(receipt) if !is_past(&receipt) => {
                receipts.doubts.unknown(
                    from_the_future(&name, receipt.at, now),
                    set_aside(&machine_path, Fix::note("compare the clock:").then_command("date -u")),
                );
            }
            Ok(receipt) => receipts.kept.push(Kept { name, receipt }),
            Err(Doubt::Forgeable(because)) => {
                receipts.doubts.fail(format!("{} {because}", excerpt(&name, 80)), set_aside(&machine_path, run(target, script(kind))));
            }
            Err(Doubt::Unreadable(because)) => receipts.doubts.unknown(format!("{}: {because}", excerpt(&name, 80)), as_root.clone()),
            Err(Doubt::Garbage(because)) => {
                let found = format!("{} {because}; a newer receipt may hide behind it", excerpt(&name, 80));
                receipts.doubts.unknown(found, set_aside(&machine_path, run(target, script(kind))));
            }
        }
    }
    receipts.kept.sort_by(|one, other| one.receipt.at.cmp(&other.receipt.at).then_with(|| one.name.cmp(&other.name)));
    Ok(receipts)
}

/// Why one file is not believed.
enum Doubt {
    /// Another account than root may have written it.
    Forgeable(String),
    /// The operating system did not let us look.
    Unreadable(String),
    /// It is no receipt of its kind.
    Garbage(String),
}

fn read(path: &Path, kind: Kind) -> Result<DbReceipt, Doubt> {
    let unreadable = |error: files::FileError| Doubt::Unreadable(error.because());
    if is_link(path).map_err(unreadable)? {
        return Err(Doubt::Forgeable("is a link, and no receipt".to_owned()));
    }
    if let Some(because) = forgeable(&look_at(path).map_err(unreadable)?, true) {
        return Err(Doubt::Forgeable(because));
    }
    let bytes = match files::read(path, MAX_BYTES) {
        Ok(bytes) => bytes,
        Err(error) if error.source.kind() == std::io::ErrorKind::FileTooLarge => {
            return Err(Doubt::Garbage("is larger than 1 MiB".to_owned()));
        }
        Err(error) => return Err(unreadable(error)),
    };
    let receipt = DbReceipt::read(&bytes).map_err(|error| Doubt::Garbage(words(&error)))?;
    if receipt.event.kind() != kind {
        return Err(Doubt::Garbage(format!("holds the receipt of a {}", receipt.event.kind().word())));
    }
    Ok(receipt)
}

/// An account that can write into a folder on the way, or into the folder itself, can forge a receipt.
fn doubt_folder(tree: &RootFs, folder: &Path, as_root: &Fix, doubts: &mut AnswerBuilder) {
    let steps = match path_chain(tree, folder) {
        Ok(steps) => steps,
        Err(error) => return doubts.unknown(error.to_string(), as_root),
    };
    for (index, step) in steps.iter().enumerate().filter(|(_, step)| step.kind != PathKind::Link) {
        let path = step.path.display().to_string();
        let word = shell_word(&path);
        if let Some(because) = forgeable(step, index == 0) {
            let fix = Fix::command(format!("sudo chown root {word} && sudo chmod go-w {word}"))
                .then_note("then believe no receipt that is there: run the scripts again");
            doubts.fail(format!("{path} {because}, so receipts can be forged"), fix);
        }
        if let Some(fault) = permissions::extended_acl(step) {
            let fix = Fix::commands(fault.changes.iter().map(|change| format!("sudo {change} {word}")));
            doubts.fail(fault.found, fix);
        }
        if let Some((found, fix)) = permissions::unreadable_acl(step) {
            doubts.unknown(found, fix);
        }
    }
}

/// Why others than root can change what the path leads to, or what stands in it.
fn forgeable(step: &PathMetadata, is_last: bool) -> Option<String> {
    if step.uid != 0 {
        return Some(format!("belongs to user {}, not to root", step.uid));
    }
    // In a folder with the sticky bit only root can replace what belongs to root.
    let may_be_shared = !is_last && step.mode & STICKY != 0;
    (step.mode & WRITERS != 0 && !may_be_shared).then(|| format!("can be written by others than root (mode {:04o})", step.mode))
}

/// A document's fault in words that fit a file. What stands in it is not repeated: a wrong one may hold a secret.
pub(crate) fn words(error: &DocumentError) -> String {
    match error {
        DocumentError::Malformed(wanted, because) if !because.starts_with("unknown field") && !because.starts_with("missing field") => {
            let place = because.rfind(" at line ").map_or("", |at| &because[at..]);
            format!("cannot be used: it is not {wanted}{place}")
        }
        DocumentError::Foreign(wanted, _) => format!("cannot be used: it is no {wanted}"),
        DocumentError::Empty(_) => "is empty".to_owned(),
        DocumentError::Cut(line, column) => format!("ends in the middle, at line {line} column {column}"),
        other => format!("cannot be used: {other}"),
    }
}

fn from_the_future(name: &str, at: Timestamp, now: Timestamp) -> String {
    format!("{} says {at}, {} ahead of this clock", excerpt(name, 80), span(at.as_second() - now.as_second()))
}

/// What to try first, then the command that takes a file out of the way without losing it.
fn set_aside(path: &Path, first: Fix) -> Fix {
    let path = path.display().to_string();
    first.then_note("if the file is none of ours, look at it and set it aside:").then_command(format!(
        "sudo mv {} {}",
        shell_word(&path),
        shell_word(&format!("{path}.aside"))
    ))
}

/// The newest receipt of what `of_kind` picks; of two that ended at the same moment the one that failed.
pub(crate) fn newest<'a, T>(kept: &'a [Kept], of_kind: fn(&'a Event) -> Option<(&'a T, Outcome)>) -> Option<(&'a Kept, &'a T)> {
    let all = kept.iter().filter_map(|kept| Some((kept, of_kind(&kept.receipt.event)?)));
    all.max_by_key(|(kept, (_, result))| (kept.receipt.at, *result == Outcome::Failed)).map(|(kept, (event, _))| (kept, event))
}

/// The rulebook's script that leaves a receipt of this kind (S2 §3 Phase 1.1).
pub(crate) const fn script(kind: Kind) -> &'static str {
    match kind {
        Kind::Backup => "./server/scripts/db_backup.sh",
        Kind::Drill => "./server/scripts/db_restore_drill.sh",
        Kind::Restore => "./server/scripts/db_restore.sh",
        Kind::Hardening => "./server/scripts/harden_database_protection.sh",
    }
}

/// The script that mends what a gate about these kinds misses.
fn script_of(kinds: &[Kind]) -> &'static str {
    if kinds.contains(&Kind::Hardening) {
        script(Kind::Hardening)
    } else if kinds.contains(&Kind::Drill) {
        script(Kind::Drill)
    } else {
        script(Kind::Backup)
    }
}

/// How one of the rulebook's scripts is typed on the VM.
pub(crate) fn run(target: &Target, script: &str) -> Fix {
    Fix::note("on the VM:").then_command(format!("cd {} && {script}", shell_word(&target.vm.checkout)))
}

/// A span of time for people, cut to its largest unit that is at least one.
pub(crate) fn span(seconds: i64) -> String {
    const UNITS: [(i64, &str); 3] = [(2 * 86_400, "days"), (2 * 3600, "hours"), (2 * 60, "minutes")];
    let found = UNITS.iter().find(|(least, _)| seconds >= *least);
    found.map_or_else(|| format!("{seconds} seconds"), |(least, unit)| format!("{} {unit}", seconds / (least / 2)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(uid: u32, mode: u32) -> PathMetadata {
        PathMetadata { path: "/r".into(), kind: PathKind::Folder, uid, gid: 0, mode, acl: nexy_outside::fs::permissions::Acl::Absent }
    }

    #[test]
    fn only_what_root_alone_can_write_is_believed() {
        assert_eq!(forgeable(&step(0, 0o755), true), None);
        assert_eq!(forgeable(&step(0, 0o1777), false), None, "such as /tmp on the way");
        for (step, is_last) in [
            (step(1000, 0o755), true),
            (step(1000, 0o700), false),
            (step(0, 0o775), true),
            (step(0, 0o757), false),
            (step(0, 0o1777), true),
        ] {
            assert!(forgeable(&step, is_last).is_some(), "{step:?}");
        }
    }

    #[test]
    fn what_a_wrong_document_holds_is_not_repeated() {
        let good = r#"{"schema": "nexy.db-receipt/1", "started_at": "x", "at": "x", "by": "x", "database": 1, "event": {}}"#;
        for (text, words) in [
            (good.replace("\"x\"", "\"hunter2hunter2\""), "it is not nexy.db-receipt/1 at line 1"),
            (good.replace("nexy.db-receipt", "hunter2hunter2"), "it is no nexy.db-receipt/1"),
            ("hunter2hunter2".to_owned(), "it is not nexy.db-receipt/1"),
            (good.replace("\"by\"", "\"why\""), "cannot be used"),
        ] {
            let said = super::words(&DbReceipt::read(text.as_bytes()).expect_err("it is wrong"));
            assert!(said.contains(words), "{said}");
            assert!(!said.contains("hunter2hunter2"), "{said}");
        }
    }

    #[test]
    fn spans_are_read_at_a_glance() {
        for (seconds, words) in [
            (0, "0 seconds"),
            (119, "119 seconds"),
            (120, "2 minutes"),
            (7199, "119 minutes"),
            (7200, "2 hours"),
            (172_799, "47 hours"),
            (777_600, "9 days"),
        ] {
            assert_eq!(span(seconds), words);
        }
    }
}
