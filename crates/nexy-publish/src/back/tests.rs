//! Every row of the repair table, as a rollback meets it.

use super::*;
use crate::scenery::{BY_HAND, asset, at, listing};
use nexy_contract::Sha256Digest;

fn named(id: u64, name: &str, bytes: &[u8], version: &str) -> Asset {
    Asset { label: Some(format!("A.dmg {version}")), ..asset(id, name, bytes) }
}

fn live() -> Asset {
    named(1, "A.dmg", b"five", "2.0.0.5")
}

fn previous() -> Asset {
    named(2, "A.prev.dmg", b"four", "2.0.0.4")
}

fn bad(bytes: &[u8], version: &str) -> Asset {
    named(7, &names::bad("A.dmg", Sha256Digest::of(bytes)), bytes, version)
}

fn sorted(assets: Vec<Asset>) -> Channel {
    channel::sort("A.dmg", listing(assets, Some(at(0))))
}

fn to_previous(assets: Vec<Asset>) -> Result<Back, Problem> {
    rollback(BY_HAND, "A.dmg", &sorted(assets), Goal::Previous)
}

fn three() -> Wanted<'static> {
    Wanted {
        by_hand: BY_HAND,
        artifact: "A.dmg",
        version: ReleaseVersion::new([2, 0, 0, 3]),
        size_bytes: 5,
        sha256: Sha256Digest::of(b"three"),
        mark: Some("0123456789ab"),
        again: false,
    }
}

fn to_three(assets: Vec<Asset>) -> Result<Back, Problem> {
    rollback(BY_HAND, "A.dmg", &sorted(assets), Goal::Bytes(&three()))
}

fn swap() -> Plan {
    Plan { retire: Some(live()), retire_as: bad(b"five", "").name, ..Plan::default() }
}

#[test]
fn every_state_has_its_way_back_to_the_previous_artifact() {
    // Normal; what was rolled back earlier stays.
    assert_eq!(to_previous(vec![live(), previous()]), Ok(Back { plan: swap(), source: Some(previous()) }));
    let earlier = bad(b"three", "2.0.0.3");
    assert_eq!(to_previous(vec![live(), previous(), earlier]), Ok(Back { plan: swap(), source: Some(previous()) }));
    // The same bytes were rolled back before: the older copy gives up the name.
    let twin = bad(b"five", "2.0.0.5");
    let room = Plan { make_room: Some(twin.clone()), ..swap() };
    assert_eq!(to_previous(vec![live(), previous(), twin]), Ok(Back { plan: room, source: Some(previous()) }));
    // Crashed between the renames, of this rollback or of a publication.
    let finish = Plan { revive: Some(previous()), already_live: true, ..Plan::default() };
    for beside in [vec![], vec![bad(b"five", "2.0.0.5")], vec![asset(3, "A.next-0123456789ab.dmg", b"?")]] {
        let found = to_previous([vec![previous()], beside].concat());
        assert_eq!(found, Ok(Back { plan: finish.clone(), source: Some(previous()) }));
    }
    // Done before.
    let four = named(2, "A.dmg", b"four", "2.0.0.4");
    let done = Plan { already_live: true, ..Plan::default() };
    assert_eq!(to_previous(vec![four.clone(), bad(b"five", "2.0.0.5")]), Ok(Back { plan: done, source: Some(four) }));
    // Nothing to go back to; what was rolled back earlier is no proof that this was.
    for assets in [vec![live()], vec![live(), bad(b"three", "2.0.0.3")], vec![]] {
        let back = to_previous(assets).expect("a plan");
        assert!(back.plan.revive.is_none() && back.plan.refusal.is_some_and(|problem| problem.fix.contains("--artifact FILE")));
    }
    // A rollback to a file crashed, and now nobody brings the file: users get back what they had.
    let back = to_previous(vec![bad(b"five", "2.0.0.5")]).expect("a plan");
    assert_eq!((back.plan.revive, back.plan.refusal.is_some()), (Some(bad(b"five", "2.0.0.5")), true));
}

#[test]
fn what_was_moved_aside_is_the_way_back_unless_that_was_gone_already() {
    let aside = named(8, &names::aside("A.dmg", 8), b"four", "2.0.0.4");
    assert_eq!(to_previous(vec![live(), aside.clone()]), Ok(Back { plan: swap(), source: Some(aside.clone()) }));
    // Beside a previous one it is older still.
    assert_eq!(to_previous(vec![live(), previous(), aside.clone()]), Ok(Back { plan: swap(), source: Some(previous()) }));
    let four = named(2, "A.dmg", b"four", "2.0.0.4");
    let done = Plan { already_live: true, ..Plan::default() };
    let found = to_previous(vec![four.clone(), bad(b"five", "2.0.0.5"), aside]);
    assert_eq!(found, Ok(Back { plan: done, source: Some(four) }));
    // What somebody else has put there was not rolled back to.
    let stranger = asset(9, "A.dmg", b"by hand");
    assert!(to_previous(vec![stranger, bad(b"five", "2.0.0.5")]).is_ok_and(|back| back.plan.refusal.is_some()));
}

#[test]
fn every_state_has_its_way_back_to_a_file() {
    let staged = asset(3, &names::staged("A.dmg", three().sha256), b"three");
    let upload = Plan { upload: true, ..swap() };
    assert_eq!(to_three(vec![live()]), Ok(Back { plan: upload.clone(), source: None }));
    assert_eq!(to_three(vec![live(), previous()]), Ok(Back { plan: upload, source: None }));
    assert_eq!(to_three(vec![live(), staged.clone()]), Ok(Back { plan: swap(), source: None }));
    // It lies on the channel as the previous one.
    let kept = named(2, "A.prev.dmg", b"three", "2.0.0.3");
    assert_eq!(to_three(vec![live(), kept.clone()]), Ok(Back { plan: swap(), source: Some(kept) }));
    // Crashed between the renames: what is there comes back for the meantime, and goes where it was.
    for reserve in [previous(), bad(b"five", "2.0.0.5")] {
        let plan =
            Plan { revive: Some(reserve.clone()), retire: Some(reserve.clone()), retire_as: reserve.name.clone(), ..Plan::default() };
        assert_eq!(to_three(vec![reserve, staged.clone()]), Ok(Back { plan, source: None }));
    }
    // Done before, whatever lies beside it.
    let now = named(3, "A.dmg", b"three", "2.0.0.3");
    let done = Plan { already_live: true, ..Plan::default() };
    let found = to_three(vec![now.clone(), previous(), bad(b"five", "2.0.0.5")]);
    assert_eq!(found, Ok(Back { plan: done, source: Some(now) }));
    // Rolled back themselves, whether or not GitHub knows their digest.
    let silent = Asset { digest: None, ..bad(b"three", "2.0.0.3") };
    assert!(to_three(vec![live(), silent]).is_err_and(|problem| problem.exit == Exit::No));
    assert!(to_three(vec![live(), bad(b"three", "2.0.0.3")]).is_err_and(|problem| problem.exit == Exit::No));
    // Somebody uploads the same bytes right now; other uploads do not matter.
    let half = Asset { state: "starter".into(), ..staged };
    assert!(to_three(vec![live(), half]).is_err_and(|problem| problem.exit == Exit::Busy));
    assert!(to_three(vec![live(), asset(4, "A.next-ba9876543210.dmg", b"theirs")]).is_ok());
}

#[test]
fn half_a_file_in_the_way_is_left_to_a_person() {
    for half in [Asset { state: "starter".into(), ..live() }, Asset { state: "open".into(), ..previous() }] {
        assert!(to_previous(vec![half]).is_err_and(|problem| problem.exit == Exit::NeedsPerson));
    }
}

fn judged(assets: Vec<Asset>, said: Option<[u32; 4]>) -> Result<ReleaseVersion, String> {
    let channel = sorted(assets);
    let back = rollback(BY_HAND, "A.dmg", &channel, Goal::Previous).expect("a way");
    version("A.dmg", &channel, &back, said.map(ReleaseVersion::new)).map_err(|problem| problem.because)
}

#[test]
fn the_version_comes_from_the_label_or_from_a_person_and_lies_below() {
    let four = ReleaseVersion::new([2, 0, 0, 4]);
    assert_eq!(judged(vec![live(), previous()], None), Ok(four));
    assert_eq!(judged(vec![live(), previous()], Some([2, 0, 0, 4])), Ok(four));
    assert!(judged(vec![live(), previous()], Some([2, 0, 0, 3])).is_err_and(|because| because.contains("calls itself 2.0.0.4")));
    let silent = Asset { label: None, ..previous() };
    assert!(judged(vec![live(), silent.clone()], None).is_err_and(|because| because.contains("no label")));
    assert_eq!(judged(vec![live(), silent.clone()], Some([2, 0, 0, 4])), Ok(four));
    assert!(judged(vec![live(), silent], Some([2, 0, 0, 6])).is_err_and(|because| because.contains("no way back")));
    let newer = named(2, "A.prev.dmg", b"six", "2.0.0.6");
    assert!(judged(vec![live(), newer], None).is_err_and(|because| because.contains("no way back")));
    assert!(judged(vec![live(), previous(), bad(b"!", "2.0.0.4")], None).is_err_and(|because| because.contains("itself")));
}
