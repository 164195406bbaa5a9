//! `fixed-channel` against GitHub's answers and outages.

use crate::{ask, asked, holds, tells, world};
use nexy_standin::{Fault, Listener, ReleaseOptions, Reply, world::ARTIFACTS};
use serde_json::json;
use std::fs;

const GATE: &str = "fixed-channel";

#[test]
fn a_release_with_its_live_asset_passes() {
    let world = world();
    let live = world.standin.asset(ARTIFACTS, "Update", "Nexy.dmg").expect("the live asset");
    holds(&asked(&world, GATE, 0), "found", &format!("Update has Nexy.dmg as asset {}", live.id));
}

#[test]
fn only_the_channels_of_the_inbox_are_asked_and_all_when_it_is_empty() {
    let world = world();
    world.standin.remove_release(ARTIFACTS, "App");
    asked(&world, GATE, 0);
    fs::remove_file(world.inbox("Nexy.dmg")).expect("the artifact");
    holds(&asked(&world, GATE, 1), "found", "no release App");
}

#[test]
fn a_draft_and_an_immutable_release_fail() {
    let world = world();
    world.standin.set_release(ARTIFACTS, "Update", ReleaseOptions { draft: true, immutable: false });
    asked(&world, GATE, 1);
    world.standin.set_release(ARTIFACTS, "Update", ReleaseOptions { draft: false, immutable: true });
    holds(&asked(&world, GATE, 1), "found", "immutable");
}

#[test]
fn a_channel_is_made_only_after_immutable_releases_were_switched_off() {
    let world = world();
    world.standin.remove_release(ARTIFACTS, "Update");
    world.standin.set_immutable_releases(ARTIFACTS, Some(false));
    let finding = asked(&world, GATE, 1);
    tells(&finding, "immutable releases are switched on", "gh api -X DELETE repos/");
    assert!(!finding["fix"].to_string().contains("gh release create"), "{finding:#}");
    let ask_first = world.standin.requests().remove(0);
    assert!(ask_first.path.ends_with("/immutable-releases"), "{ask_first:?}");
    world.standin.set_immutable_releases(ARTIFACTS, None);
    holds(&asked(&world, GATE, 1), "fix", "gh release create Update");
}

#[test]
fn a_channel_without_asset_passes_and_the_report_says_that_it_was_looked_at() {
    let world = world();
    world.standin.remove_asset(ARTIFACTS, "Update", "Nexy.dmg");
    let ran = ask(&world, &[GATE]);
    holds(&ran.exits(0).finding(GATE), "found", "has no Nexy.dmg yet");
    let subject = &ran.json()["subjects"][0];
    assert_eq!((&subject["looked"], &subject["live"]), (&true.into(), &serde_json::Value::Null));
}

#[test]
fn an_interrupted_upload_under_the_live_name_fails() {
    let world = world();
    world.standin.remove_asset(ARTIFACTS, "Update", "Nexy.dmg");
    world.standin.put_starter(ARTIFACTS, "Update", "Nexy.dmg");
    tells(&asked(&world, GATE, 1), "Nexy.dmg on Update is `starter`", "gh release delete-asset Update Nexy.dmg --repo ");
}

#[test]
fn an_outage_is_unknown_and_so_is_an_answer_of_another_shape() {
    for reply in [
        Reply::Status(503, json!({"message": "Service Unavailable"})),
        Reply::Status(403, json!({"message": "API rate limit exceeded for 192.0.2.1."})),
        Reply::Status(200, json!({"message": "hello"})),
        Reply::HangupBefore,
        Reply::CutAfter(10),
    ] {
        let world = world();
        world.standin.fault(Fault::new(Listener::Api, "GET", "/releases/tags/", reply).always());
        let ran = ask(&world, &[GATE]);
        ran.exits(69);
        let subject = &ran.json()["subjects"][0];
        assert_eq!((&subject["looked"], &subject["live"]), (&false.into(), &serde_json::Value::Null));
    }
}

#[test]
fn an_outage_is_not_asked_about_twice() {
    let world = world();
    fs::remove_file(world.inbox("Nexy.dmg")).expect("the artifact");
    world.standin.fault(Fault::new(Listener::Api, "GET", "", Reply::Status(503, json!({}))).always());
    holds(&asked(&world, GATE, 69), "found", "cannot look whether immutable releases are switched on");
    assert_eq!(world.standin.requests().len(), 1);
    world.standin.clear_faults();
    world.standin.fault(Fault::new(Listener::Api, "GET", "/releases/tags/", Reply::Status(503, json!({}))).always());
    holds(&asked(&world, GATE, 69), "found", "the channel App was not asked after that");
    assert_eq!(world.standin.requests().len(), 3);
}

#[test]
fn a_public_channel_is_seen_without_a_token_and_a_refused_token_is_unknown() {
    let world = world();
    let tool = world.tool("nexy-gate").arg(GATE).without_env("GH_TOKEN").without_env("GH_ENTERPRISE_TOKEN");
    tool.run().exits(0);
    assert!(world.standin.requests().iter().all(|request| !request.has_authorization));
    world.tool("nexy-gate").arg(GATE).env("GH_ENTERPRISE_TOKEN", "wrong").run().exits(69);
}
