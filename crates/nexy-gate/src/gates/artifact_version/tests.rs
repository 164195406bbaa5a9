//! `artifact-version` judged on every combination of evidence.

use super::*;
use crate::{observed::inbox::Fault, tests::says};
use nexy_contract::{Severity, Sha256Digest};

const VERSION: ReleaseVersion = ReleaseVersion::new([2, 0, 0, 4]);
const NOW: i64 = 1_795_000_000;

fn target(when_unknown: Severity) -> Target {
    let mut target = crate::tests::target();
    target.artifact_version.when_unknown = when_unknown;
    target
}

fn now() -> Timestamp {
    Timestamp::from_second(NOW).expect("a time")
}

fn bytes() -> Bytes {
    Bytes { size_bytes: 3, sha256: Sha256Digest::of(b"abc"), head: b"abc".to_vec(), tail: b"abc".to_vec() }
}

fn good() -> Evidence {
    let mut evidence = Evidence { has_build: true, signed: Some(true), notarized: Notarized::Stapled, ..Evidence::default() };
    evidence.says("A.app CFBundleVersion", "2.0.0.4");
    evidence
}

fn paper() -> BuildReceipt {
    BuildReceipt {
        schema: build_receipt::SCHEMA.to_owned(),
        artifact: "A.dmg".to_owned(),
        version: VERSION.to_string(),
        size_bytes: 3,
        sha256: Sha256Digest::of(b"abc"),
        signed: true,
        notarized: true,
        built_at: Timestamp::from_second(NOW - 60).expect("a time"),
        by: "person@mac".to_owned(),
    }
}

fn asked(own: Option<Evidence>, receipt: Option<BuildReceipt>) -> Answer {
    asked_of(Looked { name: "A.dmg".to_owned(), bytes: Ok(bytes()), own: own.ok_or_else(cannot_look), receipt: receipt.map(Ok) })
}

fn asked_of(looked: Looked) -> Answer {
    judge(&target(Severity::Gate), VERSION, now(), &[looked])
}

#[test]
fn an_artifact_that_was_looked_into_or_has_its_receipt_passes() {
    for answer in [asked(Some(good()), None), asked(None, Some(paper())), asked(Some(good()), Some(paper()))] {
        assert_eq!(answer, Answer::pass("A.dmg is 2.0.0.4 inside, signed and notarized"));
    }
}

#[test]
fn nobody_who_knows_is_unknown_and_counts_as_the_target_says() {
    let answer = asked(None, None);
    says(&answer, Verdict::Unknown, "there is no build receipt");
    assert!(answer.fix.text().ends_with("\nscripts/build_receipt.sh release_inbox/A.dmg"), "{}", answer.fix);
    assert_eq!(answer.severity, Severity::Gate);
    let looked = || Looked { name: "A.dmg".to_owned(), bytes: Ok(bytes()), own: Err(cannot_look()), receipt: None };
    assert_eq!(judge(&target(Severity::Advice), VERSION, now(), &[looked()]).severity, Severity::Advice);
    let broken = Looked { own: Err(xar::Fault::Broken("cut".to_owned())), ..looked() };
    let answer = judge(&target(Severity::Advice), VERSION, now(), &[looked(), broken]);
    assert_eq!((answer.verdict, answer.severity), (Verdict::Fail, Severity::Gate), "a no decides whatever the target says");
    assert_eq!(judge(&target(Severity::Gate), VERSION, now(), &[]).verdict, Verdict::Unknown);
}

#[test]
fn every_version_that_is_another_one_is_named() {
    let mut own = good();
    own.says("PackageInfo version", "2.0.0.3");
    own.says("A.app CFBundleShortVersionString", "2.0");
    let answer = asked(Some(own), None);
    says(&answer, Verdict::Fail, "PackageInfo version is `2.0.0.3`");
    says(&answer, Verdict::Fail, "CFBundleShortVersionString is `2.0`");
    let old = BuildReceipt { version: "1001".to_owned(), ..paper() };
    says(&asked(None, Some(old.clone())), Verdict::Fail, "A.dmg.receipt.json version is `1001`");
    says(&asked(Some(good()), Some(old)), Verdict::Fail, "1001");
}

#[test]
fn a_receipt_of_something_else_is_a_no_and_one_that_nobody_can_date_is_unknown() {
    for (receipt, words) in [
        (BuildReceipt { sha256: Sha256Digest::of(b"abd"), ..paper() }, "is about other bytes"),
        (BuildReceipt { size_bytes: 4, ..paper() }, "is about other bytes"),
        (BuildReceipt { artifact: "B.dmg".to_owned(), ..paper() }, "is about B.dmg"),
    ] {
        says(&asked(None, Some(receipt.clone())), Verdict::Fail, words);
        says(&asked(Some(good()), Some(receipt)), Verdict::Fail, words);
    }
    let ahead = |seconds| BuildReceipt { built_at: Timestamp::from_second(NOW + seconds).expect("a time"), ..paper() };
    says(&asked(None, Some(ahead(7300))), Verdict::Unknown, "2 hours ahead of this clock");
    assert!(asked(None, Some(ahead(60))).passes());
    let garbage = Looked { name: "A.dmg".to_owned(), bytes: Ok(bytes()), own: Ok(good()), receipt: Some(Err("is empty".to_owned())) };
    says(&asked_of(garbage), Verdict::Unknown, "A.dmg.receipt.json is empty");
}

#[test]
fn what_is_not_signed_or_was_refused_by_the_notary_is_a_no() {
    for receipt in [BuildReceipt { signed: false, ..paper() }, BuildReceipt { notarized: false, ..paper() }] {
        assert_eq!(asked(None, Some(receipt.clone())).verdict, Verdict::Fail);
        assert_eq!(asked(Some(good()), Some(receipt)).verdict, Verdict::Fail);
    }
    let mut unsigned = Evidence { signed: Some(false), ..good() };
    unsigned.remarks.push("codesign says: no".to_owned());
    says(&asked(Some(unsigned.clone()), Some(paper())), Verdict::Fail, "is not signed (codesign says: no)");
    says(&asked(Some(Evidence { notarized: Notarized::Refused, ..good() }), Some(paper())), Verdict::Fail, "no good notarization ticket");
}

#[test]
fn what_one_did_not_see_another_may_know_and_what_nobody_saw_is_unknown() {
    let unstapled = Evidence { notarized: Notarized::Unknown, ..good() };
    assert!(asked(Some(unstapled.clone()), Some(paper())).passes());
    let answer = asked(Some(unstapled), None);
    says(&answer, Verdict::Unknown, "whether A.dmg is notarized");
    assert!(answer.fix.text().contains("\nxcrun stapler staple release_inbox/A.dmg\n"), "{}", answer.fix);
    says(&asked(Some(Evidence { signed: None, ..good() }), None), Verdict::Unknown, "whether A.dmg is signed");
    says(&asked(Some(Evidence { has_build: false, ..good() }), None), Verdict::Unknown, "which CFBundleVersion");
}

#[test]
fn an_image_that_could_not_be_opened_is_unknown_whatever_its_receipt_says() {
    let mut own = Evidence::default();
    own.misses("hdiutil attach ended with 1: corrupt", "hdiutil verify /x");
    let answer = asked(Some(own), Some(paper()));
    says(&answer, Verdict::Unknown, "corrupt");
    assert_eq!(answer.fix.text(), "hdiutil verify /x\nnexy-gate artifact-version");
    let empty = Evidence { holds_no_application: true, ..Evidence::default() };
    says(&asked(Some(empty), Some(paper())), Verdict::Fail, "holds no application");
}

#[test]
fn a_file_that_was_not_read_says_nothing() {
    let of = |fault| Looked { name: "A.dmg".to_owned(), bytes: Err(fault), own: Err(cannot_look()), receipt: Some(Ok(paper())) };
    says(&asked_of(of(Fault::Refused("it is a link".to_owned()))), Verdict::Fail, "it is a link");
    says(&asked_of(of(Fault::Unreadable("permission denied".to_owned()))), Verdict::Unknown, "permission denied");
}

#[test]
fn a_package_that_nobody_here_can_unpack_is_unknown_without_its_receipt() {
    let of = |receipt| Looked {
        name: "A.dmg".to_owned(),
        bytes: Ok(bytes()),
        own: Err(xar::Fault::Unreadable("PackageInfo in it is packed as x".to_owned())),
        receipt,
    };
    says(&asked_of(of(None)), Verdict::Unknown, "packed as x");
    assert!(asked_of(of(Some(Ok(paper())))).passes());
}

#[test]
fn a_version_from_outside_cannot_steer_the_terminal() {
    let mut own = good();
    own.says("A.app\u{1b}[2J CFBundleVersion", "2\u{1b}[2J");
    let answer = asked(Some(own), None);
    assert!(answer.verdict == Verdict::Fail && !answer.found.contains('\u{1b}'), "{answer:?}");
}
