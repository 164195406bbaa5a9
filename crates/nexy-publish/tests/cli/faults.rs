//! Faults on the way: the old artifact stays live, or comes back.

use crate::scene::{dmg, judged, names, outcome, publish, served, sha256};
use nexy_standin::{
    Fault, Listener, Reply, error_responses,
    world::{ARTIFACTS, World},
};
use serde_json::{Value, json};
use std::time::Duration;

fn faulty(fault: Fault) -> (World, Value, Option<String>) {
    let world = World::new();
    let record = judged(&world);
    let before = served(&world);
    world.standin.fault(fault);
    (world, record, before)
}

/// After the fault is gone, the same command finishes.
fn converges(world: &World) {
    world.standin.clear_faults();
    let record = judged(world);
    publish(world, &record).exits(0);
    assert_eq!(served(world), Some(sha256(&record)));
    assert_eq!(names(world), ["Nexy.dmg", "Nexy.prev.dmg"]);
}

#[test]
fn a_corrupted_upload_is_removed_and_users_keep_the_old_file() {
    let (world, record, before) = faulty(Fault::new(Listener::Storage, "GET", "", Reply::CorruptBytes(1000)));
    let ran = publish(&world, &record);
    ran.exits(3).says("came back changed").says("users still get the old one");
    assert_eq!(outcome(&ran.json())["exit"], 3);
    assert_eq!(served(&world), before);
    assert_eq!(names(&world), ["Nexy.dmg"]);
    converges(&world);
}

#[test]
fn an_oversized_download_is_cut_off_and_refused() {
    let (world, record, before) = faulty(Fault::new(Listener::Storage, "GET", "", Reply::Oversized(1 << 20)));
    publish(&world, &record).exits(3).says("which cannot be right");
    assert_eq!(served(&world), before);
    converges(&world);
}

#[test]
fn an_upload_whose_answer_was_lost_is_found_and_not_sent_twice() {
    for reply in [Reply::HangupAfter, Reply::StatusAfter(502)] {
        let (world, record, _) = faulty(Fault::new(Listener::Uploads, "POST", "", reply));
        world.standin.clear_requests();
        publish(&world, &record).exits(0);
        assert_eq!(world.standin.requests().iter().filter(|request| request.method == "POST").count(), 1);
        assert_eq!(served(&world), Some(sha256(&record)));
    }
}

#[test]
fn an_upload_that_did_not_happen_is_tried_once_more_and_written_down() {
    for reply in [Reply::HangupBefore, Reply::Status(502, json!({"message": "Bad Gateway"})), Reply::StarterThenStatus(502)] {
        let (world, record, _) = faulty(Fault::new(Listener::Uploads, "POST", "", reply));
        let document = publish(&world, &record).exits(0).says("asking again").json();
        assert_eq!(outcome(&document)["retries"].as_array().map(Vec::len), Some(1));
        assert_eq!(names(&world), ["Nexy.dmg", "Nexy.prev.dmg"]);
    }
}

#[test]
fn an_upload_that_somebody_else_took_away_is_busy_and_not_a_missing_repository() {
    let (world, record, before) = faulty(Fault::new(Listener::Uploads, "POST", "", Reply::Status(404, json!({"message": "Not Found"}))));
    publish(&world, &record).exits(75).says("somebody else may be publishing");
    assert_eq!(served(&world), before);
    converges(&world);
}

#[test]
fn refusals_of_the_upload_say_what_to_type_and_leave_everything() {
    for (status, body, code, says) in [
        (401, json!({"message": "Bad credentials"}), 1, "gh auth login"),
        (403, json!({"message": "Resource not accessible by personal access token"}), 1, "Contents: write"),
        (
            422,
            json!({"message": "Validation Failed", "errors": [{"resource": "ReleaseAsset", "code": "custom", "field": "file_count", "message": "file_count limited to 1000 assets"}]}),
            1,
            "limited to 1000",
        ),
        (422, json!({"message": "Validation Failed", "errors": ["plain text"]}), 1, "plain text"),
    ] {
        let (world, record, before) = faulty(Fault::new(Listener::Uploads, "POST", "", Reply::Status(status, body)));
        publish(&world, &record).exits(code).says(says);
        assert_eq!(served(&world), before);
        converges(&world);
    }
}

#[test]
fn a_first_rename_that_fails_leaves_the_old_artifact_live() {
    let (world, record, before) = faulty(Fault::new(Listener::Api, "PATCH", "", Reply::Status(403, json!({"message": "no"}))));
    publish(&world, &record).exits(1).says("nothing was swapped");
    assert_eq!(served(&world), before);
    converges(&world);
}

#[test]
fn a_rename_whose_answer_was_lost_counts_as_done() {
    for nth in [1, 2] {
        let (world, record, _) = faulty(Fault::new(Listener::Api, "PATCH", "", Reply::HangupAfter).nth(nth));
        publish(&world, &record).exits(0);
        assert_eq!(served(&world), Some(sha256(&record)));
        assert_eq!(names(&world), ["Nexy.dmg", "Nexy.prev.dmg"]);
    }
}

#[test]
fn a_second_rename_that_fails_for_good_brings_the_old_artifact_back() {
    let (world, record, before) = faulty(Fault::new(Listener::Api, "PATCH", "", Reply::Status(403, json!({"message": "no"}))).nth(2));
    let ran = publish(&world, &record);
    ran.exits(3).says("was put back");
    assert_eq!(outcome(&ran.json())["exit"], 3);
    assert_eq!(served(&world), before);
    converges(&world);
}

#[test]
fn when_even_the_way_back_is_shut_the_exact_command_is_printed() {
    let (world, record, _) = faulty(Fault::new(Listener::Api, "PATCH", "", Reply::Status(403, json!({"message": "no"}))).nth(2).always());
    let old = dmg(&world).expect("a live asset").id;
    let command = format!("gh api -X PATCH repos/{ARTIFACTS}/releases/assets/{old} -f name=Nexy.dmg");
    let ran = publish(&world, &record);
    ran.exits(4).says("users have no Update/Nexy.dmg right now").says(&command);
    assert!(outcome(&ran.json())["next"].as_str().is_some_and(|next| next.contains(&command)));
    converges(&world);
}

#[test]
fn a_public_url_that_lags_is_waited_for() {
    let (world, record, _) = faulty(Fault::new(Listener::Web, "GET", "Nexy.dmg", Reply::Stale).times(2));
    publish(&world, &record).exits(0);
    assert_eq!(served(&world), Some(sha256(&record)));
}

#[test]
fn a_public_url_that_never_shows_the_new_bytes_brings_the_old_artifact_back() {
    let (world, record, before) = faulty(Fault::new(Listener::Web, "GET", "/Nexy.dmg", Reply::Stale).always());
    world.set_target("limits", "public_url_wait_s", "1");
    let record = {
        drop(record);
        judged(&world)
    };
    publish(&world, &record).exits(3).says("users have the old artifacts again").says("does not serve it");
    world.standin.clear_faults();
    assert_eq!(served(&world), before);
}

#[test]
fn a_later_artifact_that_cannot_be_swapped_undoes_the_earlier_one() {
    let world = World::new();
    world.inbox_pkg(&nexy_standin::artifact::pkg(200_000, 7));
    let record = judged(&world);
    let before = (served(&world), world.standin.public_bytes_sha(ARTIFACTS, "App", "Nexy.pkg"));
    // Update needs two renames, App fails at its first.
    world.standin.fault(Fault::new(Listener::Api, "PATCH", "", Reply::Status(403, json!({"message": "no"}))).nth(3));
    publish(&world, &record).exits(3).says("users have the old artifacts again");
    assert_eq!((served(&world), world.standin.public_bytes_sha(ARTIFACTS, "App", "Nexy.pkg")), before);
}

#[test]
fn a_redirect_to_plain_http_elsewhere_is_not_followed() {
    let (world, record, before) =
        faulty(Fault::new(Listener::Web, "GET", "", Reply::RedirectTo("http://evil.example/Nexy.dmg".to_owned())).always());
    publish(&world, &record).exits(69).says("neither https nor loopback");
    world.standin.clear_faults();
    assert_eq!(served(&world), before);
}

#[test]
fn a_server_that_falls_silent_is_given_up() {
    let (world, _, before) = faulty(Fault::new(Listener::Storage, "GET", "", Reply::Stall(Duration::from_secs(20))).always());
    world.set_target("limits", "stall_timeout_s", "1");
    let record = judged(&world);
    publish(&world, &record).exits(69).says("did not answer in time");
    world.standin.clear_faults();
    assert_eq!(served(&world), before);
}

#[test]
fn a_reader_that_has_gone_stops_the_swap() {
    let world = World::new();
    let record = judged(&world);
    let before = served(&world);
    world.write("record.json", &record.to_string());
    world.sh("nexy-publish - <record.json | true; sleep 0").exits(0);
    assert_eq!(served(&world), before);
    assert!(!world.standin.requests().iter().any(|request| request.method == "PATCH"));
}

#[test]
fn the_words_of_a_refusal_are_not_taken_for_the_bytes_of_a_small_artifact() {
    let (world, _, _) = faulty(
        Fault::new(Listener::Web, "GET", ".next-", Reply::Status(404, json!({"message": "this page is longer than the artifact"})))
            .times(2),
    );
    world.inbox_dmg(b"small");
    let record = judged(&world);
    publish(&world, &record).exits(0);
    assert_eq!(served(&world), Some(sha256(&record)));
}

#[test]
fn a_live_artifact_that_cannot_be_seen_is_unknown_and_not_wrong() {
    let world = World::new();
    world.set_target("limits", "public_url_wait_s", "1");
    publish(&world, &judged(&world)).exits(0);
    let record = judged(&world);
    world.standin.fault(Fault::new(Listener::Web, "GET", "", Reply::Status(503, json!({}))).always());
    publish(&world, &record).exits(69).says("nobody knows what it serves");
}

#[test]
fn a_rename_that_happened_and_was_answered_with_a_taken_name_counts_as_done() {
    for nth in [1, 2] {
        let (world, record, _) = faulty(Fault::new(Listener::Api, "PATCH", "", error_responses::already_exists_after()).nth(nth));
        publish(&world, &record).exits(0);
        assert_eq!(served(&world), Some(sha256(&record)), "rename {nth}");
        assert_eq!(names(&world), ["Nexy.dmg", "Nexy.prev.dmg"], "rename {nth}");
    }
}
