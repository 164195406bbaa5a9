//! Every row of the repair table, as a rollback meets it.

use super::assets::{GH, asset, at, listing};
use crate::plan::{
    Plan, Wanted, asset_names,
    channel::{self, Channel},
    rollback::{Said, known_as, known_version, leaves, rollback, version},
};
use nexy_contract::{
    Exit, Problem, ReleaseVersion, Sha256Digest,
    manifest::one_artifact::{Known, Origin, Pair},
};
use nexy_outside::net::github::Asset;

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
    named(7, &asset_names::rolled_back("A.dmg", Sha256Digest::of(bytes)), bytes, version)
}

fn sorted(assets: Vec<Asset>) -> Channel {
    channel::sort("A.dmg", listing(assets, Some(at(0))))
}

fn to_previous(assets: Vec<Asset>) -> Result<Plan, Problem> {
    rollback(GH, "A.dmg", &sorted(assets), None)
}

fn three() -> Wanted<'static> {
    Wanted { gh: GH, artifact: "A.dmg", size_bytes: 5, sha256: Sha256Digest::of(b"three"), machine_tag: Some("0123456789ab") }
}

fn to_three(assets: Vec<Asset>) -> Result<Plan, Problem> {
    rollback(GH, "A.dmg", &sorted(assets), Some(&three()))
}

fn swap() -> Plan {
    Plan { retire: Some(live()), retire_as: bad(b"five", "").name, ..Plan::default() }
}

#[test]
fn every_state_has_its_plan_for_a_rollback_to_the_previous_artifact() {
    // The normal case; assets that were rolled back earlier stay.
    assert_eq!(to_previous(vec![live(), previous()]), Ok(Plan { source: Some(previous()), ..swap() }));
    let earlier = bad(b"three", "2.0.0.3");
    assert_eq!(to_previous(vec![live(), previous(), earlier]), Ok(Plan { source: Some(previous()), ..swap() }));
    // The same bytes were rolled back before: their older copy has the name that is needed.
    let copy = bad(b"five", "2.0.0.5");
    let blocked = Plan { blocking: Some(copy.clone()), ..swap() };
    assert_eq!(to_previous(vec![live(), previous(), copy]), Ok(Plan { source: Some(previous()), ..blocked }));
    // Crashed between the renames, of this rollback or of a publication.
    let finish = Plan { restore: Some(previous()), ..Plan::confirm_only() };
    for beside in [vec![], vec![bad(b"five", "2.0.0.5")], vec![asset(3, "A.next-0123456789ab.dmg", b"?")]] {
        let found = to_previous([vec![previous()], beside].concat());
        assert_eq!(found, Ok(Plan { source: Some(previous()), ..finish.clone() }));
    }
    // The rollback was done before.
    let four = named(2, "A.dmg", b"four", "2.0.0.4");
    assert_eq!(to_previous(vec![four.clone(), bad(b"five", "2.0.0.5")]), Ok(Plan { source: Some(four), ..Plan::confirm_only() }));
    // No candidate: a rolled-back asset of a lower version does not show that this rollback was done before.
    for assets in [vec![live()], vec![live(), bad(b"three", "2.0.0.3")], vec![]] {
        let rollback = to_previous(assets).expect("a plan");
        assert!(rollback.restore.is_none() && rollback.refusal.is_some_and(|problem| problem.fix.text().contains("ARTIFACT=FILE")));
    }
    // A rollback to a file crashed, and this run has no file: users get back what they had.
    let rollback = to_previous(vec![bad(b"five", "2.0.0.5")]).expect("a plan");
    assert_eq!((rollback.restore, rollback.refusal.is_some()), (Some(bad(b"five", "2.0.0.5")), true));
}

#[test]
fn a_parked_asset_is_the_candidate_unless_the_rollback_was_done_before() {
    let parked = named(8, &asset_names::parked("A.dmg", 8), b"four", "2.0.0.4");
    assert_eq!(to_previous(vec![live(), parked.clone()]), Ok(Plan { source: Some(parked.clone()), ..swap() }));
    // It is older than a previous asset beside it.
    assert_eq!(to_previous(vec![live(), previous(), parked.clone()]), Ok(Plan { source: Some(previous()), ..swap() }));
    let four = named(2, "A.dmg", b"four", "2.0.0.4");
    let found = to_previous(vec![four.clone(), bad(b"five", "2.0.0.5"), parked]);
    assert_eq!(found, Ok(Plan { source: Some(four), ..Plan::confirm_only() }));
    // A live asset without a label was not made live by an earlier rollback.
    let unlabelled = asset(9, "A.dmg", b"by hand");
    assert!(to_previous(vec![unlabelled, bad(b"five", "2.0.0.5")]).is_ok_and(|rollback| rollback.refusal.is_some()));
}

#[test]
fn every_state_has_its_plan_for_a_rollback_to_a_file() {
    let staged = asset(3, &asset_names::staged("A.dmg", three().sha256), b"three");
    let upload = Plan { upload: true, ..swap() };
    assert_eq!(to_three(vec![live()]), Ok(upload.clone()));
    assert_eq!(to_three(vec![live(), previous()]), Ok(upload));
    assert_eq!(to_three(vec![live(), staged.clone()]), Ok(swap()));
    // The previous asset holds the bytes of the file.
    let candidate = named(2, "A.prev.dmg", b"three", "2.0.0.3");
    assert_eq!(to_three(vec![live(), candidate.clone()]), Ok(Plan { source: Some(candidate), ..swap() }));
    // Crashed between the renames: the fallback is restored for the meantime, and then gets its name back.
    for fallback in [previous(), bad(b"five", "2.0.0.5")] {
        let plan =
            Plan { restore: Some(fallback.clone()), retire: Some(fallback.clone()), retire_as: fallback.name.clone(), ..Plan::default() };
        assert_eq!(to_three(vec![fallback, staged.clone()]), Ok(plan));
    }
    // The rollback was done before, whatever other assets there are.
    let now = named(3, "A.dmg", b"three", "2.0.0.3");
    let found = to_three(vec![now.clone(), previous(), bad(b"five", "2.0.0.5")]);
    assert_eq!(found, Ok(Plan { source: Some(now), ..Plan::confirm_only() }));
    // The bytes themselves were rolled back, whether or not GitHub knows their digest.
    let undigested = Asset { digest: None, ..bad(b"three", "2.0.0.3") };
    assert!(to_three(vec![live(), undigested]).is_err_and(|problem| problem.exit == Exit::No));
    assert!(to_three(vec![live(), bad(b"three", "2.0.0.3")]).is_err_and(|problem| problem.exit == Exit::No));
    // An upload of the same bytes is under way; other uploads do not matter.
    let partial = Asset { state: "starter".into(), ..staged };
    assert!(to_three(vec![live(), partial]).is_err_and(|problem| problem.exit == Exit::Busy));
    assert!(to_three(vec![live(), asset(4, "A.next-ba9876543210.dmg", b"theirs")]).is_ok());
}

#[test]
fn a_partial_upload_under_the_live_or_previous_name_needs_a_person() {
    for partial in [Asset { state: "starter".into(), ..live() }, Asset { state: "open".into(), ..previous() }] {
        assert!(to_previous(vec![partial]).is_err_and(|problem| problem.exit == Exit::NeedsPerson));
    }
}

fn v(last: u32) -> ReleaseVersion {
    ReleaseVersion::new([2, 0, 0, last])
}

fn said(bad: u32, named: bool, to: Option<u32>) -> Said<'static> {
    Said { bad: v(bad), named, to: to.map(v), file: None }
}

fn version_of(assets: Vec<Asset>, given: Option<u32>) -> Result<ReleaseVersion, String> {
    let channel = sorted(assets);
    let plan = rollback(GH, "A.dmg", &channel, None).expect("a plan");
    version("A.dmg", &channel, &plan, None, said(5, false, given)).map_err(|problem| problem.because)
}

#[test]
fn only_the_version_that_is_meant_goes_away() {
    let leaves = |label: Option<&str>, recorded: Option<u32>, bad: u32, named: bool| {
        let live = Asset { label: label.map(|version| format!("A.dmg {version}")), ..live() };
        let channel = sorted(vec![live, previous()]);
        let plan = rollback(GH, "A.dmg", &channel, None).expect("a plan");
        leaves("A.dmg", &channel, &plan, recorded.map(v), said(bad, named, None)).map_err(|problem| problem.fix.text())
    };
    let five = Some("2.0.0.5");
    for (label, recorded, bad, named, expected) in [
        (five, None, 5, false, Ok(Some(v(5)))),
        (five, Some(5), 5, false, Ok(Some(v(5)))),
        (None, Some(5), 5, false, Ok(Some(v(5)))),
        (five, None, 5, true, Ok(Some(v(5)))),
        // A person who says it is believed when one of the two says so, or when nothing says anything.
        (five, Some(4), 5, true, Ok(Some(v(5)))),
        (five, Some(4), 4, true, Ok(Some(v(4)))),
        (None, None, 5, true, Ok(None)),
        (five, None, 6, false, Err("make rollback FROM=2.0.0.5")),
        (None, Some(5), 6, false, Err("make rollback FROM=2.0.0.5")),
        (five, None, 6, true, Err("make rollback FROM=2.0.0.5")),
        (five, Some(4), 5, false, Err("make rollback FROM=2.0.0.5")),
        (five, Some(4), 6, true, Err("make rollback FROM=2.0.0.5")),
        (None, None, 5, false, Err("make rollback FROM=2.0.0.5")),
    ] {
        let found = leaves(label, recorded, bad, named);
        let case = format!("{label:?} {recorded:?} {bad} {named}: {found:?}");
        match (found, expected) {
            (Ok(found), Ok(expected)) => assert_eq!(found, expected, "{case}"),
            (Err(found), Err(expected)) => assert!(found.ends_with(expected), "{case}"),
            _ => panic!("{case}"),
        }
    }
    // What was rolled back before goes away no second time, whatever VERSION says.
    let channel = sorted(vec![named(2, "A.dmg", b"four", "2.0.0.4"), bad(b"five", "2.0.0.5")]);
    let plan = rollback(GH, "A.dmg", &channel, None).expect("a plan");
    assert_eq!(crate::plan::rollback::leaves("A.dmg", &channel, &plan, None, said(6, false, None)), Ok(None));
}

#[test]
fn bytes_are_known_by_what_all_places_of_one_kind_agree_on() {
    let known = |version, origin| Known { pair: Pair { version: v(version), sha256: Sha256Digest::of(b"five") }, origin };
    let (record, git) = (|version| known(version, Origin::Record(String::new())), |version| known(version, Origin::Earlier(String::new())));
    let unlabelled = Asset { label: None, ..live() };
    for (past, asked, labelled, without) in [
        (vec![], None, None, None),
        (vec![record(5), git(4)], Some(5), Some(5), Some(5)),
        (vec![record(5), record(4)], None, None, None),
        (vec![git(5), git(5)], Some(5), None, Some(5)),
        (vec![git(5), git(4)], None, None, None),
    ] {
        assert_eq!(known_version(&past, Sha256Digest::of(b"five")), asked.map(v), "{past:?}");
        assert_eq!(known_as(&past, "A.dmg", &live()), labelled.map(v), "{past:?}");
        assert_eq!(known_as(&past, "A.dmg", &unlabelled), without.map(v), "{past:?}");
        assert_eq!(known_version(&past, Sha256Digest::of(b"four")), None);
    }
}

#[test]
fn a_printed_rollback_keeps_what_was_said_and_is_typed_as_it_stands() {
    let said = Said { file: Some(std::path::Path::new("/old $files/A.dmg")), ..said(5, true, None) };
    let channel = sorted(vec![live(), Asset { label: None, ..previous() }]);
    let plan = rollback(GH, "A.dmg", &channel, None).expect("a plan");
    let refused = version("A.dmg", &channel, &plan, None, said).expect_err("no version");
    assert!(refused.fix.text().ends_with("make rollback FROM=2.0.0.5 ARTIFACT='/old $$files/A.dmg' TO=X.Y.Z.W"), "{}", refused.fix);
    assert_eq!(version("A.dmg", &channel, &plan, Some(v(4)), said), Ok(v(4)));
}

#[test]
fn the_version_comes_from_the_label_or_the_operator_and_is_lower() {
    let four = v(4);
    assert_eq!(version_of(vec![live(), previous()], None), Ok(four));
    assert_eq!(version_of(vec![live(), previous()], Some(4)), Ok(four));
    assert!(version_of(vec![live(), previous()], Some(3)).is_err_and(|because| because.contains("known as 2.0.0.4")));
    let unlabelled = Asset { label: None, ..previous() };
    assert!(version_of(vec![live(), unlabelled.clone()], None).is_err_and(|because| because.contains("no label")));
    assert_eq!(version_of(vec![live(), unlabelled.clone()], Some(4)), Ok(four));
    assert!(version_of(vec![live(), unlabelled], Some(6)).is_err_and(|because| because.contains("is not lower than")));
    let newer = named(2, "A.prev.dmg", b"six", "2.0.0.6");
    assert!(version_of(vec![live(), newer], None).is_err_and(|because| because.contains("is not lower than")));
    assert!(version_of(vec![live(), previous(), bad(b"!", "2.0.0.4")], None).is_err_and(|because| because.contains("itself")));
}
