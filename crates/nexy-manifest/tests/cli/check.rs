//! `check` and `show` read the files of the workspace only.

use crate::published::written;
use nexy_standin::world::World;
use serde_json::json;

#[test]
fn equal_and_sound_manifests_pass() {
    let world = World::new();
    written(&world);
    world.standin.clear_requests();
    let report = world.tool("nexy-manifest").args(["check"]).run().exits(0).json();
    assert_eq!(report["verdict"], "pass");
    assert!(world.standin.requests().is_empty());
}

#[test]
fn manifests_that_differ_are_missing_or_are_stray_copies_are_named() {
    let world = World::new();
    written(&world);
    let good = world.manifest();
    world.write("server/updates/manifests/manifest_1.0.0.0.json", "{}\n");
    world.tool("nexy-manifest").args(["check"]).run().exits(1).says("manifest_1.0.0.0.json differs").says("make release");
    std::fs::remove_file(world.workspace().join("server/updates/manifests/manifest_1.0.0.0.json")).expect("removed");
    let mut feed_url = good.clone();
    feed_url["artifact"]["url"] = json!("https://example.test/updates/appcast.xml");
    world.set_manifest(&feed_url);
    world.tool("nexy-manifest").args(["check"]).run().exits(1).says("it sends clients to https://example.test");
    world.set_manifest(&good);
    std::fs::remove_file(world.workspace().join("server/server/updates/manifests/manifest.json")).expect("removed");
    world.tool("nexy-manifest").args(["check"]).run().exits(1).says("it does not exist").says("differ");
}

#[test]
fn every_file_of_the_servers_pattern_counts_and_gets_a_command_that_helps() {
    let world = World::new();
    written(&world);
    let stray = "server/updates/manifests/manifest_beta.json";
    world.write(stray, "{}\n");
    let ran = world.tool("nexy-manifest").args(["check"]).run();
    ran.exits(1).says("manifest_beta.json differs");
    world.sh(&format!("mv {stray} {stray}.kept")).exits(0);
    ran.says(&format!("mv {stray} {stray}.kept"));
    world.tool("nexy-manifest").args(["check"]).run().exits(0);
}

#[test]
fn show_prints_the_content_of_the_manifests() {
    let world = World::new();
    written(&world);
    let shown = world.tool("nexy-manifest").args(["show"]).run().exits(0).json();
    assert_eq!(shown[0]["says"]["version"], "2.0.0.4");
    world.tool("nexy-manifest").args(["show", "--format", "text"]).run().exits(0).prints("2.0.0.4");
    world.write("server/updates/manifests/manifest.json", "[]\n");
    world.tool("nexy-manifest").args(["show"]).run().exits(1).prints("is no JSON object");
}
