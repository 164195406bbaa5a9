//! Every row of the repair table, as a publication meets it.

use super::assets::{GH, asset, at, listing};
use crate::plan::{Plan, Wanted, asset_names, channel, publish};
use nexy_contract::{Exit, Problem, ReleaseVersion, Sha256Digest, fix::FixLine};
use nexy_outside::net::github::Asset;

const NEW: &[u8] = b"newnew!";
const MACHINE_TAG: &str = "0123456789ab";

fn table(assets: Vec<Asset>) -> Plan {
    planned(false, assets).expect("a plan")
}

fn planned(allow_rolled_back: bool, assets: Vec<Asset>) -> Result<Plan, Problem> {
    let wanted = Wanted {
        gh: GH,
        artifact: "Nexy.dmg",
        size_bytes: NEW.len() as u64,
        sha256: Sha256Digest::of(NEW),
        machine_tag: Some(MACHINE_TAG),
    };
    let channel = channel::sort("Nexy.dmg", listing(assets, Some(at(7200))));
    publish::publication(&wanted, ReleaseVersion::new([2, 0, 0, 4]), allow_rolled_back, &channel)
}

fn live() -> Asset {
    asset(1, "Nexy.dmg", b"old")
}

fn previous() -> Asset {
    asset(2, "Nexy.prev.dmg", b"older")
}

fn staged(bytes: &[u8]) -> Asset {
    asset(3, &asset_names::staged("Nexy.dmg", Sha256Digest::of(NEW)), bytes)
}

fn foreign_upload(second: i64) -> Asset {
    Asset { created_at: Some(at(second).to_string()), ..asset(4, "Nexy.next-ba9876543210.dmg", b"theirs") }
}

fn bad(id: u64, bytes: &[u8], version: &str) -> Asset {
    Asset { label: Some(format!("Nexy.dmg {version}")), ..asset(id, &asset_names::rolled_back("Nexy.dmg", Sha256Digest::of(bytes)), bytes) }
}

fn of_this_machine(asset: Asset) -> Asset {
    Asset { label: Some(format!("Nexy.dmg 2.0.0.4 (upload {MACHINE_TAG})")), ..asset }
}

fn fresh() -> Plan {
    Plan { upload: true, retire_as: "Nexy.prev.dmg".into(), ..Plan::default() }
}

#[test]
fn every_row_of_the_repair_table_has_its_plan() {
    // An empty tag: the first publication.
    assert_eq!(table(vec![]), fresh());
    // The normal case, without and with a previous asset.
    let normal = Plan { retire: Some(live()), ..fresh() };
    assert_eq!(table(vec![live()]), normal);
    assert_eq!(table(vec![live(), previous()]), Plan { blocking: Some(previous()), ..normal.clone() });
    // Stopped before the swap: a whole staged asset is used again, with and without GitHub's digest.
    for digest in [staged(NEW).digest, None] {
        let whole = Asset { digest, ..staged(NEW) };
        assert_eq!(table(vec![live(), whole]), Plan { upload: false, ..normal.clone() });
    }
    // Crashed between the two renames: users get the previous asset back before anything else happens.
    let restored = Plan { restore: Some(previous()), retire: Some(previous()), ..fresh() };
    assert_eq!(table(vec![previous()]), restored);
    assert_eq!(table(vec![previous(), staged(NEW)]), Plan { upload: false, ..restored });
    // The first publication was interrupted.
    assert_eq!(table(vec![staged(NEW)]), Plan { upload: false, ..fresh() });
}

#[test]
fn every_row_that_a_rollback_leaves_has_its_plan() {
    let four = || bad(7, b"bad", "2.0.0.3");
    // Rolled back, and a new version comes.
    assert_eq!(table(vec![live(), four()]), Plan { retire: Some(live()), ..fresh() });
    // Crashed between the renames of a rollback: its target becomes live.
    assert_eq!(table(vec![previous(), four()]), Plan { restore: Some(previous()), retire: Some(previous()), ..fresh() });
    // The same without a previous asset: the rolled-back one is restored for the meantime, and then gets its name back.
    let restored = Plan { restore: Some(four()), retire: Some(four()), retire_as: four().name, ..fresh() };
    assert_eq!(table(vec![four()]), restored);
    assert_eq!(table(vec![four(), staged(NEW)]), Plan { upload: false, ..restored });
}

#[test]
fn rolled_back_bytes_and_versions_are_refused_without_a_reason() {
    let refused = |assets: Vec<Asset>| table(assets).refusal.map(|problem| (problem.exit, problem.because));
    for bad in [bad(7, NEW, "2.0.0.4"), bad(7, NEW, "?"), Asset { digest: None, ..bad(7, NEW, "?") }] {
        let said = refused(vec![live(), bad]);
        assert!(said.as_ref().is_some_and(|(exit, because)| *exit == Exit::No && because.contains("were rolled back")), "{said:?}");
    }
    // Other bytes with a version that clients on the rolled-back build would not follow.
    for version in ["2.0.0.4", "2.0.0.9"] {
        let said = refused(vec![live(), bad(7, b"bad", version)]);
        assert!(said.is_some_and(|(_, because)| because.contains("follow only a higher version")));
    }
    assert_eq!(refused(vec![live(), bad(7, b"bad", "2.0.0.3")]), None);
    // Users get a download again before the refusal is printed.
    let plan = table(vec![previous(), bad(7, NEW, "2.0.0.4")]);
    assert_eq!((plan.restore, plan.refusal.is_some()), (Some(previous()), true));
    // With a reason they are published, without a second upload.
    let plan = planned(true, vec![live(), bad(7, NEW, "2.0.0.4")]).expect("a plan");
    assert_eq!((plan.refusal, plan.restage, plan.upload), (None, Some(bad(7, NEW, "2.0.0.4")), false));
}

#[test]
fn a_rolled_back_asset_that_was_restored_stays_rolled_back() {
    let restored = |bytes| Asset { label: Some("Nexy.dmg 2.0.0.4 (rolled back)".into()), ..asset(1, "Nexy.dmg", bytes) };
    assert!(planned(false, vec![restored(NEW)]).is_err_and(|problem| problem.exit == Exit::No));
    assert!(planned(true, vec![restored(NEW)]).is_ok_and(|plan| plan.already_live));
    // When other bytes replace it, it gets its rolled-back name, and the previous asset stays.
    let plan = table(vec![restored(b"bad"), previous()]);
    assert_eq!((plan.retire_as, plan.blocking), (bad(1, b"bad", "").name, None));
}

#[test]
fn a_parked_asset_is_restored_before_a_rolled_back_one() {
    let parked = asset(8, &asset_names::parked("Nexy.dmg", 8), b"older");
    let restored = Plan { restore: Some(parked.clone()), retire: Some(parked.clone()), ..fresh() };
    assert_eq!(table(vec![bad(7, b"bad", "2.0.0.3"), parked]), restored);
}

#[test]
fn an_unusable_upload_is_deleted_when_no_run_can_be_working_on_it() {
    let partial = Asset { state: "starter".into(), size: 0, digest: None, ..staged(b"") };
    let old = |asset: Asset| Asset { created_at: Some(at(0).to_string()), ..asset };
    let young = |asset: Asset| Asset { created_at: Some(at(7000).to_string()), ..asset };
    for wrong in [partial.clone(), staged(b"newnew?"), staged(b"new")] {
        for ours in [old(wrong.clone()), of_this_machine(young(wrong.clone())), of_this_machine(wrong.clone())] {
            assert_eq!(table(vec![live(), ours.clone()]), Plan { discard: vec![ours], retire: Some(live()), ..fresh() });
        }
        // An upload of the same bytes by another machine, under way; or one of unknown age.
        for foreign in [young(wrong.clone()), wrong] {
            assert_eq!(table(vec![live(), foreign]).refusal.map(|problem| problem.exit), Some(Exit::Busy));
        }
    }
}

#[test]
fn a_foreign_upload_is_left_alone_for_an_hour_and_ignored_after_that() {
    let plan = table(vec![live(), foreign_upload(7199)]);
    let refusal = plan.refusal.expect("a refusal");
    assert_eq!(refusal.exit, Exit::Busy);
    assert!(refusal.fix.text().contains("\ngh api -X DELETE repos/owner/artifacts/releases/assets/4 "), "{}", refusal.fix);
    assert_eq!(table(vec![live(), foreign_upload(3600)]), Plan { retire: Some(live()), ..fresh() });
    // An upload that this machine has left is deleted at once: this run holds the lock of the machine.
    let ours = of_this_machine(foreign_upload(7199));
    assert_eq!(table(vec![live(), ours.clone()]), Plan { discard: vec![ours], retire: Some(live()), ..fresh() });
}

#[test]
fn live_bytes_that_are_wanted_are_only_confirmed() {
    let same = asset(1, "Nexy.dmg", NEW);
    for beside in [vec![], vec![previous()], vec![foreign_upload(7199)], vec![bad(7, NEW, "2.0.0.4")]] {
        let assets = [vec![same.clone()], beside].concat();
        assert_eq!(table(assets), Plan::confirm_only());
    }
    // Without GitHub's digest equal sizes prove nothing.
    let unknown = Asset { digest: None, ..same };
    assert!(!table(vec![unknown]).already_live);
    // The wanted bytes have the previous name, and nothing is live: one rename is enough.
    let previous = asset(2, "Nexy.prev.dmg", NEW);
    assert_eq!(table(vec![previous.clone()]), Plan { restore: Some(previous), ..Plan::confirm_only() });
}

#[test]
fn a_partial_upload_under_the_live_or_previous_name_needs_a_person() {
    for (id, name) in [(1, "Nexy.dmg"), (2, "Nexy.prev.dmg")] {
        let broken = Asset { state: "open".into(), ..asset(id, name, b"ne") };
        let command = format!("gh api -X DELETE repos/owner/artifacts/releases/assets/{id} --hostname github.com");
        let said = planned(false, vec![broken]);
        assert!(
            said.is_err_and(|problem| problem.exit == Exit::NeedsPerson && problem.fix.lines().contains(&FixLine::Command(command.into())))
        );
    }
}

#[test]
fn an_unknown_asset_on_the_channel_changes_nothing() {
    let unknown = Asset { state: "starter".into(), ..asset(9, "notes.txt", b"x") };
    assert_eq!(table(vec![live(), unknown]), table(vec![live()]));
}
