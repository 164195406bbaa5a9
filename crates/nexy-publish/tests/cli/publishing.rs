//! A publication without faults, counted request by request.

use nexy_publish_support::{calls, dmg, judged, names, outcome, publish, ready, served, sha256};
use nexy_standin::world::{ARTIFACTS, World};
use nexy_standin::{Fault, Listener, Reply};
use serde_json::json;

#[test]
fn the_new_bytes_go_live_and_the_old_ones_stay_for_a_rollback() {
    let (world, record) = ready();
    let old = dmg(&world).expect("a live asset");
    let published = publish(&world, &record);
    published.exits(0).says("Current Version: 2.0.0.4").says("Target Repo: Seregawpn/Nexy_production");
    published.says("Verifying uploaded artifact from release URL...").says("Remote SHA256: ");
    let document = published.json();
    assert_eq!(served(&world), Some(sha256(&record)));
    assert_eq!(names(&world), ["Nexy.dmg", "Nexy.prev.dmg"]);
    let live = &document["artifacts"][0]["live"];
    assert_eq!(live["sha256"], record["artifacts"][0]["sha256"]);
    assert_eq!(live["size_bytes"], record["artifacts"][0]["size_bytes"]);
    assert_eq!(live["url"].as_str(), Some(world.dmg_url().as_str()));
    assert_eq!(live["changed"], true);
    assert_eq!(live["previous"]["asset_id"], old.id);
    assert_eq!(live["previous"]["name"], "Nexy.prev.dmg");
    assert_eq!(outcome(&document)["exit"], 0);
    assert_eq!(dmg(&world).and_then(|asset| asset.label), Some("Nexy.dmg 2.0.0.4".to_owned()));
    world.standin.assert_all_scripted();
}

#[test]
fn a_publication_makes_only_the_requests_of_the_algorithm() {
    let world = World::new();
    world.standin.put_asset(ARTIFACTS, "Update", "Nexy.prev.dmg", b"the one before");
    let record = judged(&world);
    world.standin.clear_requests();
    publish(&world, &record).exits(0);
    let calls = calls(&world);
    assert_eq!(
        calls,
        [
            "api GET", // whether immutable releases are switched on
            "api GET", // the release
            "api GET", // its assets
            "uploads POST",
            "web GET", // the staged bytes, without a token
            "storage GET",
            "api GET",   // the assets again, right before the swap
            "api PATCH", // the older previous asset is parked
            "api GET",   // the assets once more, because time passes between two changes
            "api PATCH", // live becomes previous
            "api PATCH", // staged becomes live
            "api GET",   // confirmed by id
            "web GET",   // and by what users get
            "storage GET",
            "api GET",    // and only then, after a last listing,
            "api DELETE", // the parked asset is deleted
        ]
    );
    let patches: Vec<usize> = calls.iter().enumerate().filter(|(_, call)| *call == "api PATCH").map(|(index, _)| index).collect();
    assert_eq!(patches[2] - patches[1], 1, "nothing stands between the two renames");
}

#[test]
fn the_same_bytes_again_change_nothing() {
    let (world, record) = ready();
    publish(&world, &record).exits(0);
    let after_first = names(&world);
    let record = judged(&world);
    world.standin.clear_requests();
    let document = publish(&world, &record).exits(0).says("nothing was changed").json();
    assert_eq!(document["artifacts"][0]["live"]["changed"], false);
    assert!(world.standin.requests().iter().all(|request| !request.is_mutation()), "{:?}", world.standin.requests());
    assert_eq!(names(&world), after_first);
}

#[test]
fn both_artifacts_are_verified_before_the_first_one_is_swapped() {
    let world = World::new();
    world.inbox_pkg(&nexy_standin::artifact::pkg(200_000, 7));
    let record = judged(&world);
    world.standin.clear_requests();
    publish(&world, &record).exits(0);
    let requests = world.standin.requests();
    let last_download =
        requests.iter().rposition(|request| request.path.contains(".next-") && request.method == "GET").expect("a download");
    let first_rename = requests.iter().position(|request| request.method == "PATCH").expect("a rename");
    assert!(last_download < first_rename);
    let pkg = world.standin.public_bytes_sha(ARTIFACTS, "App", "Nexy.pkg");
    assert_eq!(pkg.as_deref(), record["artifacts"][1]["sha256"].as_str());
}

#[test]
fn the_first_publication_of_a_channel_has_nothing_to_retire() {
    let world = World::new();
    world.standin.remove_asset(ARTIFACTS, "Update", "Nexy.dmg");
    let record = judged(&world);
    let document = publish(&world, &record).exits(0).json();
    assert_eq!(names(&world), ["Nexy.dmg"]);
    assert_eq!(document["artifacts"][0]["live"]["previous"], json!(null));
}

#[test]
fn the_rulebooks_upload_line_names_the_fixed_address_once_it_serves_the_bytes() {
    let (world, record) = ready();
    let planned = world.tool("nexy-publish").args(["--dry-run", "-"]).stdin(record.to_string()).run();
    planned.exits(0).never_says("Uploaded.");
    world.standin.fault(Fault::new(Listener::Api, "PATCH", "", Reply::Status(403, json!({"message": "no"}))).nth(1));
    publish(&world, &record).exits(1).never_says("Uploaded.");
    world.standin.clear_faults();
    let url = format!("Uploaded. URL: {}/{ARTIFACTS}/releases/download/Update/Nexy.dmg\n", world.standin.web_url());
    let ran = publish(&world, &record);
    assert!(ran.exits(0).stderr.contains(&url), "{ran}");
    publish(&world, &judged(&world)).exits(0).never_says("Uploaded.");
}
