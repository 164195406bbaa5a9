//! A backup has been restored lately, and what came back was what had been saved.

use crate::gate::prelude::*;
use crate::observed::receipts::{self, Kept, Receipts};
use nexy_contract::Timestamp;
use nexy_contract::db_receipt::{Backup, Contents, Drill, Event, Kind, Outcome};
use nexy_outside::clock;

pub(crate) const GATE: Gate = Gate {
    id: "restore-drill",
    asks: "Was a backup restored on trial lately, and did everything come back?",
    profiles: &["db"],
    runbook: "S2 §3 Phase 1.1, S2 §6",
    at: Machine::Vm,
    takes: Takes::Files,
    explain: Explain {
        symptom: "The day a backup is needed it turns out that it cannot be restored, or that tables are missing from it.",
        check: "Reads the receipts drill-*.json and backup-*.json in the folder of vm.receipts, which root alone may write. The newest \
                drill must have passed, be not older than limits.restore_drill_max_days and not from the future, and be about a backup \
                that has a receipt; tables, rows, indexes and constraints that it found must be those of that backup.",
        fix: &[note("On the VM, in the checkout:"), command("./server/scripts/db_restore_drill.sh")],
        verify: &[command("sudo nexy-gate restore-drill")],
    },
    check,
    repair: None,
};

fn check(context: &Context) -> Answer {
    match receipts::look(&context.workspace.target, &context.tree, GATE.id, &[Kind::Drill, Kind::Backup]) {
        Ok(receipts) => judge(&context.workspace.target, clock::now(), receipts),
        Err(answer) => answer,
    }
}

fn judge(target: &Target, now: Timestamp, receipts: Receipts) -> Answer {
    let days = target.limits.restore_drill_max_days;
    let again = receipts::run(target, receipts::script(Kind::Drill));
    let expected = format!("a restore drill of the last {days} days that passed, of a backup that there is");
    let Receipts { kept, doubts: mut builder, are_incomplete } = receipts;
    if are_incomplete {
        return builder.answer(expected);
    }
    let Some((Kept { name, receipt }, drill)) = receipts::newest(&kept, drill) else {
        builder.unknown(format!("there is no receipt of a restore drill in {}", target.vm.receipts), again);
        return builder.answer(expected);
    };
    let name = excerpt(name, 80);
    let age_s = now.as_second() - receipt.at.as_second();
    if age_s > i64::from(days) * 86_400 {
        builder.fail(format!("the newest restore drill was {} ago ({name})", receipts::span(age_s)), again.clone());
    }
    if drill.result == Outcome::Failed {
        // An older one that passed says nothing about backups of today.
        builder.fail(format!("the newest restore drill failed, at {} ({name})", receipt.at), again);
        return builder.answer(expected);
    }
    let backup = kept.iter().find_map(|kept| match &kept.receipt.event {
        Event::Backup(backup) if backup.sha256 == drill.backup_sha256 && kept.receipt.at == drill.backup_at => {
            Some((&kept.receipt, backup))
        }
        _ => None,
    });
    match backup {
        None => builder.fail(
            format!("{name} is about a backup {} of {} that has no receipt", drill.backup_sha256.short(), drill.backup_at),
            receipts::run(target, receipts::script(Kind::Backup)).then(again),
        ),
        Some((made, _)) if receipt.started_at < made.started_at => {
            builder.fail(format!("{name} began at {}, before the backup that it is about", receipt.started_at), again);
        }
        Some((made, backup)) => match differs(backup, drill.found.as_ref()) {
            Some(because) => builder.fail(format!("{name} says passed, but {because}"), again),
            None => builder.pass(format!(
                "the backup {} of {} came back whole, {} ago: {} tables",
                backup.sha256.short(),
                made.at,
                receipts::span(age_s),
                backup.contents.rows.len()
            )),
        },
    }
    builder.answer(expected)
}

fn drill(event: &Event) -> Option<(&Drill, Outcome)> {
    if let Event::Drill(drill) = event { Some((drill, drill.result)) } else { None }
}

/// What came back otherwise than it was saved.
fn differs(backup: &Backup, found: Option<&Contents>) -> Option<String> {
    let saved = &backup.contents;
    let Some(found) = found else { return Some("does not say what came back".to_owned()) };
    if saved.rows.is_empty() {
        return Some("the backup holds no table".to_owned());
    }
    for (table, rows) in &saved.rows {
        match found.rows.get(table) {
            Some(back) if back == rows => {}
            Some(back) => return Some(format!("{back} of {rows} rows of {} came back", excerpt(table, 80))),
            None => return Some(format!("the table {} did not come back", excerpt(table, 80))),
        }
    }
    if let Some(table) = found.rows.keys().find(|table| !saved.rows.contains_key(*table)) {
        return Some(format!("the table {} came back and was never saved", excerpt(table, 80)));
    }
    if let Some(table) =
        saved.rows.keys().find(|table| saved.digests.get(*table).is_none_or(|digest| found.digests.get(*table) != Some(digest)))
    {
        return Some(format!("other rows of {} came back", excerpt(table, 80)));
    }
    if saved.sequences != found.sequences {
        return Some("the sequences do not stand where they stood".to_owned());
    }
    if saved.schema_sha256 != found.schema_sha256 {
        return Some("another schema came back".to_owned());
    }
    let counts = [("indexes", saved.indexes, found.indexes), ("constraints", saved.constraints, found.constraints)];
    counts.iter().find(|(_, saved, back)| saved != back).map(|(what, saved, back)| format!("{back} of {saved} {what} came back"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{hours_before_now, kept, receipts, says, target};
    use nexy_contract::Sha256Digest;

    fn contents(rows: u64) -> Contents {
        Contents {
            rows: [("public.users".to_owned(), rows), ("public.facts".to_owned(), 7)].into(),
            digests: [("public.users".to_owned(), rows.to_string()), ("public.facts".to_owned(), "-7".to_owned())].into(),
            sequences: [("public.users_id_seq".to_owned(), Some(5)), ("public.new_seq".to_owned(), None)].into(),
            schema_sha256: Sha256Digest::of(b"schema"),
            indexes: 3,
            constraints: 2,
        }
    }

    fn backup(hours_ago: i64) -> Kept {
        let sha256 = Sha256Digest::of(b"dump");
        kept(hours_ago, hours_ago, Event::Backup(Backup { file: "/b".to_owned(), size_bytes: 1, sha256, contents: contents(5) }))
    }

    fn drill(hours_ago: i64, result: Outcome, found: Option<Contents>) -> Kept {
        let drill = Drill { backup_sha256: Sha256Digest::of(b"dump"), backup_at: hours_before_now(20), result, found };
        kept(hours_ago, hours_ago, Event::Drill(drill))
    }

    fn asked(kept: &[Kept]) -> Answer {
        judge(&target(), hours_before_now(0), receipts(kept))
    }

    fn passed(hours_ago: i64) -> Kept {
        drill(hours_ago, Outcome::Passed, Some(contents(5)))
    }

    #[test]
    fn a_recent_drill_that_brought_everything_back_passes() {
        let answer = asked(&[backup(20), passed(2)]);
        says(&answer, Verdict::Pass, "came back whole, 2 hours ago: 2 tables");
    }

    #[test]
    fn none_is_unknown_and_a_drill_of_an_unknown_backup_is_a_no() {
        assert_eq!(asked(&[]).verdict, Verdict::Unknown);
        assert_eq!(asked(&[backup(20)]).verdict, Verdict::Unknown);
        let answer = asked(&[passed(2)]);
        says(&answer, Verdict::Fail, "has no receipt");
        assert!(answer.fix.text().contains("db_backup.sh"), "{answer:?}");
        assert_eq!(asked(&[backup(19), passed(2)]).verdict, Verdict::Fail, "the same bytes, but another backup");
    }

    #[test]
    fn the_newest_counts_whatever_an_older_one_said() {
        let failed = |hours_ago| drill(hours_ago, Outcome::Failed, None);
        assert_eq!(asked(&[backup(20), passed(3), failed(2)]).verdict, Verdict::Fail);
        assert_eq!(asked(&[backup(20), failed(3), passed(2)]).verdict, Verdict::Pass);
        assert_eq!(asked(&[backup(20), failed(2), passed(2)]).verdict, Verdict::Fail, "of two at one moment the worse counts");
    }

    #[test]
    fn a_drill_is_good_for_so_many_days_and_not_an_hour_longer() {
        let week = i64::from(target().limits.restore_drill_max_days) * 24;
        let of = |hours_ago: i64| {
            let mut drill = passed(hours_ago);
            let Event::Drill(inside) = &mut drill.receipt.event else { panic!("it is a drill") };
            inside.backup_at = hours_before_now(week + 5);
            asked(&[backup(week + 5), drill])
        };
        assert_eq!(of(week).verdict, Verdict::Pass);
        let late = of(week + 1);
        assert!(late.verdict == Verdict::Fail && late.found.contains("7 days ago"), "{late:?}");
    }

    #[test]
    fn what_did_not_come_back_is_named_whatever_the_drill_says() {
        let mut less = contents(5);
        less.rows.remove("public.facts");
        let mut more = contents(5);
        more.rows.insert("public.new".to_owned(), 1);
        let mut bare = contents(5);
        bare.indexes = 0;
        let mut one_letter = contents(5);
        one_letter.digests.insert("public.users".to_owned(), "6".to_owned());
        let mut behind = contents(5);
        behind.sequences.insert("public.users_id_seq".to_owned(), Some(4));
        let schema = Contents { schema_sha256: Sha256Digest::of(b"other"), ..contents(5) };
        for (found, said) in [
            (None, "does not say what came back"),
            (Some(contents(4)), "4 of 5 rows of public.users"),
            (Some(less), "the table public.facts did not"),
            (Some(more), "public.new came back and was never saved"),
            (Some(bare), "0 of 3 indexes"),
            (Some(one_letter), "other rows of public.users came back"),
            (Some(behind), "the sequences do not stand"),
            (Some(schema), "another schema"),
        ] {
            let answer = asked(&[backup(20), drill(2, Outcome::Passed, found)]);
            says(&answer, Verdict::Fail, said);
        }
    }

    #[test]
    fn a_drill_that_began_before_its_backup_is_a_no() {
        assert_eq!(asked(&[backup(20), passed(21)]).verdict, Verdict::Fail);
    }
}
