//! There is a fresh and whole backup of the database, before anything touches the machine.

use crate::gate::prelude::*;
use crate::observed::receipts::{self, Kept, Receipts};
use nexy_contract::db_receipt::{Backup, DbReceipt, Event, Kind};
use nexy_contract::{Sha256Digest, Timestamp};
use nexy_outside::{clock, fs::files::OpenArtifact, fs::root_fs::RootFs};
use std::path::Path;

pub(crate) const GATE: Gate = Gate {
    id: "db-backup",
    asks: "Is there a backup of the database that is fresh, whole and as large as it should be?",
    profiles: &["db"],
    runbook: "S2 §3 Phase 1.1",
    at: Machine::Vm,
    takes: Takes::Files,
    explain: Explain {
        symptom: "A release damages the database, and the newest backup is a week old, cut, empty, or gone.",
        check: "Reads the receipts backup-*.json in the folder of vm.receipts, which root alone may write. The newest by the time inside it \
                must not be from the future, not older than database.backup_max_age_h, not smaller than database.backup_min_bytes, and not \
                smaller than half of those of the days before; its file must be there with this very size and sha256.",
        fix: &[note("On the VM, in the checkout:"), command("./server/scripts/db_backup.sh")],
        verify: &[command("sudo nexy-gate db-backup")],
    },
    check: |context| check(context).unwrap_or_else(|answer| answer),
    repair: None,
};

/// What lies where the receipt says that the dump is.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Dump {
    /// A file of this size, in bytes, with this digest.
    Whole(u64, Sha256Digest),
    /// A file of another size than the receipt says, in bytes; it was not hashed.
    Resized(u64),
    /// No file.
    Missing,
    /// Something that is no dump.
    Refused(String),
    /// The operating system did not let us look.
    Unreadable(String),
}

fn check(context: &Context) -> Result<Answer, Answer> {
    let receipts = receipts::look(&context.workspace.target, &context.tree, GATE.id, &[Kind::Backup])?;
    let dump = backups(&receipts.kept).last().map(|(_, _, backup)| look_at(&context.tree, backup));
    Ok(judge(&context.workspace.target, clock::now(), receipts, dump.as_ref()))
}

/// Receipts that speak of a backup, the oldest first.
fn backups(kept: &[Kept]) -> Vec<(&str, &DbReceipt, &Backup)> {
    let found = kept.iter();
    found
        .filter_map(|kept| match &kept.receipt.event {
            Event::Backup(backup) => Some((kept.name.as_str(), &kept.receipt, backup)),
            _ => None,
        })
        .collect()
}

fn look_at(tree: &RootFs, backup: &Backup) -> Dump {
    let path = Path::new(&backup.file);
    if !path.is_absolute() {
        return Dump::Refused("the receipt names no absolute path".to_owned());
    }
    let opened = tree.find(path).and_then(|place| OpenArtifact::open(&place));
    let mut file = match opened {
        Ok(file) => file,
        Err(error) if error.is_missing() => return Dump::Missing,
        Err(error) if error.source.kind() == std::io::ErrorKind::InvalidInput => return Dump::Refused(error.because()),
        Err(error) => return Dump::Unreadable(error.because()),
    };
    if file.size_bytes != backup.size_bytes {
        return Dump::Resized(file.size_bytes);
    }
    file.hash().map_or_else(|error| Dump::Unreadable(error.because()), |sha256| Dump::Whole(file.size_bytes, sha256))
}

fn judge(target: &Target, now: Timestamp, receipts: Receipts, dump: Option<&Dump>) -> Answer {
    let again = receipts::run(target, receipts::script(Kind::Backup));
    let (database, days) = (&target.database, target.limits.restore_drill_max_days);
    let expected =
        format!("a whole backup of at most {} hours, and of at least {} bytes", database.backup_max_age_h, database.backup_min_bytes);
    let Receipts { kept, doubts: mut builder, are_incomplete } = receipts;
    if are_incomplete {
        return builder.answer(expected);
    }
    let backups = backups(&kept);
    let (Some((name, receipt, backup)), Some(dump)) = (backups.last(), dump) else {
        builder.unknown(format!("there is no receipt of a backup in {}", target.vm.receipts), again);
        return builder.answer(expected);
    };
    let name = excerpt(name, 80);
    // What is lost is everything since the dump began, not since it ended.
    let age_s = now.as_second() - receipt.started_at.as_second();
    if age_s > i64::from(database.backup_max_age_h) * 3600 {
        builder.fail(format!("the newest backup is {} old ({name})", receipts::span(age_s)), again.clone());
    }
    if backup.size_bytes < database.backup_min_bytes {
        builder.fail(format!("the newest backup has {} bytes ({name})", backup.size_bytes), again.clone());
    }
    if backup.contents.rows.is_empty() {
        builder.fail(format!("the newest backup holds no table ({name})"), again.clone());
    }
    if let Some((other, earlier)) = larger(&backups, days) {
        builder.fail(
            format!(
                "the newest backup has {} bytes ({name}), less than half of the {} of {}",
                backup.size_bytes,
                earlier.size_bytes,
                excerpt(other, 80)
            ),
            Fix::note("look where the rest is; when so much was deleted on purpose, set the larger one's receipt aside:").then_command(
                format!(
                    "sudo mv {} {}",
                    shell_word(&format!("{}/{other}", target.vm.receipts)),
                    shell_word(&format!("{}/{other}.aside", target.vm.receipts)),
                ),
            ),
        );
    }
    let (file, word) = (excerpt(&backup.file, 200), shell_word(&excerpt(&backup.file, 4096)));
    match dump {
        Dump::Whole(size, sha256) if *sha256 == backup.sha256 && *size == backup.size_bytes => builder.pass(format!(
            "{file} of {} is whole: {size} bytes {}, {} tables, {} old",
            excerpt(&receipt.database, 60),
            sha256.short(),
            backup.contents.rows.len(),
            receipts::span(age_s)
        )),
        Dump::Whole(_, sha256) => {
            builder.fail(format!("{file} has changed since: {} is not the {} of {name}", sha256.short(), backup.sha256.short()), again);
        }
        Dump::Resized(size) => builder.fail(format!("{file} has {size} bytes, not the {} of {name}", backup.size_bytes), again),
        Dump::Missing => builder.fail(format!("{file} is gone ({name})"), again),
        Dump::Refused(because) => builder.fail(format!("{file}: {because} ({name})"), again),
        Dump::Unreadable(because) => builder
            .unknown(format!("{file}: {because}"), Fix::commands([format!("sudo ls -l {word}"), "sudo nexy-gate db-backup".to_owned()])),
    }
    builder.answer(expected)
}

/// The largest earlier backup of the same database, if the newest has less than half of its bytes. All of the last days
/// count, so that making the small backup once more does not make it right.
fn larger<'a>(backups: &[(&'a str, &'a DbReceipt, &'a Backup)], days: u32) -> Option<(&'a str, &'a Backup)> {
    let ((_, newest, backup), earlier) = backups.split_last()?;
    let mut earlier: Vec<_> = earlier.iter().filter(|(_, receipt, _)| receipt.database == newest.database).collect();
    let since = newest.at.as_second() - i64::from(days) * 86_400;
    let last = earlier.pop()?;
    let recent = earlier.into_iter().filter(|(_, receipt, _)| receipt.at.as_second() >= since);
    let (name, _, largest) = recent.chain([last]).max_by_key(|(_, _, backup)| backup.size_bytes)?;
    (backup.size_bytes < largest.size_bytes.div_ceil(2)).then_some((name, *largest))
}

#[cfg(test)]
mod tests;
