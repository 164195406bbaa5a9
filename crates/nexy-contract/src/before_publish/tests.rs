//! The admission rule judged on every input: each row changes one thing of a record that is admitted.

use super::*;
use crate::{Target, report::verdict_of};

const NOW: i64 = 1_800_000_000;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).expect("a moment")
}

fn limits() -> Limits {
    Target::parse(include_str!("../../../../nexy.toml")).expect("the committed nexy.toml").limits
}

/// A record of two artifacts that a publication takes.
fn admitted() -> Record {
    let mut record: Record =
        serde_json::from_str(include_str!("../../../../tests/documents/examples/nexy.release.1.json")).expect("the example record");
    let first = record.artifacts.remove(0);
    let second = Artifact { name: "Nexy.pkg".to_owned(), sha256: Sha256Digest::of(b"package"), size_bytes: 7, ..first.clone() };
    record.artifacts = vec![first, second];
    let subject = |Artifact { name, size_bytes, sha256, .. }: &Artifact| Subject {
        name: name.clone(),
        size_bytes: *size_bytes,
        sha256: *sha256,
        live: None,
        looked: true,
    };
    let finding = |id: &&str| Finding {
        id: (*id).to_owned(),
        verdict: Verdict::Pass,
        severity: Severity::Gate,
        found: String::new(),
        expected: String::new(),
        fix: Fix::none(),
        runbook: String::new(),
        elapsed_ms: 0,
    };
    let subjects = record.artifacts.iter().map(subject).collect();
    record.reports = vec![Report::new(BY, PROFILE, at(NOW), subjects, IDS.iter().map(finding).collect())];
    record
}

/// What the rule says after one change; the verdict of the report is that of its findings.
fn judged(change: impl FnOnce(&mut Record)) -> Result<Timestamp, Refusal> {
    let mut record = admitted();
    change(&mut record);
    judge(&record, at(NOW), &limits()).map(|report| report.at)
}

fn with_report(change: impl FnOnce(&mut Report)) -> Result<Timestamp, Refusal> {
    judged(|record| {
        change(&mut record.reports[0]);
        record.reports[0].verdict = verdict_of(&record.reports[0].findings);
    })
}

#[track_caller]
fn excusable(answer: Result<Timestamp, Refusal>, words: &str) {
    assert!(matches!(&answer, Err(Refusal::Excusable(because)) if because.contains(words)), "{answer:?}");
}

#[track_caller]
fn is_final(answer: Result<Timestamp, Refusal>, words: &str) {
    assert!(matches!(&answer, Err(Refusal::Final(because)) if because.contains(words)), "{answer:?}");
}

#[test]
fn a_fresh_complete_passing_report_about_the_same_bytes_is_admitted() {
    assert_eq!(judged(|_| {}), Ok(at(NOW)));
}

#[test]
fn only_the_latest_report_of_this_tool_and_profile_counts() {
    excusable(judged(|record| record.reports.clear()), "holds no before-publish report");
    excusable(with_report(|report| report.by = "nexy-verify".to_owned()), "holds no before-publish report by nexy-gate");
    excusable(with_report(|report| report.profile = "git-remotes+before-publish".to_owned()), "holds no before-publish report");
    let failed = Report { verdict: Verdict::Fail, ..admitted().reports.remove(0) };
    is_final(judged(|record| record.reports.push(failed.clone())), "says fail");
    assert_eq!(judged(|record| record.reports.insert(0, failed)), Ok(at(NOW)));
}

#[test]
fn a_report_that_does_not_pass_is_final_whatever_else_is_wrong() {
    for (verdict, words) in [(Verdict::Fail, "says fail"), (Verdict::Unknown, "says unknown")] {
        is_final(judged(|record| record.reports[0].verdict = verdict), words);
        is_final(with_report(|report| report.findings[3].verdict = verdict), words);
        is_final(
            judged(|record| {
                record.reports[0].verdict = verdict;
                record.reports[0].findings.clear();
                record.reports[0].at = at(NOW - 9_999_999);
            }),
            words,
        );
    }
}

#[test]
fn every_artifact_was_judged_by_name_size_and_digest() {
    for place in [0, 1] {
        let name = admitted().artifacts[place].name.clone();
        is_final(with_report(|report| drop(report.subjects.remove(place))), &format!("did not look at {name}"));
        is_final(with_report(|report| report.subjects[place].name.push('x')), &format!("did not look at {name}"));
        is_final(with_report(|report| report.subjects[place].size_bytes += 1), &format!("judged other bytes of {name}"));
        is_final(
            with_report(|report| report.subjects[place].sha256 = Sha256Digest::of(b"other")),
            &format!("judged other bytes of {name}"),
        );
    }
    // What was judged beside them does not matter, and what is not released needs no judgement.
    assert_eq!(judged(|record| drop(record.artifacts.remove(1))), Ok(at(NOW)));
    // Other bytes are no gap that a reason excuses, however old the report is.
    let old = |report: &mut Report| {
        report.at = at(NOW - 9_999_999);
        report.subjects[0].size_bytes += 1;
    };
    is_final(with_report(old), "judged other bytes");
}

#[test]
fn every_question_is_answered_with_a_pass_or_is_advice_that_could_not_be_asked() {
    for (place, id) in IDS.iter().enumerate() {
        excusable(with_report(|report| drop(report.findings.remove(place))), &format!("does not answer {id}"));
        let with = |severity, verdict| {
            with_report(|report| (report.findings[place].severity, report.findings[place].verdict) = (severity, verdict))
        };
        assert_eq!(with(Severity::Advice, Verdict::Unknown), Ok(at(NOW)), "{id}");
        assert_eq!(with(Severity::Advice, Verdict::Pass), Ok(at(NOW)), "{id}");
        excusable(with(Severity::Advice, Verdict::Fail), &format!("does not answer {id}"));
        // A report that says pass over an unanswered question contradicts itself; it is no answer either.
        let contradicting = judged(|record| record.reports[0].findings[place].verdict = Verdict::Unknown);
        excusable(contradicting, &format!("does not answer {id}"));
    }
    let two = with_report(|report| drop(report.findings.drain(0..2)));
    excusable(two, &format!("does not answer {}, {}", IDS[0], IDS[1]));
}

#[test]
fn what_is_live_was_seen_for_every_artifact() {
    for place in [0, 1] {
        let name = admitted().artifacts[place].name.clone();
        excusable(with_report(|report| report.subjects[place].looked = false), &format!("did not see what is live as {name}"));
    }
}

#[test]
fn a_report_is_as_old_as_the_limit_allows_and_no_second_older_or_further_ahead() {
    let Limits { report_max_age_s, clock_skew_s, .. } = limits();
    assert!(report_max_age_s > 0 && clock_skew_s > 0);
    let aged = |age_s: i64| with_report(|report| report.at = at(NOW - age_s));
    for age_s in [report_max_age_s, 0, -clock_skew_s] {
        assert_eq!(aged(age_s), Ok(at(NOW - age_s)), "{age_s}");
    }
    excusable(aged(report_max_age_s + 1), &format!("is {} s old, at most {report_max_age_s} s", report_max_age_s + 1));
    excusable(aged(-clock_skew_s - 1), &format!("from the future, {} s ahead", clock_skew_s + 1));
}

#[test]
fn the_refusal_is_a_no_with_the_command_that_starts_again() {
    for (refusal, words) in [(Refusal::Excusable("x".into()), "ask again"), (Refusal::Final("x".into()), "the bytes in the inbox")] {
        let problem = refusal.problem();
        assert_eq!((problem.exit, problem.because.as_str()), (Exit::No, "x"));
        assert!(problem.fix.text().contains(words) && problem.fix.text().ends_with(AGAIN), "{problem}");
    }
}

#[test]
fn the_live_asset_is_the_one_that_was_seen_by_id_and_by_digest_where_one_was_known() {
    let asset = |asset_id, bytes: Option<&[u8]>| SeenAsset { asset_id, sha256: bytes.map(Sha256Digest::of) };
    let (seen, unhashed) = (asset(1, Some(b"a")), asset(1, None));
    let rows = [
        (true, None, None, Ok(())),
        (true, Some(&seen), Some(&seen), Ok(())),
        (true, Some(&unhashed), Some(&seen), Ok(())),
        (true, Some(&seen), Some(&unhashed), Err("it is asset 1")),
        (true, Some(&seen), Some(&asset(1, Some(b"b"))), Err("it is asset 1")),
        (true, Some(&seen), Some(&asset(2, Some(b"a"))), Err("it is asset 2")),
        (true, Some(&unhashed), Some(&asset(2, Some(b"a"))), Err("it is asset 2")),
        (true, Some(&seen), None, Err("the channel has none")),
        (true, None, Some(&seen), Err("now asset 1 is there")),
        // Without a look there is nothing to compare with.
        (false, None, Some(&seen), Ok(())),
    ];
    for (looked, then, now, expected) in rows {
        let subject = Subject { name: "A".into(), size_bytes: 1, sha256: Sha256Digest::of(b""), live: then.cloned(), looked };
        let answer = still_as_judged(&subject, now);
        match expected {
            Ok(()) => assert_eq!(answer, Ok(()), "{then:?} {now:?}"),
            Err(words) => assert!(answer.as_ref().is_err_and(|because| because.contains(words)), "{then:?} {now:?}: {answer:?}"),
        }
    }
}
