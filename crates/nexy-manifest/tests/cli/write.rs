//! `write` writes what the record says is live, and nothing else.

use crate::published::{files, published, written};
use nexy_publish_support::{judged, served};
use nexy_standin::world::{ARTIFACTS, World};
use nexy_standin::{Fault, Listener, Reply, artifact};
use serde_json::{Value, json};

fn write(world: &World, record: &Value) -> nexy_standin::world::Ran {
    world.tool("nexy-manifest").args(["write", "-"]).stdin(record.to_string()).run()
}

#[test]
fn both_folders_get_the_manifest_and_its_versioned_copy_and_lose_older_copies() {
    let world = World::new();
    let record = written(&world);
    let files = files(&world);
    let names: Vec<&str> = files.iter().map(|(path, _)| path.as_str()).collect();
    assert_eq!(
        names,
        [
            "server/updates/manifests/manifest.json",
            "server/updates/manifests/manifest_2.0.0.4.json",
            "server/server/updates/manifests/manifest.json",
            "server/server/updates/manifests/manifest_2.0.0.4.json",
        ]
    );
    assert!(files.iter().all(|(_, text)| *text == files[0].1));
    let manifest = world.manifest();
    assert_eq!((manifest["version"].as_str(), manifest["build"].as_str()), (Some("2.0.0.4"), Some("2.0.0.4")));
    assert_eq!(manifest["artifact"]["sha256"].as_str(), served(&world).as_deref());
    assert_eq!(manifest["artifact"]["url"].as_str(), Some(world.dmg_url().as_str()));
    let paths: Vec<&str> =
        record["manifests"].as_array().expect("manifests").iter().map(|manifest| manifest["path"].as_str().expect("a path")).collect();
    assert_eq!(paths, [names[0], names[2]]);
}

#[test]
fn the_same_record_again_changes_no_byte() {
    let world = World::new();
    let record = published(&world);
    write(&world, &record).exits(0).says("Manifest updated at ");
    let before = files(&world);
    write(&world, &record).exits(0).says("nothing to change");
    assert_eq!(files(&world), before);
}

#[test]
fn a_pkg_alone_leaves_the_manifest_as_it_is_and_says_so() {
    let world = World::new();
    std::fs::remove_file(world.inbox("Nexy.dmg")).expect("removed");
    world.inbox_pkg(&artifact::pkg(9000, 3));
    let before = files(&world);
    let record = published(&world);
    let document = write(&world, &record).exits(0).says("the manifest stays as it is").json();
    assert_eq!(document["manifests"], json!([]));
    assert_eq!(files(&world), before);
}

#[test]
fn a_dry_run_shows_what_would_change_and_writes_nothing() {
    let world = World::new();
    let planned = world.tool("nexy-publish").args(["--dry-run", "-"]).stdin(judged(&world).to_string()).run().exits(0).json();
    let plan = |record: &Value| {
        let ran = world.tool("nexy-manifest").args(["write", "--dry-run", "-"]).stdin(record.to_string()).run();
        let outcomes = ran.exits(0).json()["outcomes"].as_array().expect("outcomes").clone();
        outcomes[outcomes.len() - 1]["planned"]
            .as_array()
            .expect("steps")
            .iter()
            .map(|step| step.as_str().expect("a step").to_owned())
            .collect()
    };
    let before = files(&world);
    let sha256 = artifact::sha256(&world.inbox("Nexy.dmg"));
    let old = world.manifest()["artifact"]["sha256"].as_str().expect("a digest")[..12].to_owned();
    let [first, second] = nexy_standin::world::MANIFEST_FOLDERS;
    let change = format!("manifest.json: version 2.0.0.3 → 2.0.0.4, sha256 {old} → {}", &sha256[..12]);
    let expected: Vec<String> = [
        format!("write {first}/manifest_2.0.0.4.json at version 2.0.0.4"),
        format!("write {second}/manifest_2.0.0.4.json at version 2.0.0.4"),
        format!("change {first}/{change}"),
        format!("change {second}/{change}"),
        format!("remove {first}/manifest_2.0.0.3.json"),
        format!("remove {second}/manifest_2.0.0.3.json"),
    ]
    .into();
    let told: Vec<String> = plan(&planned);
    assert_eq!(told, expected);
    // A plan is nothing that can be written.
    write(&world, &planned).exits(1).says("only planned");
    let record = published(&world);
    assert_eq!(plan(&record), expected);
    assert_eq!(files(&world), before);
    let written = write(&world, &record).exits(0).json();
    let again: Vec<String> = plan(&written);
    assert_eq!(again, ["leave the manifests as they are, at version 2.0.0.4"]);
}

/// Changes the record of a publication, and holds that no manifest is written from it.
fn refused(code: i32, says: &str, change: impl FnOnce(&World, &mut Value)) {
    let world = World::new();
    let mut record = published(&world);
    change(&world, &mut record);
    let before = files(&world);
    write(&world, &record).exits(code).says(says);
    assert_eq!(files(&world), before);
}

#[test]
fn a_record_that_does_not_say_what_is_live_is_refused() {
    refused(1, "does not say what is live", |_, record| record["artifacts"][0]["live"] = json!(null));
    refused(1, "is not what left the inbox", |_, record| record["artifacts"][0]["live"]["sha256"] = json!("0".repeat(64)));
    refused(1, "nexy.toml says", |_, record| record["artifacts"][0]["live"]["url"] = json!("https://example.test/Nexy.dmg"));
    refused(1, "holds no publication", |_, record| record["outcomes"] = json!([]));
    refused(3, "nothing done", |_, record| record["outcomes"][0]["exit"] = json!(3));
    refused(1, "the record is about version 2.0.0.9", |_, record| {
        record["version"] = json!("2.0.0.9");
        record["tag"] = json!("v2.0.0.9");
    });
    refused(65, "made for the target", |_, record| record["target"]["vm"] = json!("Nexy"));
}

#[test]
fn what_the_public_url_serves_is_checked_again() {
    refused(1, "bytes now, the record says", |world, _| {
        world.standin.remove_asset(ARTIFACTS, "Update", "Nexy.dmg");
        world.standin.put_asset(ARTIFACTS, "Update", "Nexy.dmg", b"replaced by hand");
    });
    refused(1, "the record says 0000000000000000000000000000000000000000000000000000000000000000", |world, record| {
        let forged = json!("0".repeat(64));
        record["artifacts"][0]["sha256"] = forged.clone();
        record["artifacts"][0]["live"]["sha256"] = forged;
        assert!(served(world).is_some());
    });
    refused(1, "the record says", |world, record| {
        // GitHub tells no digest, so the bytes are downloaded and hashed.
        world.standin.set_digest(ARTIFACTS, "Update", "Nexy.dmg", None);
        let forged = json!("0".repeat(64));
        record["artifacts"][0]["sha256"] = forged.clone();
        record["artifacts"][0]["live"]["sha256"] = forged;
    });
    refused(1, "HTTP 404", |world, _| world.standin.remove_asset(ARTIFACTS, "Update", "Nexy.dmg"));
    refused(69, "HTTP 503", |world, _| world.standin.fault(Fault::new(Listener::Web, "GET", "", Reply::Status(503, json!({}))).always()));
}

#[test]
fn a_version_that_would_make_clients_loop_or_stay_is_refused() {
    let loops = |world: &World, record: &Value| world.set_manifest(&live_manifest(world, record, "2.0.0.3"));
    refused(1, "update to them again and again", |world, record| loops(world, record));
    refused(1, "would never update", |world, _| world.set_manifest(&named(world, "2.0.0.4")));
    refused(1, "which is newer than 2.0.0.4", |world, _| world.set_manifest(&named(world, "2.0.0.9")));
}

#[test]
fn every_manifest_counts_and_one_that_cannot_be_read_stops_the_run() {
    let second = format!("{}/manifest.json", nexy_standin::world::MANIFEST_FOLDERS[1]);
    refused(1, "which is newer than 2.0.0.4", |world, _| world.write(&second, &named(world, "2.0.0.9").to_string()));
    refused(1, "`build` is `2.0.0.9`", |world, _| {
        let mut manifest = world.manifest();
        manifest["build"] = json!("2.0.0.9");
        world.set_manifest(&manifest);
    });
}

/// The manifest of the workspace under another version.
fn named(world: &World, version: &str) -> Value {
    let mut manifest = world.manifest();
    manifest["version"] = json!(version);
    manifest["build"] = json!(version);
    manifest
}

fn live_manifest(world: &World, record: &Value, version: &str) -> Value {
    let mut manifest = world.live_manifest(version);
    manifest["artifact"]["sha256"] = record["artifacts"][0]["sha256"].clone();
    manifest["artifact"]["size"] = record["artifacts"][0]["size_bytes"].clone();
    manifest
}

#[test]
fn a_manifest_that_is_not_json_is_not_overwritten() {
    refused(1, "restore the manifest", |world, _| {
        for folder in nexy_standin::world::MANIFEST_FOLDERS {
            world.write(&format!("{folder}/manifest.json"), "<<<<<<< HEAD\n");
        }
    });
}

#[test]
fn manifests_that_differ_are_repaired_by_the_next_run() {
    let world = World::new();
    let record = published(&world);
    write(&world, &record).exits(0);
    let whole = files(&world);
    std::fs::remove_file(world.workspace().join("server/server/updates/manifests/manifest.json")).expect("removed");
    write(&world, &record).exits(0);
    assert_eq!(files(&world), whole);
}

#[test]
fn a_second_run_is_refused_while_the_first_holds_the_lock() {
    let world = World::new();
    let record = published(&world);
    let folder = std::fs::File::open(world.workspace().join("server/updates/manifests")).expect("a folder");
    folder.lock().expect("a lock");
    let before = files(&world);
    write(&world, &record).exits(75).says("another nexy-manifest is at work");
    assert_eq!(files(&world), before);
}

#[test]
fn usage_errors_read_nothing() {
    let world = World::new();
    for arguments in [
        vec![],
        vec!["write"],
        vec!["write", "x"],
        vec!["write", "-", "-"],
        vec!["payload"],
        vec!["delivered"],
        vec!["delivered", "x"],
        vec!["delivered", "-", "x"],
    ] {
        world.tool("nexy-manifest").args(arguments).run().exits(2).silent_stdout();
    }
}
