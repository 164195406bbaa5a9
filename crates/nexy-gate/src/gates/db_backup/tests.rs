//! `db-backup` judged on every kind of bad backup.

use super::*;
use crate::answer_builder::AnswerBuilder;
use crate::tests::{hours_before_now, kept, receipts, says, target};
use nexy_contract::db_receipt::Contents;

const SIZE: u64 = 100_000;

fn digest() -> Sha256Digest {
    Sha256Digest::of(b"dump")
}

fn backup(hours_ago: i64, size_bytes: u64) -> Kept {
    let contents = Contents {
        rows: [("public.users".to_owned(), 5)].into(),
        digests: [("public.users".to_owned(), "5".to_owned())].into(),
        sequences: Default::default(),
        schema_sha256: Sha256Digest::of(b"schema"),
        indexes: 1,
        constraints: 1,
    };
    kept(hours_ago, hours_ago, Event::Backup(Backup { file: "/var/b.dump".to_owned(), size_bytes, sha256: digest(), contents }))
}

fn asked(kept: &[Kept], dump: &Dump) -> Answer {
    judge(&target(), hours_before_now(0), receipts(kept), Some(dump))
}

/// With the dump of the newest as its receipt says.
fn whole(kept: &[Kept]) -> Answer {
    let size = match kept.last().map(|kept| &kept.receipt.event) {
        Some(Event::Backup(backup)) => backup.size_bytes,
        _ => 0,
    };
    asked(kept, &Dump::Whole(size, digest()))
}

#[test]
fn a_fresh_whole_backup_passes() {
    let answer = whole(&[backup(30, SIZE), backup(3, SIZE)]);
    says(&answer, Verdict::Pass, "100000 bytes");
    says(&answer, Verdict::Pass, "3 hours old");
}

#[test]
fn no_receipt_is_unknown() {
    let none = Receipts::default();
    let answer = judge(&target(), hours_before_now(0), none, None);
    assert_eq!(answer.verdict, Verdict::Unknown);
    assert!(answer.fix.text().contains("&& ./server/scripts/db_backup.sh"), "{}", answer.fix);
}

#[test]
fn a_doubt_about_another_receipt_keeps_a_good_backup_from_passing() {
    let mut doubts = AnswerBuilder::default();
    doubts.unknown("backup-x.json is empty", nexy_contract::Fix::note("look"));
    let receipts = Receipts { kept: vec![backup(3, SIZE)], doubts, are_incomplete: false };
    let now = hours_before_now(0);
    assert_eq!(judge(&target(), now, receipts, Some(&Dump::Whole(SIZE, digest()))).verdict, Verdict::Unknown);
}

#[test]
fn its_age_counts_from_its_beginning() {
    let limit = i64::from(target().database.backup_max_age_h);
    assert!(whole(&[backup(limit, SIZE)]).passes());
    let old = whole(&[backup(limit + 1, SIZE)]);
    assert!(old.verdict == Verdict::Fail && old.found.contains("25 hours old"), "{old:?}");
    let mut slow = backup(1, SIZE);
    slow.receipt.started_at = hours_before_now(limit + 1);
    assert_eq!(whole(&[slow]).verdict, Verdict::Fail);
}

#[test]
fn a_tiny_or_empty_one_is_none() {
    let least = target().database.backup_min_bytes;
    assert!(whole(&[backup(1, least)]).passes());
    assert_eq!(whole(&[backup(1, least - 1)]).verdict, Verdict::Fail);
    let mut empty = backup(1, SIZE);
    let Event::Backup(inside) = &mut empty.receipt.event else { panic!("it is a backup") };
    inside.contents.rows.clear();
    assert!(whole(&[empty]).found.contains("holds no table"));
}

#[test]
fn one_that_lost_half_of_its_size_names_both_and_is_not_cured_by_making_it_again() {
    assert!(whole(&[backup(30, SIZE), backup(1, SIZE / 2)]).passes());
    let less = SIZE / 2 - 1;
    let answer = whole(&[backup(30, SIZE), backup(1, less)]);
    says(&answer, Verdict::Fail, &less.to_string());
    says(&answer, Verdict::Fail, &SIZE.to_string());
    assert!(answer.fix.text().lines().any(|line| line.starts_with("sudo mv ") && line.ends_with(".json.aside")), "{}", answer.fix);
    assert_eq!(whole(&[backup(30, SIZE), backup(2, less), backup(1, less)]).verdict, Verdict::Fail);
    assert!(whole(&[backup(24 * 9, SIZE), backup(24, less), backup(1, less)]).passes(), "what it was long ago does not count");
    assert_eq!(whole(&[backup(24 * 9, SIZE), backup(1, less)]).verdict, Verdict::Fail, "unless nothing came between");
}

#[test]
fn another_database_is_no_comparison() {
    let mut other = backup(30, 10 * SIZE);
    other.receipt.database = "other".to_owned();
    assert!(whole(&[other, backup(1, SIZE)]).passes());
}

#[test]
fn a_dump_that_is_not_what_its_receipt_says_is_a_no_and_one_that_cannot_be_read_is_unknown() {
    for (dump, verdict, said) in [
        (Dump::Whole(SIZE, Sha256Digest::of(b"other")), Verdict::Fail, "has changed since"),
        (Dump::Resized(SIZE - 1), Verdict::Fail, "has 99999 bytes"),
        (Dump::Missing, Verdict::Fail, "is gone"),
        (Dump::Refused("it is a link".to_owned()), Verdict::Fail, "it is a link"),
        (Dump::Unreadable("permission denied".to_owned()), Verdict::Unknown, "permission denied"),
    ] {
        let answer = asked(&[backup(1, SIZE)], &dump);
        says(&answer, verdict, said);
    }
}
