//! Retries: as GitHub asks for them, within bounds, and never before a look-up.

use nexy_contract::Timestamp;
use nexy_publish_support::{judged, mutations, names, outcome, publish, ready, report, served, sha256, staged_name};
use nexy_standin::world::{ARTIFACTS, World};
use nexy_standin::{Fault, Listener, Reply, error_responses};
use serde_json::{Value, json};
use std::time::Duration;

fn waits(document: &Value) -> Vec<u64> {
    let retries = outcome(document)["retries"].as_array().expect("retries").clone();
    retries.iter().map(|retry| retry["waited_ms"].as_u64().expect("a wait")).collect()
}

#[test]
fn githubs_own_delay_is_kept_and_recorded_for_every_kind_of_request() {
    for (method, listener) in [("GET", Listener::Api), ("POST", Listener::Uploads), ("PATCH", Listener::Api)] {
        let (world, record) = ready();
        world.standin.fault(Fault::new(listener, method, "", error_responses::secondary_limit(1)));
        let ran = publish(&world, &record);
        ran.exits(0).says("retry in 1000 ms");
        assert_eq!(waits(&ran.json()), [1000], "{method}");
        assert_eq!(served(&world), Some(sha256(&record)));
    }
}

#[test]
fn a_used_up_rate_limit_is_waited_for_by_githubs_clock() {
    let world = World::new();
    world.standin.set_clock_ahead(86_400);
    let record = judged(&world);
    // Two seconds after the moment that the `Date` header of the same answer names.
    let reset = (Timestamp::now().as_second() + 86_402).to_string();
    let headers = [("X-RateLimit-Remaining", "0".to_owned()), ("X-RateLimit-Reset", reset)].map(|(name, value)| (name.to_owned(), value));
    let body = json!({"message": "API rate limit exceeded"});
    let limited = Reply::Answer { status: 429, headers: headers.to_vec(), body, after: false };
    world.standin.fault(Fault::new(Listener::Api, "GET", "/assets?", limited));
    let document = publish(&world, &record).exits(0).json();
    assert!(waits(&document).iter().all(|wait| *wait <= 2000) && waits(&document).len() == 1, "{:?}", waits(&document));
}

#[test]
fn waiting_is_bounded_and_a_limit_without_a_time_means_a_minute() {
    let (world, record) = ready();
    let limited = Reply::Status(403, json!({"message": "You have exceeded a secondary rate limit."}));
    world.standin.fault(Fault::new(Listener::Uploads, "POST", "", limited).always());
    world.standin.clear_requests();
    let ran = publish(&world, &record);
    ran.exits(69).says("a retry makes sense in 60 s, limits.retry_total_s allows 20 s");
    assert_eq!(waits(&ran.json()), [0_u64; 0]);
    // A refusal for the rate says clearly that nothing happened, so no look-up follows.
    assert_eq!(mutations(&world).len(), 1);
}

#[test]
fn a_wait_beyond_the_age_of_the_report_stops_before_any_change() {
    let (world, mut record) = ready();
    let at = Timestamp::from_second(Timestamp::now().as_second() - 893).expect("a time");
    record["reports"] = json!([report(&world, &record, at)]);
    world.standin.fault(Fault::new(Listener::Uploads, "POST", "", error_responses::secondary_limit(15)));
    world.standin.fault(Fault::new(Listener::Api, "GET", "/assets?", error_responses::secondary_limit(15)));
    world.standin.clear_requests();
    publish(&world, &record).exits(69).says("the gates' report is too old");
    assert_eq!(mutations(&world), Vec::<String>::new());
}

#[test]
fn a_delete_whose_answer_was_lost_is_looked_up_before_it_is_sent_again() {
    for (reply, deletions) in [(Reply::HangupAfter, 1), (Reply::HangupBefore, 2), (error_responses::server_error(502, true), 1)] {
        let (world, record) = ready();
        world.standin.put_starter(ARTIFACTS, "Update", &staged_name(&record));
        world.standin.let_an_hour_pass(ARTIFACTS, "Update");
        world.standin.fault(Fault::new(Listener::Api, "DELETE", "", reply));
        world.standin.clear_requests();
        publish(&world, &record).exits(0);
        let requests = world.standin.requests();
        let all: Vec<usize> = requests.iter().enumerate().filter(|(_, one)| one.method == "DELETE").map(|(index, _)| index).collect();
        assert_eq!(all.len(), deletions);
        assert_eq!(requests[all[0] + 1].method, "GET", "no look-up after the lost answer");
        assert_eq!(names(&world), ["Nexy.dmg", "Nexy.prev.dmg"]);
    }
}

#[test]
fn a_rename_is_not_sent_again_before_it_could_be_looked_up() {
    let (world, record) = ready();
    world.standin.fault(Fault::new(Listener::Api, "PATCH", "", Reply::HangupAfter));
    // Both ways to look it up fail for a while.
    world.standin.fault(Fault::new(Listener::Api, "GET", "/releases/assets/", Reply::HangupBefore).times(2));
    world.standin.fault(Fault::new(Listener::Api, "GET", "/assets?", Reply::HangupBefore).nth(3).times(2));
    world.standin.clear_requests();
    publish(&world, &record).exits(0);
    assert_eq!(mutations(&world).iter().filter(|call| call.starts_with("PATCH")).count(), 2);
    assert_eq!(served(&world), Some(sha256(&record)));
}

#[test]
fn an_upload_to_a_silent_server_is_given_up_and_sent_again() {
    let world = World::with(&nexy_standin::world::Options { dmg_bytes: 16 << 20, ..Default::default() });
    world.set_target("limits", "stall_timeout_s", "1");
    let record = judged(&world);
    world.standin.fault(Fault::new(Listener::Uploads, "POST", "", Reply::Stall(std::time::Duration::from_secs(8))));
    let begun = std::time::Instant::now();
    let ran = publish(&world, &record);
    ran.exits(0).says("did not answer in time");
    assert_eq!(waits(&ran.json()).len(), 1);
    assert!(begun.elapsed() < std::time::Duration::from_secs(8), "it waited for the silent server");
    assert_eq!(served(&world), Some(sha256(&record)));
}

#[test]
fn a_second_passes_between_two_changes_but_not_between_the_two_renames() {
    let world = World::new();
    world.set_target("limits", "mutation_pause_ms", "700");
    world.standin.put_asset(ARTIFACTS, "Update", "Nexy.prev.dmg", b"the one before");
    let record = judged(&world);
    let before = std::time::Instant::now();
    publish(&world, &record).exits(0);
    // Pauses follow POST, the PATCH that parks, and the second rename before DELETE: three.
    let took = before.elapsed();
    assert!(took >= std::time::Duration::from_millis(2100), "{took:?}");
}

#[test]
fn a_server_that_takes_its_time_for_every_answer_ends_the_run() {
    let world = World::new();
    world.set_target("limits", "retry_total_s", "1");
    world.standin.fault(Fault::new(Listener::Api, "*", "", Reply::Stall(Duration::from_millis(600))).always());
    let ran = world.tool("nexy-publish").arg("show").run();
    ran.exits(69).says("was not asked: the requests of this run have taken 1 s (limits.retry_total_s)");
    assert_eq!(world.standin.requests().len(), 2, "{:?}", world.standin.requests());
}

#[test]
fn a_swap_is_finished_however_long_it_takes() {
    let world = World::new();
    world.set_target("limits", "retry_total_s", "4");
    world.set_target("limits", "stall_timeout_s", "10");
    let record = judged(&world);
    world.standin.fault(Fault::new(Listener::Api, "PATCH", "", Reply::Stall(Duration::from_millis(4200))));
    publish(&world, &record).exits(0);
    assert_eq!(served(&world), Some(sha256(&record)));
}
