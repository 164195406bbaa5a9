//! `payload` and `delivered`: both ends of the delivery, on the laptop.

use crate::published::{published, written};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use nexy_contract::Sha256Digest;
use nexy_standin::world::World;
use serde_json::{Value, json};

fn payload(world: &World, record: &Value) -> nexy_standin::world::Ran {
    world.tool("nexy-manifest").args(["payload", "-"]).stdin(record.to_string()).run()
}

fn answer(world: &World, record: &Value) -> Value {
    let files: Vec<Value> = record["manifests"]
        .as_array()
        .expect("manifests")
        .iter()
        .map(|manifest| json!({"path": manifest["path"], "sha256": manifest["sha256"]}))
        .collect();
    let size = &world.manifest()["artifact"]["size"];
    json!({"schema": "nexy.delivery/1", "at": "2026-11-21T12:00:00Z", "version": "2.0.0.4", "changed": true, "files": files, "served_version": "2.0.0.4", "served_length": size})
}

fn delivered(world: &World, record: &Value, answer: &Value) -> nexy_standin::world::Ran {
    world.write("answer.json", &answer.to_string());
    world.tool("nexy-manifest").args(["delivered", "answer.json", "-"]).stdin(record.to_string()).run()
}

#[test]
fn the_payload_is_the_manifest_with_its_digest() {
    let world = World::new();
    let record = written(&world);
    let ran = payload(&world, &record);
    ran.exits(0);
    let (sha256, encoded) = ran.stdout.trim_end().split_once(' ').expect("two words");
    let bytes = STANDARD.decode(encoded).expect("base64");
    assert_eq!(bytes, world.read("server/updates/manifests/manifest.json").into_bytes());
    assert_eq!(sha256, Sha256Digest::of(&bytes).to_string());
}

#[test]
fn any_clone_sends_its_own_manifest_when_it_is_about_what_is_live() {
    let world = World::new();
    let live = || world.tool("nexy-manifest").args(["payload", "--live"]).run();
    let ran = live();
    let (_, encoded) = ran.exits(0).stdout.trim_end().split_once(' ').expect("two words");
    assert_eq!(STANDARD.decode(encoded).expect("base64"), world.read("server/updates/manifests/manifest.json").into_bytes());
    let second = "server/server/updates/manifests/manifest.json";
    let good = world.read(second);
    world.write(second, &format!("{good}\n"));
    live().exits(1).says("differ").says("nexy-manifest check").silent_stdout();
    let mut older = world.manifest();
    older["artifact"]["sha256"] = json!("0".repeat(64));
    world.set_manifest(&older);
    live().exits(1).says("it announces the bytes 0000").silent_stdout();
    world.tool("nexy-manifest").args(["payload", "--live", "-"]).run().exits(2);
}

#[test]
fn a_delivery_whose_answer_was_lost_is_unknown_and_a_refused_one_was_not_made() {
    let world = World::new();
    let record = written(&world).to_string();
    let manifest = |path: &str, sha256: &str| json!({"path": path, "file_sha256": sha256, "wrong": "any other field"});
    let parsed: Value = serde_json::from_str(&record).expect("a record");
    let manifests = parsed["manifests"].as_array().expect("manifests");
    let right = |at: usize| manifest(manifests[at]["path"].as_str().expect("a path"), manifests[at]["sha256"].as_str().expect("a digest"));
    let wrong = |at: usize| manifest(manifests[at]["path"].as_str().expect("a path"), &"0".repeat(64));
    let gone = json!({"path": manifests[1]["path"], "wrong": "it does not exist"});
    let (unknown, not) = ("unknown whether the manifest has reached the VM", "the manifest was not delivered to the VM");
    for (shown, exit, said) in [
        (json!([right(0), right(1)]).to_string(), 0, "the VM has the manifest"),
        (json!([right(0), wrong(1)]).to_string(), 1, not),
        (json!([right(0), gone]).to_string(), 1, not),
        (json!([right(0)]).to_string(), 69, unknown),
        ("{\"schema\": \"nexy.delivery/1\"}".to_owned(), 69, unknown),
        (String::new(), 69, unknown),
    ] {
        world.write("shown.json", &shown);
        let ran = world.tool("nexy-manifest").args(["delivered", "--lost", "shown.json", "-"]).stdin(&record).run();
        let outcomes = ran.exits(exit).says(said).json()["outcomes"].clone();
        let last = outcomes.as_array().expect("outcomes").last().expect("an outcome").to_string();
        assert_eq!((last.contains(said), last.contains("scripts/vm.sh nexy-manifest show")), (true, exit == 69), "{last}");
    }
    let nothing_sent = world.tool("nexy-manifest").args(["delivered", "--failed", "69", "-"]).stdin(&record).run();
    nothing_sent.exits(69).says(not).never_says("unknown");
    world.tool("nexy-manifest").args(["delivered", "--lost", "nowhere.json", "-"]).stdin(&record).run().exits(69).says(unknown);
}

#[test]
fn a_manifest_that_changed_since_or_was_never_written_is_not_sent() {
    let world = World::new();
    let record = written(&world);
    world.write("server/updates/manifests/manifest.json", "{}\n");
    payload(&world, &record).exits(1).says("has changed since it was written").silent_stdout();
    let world = World::new();
    payload(&world, &published(&world)).exits(1).says("no manifest was written").silent_stdout();
}

#[test]
fn no_file_that_is_no_manifest_of_the_workspace_is_sent() {
    let world = World::new();
    let mut record = written(&world);
    let secret = world.root().join("secret");
    std::fs::write(&secret, "hidden").expect("a file");
    record["manifests"][0]["sha256"] = nexy_contract::Sha256Digest::of(b"hidden").to_string().into();
    for path in [secret.display().to_string(), "server/updates/manifests/../../../../secret".to_owned(), "VERSION".to_owned()] {
        record["manifests"][0]["path"] = path.into();
        payload(&world, &record).exits(1).says("layout.manifest_dirs").silent_stdout();
    }
}

#[test]
fn a_record_that_is_stopped_gives_its_code_and_no_payload() {
    let world = World::new();
    let mut record = written(&world);
    record["outcomes"][0]["exit"] = json!(4);
    payload(&world, &record).exits(4).says("nothing is delivered").silent_stdout();
}

#[test]
fn the_vms_answer_is_added_to_every_manifest() {
    let world = World::new();
    let record = written(&world);
    let document = delivered(&world, &record, &answer(&world, &record)).exits(0).json();
    for manifest in document["manifests"].as_array().expect("manifests") {
        assert_eq!(manifest["delivered"]["sha256"], manifest["sha256"]);
        assert_eq!(manifest["delivered"]["served_version"], "2.0.0.4");
    }
}

#[test]
fn an_answer_about_other_bytes_and_a_missing_one_are_no_delivery() {
    let world = World::new();
    let record = written(&world);
    let mut other = answer(&world, &record);
    other["files"][1]["sha256"] = json!("0".repeat(64));
    delivered(&world, &record, &other).exits(1).says("did not arrive");
    let mut missing = answer(&world, &record);
    missing["files"] = json!([]);
    delivered(&world, &record, &missing).exits(1).says("does not name it");
    let mut stale = answer(&world, &record);
    stale["served_version"] = json!("2.0.0.3");
    delivered(&world, &record, &stale).exits(1).says("announces 2.0.0.3, the record 2.0.0.4");
    // Not 65, because the record itself is good and is forwarded.
    let unusable = delivered(&world, &record, &json!({"schema": "nexy.delivery/2"}));
    unusable.exits(69).says("newer");
    assert_eq!(unusable.json()["outcomes"].as_array().and_then(|outcomes| outcomes.last()).expect("an outcome")["exit"], 69);
    world.tool("nexy-manifest").args(["delivered", "nowhere.json", "-"]).stdin(record.to_string()).run().exits(69).says("no such file");
}

#[test]
fn a_failed_delivery_is_recorded_with_its_code() {
    let world = World::new();
    let record = written(&world);
    for (code, exit) in [("69", 69), ("75", 75), ("4", 4), ("0", 69), ("137", 69)] {
        let ran = world.tool("nexy-manifest").args(["delivered", "--failed", code, "-"]).stdin(record.to_string()).run();
        let document = ran.exits(exit).json();
        let outcomes = document["outcomes"].as_array().expect("outcomes");
        assert_eq!(outcomes[outcomes.len() - 1]["exit"], exit);
    }
}
