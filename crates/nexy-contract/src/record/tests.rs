//! Round trips of generated records, and what stops one.

use super::*;
use crate::{Finding, Fix, Severity, fix::FixLine, target_file::Repositories};
use proptest::prelude::*;

fn digest() -> impl Strategy<Value = Sha256Digest> {
    any::<[u8; 8]>().prop_map(|bytes| Sha256Digest::of(&bytes))
}

fn timestamp() -> impl Strategy<Value = Timestamp> {
    (0_i64..4_000_000_000_000).prop_map(|ms| Timestamp::from_millisecond(ms).expect("a time"))
}

fn exit() -> impl Strategy<Value = Exit> {
    prop::sample::select(Exit::ALL.to_vec())
}

fn verdict() -> impl Strategy<Value = Verdict> {
    prop::sample::select(vec![Verdict::Pass, Verdict::Fail, Verdict::Unknown])
}

fn fix() -> impl Strategy<Value = Fix> {
    let line = (any::<bool>(), any::<String>())
        .prop_map(|(is_command, text)| if is_command { FixLine::Command(text.into()) } else { FixLine::Note(text.into()) });
    prop::collection::vec(line, 0..3).prop_map(|lines| lines.into_iter().collect())
}

prop_compose! {
    fn finding()(id in "[a-z]{1,8}", verdict in verdict(), advice: bool, found: String, fix in fix(), elapsed_ms: u64) -> Finding {
        let severity = if advice { Severity::Advice } else { Severity::Gate };
        Finding { id, verdict, severity, found, expected: String::new(), fix, runbook: "S3 §2".into(), elapsed_ms }
    }
}

prop_compose! {
    fn report()(by in "[a-z-]{1,8}", profile in "[a-z-]{1,8}", at in timestamp(), mut findings in prop::collection::vec(finding(), 0..4)) -> Report {
        for (index, finding) in findings.iter_mut().enumerate() {
            finding.id = format!("{}-{index}", finding.id);
        }
        Report::new(&by, &profile, at, Vec::new(), findings)
    }
}

prop_compose! {
    fn outcome()(by in "[a-z-]{1,8}", at in timestamp(), exit in exit(), message: String, next in fix(), planned in prop::collection::vec(any::<String>(), 0..2)) -> Outcome {
Outcome { next, planned, ..Outcome::new(&by, at, exit, message) }
    }
}

prop_compose! {
    fn live()(url: String, asset_id: u64, size_bytes: u64, sha256 in digest(), changed: bool, swapped_at in prop::option::of(timestamp())) -> Live {
        Live { url, asset_id, size_bytes, sha256, previous: None, changed, swapped_at }
    }
}

prop_compose! {
    fn artifact()(name: String, channel: String, sha256 in digest(), size_bytes: u64, live in prop::option::of(live())) -> Artifact {
        Artifact { name, channel, size_bytes, sha256, live }
    }
}

prop_compose! {
    fn record()(
        parts: [u32; 4],
        sha256 in digest(),
        mut artifacts in prop::collection::vec(artifact(), 0..3),
        reports in prop::collection::vec(report(), 0..3),
        outcomes in prop::collection::vec(outcome(), 0..3),
        is_update: bool,
    ) -> Record {
        // No record holds two artifacts of one name.
        artifacts.sort_by_key(|artifact| artifact.name.clone());
        artifacts.dedup_by_key(|artifact| artifact.name.clone());
        let kind = if is_update { Kind::Update } else { Kind::Release };
        Record { kind, reports, outcomes, ..Record::new(ReleaseVersion::new(parts), target(sha256), artifacts) }
    }
}

proptest! {
    #[test]
    fn every_record_survives_the_round_trip(record in record()) {
        let text = serde_json::to_string(&record).expect("JSON");
        prop_assert_eq!(Record::read(text.as_bytes()).expect("a record"), record);
    }

    #[test]
    fn no_bytes_make_the_reader_panic_or_pass_for_a_record(bytes: Vec<u8>) {
        prop_assert!(Record::read(&bytes).is_err());
    }

    #[test]
    fn a_record_is_acted_upon_only_when_everything_in_it_is_right(record in record()) {
        let latest = |report: &Report| record.latest_report(&report.by, &report.profile) == Some(report);
        let last = |outcome: &Outcome| record.latest_outcome(&outcome.by) == Some(outcome);
        let right = record.reports.iter().filter(|report| latest(report)).all(|report| report.verdict == Verdict::Pass)
            && record.outcomes.iter().filter(|outcome| last(outcome)).all(|outcome| outcome.exit == Exit::Yes && outcome.planned.is_empty());
        let stop = record.stop(Reader::Looks("no-tool", "no-profile"));
        prop_assert_eq!(stop.is_none(), right);
        prop_assert!(stop.is_none_or(|stop| stop.exit != Exit::Yes && !stop.because.is_empty()));
    }
}

#[test]
fn the_gravest_of_several_stops_is_the_exit() {
    let outcome = |by: &str, exit| Outcome::new(by, Timestamp::UNIX_EPOCH, exit, "");
    let mut record = sample();
    record.outcomes = vec![outcome("a", Exit::CouldNotLook), outcome("b", Exit::NeedsPerson), outcome("c", Exit::No)];
    assert_eq!(record.stop(Reader::Acts("x")).map(|stop| (stop.exit, stop.because.len())), Some((Exit::NeedsPerson, 3)));
    // A later outcome of the same tool counts instead of the earlier one.
    record.outcomes = vec![outcome("a", Exit::NeedsPerson), outcome("a", Exit::Yes)];
    assert_eq!(record.stop(Reader::Acts("x")), None);
}

#[test]
fn a_failed_push_stops_no_look_and_a_plan_stops_no_plan() {
    let outcome = |by: &str, exit, planned: &[&str]| {
        let planned = planned.iter().map(ToString::to_string).collect();
        Outcome { planned, ..Outcome::new(by, Timestamp::UNIX_EPOCH, exit, "") }
    };
    let (acts, plans, looks) = (Reader::Acts("x"), Reader::Plans("x"), Reader::Looks("x", "y"));
    for (by, exit, planned, stopped) in [
        (PUSH, Exit::No, [].as_slice(), [Some(Exit::No), Some(Exit::No), None]),
        (PUSH, Exit::Yes, &["push"], [Some(Exit::No), None, None]),
        ("z", Exit::Yes, &["swap"], [Some(Exit::No), None, Some(Exit::No)]),
        ("z", Exit::No, &[], [Some(Exit::No); 3]),
    ] {
        let mut record = sample();
        record.outcomes = vec![outcome(by, exit, planned)];
        assert_eq!([acts, plans, looks].map(|reader| record.stop(reader).map(|stop| stop.exit)), stopped, "{by} {exit:?}");
        assert_eq!(record.push_exit(), if by == PUSH { exit } else { Exit::Yes });
    }
}

#[test]
fn code_and_manifest_move_together_unless_the_record_says_otherwise() {
    let manifest = ManifestFile {
        path: "m".into(),
        sha256: Sha256Digest::of(b""),
        version: ReleaseVersion::new([2, 0, 0, 4]),
        delivered: None,
        window_s: None,
    };
    let (publication, rollback) = ([PUBLICATION].as_slice(), [PUBLICATION, ROLLBACK].as_slice());
    for (kind, manifests, by, together) in [
        (Kind::Release, 1, publication, true),
        (Kind::Release, 0, publication, false),
        (Kind::Update, 1, publication, false),
        (Kind::ServerOnly, 0, &[], false),
        (Kind::Release, 1, rollback, false),
        (Kind::Release, 1, &[ROLLBACK, PUBLICATION], true),
        (Kind::Release, 1, &[], true),
    ] {
        let mut record = sample();
        record.kind = kind;
        record.manifests = vec![manifest.clone(); manifests];
        record.outcomes = by.iter().map(|by| Outcome::new(by, Timestamp::UNIX_EPOCH, Exit::Yes, "")).collect();
        assert_eq!(record.moves_code_and_manifest(), together, "{kind:?} {manifests} {by:?}");
    }
    // Records of earlier tools have no such word.
    let text = serde_json::to_string(&sample()).expect("JSON");
    assert!(!text.contains("kind"));
    assert_eq!(Record::read(text.as_bytes()).expect("a record").kind, Kind::Release);
}

#[test]
fn a_tag_of_another_version_contradicts() {
    let mut record = sample();
    record.tag = "v1.0.0.0".into();
    let text = serde_json::to_string(&record).expect("JSON");
    assert!(matches!(Record::read(text.as_bytes()), Err(DocumentError::Contradiction(_))));
}

fn sample() -> Record {
    Record::new(ReleaseVersion::new([2, 0, 0, 4]), target(Sha256Digest::of(b"")), Vec::new())
}

fn target(sha256: Sha256Digest) -> TargetIdentity {
    let repositories = Repositories { workspace: "o/w".into(), server: "o/s".into(), artifacts: "o/a".into() };
    TargetIdentity { sha256, resource_group: "group".into(), vm: "vm".into(), host: "host".into(), repositories }
}
