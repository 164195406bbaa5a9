//! What a publication says and writes when something fails on the way. What users get then is the matrix's.

use nexy_publish_support::{dmg, judged, outcome, publish, ready, served, sha256};
use nexy_standin::world::{ARTIFACTS, World, fix_text};
use nexy_standin::{Fault, Listener, Reply};
use serde_json::json;

fn status(status: u16, message: &str) -> Reply {
    Reply::Status(status, json!({"message": message}))
}

#[test]
fn every_fault_is_told_in_words_with_its_exit_code_in_the_record() {
    let api = |method, reply| Fault::new(Listener::Api, method, "", reply);
    let download = |reply| Fault::new(Listener::Storage, "GET", "", reply);
    let upload = |reply| Fault::new(Listener::Uploads, "POST", "", reply);
    let elsewhere = Reply::RedirectTo("http://evil.example/Nexy.dmg".to_owned());
    let full =
        json!([{"resource": "ReleaseAsset", "code": "custom", "field": "file_count", "message": "file_count limited to 1000 assets"}]);
    let refused = |errors| Reply::Status(422, json!({"message": "Validation Failed", "errors": errors}));
    for (fault, exit, says) in [
        (download(Reply::CorruptBytes(1000)), 3, "came back changed and was deleted; users still get the old one"),
        (download(Reply::Oversized(1 << 20)), 3, "which cannot be right"),
        (upload(status(404, "Not Found")), 75, "wait until the other publication has ended"),
        (upload(status(401, "Bad credentials")), 1, "gh auth login"),
        (upload(status(403, "Resource not accessible by personal access token")), 1, "Contents: write"),
        (upload(refused(full)), 1, "limited to 1000"),
        (upload(refused(json!(["plain text"]))), 1, "plain text"),
        (api("PATCH", status(403, "no")), 1, "nothing was swapped"),
        (api("PATCH", status(403, "no")).nth(2), 3, "was put back"),
        (Fault::new(Listener::Web, "GET", "", elsewhere).always(), 69, "neither https nor loopback"),
        (
            Fault::new(Listener::Web, "GET", "/Nexy.dmg", Reply::Stale).always(),
            3,
            "users have the old artifacts again; Update/Nexy.dmg is not",
        ),
    ] {
        let world = World::new();
        world.set_target("limits", "public_url_wait_s", "1");
        let (record, before) = (judged(&world), served(&world));
        world.standin.fault(fault);
        let ran = publish(&world, &record);
        ran.exits(exit).says(says);
        assert_eq!(outcome(&ran.json())["exit"], exit);
        world.standin.clear_faults();
        assert_eq!(served(&world), before);
    }
}

#[test]
fn when_even_the_way_back_fails_the_exact_command_is_printed() {
    let (world, record) = ready();
    world.standin.fault(Fault::new(Listener::Api, "PATCH", "", status(403, "no")).nth(2).always());
    let old = dmg(&world).expect("a live asset").id;
    let command = format!("gh api -X PATCH repos/{ARTIFACTS}/releases/assets/{old} -f name=Nexy.dmg");
    let ran = publish(&world, &record);
    ran.exits(4).says("users have no Update/Nexy.dmg right now").says(&command);
    assert!(fix_text(&outcome(&ran.json())["next"]).lines().any(|line| line.starts_with(&command)));
}

#[test]
fn a_reader_that_has_gone_stops_the_swap() {
    let world = World::new();
    let before = served(&world);
    world.write("record.json", &judged(&world).to_string());
    world.sh("nexy-publish - <record.json | true; sleep 0").exits(0);
    assert_eq!(served(&world), before);
    assert!(!world.standin.requests().iter().any(|request| request.method == "PATCH"));
}

#[test]
fn the_text_of_a_refusal_is_not_taken_for_the_bytes_of_a_small_artifact() {
    let world = World::new();
    world.inbox_dmg(b"small");
    let record = judged(&world);
    world.standin.fault(Fault::new(Listener::Web, "GET", ".next-", status(404, "this page is longer than the artifact")).times(2));
    publish(&world, &record).exits(0);
    assert_eq!(served(&world), Some(sha256(&record)));
}

#[test]
fn a_live_artifact_that_cannot_be_downloaded_is_unknown_and_not_wrong() {
    let world = World::new();
    world.set_target("limits", "public_url_wait_s", "1");
    publish(&world, &judged(&world)).exits(0);
    let record = judged(&world);
    world.standin.fault(Fault::new(Listener::Web, "GET", "", Reply::Status(503, json!({}))).always());
    publish(&world, &record).exits(69).says("cannot determine what");
}
