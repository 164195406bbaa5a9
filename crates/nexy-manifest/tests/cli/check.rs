//! `check` and `show` read the files of the workspace only.

use crate::published::written;
use nexy_standin::{Fault, Listener, Reply, world::World};
use serde_json::json;

#[test]
fn equal_and_sound_manifests_pass() {
    let world = World::new();
    let record = written(&world);
    world.standin.clear_requests();
    let report = world.tool("nexy-manifest").args(["check"]).run().exits(0).json();
    assert_eq!(report["verdict"], "pass");
    assert!(world.standin.requests().iter().all(|request| request.listener == "api" && request.method == "GET"));
    // What a record proves needs no question.
    world.write("releases/2.0.0.4/40-manifest.json", &record.to_string());
    world.standin.clear_requests();
    world.tool("nexy-manifest").args(["check"]).run().exits(0);
    assert!(world.standin.requests().is_empty());
}

#[test]
fn the_bytes_of_one_version_under_another_are_a_no_by_the_label_and_by_a_record() {
    let world = World::new();
    let record = written(&world);
    let told = world.manifest().to_string();
    for folder in nexy_standin::world::MANIFEST_FOLDERS {
        std::fs::remove_file(world.workspace().join(folder).join("manifest_2.0.0.4.json")).expect("a copy");
    }
    world.set_manifest(&serde_json::from_str(&told.replace("2.0.0.4", "2.0.0.5")).expect("JSON"));
    let check = || world.tool("nexy-manifest").args(["check"]).run();
    let answer = check();
    answer.exits(1).says("were published as 2.0.0.4 already (label of the live asset)").says("nexy-version set 2.0.0.6");
    let outage = Fault::new(Listener::Api, "GET", "", Reply::Status(503, json!({}))).always();
    world.standin.fault(outage);
    check().exits(0).says("not compared with the label of the live asset");
    world.write("releases/2.0.0.4/earlier-1/30-publish.json", &record.to_string());
    check().exits(1).says("were published as 2.0.0.4 already (releases/2.0.0.4/earlier-1/30-publish.json)");
}

#[test]
fn every_wrong_field_and_every_encoding_is_a_no() {
    let world = World::new();
    written(&world);
    let good = world.manifest();
    for (pointer, value, says) in [
        ("/artifact/min_os", json!("11.0\"&"), "`artifact.min_os` holds"),
        ("/artifact/ed25519", json!("garbage"), "`artifact.ed25519` should be base64"),
        ("/critical", json!("false"), "`critical` should be true or false"),
        ("/release_date", json!("2099-01-01T00:00:00Z"), "`release_date` should be"),
    ] {
        let mut manifest = good.clone();
        *manifest.pointer_mut(pointer).expect("a field") = value;
        world.set_manifest(&manifest);
        world.tool("nexy-manifest").args(["check"]).run().exits(1).says(says);
    }
    let utf16: Vec<u8> = format!("\u{feff}{good}").encode_utf16().flat_map(u16::to_le_bytes).collect();
    for folder in nexy_standin::world::MANIFEST_FOLDERS {
        std::fs::write(world.workspace().join(folder).join("manifest.json"), &utf16).expect("written");
    }
    world.tool("nexy-manifest").args(["check"]).run().exits(1).says("it is no UTF-8");
}

#[test]
fn manifests_that_differ_are_missing_or_are_stray_copies_are_named() {
    let world = World::new();
    written(&world);
    let good = world.manifest();
    world.write("server/updates/manifests/manifest_1.0.0.0.json", "{}\n");
    world.tool("nexy-manifest").args(["check"]).run().exits(1).says("manifest_1.0.0.0.json differs").says("make manifest-sync");
    std::fs::remove_file(world.workspace().join("server/updates/manifests/manifest_1.0.0.0.json")).expect("removed");
    let mut feed_url = good.clone();
    feed_url["artifact"]["url"] = json!("https://example.test/updates/appcast.xml");
    world.set_manifest(&feed_url);
    world.tool("nexy-manifest").args(["check"]).run().exits(1).says("sends clients to https://example.test");
    world.set_manifest(&good);
    std::fs::remove_file(world.workspace().join("server/server/updates/manifests/manifest.json")).expect("removed");
    let lost = world.tool("nexy-manifest").args(["check"]).run();
    lost.exits(1).says("it does not exist").says("differ").says("git checkout -- server/server/updates/manifests/manifest.json");
    // Without any manifest nothing passes, and nothing advises a publication.
    std::fs::remove_file(world.workspace().join("server/updates/manifests/manifest.json")).expect("removed");
    let none = world.tool("nexy-manifest").args(["check"]).run();
    none.exits(1).says("there is no manifest to compare").never_says("make release");
    let findings = none.json()["findings"].clone();
    assert!(findings.as_array().expect("findings").iter().all(|finding| finding["verdict"] != "pass"), "{findings}");
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
    let file = world.read("server/updates/manifests/manifest.json");
    assert_eq!(shown[0]["file_sha256"], nexy_contract::Sha256Digest::of(file.as_bytes()).to_string());
    world.tool("nexy-manifest").args(["show", "--format", "text"]).run().exits(0).prints("2.0.0.4");
    world.write("server/updates/manifests/manifest.json", "[]\n");
    world.tool("nexy-manifest").args(["show"]).run().exits(1).prints("is no JSON object");
}
