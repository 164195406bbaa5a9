//! With `-` a record comes in and a record goes out, and nothing is asked about what is stopped already.

use crate::{json, record, world};
use nexy_contract::{Exit, Finding, Report, Severity, Timestamp, Verdict, record::Outcome};
use nexy_standin::world::{Ran, World};

fn pipe(world: &World, profile: &str, input: &str) -> Ran {
    world.tool("nexy-gate").args([profile, "-"]).stdin(input).run()
}

fn report(by: &str, profile: &str, verdict: Verdict) -> Report {
    let finding = Finding {
        id: "something".into(),
        verdict,
        severity: Severity::Gate,
        found: "seen".into(),
        expected: "other".into(),
        fix: nexy_contract::Fix::note("do"),
        runbook: "S3".into(),
        elapsed_ms: 1,
    };
    Report::new(by, profile, Timestamp::UNIX_EPOCH, vec![], vec![finding])
}

fn outcome(exit: Exit, planned: &[&str]) -> Outcome {
    Outcome {
        by: "nexy-publish".into(),
        at: Timestamp::UNIX_EPOCH,
        exit,
        message: "it ended".into(),
        next: nexy_contract::Fix::none(),
        planned: planned.iter().map(ToString::to_string).collect(),
        retries: vec![],
        ungated: None,
    }
}

#[test]
fn a_passing_report_is_appended_with_what_was_judged() {
    let world = world();
    let before = record(&world);
    let ran = pipe(&world, "before-publish", &json(&before));
    ran.exits(0).says("before-publish: pass");
    let after = nexy_contract::Record::read(&ran.stdout_bytes).expect("a record");
    assert_eq!(after.reports.len(), 1);
    assert_eq!(after.artifacts, before.artifacts);
    let report = &after.reports[0];
    assert_eq!((report.by.as_str(), report.profile.as_str(), report.verdict), ("nexy-gate", "before-publish", Verdict::Pass));
    assert_eq!(report.subjects[0].sha256, before.artifacts[0].sha256);
    assert!(report.subjects[0].live.is_some());
    let limits = nexy_contract::Target::parse(&world.read("nexy.toml")).expect("nexy.toml").limits;
    assert!(nexy_contract::before_publish::judge(&after, report.at, &limits).is_ok());
}

#[test]
fn a_failing_report_is_appended_too_and_the_record_is_json_whatever_the_format() {
    let world = world();
    let input = json(&record(&world));
    world.inbox_dmg(b"<!DOCTYPE html><title>Not Found</title>");
    let ran = world.tool("nexy-gate").args(["before-publish", "-", "--format=text"]).stdin(input).run();
    ran.exits(1).says("an HTML page");
    assert_eq!(ran.finding("artifact-genuine")["verdict"], "fail");
    assert_eq!(ran.finding("release-inbox")["verdict"], "fail");
}

#[test]
fn a_gate_that_could_not_look_ends_with_69_and_still_passes_the_record_on() {
    let world = world();
    let tool = world.tool("nexy-gate").args(["github-token", "-"]).stdin(json(&record(&world)));
    let ran = tool.without_env("GH_TOKEN").without_env("GH_ENTERPRISE_TOKEN").run();
    ran.exits(69);
    assert_eq!(ran.json()["reports"][0]["verdict"], "unknown");
}

#[test]
fn a_record_that_something_stops_is_passed_on_byte_for_byte_and_nothing_is_asked() {
    let world = world();
    let good = record(&world);
    let mut failed = good.clone();
    failed.reports.push(report("nexy-verify", "updates", Verdict::Fail));
    let mut unknown = good.clone();
    unknown.reports.push(report("nexy-gate", "hard", Verdict::Unknown));
    let mut person = failed.clone();
    person.outcomes.push(outcome(Exit::NeedsPerson, &[]));
    let mut planned = good.clone();
    planned.outcomes.push(outcome(Exit::Yes, &["upload"]));
    for (record, code, words) in [
        (failed, 1, "nexy-verify updates says fail"),
        (unknown, 69, "nexy-gate hard says unknown"),
        (person, 4, "nexy-publish ended with 4"),
        (planned, 1, "dry run"),
    ] {
        // An indentation of its own shows whether the bytes are written anew.
        let input = json(&record).replace("  ", "\t");
        let ran = pipe(&world, "before-publish", &input);
        ran.exits(code).says(words);
        assert_eq!(ran.stdout_bytes, input.as_bytes());
    }
    assert!(world.standin.requests().is_empty());
}

#[test]
fn an_own_earlier_no_is_asked_anew() {
    let world = world();
    let mut input = record(&world);
    input.reports.push(report("nexy-gate", "version-synced", Verdict::Fail));
    let ran = pipe(&world, "version-synced", &json(&input));
    ran.exits(0);
    assert_eq!(ran.json()["reports"].as_array().map(Vec::len), Some(2));
}

#[test]
fn what_is_no_usable_record_is_65_with_nothing_on_stdout() {
    let world = world();
    let mut contradicting = record(&world);
    contradicting.reports.push(report("nexy-verify", "updates", Verdict::Fail));
    contradicting.reports[0].verdict = Verdict::Pass;
    let mut elsewhere = record(&world);
    elsewhere.target.vm = "Other".into();
    // The record is read by one piece of code for all tools; nexy-manifest's tests hold every way in which it can be none.
    let cases =
        [("<html>", "does not start with"), (&json(&contradicting), "its findings say fail"), (&json(&elsewhere), "made for the target")];
    for (input, words) in cases {
        pipe(&world, "before-publish", input).exits(65).silent_stdout().says(words);
    }
    assert!(world.standin.requests().is_empty());
}

#[test]
fn a_record_of_another_version_than_the_workspace_fails() {
    let world = world();
    let input = json(&record(&world));
    world.set_version("2.0.0.5");
    let ran = pipe(&world, "version-synced", &input);
    ran.exits(1);
    crate::holds(&ran.finding("version-synced"), "found", "the record is about 2.0.0.4");
}
