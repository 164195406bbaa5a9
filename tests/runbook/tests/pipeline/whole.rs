//! A release without faults, and the evidence that it leaves.

use crate::{STAGES, converges, inbox_digest, pipe, users, with_stage};
use nexy_standin::world::World;
use serde_json::Value;

#[test]
fn one_pipe_brings_the_bytes_to_the_users_and_ends_as_evidence() {
    let world = World::new();
    world.workspace_on_github();
    let whole = with_stage(5, &format!("nexy-manifest push - | {}", STAGES[5]));
    let ran = world.sh(&whole);
    ran.exits(0);
    let record = ran.json();
    let profiles: Vec<&Value> = record["reports"].as_array().expect("reports").iter().map(|report| &report["profile"]).collect();
    assert_eq!(profiles, ["before-publish", "updates"]);
    let outcomes: Vec<&Value> = record["outcomes"].as_array().expect("outcomes").iter().map(|outcome| &outcome["by"]).collect();
    assert_eq!(outcomes, ["nexy-publish", "nexy-manifest write", "nexy-manifest delivered", "nexy-manifest push"]);
    let live = &record["artifacts"][0]["live"];
    assert_eq!(live["sha256"].as_str(), Some(inbox_digest(&world).as_str()));
    for manifest in record["manifests"].as_array().expect("manifests") {
        assert_eq!(manifest["delivered"]["sha256"], manifest["sha256"]);
        assert_eq!(manifest["delivered"]["served_length"], live["size_bytes"]);
        assert!(manifest["window_s"].is_u64(), "{manifest}");
    }
    world.standin.assert_all_scripted();
    // A push that is refused stops no look, and its code is that of the pipe.
    world.write("../remotes/refuses", "git@github.com: Permission denied (publickey).\n");
    let refused = world.sh(&whole);
    refused.exits(69).never_says("COMPLETE");
    assert_eq!((&refused.json()["outcomes"][3]["exit"], &refused.json()["reports"][1]["verdict"]), (&69.into(), &"pass".into()));
}

#[test]
fn the_same_pipe_again_uploads_nothing_and_changes_nothing() {
    let world = World::new();
    converges(&world, "first");
    let before = users(&world);
    world.standin.clear_requests();
    converges(&world, "again");
    assert_eq!(users(&world), before);
    assert!(!world.standin.requests().iter().any(nexy_standin::RequestLine::is_mutation));
}

#[test]
fn a_record_walks_unchanged_through_stages_that_must_not_act() {
    let world = World::new();
    // A gate that is shut: what it wrote comes out of the last stage byte for byte.
    world.write("release_inbox/Nexy.dmg", "<!DOCTYPE html><html>");
    world.sh("nexy-version record | nexy-gate before-publish - >gated.json").exits(1);
    let tail = &STAGES[2..];
    for length in 1..=tail.len() {
        let stages: Vec<String> = tail[..length].iter().map(ToString::to_string).collect();
        let ran = world.sh(&format!("cat gated.json | {}", pipe(&stages)));
        ran.exits(1);
        assert_eq!(ran.stdout, world.read("gated.json"), "{length} stages");
    }
}
