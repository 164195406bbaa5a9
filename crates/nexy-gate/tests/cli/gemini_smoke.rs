//! `gemini-smoke` against a model that is strict about the request and scripted in its answers; the key is never shown.

use crate::vm::{SECRET, ask, asked, judged, path};
use crate::{holds, json, record, said, tells, world};
use nexy_contract::{Record, Report, Timestamp};
use nexy_standin::world::{Ran, World, fix_commands, good_config_env, good_gemini_key};
use nexy_standin::{Fault, Listener, Model, Reply, leak_scan, skip::has_program};
use serde_json::json;
use std::time::Duration;

const GATE: &str = "gemini-smoke";

/// Requests to the model's API, as `METHOD path`.
fn requests(world: &World) -> Vec<String> {
    let all = world.standin.requests().into_iter().filter(|request| request.listener == "gemini");
    all.map(|request| request.call()).collect()
}

/// A world whose config.env holds these lines beside the secret as its key.
fn with(lines: &str) -> World {
    let world = world();
    world.standin.set_gemini_key(SECRET);
    world.set_config_env(&format!("{lines}GEMINI_API_KEY={SECRET}\n"));
    world
}

#[test]
fn an_answer_of_one_token_passes_and_is_asked_for_once_with_the_key_in_a_header() {
    let world = with("");
    holds(&asked(&world, GATE, 0), "found", "gemini-2.5-flash answers to GEMINI_API_KEY");
    assert_eq!(requests(&world), ["POST /v1beta/models/gemini-2.5-flash:generateContent"]);
    let request = world.standin.requests().into_iter().find(|request| request.listener == "gemini").expect("the request");
    assert!(request.has_authorization && !request.path.contains('?'), "{request:?}");
    world.standin.set_gemini(Model::AnswersWhole);
    asked(&world, GATE, 0);
}

#[test]
fn a_whole_before_checkout_asks_the_model_once() {
    let world = world();
    let ran = ask(&world, &["before-checkout", GATE]);
    assert_eq!(ran.finding(GATE)["verdict"], "pass", "{ran}");
    assert_eq!(requests(&world).len(), 1);
    leak_scan::assert_none(&good_gemini_key(), &said(&ran), "what was said");
}

#[test]
fn a_refusal_of_the_key_is_a_failure_that_repeats_nothing_and_is_asked_once() {
    for (says, found, fix) in [
        (Model::Expired, "GEMINI_API_KEY has expired", "sudoedit "),
        (Model::DayQuota, "the quota of a day of GEMINI_API_KEY is used up (RESOURCE_EXHAUSTED)", "raise the quota"),
    ] {
        let world = with("");
        world.standin.set_gemini(says);
        tells(&asked(&world, GATE, 1), found, fix);
        assert_eq!(requests(&world).len(), 1, "{says:?}");
    }
}

#[test]
fn the_model_of_the_file_is_the_one_that_is_asked() {
    let world = with("GEMINI_PRIMARY_MODEL=models/gemini-2.0-flash-001\n");
    world.standin.set_gemini_model("gemini-2.0-flash-001");
    asked(&world, GATE, 0);
    assert_eq!(requests(&world), ["POST /v1beta/models/gemini-2.0-flash-001:generateContent"]);
}

#[test]
fn what_could_be_a_secret_in_place_of_a_model_is_neither_sent_nor_shown() {
    for value in [SECRET.to_owned(), "${MODEL}-1".to_owned(), "'../../v1/keys'".to_owned(), good_gemini_key()] {
        let world = with(&format!("GEMINI_PRIMARY_MODEL={value}\n"));
        let ran = ask(&world, &[GATE]);
        holds(&judged(&ran, GATE, 69), "found", "GEMINI_PRIMARY_MODEL in ");
        leak_scan::assert_none(&good_gemini_key(), &said(&ran), "what was said");
        assert_eq!(requests(&world), [""; 0]);
    }
}

#[test]
fn a_key_that_the_server_would_not_get_is_a_no_without_a_request() {
    let world = world();
    for (text, found) in [
        ("GEMINI_API_KEY=YOUR_GEMINI_API_KEY_HERE\n".to_owned(), "placeholder"),
        (format!("GEMINI_API_KEY={SECRET}ключ\n"), "outside of ASCII"),
    ] {
        world.set_config_env(&text);
        holds(&asked(&world, GATE, 1), "found", found);
    }
    std::fs::remove_file(world.vm_path("config.env")).expect("the file");
    holds(&asked(&world, GATE, 1), "found", "does not exist");
    assert_eq!(requests(&world), [""; 0]);
}

#[test]
fn a_server_that_asks_elsewhere_is_unknown_without_a_request() {
    let world = with("GEMINI_USE_VERTEX_AI=true\n");
    tells(&asked(&world, GATE, 69), "GEMINI_USE_VERTEX_AI is on", "sudo journalctl -u ");
    assert_eq!(requests(&world), [""; 0]);
    asked(&with("GEMINI_USE_VERTEX_AI=false\n"), GATE, 0);
}

#[test]
fn an_outage_a_redirect_and_another_server_s_answer_are_unknown() {
    for (reply, found) in [
        (Reply::HangupBefore, "cannot reach"),
        (Reply::Oversized(1 << 20), "which cannot be right"),
        (Reply::Stall(Duration::from_secs(3)), "did not answer in time"),
        (Reply::RedirectTo("https://elsewhere.example/".to_owned()), "HTTP 302 with something else than JSON"),
        (Reply::Status(407, json!({})), "HTTP 407 in a form that is not the API's"),
        (Reply::Status(200, json!("<html>welcome to our hotel</html>")), "without an answer of the model"),
    ] {
        let world = with("");
        world.set_target("limits", "request_timeout_s", "2");
        world.set_target("limits", "stall_timeout_s", "1");
        world.standin.fault(Fault::new(Listener::Gemini, "POST", "", reply).always());
        holds(&asked(&world, GATE, 69), "found", found);
        assert_eq!(requests(&world).len(), 1, "it is not asked twice");
    }
}

#[test]
fn the_command_for_reading_the_answer_by_hand_reaches_the_model() {
    let world = world();
    world.standin.set_gemini(Model::Blocks);
    let finding = asked(&world, GATE, 69);
    let fix = fix_commands(&finding["fix"]);
    let command = fix.iter().find(|line| line.contains("curl")).expect("a command").replace("sudo ", "");
    if !has_program("the_command_for_reading_the_answer_by_hand_reaches_the_model", "curl", "curl") {
        return;
    }
    world.sh(&command).exits(0).prints("promptFeedback");
    world.standin.assert_all_scripted();
}

/// Asks with a record on standard input.
fn pipe(world: &World, profile: &str, record: &Record) -> Ran {
    world.tool("nexy-gate").args([profile, "-"]).env("PATH", &path(world)).stdin(json(record)).run()
}

/// A record with a report of the gate as it was so long ago.
fn record_with_report(world: &World, ago_s: i64) -> Record {
    let ran = ask(world, &[GATE]);
    let mut report = Report::read(&ran.exits(0).stdout_bytes).expect("a report");
    report.at = Timestamp::from_second(report.at.as_second() - ago_s).expect("a moment");
    world.standin.clear_requests();
    let mut record = record(world);
    record.reports.push(report);
    record
}

/// Makes config.env look as if it had not been touched for long; only the clock of its rights can not be turned back, so the
/// time that one gate may take is made short.
fn settle(world: &World) {
    world.set_target("limits", "gate_timeout_s", "3");
    std::thread::sleep(Duration::from_millis(4500));
}

#[test]
fn a_young_answer_of_the_record_is_taken_over_and_not_asked_again() {
    let world = world();
    settle(&world);
    let carried = pipe(&world, GATE, &record_with_report(&world, 0));
    holds(&carried.exits(0).finding(GATE), "found", "the record says so since 20");
    assert_eq!(requests(&world), [""; 0]);
    // What was taken over is no answer that a later run could stand on once the first one is too old.
    let mut record = Record::read(&carried.stdout_bytes).expect("a record");
    let old = Timestamp::from_second(record.reports[0].at.as_second() - 901).expect("a moment");
    record.reports[0].at = old;
    holds(&pipe(&world, GATE, &record).exits(0).finding(GATE), "found", "gemini-2.5-flash answers to");
    assert_eq!(requests(&world).len(), 1);
}

#[test]
fn an_old_answer_or_one_from_before_the_last_change_of_the_file_is_asked_anew() {
    let world = world();
    pipe(&world, GATE, &record_with_report(&world, 901)).exits(0);
    assert_eq!(requests(&world).len(), 1, "it was too old");
    let record = record_with_report(&world, 0);
    world.set_config_env(&good_config_env());
    world.standin.set_gemini(Model::Expired);
    holds(&pipe(&world, GATE, &record).exits(1).finding(GATE), "found", "has expired");
}

#[test]
fn a_mounted_tree_is_asked_with_its_own_key() {
    let world = with("");
    let inside = world.vm_path("config.env").strip_prefix("/").expect("an absolute path").to_owned();
    let root = world.root().join("mounted");
    let file = root.join(inside);
    std::fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
    std::fs::write(&file, format!("GEMINI_API_KEY={SECRET}x\n")).expect("the file");
    let ran = world.tool("nexy-gate").args(["--root", root.to_str().expect("text"), GATE, "--format=json"]).run();
    holds(&judged(&ran, GATE, 1), "found", "is no valid key");
}
