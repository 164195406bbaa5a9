//! `client`: what the shipped client of a build gets from the server, with real downloads.

use nexy_standin::{
    Fault, Listener, Reply,
    world::{ARTIFACTS, Ran, World},
};
use serde_json::json;

fn client(world: &World, from: &str) -> Ran {
    world.tool("nexy-verify").args(["client", "--from", from]).run()
}

/// A world whose live file names its version.
fn labelled() -> World {
    let world = World::new();
    world.standin.set_label(ARTIFACTS, "Update", "Nexy.dmg", Some("Nexy.dmg 2.0.0.3"));
    world
}

fn downloads(world: &World) -> usize {
    world.standin.requests().iter().filter(|request| request.listener == "storage").count()
}

#[test]
fn a_client_below_the_feed_updates_once_and_others_download_nothing() {
    let world = labelled();
    let ran = client(&world, "v2.0.0.2");
    ran.exits(0).says("is offered 2.0.0.3").says("is told nothing else to compare").says("installs it and is 2.0.0.3 then (the label of");
    let report = ran.json();
    let ids: Vec<&str> = report["findings"].as_array().expect("findings").iter().filter_map(|one| one["id"].as_str()).collect();
    assert_eq!((ids, report["schema"].as_str()), (vec!["client-feed", "client-download", "client"], Some("nexy.report/1")));
    world.standin.clear_requests();
    client(&world, "2.0.0.3").exits(0).says("has what the feed offers");
    client(&world, "2.0.0.4").exits(1).says("is offered nothing and stays").says("make version-set V=X.Y.Z.W");
    assert_eq!(downloads(&world), 0);
}

#[test]
fn a_version_over_the_old_bytes_loops_and_other_bytes_are_refused() {
    let world = labelled();
    world.set_vm_manifest(&world.live_manifest("2.0.0.5"));
    client(&world, "2.0.0.3").exits(1).says("so it is offered 2.0.0.5 again and again").says("make version-set V=2.0.0.6");
    // Bytes without a receipt, label or record may be of any build.
    world.standin.set_label(ARTIFACTS, "Update", "Nexy.dmg", None);
    client(&world, "2.0.0.3").exits(69).says("no receipt, label or record names these bytes");
    let mut manifest = world.live_manifest("2.0.0.5");
    manifest["artifact"]["size"] = json!(7);
    world.set_vm_manifest(&manifest);
    client(&world, "2.0.0.3").exits(1).says("tries again at every start").says("bytes, 7 are announced");
    world.standin.fault(Fault::new(Listener::Public, "GET", "/updates/appcast.xml", Reply::Status(500, json!("no"))).always());
    client(&world, "2.0.0.3").exits(1).says("client-feed").says("answers 500");
}

#[test]
fn a_manifest_in_place_of_the_feed_has_its_digest_compared() {
    let world = labelled();
    let mut manifest = world.live_manifest("2.0.0.3");
    let url = format!("{}/updates/manifest.json", world.standin.url(Listener::Public));
    let ask = |manifest: &serde_json::Value| {
        world.standin.clear_faults();
        world.standin.fault(Fault::new(Listener::Public, "GET", "/updates/manifest.json", Reply::Status(200, manifest.clone())).always());
        world.tool("nexy-verify").args(["client", "--from", "2.0.0.2", "--feed", &url]).run()
    };
    ask(&manifest).exits(0).says("their length and sha256 are right");
    manifest["artifact"]["sha256"] = json!("0".repeat(64));
    ask(&manifest).exits(1).says("000000000000 is announced");
}

#[test]
fn every_tag_is_walked_and_told_by_its_end() {
    let world = labelled();
    client(&world, "ALL").exits(69).says("git knows no tag of a release");
    for tag in ["v2.0.0.1", "2.0.0.2", "v2.0.0.2", "v2.0.0.3", "v2.0.0.4", "Update"] {
        world.git(&["tag", tag]);
    }
    let ran = client(&world, "ALL");
    ran.exits(0).says("each of 2 builds (2.0.0.1, 2.0.0.2) is offered 2.0.0.3").says("a client of 2.0.0.4 is higher than 2.0.0.3");
    assert_eq!(ran.finding("client-is-above")["severity"], "advice");
    world.set_vm_manifest(&world.live_manifest("2.0.0.5"));
    client(&world, "ALL").exits(1).says("each of 4 builds (2.0.0.1, 2.0.0.2, 2.0.0.3, 2.0.0.4) is offered 2.0.0.5");
}

#[test]
fn what_is_no_build_is_not_walked() {
    let world = World::new();
    for words in [&["client"][..], &["client", "--from", "latest"], &["client", "--from", "2.0.0.4-rc1"], &["updates", "client"]] {
        world.tool("nexy-verify").args(words.iter().copied()).run().exits(2).silent_stdout();
    }
}
