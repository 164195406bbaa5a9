//! Every row of the repair table, as a publication meets it.

use super::*;
use crate::scenery::{BY_HAND, asset, at, listing};

const NEW: &[u8] = b"newnew!";
const MARK: &str = "0123456789ab";

fn wanted() -> Wanted<'static> {
    Wanted {
        by_hand: BY_HAND,
        artifact: "Nexy.dmg",
        version: ReleaseVersion::new([2, 0, 0, 4]),
        size_bytes: NEW.len() as u64,
        sha256: Sha256Digest::of(NEW),
        mark: Some(MARK),
        again: false,
    }
}

fn table(assets: Vec<Asset>) -> Plan {
    asked(&wanted(), assets).expect("a plan")
}

fn asked(wanted: &Wanted<'_>, assets: Vec<Asset>) -> Result<Plan, Problem> {
    publication(wanted, &channel::sort("Nexy.dmg", listing(assets, Some(at(7200)))))
}

fn live() -> Asset {
    asset(1, "Nexy.dmg", b"old")
}

fn previous() -> Asset {
    asset(2, "Nexy.prev.dmg", b"older")
}

fn staged(bytes: &[u8]) -> Asset {
    asset(3, &names::staged("Nexy.dmg", Sha256Digest::of(NEW)), bytes)
}

fn other_upload(second: i64) -> Asset {
    Asset { created_at: Some(at(second).to_string()), ..asset(4, "Nexy.next-ba9876543210.dmg", b"theirs") }
}

fn bad(id: u64, bytes: &[u8], version: &str) -> Asset {
    Asset { label: Some(format!("Nexy.dmg {version}")), ..asset(id, &names::bad("Nexy.dmg", Sha256Digest::of(bytes)), bytes) }
}

fn marked(asset: Asset) -> Asset {
    Asset { label: Some(format!("Nexy.dmg 2.0.0.4 (upload {MARK})")), ..asset }
}

fn fresh() -> Plan {
    Plan { upload: true, retire_as: "Nexy.prev.dmg".into(), ..Plan::default() }
}

#[test]
fn every_row_of_the_repair_table_has_its_plan() {
    // An empty tag: the first publication.
    assert_eq!(table(vec![]), fresh());
    // Normal, without and with a previous artifact.
    let normal = Plan { retire: Some(live()), ..fresh() };
    assert_eq!(table(vec![live()]), normal);
    assert_eq!(table(vec![live(), previous()]), Plan { make_room: Some(previous()), ..normal.clone() });
    // Stopped before the swap: a whole staged file is used again, with and without GitHub's digest.
    for digest in [staged(NEW).digest, None] {
        let whole = Asset { digest, ..staged(NEW) };
        assert_eq!(table(vec![live(), whole]), Plan { upload: false, ..normal.clone() });
    }
    // Crashed between the two renames: users get the previous artifact back before anything else.
    let revived = Plan { revive: Some(previous()), retire: Some(previous()), ..fresh() };
    assert_eq!(table(vec![previous()]), revived);
    assert_eq!(table(vec![previous(), staged(NEW)]), Plan { upload: false, ..revived });
    // The first publication was interrupted.
    assert_eq!(table(vec![staged(NEW)]), Plan { upload: false, ..fresh() });
}

#[test]
fn every_row_that_a_rollback_leaves_has_its_plan() {
    let four = || bad(7, b"bad", "2.0.0.3");
    // Rolled back, and a new version comes.
    assert_eq!(table(vec![live(), four()]), Plan { retire: Some(live()), ..fresh() });
    // Crashed between the renames of a rollback: what it was going back to is live again.
    assert_eq!(table(vec![previous(), four()]), Plan { revive: Some(previous()), retire: Some(previous()), ..fresh() });
    // The same with another artifact than the previous: the bad one is better than none, and goes back where it was.
    let undone = Plan { revive: Some(four()), retire: Some(four()), retire_as: four().name, ..fresh() };
    assert_eq!(table(vec![four()]), undone);
    assert_eq!(table(vec![four(), staged(NEW)]), Plan { upload: false, ..undone });
}

#[test]
fn what_was_rolled_back_does_not_come_back_by_mistake() {
    let refused = |assets: Vec<Asset>| table(assets).refusal.map(|problem| (problem.exit, problem.because));
    for bad in [bad(7, NEW, "2.0.0.4"), bad(7, NEW, "?"), Asset { digest: None, ..bad(7, NEW, "?") }] {
        let said = refused(vec![live(), bad]);
        assert!(said.as_ref().is_some_and(|(exit, because)| *exit == Exit::No && because.contains("were rolled back")), "{said:?}");
    }
    // Other bytes under a version that clients on the bad build would not follow.
    for version in ["2.0.0.4", "2.0.0.9"] {
        let said = refused(vec![live(), bad(7, b"bad", version)]);
        assert!(said.is_some_and(|(_, because)| because.contains("follow only a higher version")));
    }
    assert_eq!(refused(vec![live(), bad(7, b"bad", "2.0.0.3")]), None);
    // Users come first: what was interrupted is repaired before the refusal is spoken.
    let plan = table(vec![previous(), bad(7, NEW, "2.0.0.4")]);
    assert_eq!((plan.revive, plan.refusal.is_some()), (Some(previous()), true));
    // A person may want them all the same; they need no second upload.
    let again = Wanted { again: true, ..wanted() };
    let plan = asked(&again, vec![live(), bad(7, NEW, "2.0.0.4")]).expect("a plan");
    assert_eq!((plan.refusal, plan.restage, plan.upload), (None, Some(bad(7, NEW, "2.0.0.4")), false));
}

#[test]
fn what_was_rolled_back_and_is_live_for_want_of_anything_else_stays_rolled_back() {
    let marked = |bytes| Asset { label: Some("Nexy.dmg 2.0.0.4 (rolled back)".into()), ..asset(1, "Nexy.dmg", bytes) };
    assert!(asked(&wanted(), vec![marked(NEW)]).is_err_and(|problem| problem.exit == Exit::No));
    let again = Wanted { again: true, ..wanted() };
    assert!(asked(&again, vec![marked(NEW)]).is_ok_and(|plan| plan.already_live));
    // Under other bytes it makes way as what it is, and the previous one stays.
    let plan = table(vec![marked(b"bad"), previous()]);
    assert_eq!((plan.retire_as, plan.make_room), (bad(1, b"bad", "").name, None));
}

#[test]
fn what_was_moved_aside_is_given_to_users_before_anything_that_was_rolled_back() {
    let aside = asset(8, &names::aside("Nexy.dmg", 8), b"older");
    let revived = Plan { revive: Some(aside.clone()), retire: Some(aside.clone()), ..fresh() };
    assert_eq!(table(vec![bad(7, b"bad", "2.0.0.3"), aside]), revived);
}

#[test]
fn what_cannot_be_used_under_our_name_is_removed_when_nobody_can_be_at_work_with_it() {
    let half = Asset { state: "starter".into(), size: 0, digest: None, ..staged(b"") };
    let old = |asset: Asset| Asset { created_at: Some(at(0).to_string()), ..asset };
    let young = |asset: Asset| Asset { created_at: Some(at(7000).to_string()), ..asset };
    for wrong in [half.clone(), staged(b"newnew?"), staged(b"new")] {
        for ours in [old(wrong.clone()), marked(young(wrong.clone())), marked(wrong.clone())] {
            assert_eq!(table(vec![live(), ours.clone()]), Plan { discard: vec![ours], retire: Some(live()), ..fresh() });
        }
        // An upload of the same bytes on another machine, under way; or one whose age nobody tells.
        for foreign in [young(wrong.clone()), wrong] {
            assert_eq!(table(vec![live(), foreign]).refusal.map(|problem| problem.exit), Some(Exit::Busy));
        }
    }
}

#[test]
fn another_upload_is_left_alone_for_an_hour_and_then_does_not_matter() {
    let plan = table(vec![live(), other_upload(7199)]);
    let refusal = plan.refusal.expect("a refusal");
    assert_eq!(refusal.exit, Exit::Busy);
    assert!(refusal.fix.contains("\ngh api -X DELETE repos/owner/artifacts/releases/assets/4"), "{}", refusal.fix);
    assert_eq!(table(vec![live(), other_upload(3600)]), Plan { retire: Some(live()), ..fresh() });
    // What this machine has left is removed at once: the lock says that nobody here is at work.
    let ours = marked(other_upload(7199));
    assert_eq!(table(vec![live(), ours.clone()]), Plan { discard: vec![ours], retire: Some(live()), ..fresh() });
}

#[test]
fn equal_bytes_under_the_live_name_are_only_confirmed() {
    let same = asset(1, "Nexy.dmg", NEW);
    for beside in [vec![], vec![previous()], vec![other_upload(7199)], vec![bad(7, NEW, "2.0.0.4")]] {
        let assets = [vec![same.clone()], beside].concat();
        assert_eq!(table(assets), Plan { already_live: true, ..Plan::default() });
    }
    // Without GitHub's digest equal sizes prove nothing.
    let unknown = Asset { digest: None, ..same };
    assert!(!table(vec![unknown]).already_live);
    // The wanted bytes lie under the previous name, and nothing is live: one rename is all.
    let kept = asset(2, "Nexy.prev.dmg", NEW);
    assert_eq!(table(vec![kept.clone()]), Plan { revive: Some(kept), already_live: true, ..Plan::default() });
}

#[test]
fn half_a_file_under_a_name_that_users_need_is_left_to_a_person() {
    for (id, name) in [(1, "Nexy.dmg"), (2, "Nexy.prev.dmg")] {
        let broken = Asset { state: "open".into(), ..asset(id, name, b"ne") };
        let command = format!("gh api -X DELETE repos/owner/artifacts/releases/assets/{id}");
        let said = asked(&wanted(), vec![broken]);
        assert!(said.is_err_and(|problem| problem.exit == Exit::NeedsPerson && problem.fix.lines().any(|line| line == command)));
    }
}

#[test]
fn a_stranger_on_the_channel_changes_nothing() {
    let stranger = Asset { state: "starter".into(), ..asset(9, "notes.txt", b"x") };
    assert_eq!(table(vec![live(), stranger]), table(vec![live()]));
}
