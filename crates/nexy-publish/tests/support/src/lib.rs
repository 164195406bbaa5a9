//! Records that the gates have judged, and questions to the stand-in, for all tests that publish.
#![expect(clippy::expect_used, reason = "test support: a broken world must stop the test loudly")]

use nexy_contract::{Timestamp, before_publish};
use nexy_standin::world::{ARTIFACTS, Ran, World};
use nexy_standin::{AssetInfo, Fault, Hold, Listener, Reply, RequestLine, artifact, client};
use serde_json::{Value, json};
use std::{fs, time::Duration};

/// A record of the inbox with a passing, fresh and complete report about it.
#[must_use]
pub fn judged(world: &World) -> Value {
    let mut record = world.tool("nexy-version").args(["record"]).run().exits(0).json();
    record["reports"] = json!([report(world, &record, Timestamp::now())]);
    record
}

/// The report that the gates would write at `at`.
#[must_use]
pub fn report(world: &World, record: &Value, at: Timestamp) -> Value {
    let findings: Vec<Value> = before_publish::IDS
        .iter()
        .map(|id| json!({"id": id, "verdict": "pass", "severity": "gate", "found": "as it should be", "expected": "", "fix": [], "runbook": "S3 §2", "elapsed_ms": 1}))
        .collect();
    let subjects: Vec<Value> = record["artifacts"]
        .as_array()
        .expect("artifacts")
        .iter()
        .map(|artifact| {
            let text = |key: &str| artifact[key].as_str().expect("a text");
            let digest = |asset: &AssetInfo| asset.digest.as_deref().map(|digest| digest.trim_start_matches("sha256:").to_owned());
            let live = world.standin.asset(ARTIFACTS, text("channel"), text("name"));
            let live = live.map(|asset| json!({"asset_id": asset.id, "sha256": digest(&asset)}));
            json!({"name": text("name"), "size_bytes": artifact["size_bytes"], "sha256": text("sha256"), "live": live, "looked": true})
        })
        .collect();
    json!({"schema": "nexy.report/1", "by": "nexy-gate", "profile": "before-publish", "at": at.to_string(), "verdict": "pass", "subjects": subjects, "findings": findings})
}

/// Publishes a record.
pub fn publish(world: &World, record: &Value) -> Ran {
    world.tool("nexy-publish").args(["-"]).stdin(record.to_string()).run()
}

/// The live asset of the Update channel.
#[must_use]
pub fn dmg(world: &World) -> Option<AssetInfo> {
    world.standin.asset(ARTIFACTS, "Update", "Nexy.dmg")
}

/// The digest of what users download as Nexy.dmg; `None` while it is missing.
#[must_use]
pub fn served(world: &World) -> Option<String> {
    world.standin.public_bytes_sha(ARTIFACTS, "Update", "Nexy.dmg")
}

/// The names of all assets on the Update channel, sorted.
#[must_use]
pub fn names(world: &World) -> Vec<String> {
    let mut names: Vec<String> = world.standin.assets(ARTIFACTS, "Update").into_iter().map(|asset| asset.name).collect();
    names.sort();
    names
}

/// The digest of the first artifact of a record.
#[must_use]
pub fn sha256(record: &Value) -> String {
    record["artifacts"][0]["sha256"].as_str().expect("a digest").to_owned()
}

/// Every request that changes something, as method and path.
#[must_use]
pub fn mutations(world: &World) -> Vec<String> {
    world.standin.requests().iter().filter(|request| request.is_mutation()).map(RequestLine::call).collect()
}

/// Every request as listener and method, in the order in which they came.
#[must_use]
pub fn calls(world: &World) -> Vec<String> {
    let mut requests = world.standin.requests();
    requests.sort_by_key(|request| request.number);
    requests.iter().map(|request| format!("{} {}", request.listener, request.method)).collect()
}

/// The last outcome of a record.
#[must_use]
pub fn outcome(record: &Value) -> Value {
    record["outcomes"].as_array().and_then(|outcomes| outcomes.last()).expect("an outcome").clone()
}

/// A world in which the new version was published, over an old one whose label names its version.
#[must_use]
pub fn published() -> World {
    let world = World::new();
    world.standin.set_label(ARTIFACTS, "Update", "Nexy.dmg", Some("Nexy.dmg 2.0.0.3"));
    publish(&world, &judged(&world)).exits(0);
    world
}

/// A record without any report, as `nexy-version record` writes it.
#[must_use]
pub fn fresh(world: &World) -> String {
    world.tool("nexy-version").args(["record"]).run().exits(0).stdout.clone()
}

/// Rolls back to the previous artifact.
pub fn roll_back(world: &World) -> Ran {
    world.tool("nexy-publish").args(["rollback", "-"]).stdin(fresh(world)).run()
}

/// The name of the asset with these bytes after they were rolled back.
#[must_use]
pub fn bad_name(sha256: &str) -> String {
    format!("Nexy.bad-{}.dmg", &sha256[..12])
}

/// The name of the staged asset of a record.
#[must_use]
pub fn staged_name(record: &Value) -> String {
    format!("Nexy.next-{}.dmg", &sha256(record)[..12])
}

/// The assets of the Update channel as the API lists them, as an answer that can be planted later.
#[must_use]
pub fn listed(world: &World) -> Value {
    let api = world.standin.api_url();
    let release = client::get(&format!("{api}/repos/{ARTIFACTS}/releases/tags/Update")).json();
    client::get(&format!("{api}/repos/{ARTIFACTS}/releases/{}/assets?per_page=100", release["id"])).json()
}

/// Runs the tool, holds it at one request, and acts meanwhile.
pub fn held_at(world: &World, fault: impl FnOnce(Hold) -> Fault, arguments: &[&str], record: &str, act: impl FnOnce()) -> Ran {
    let hold = Hold::default();
    world.standin.fault(fault(hold.clone()));
    let running = world.tool("nexy-publish").args(arguments.iter().copied()).stdin(record).spawn();
    assert!(hold.is_reached_within(Duration::from_secs(20)), "the request that was to be held never came");
    act();
    hold.let_go();
    running.wait()
}

/// Runs the tool until it is killed at the nth rename, before or after its effect.
pub fn killed_at_rename(world: &World, arguments: &[&str], record: &str, nth: u32, after: bool) {
    let file = world.home().join("publish.pid");
    let _none_yet = fs::remove_file(&file);
    world.standin.fault(Fault::new(Listener::Api, "PATCH", "", Reply::KillPid { file: file.clone(), after }).nth(nth));
    let tool = world.tool("nexy-publish").args(arguments.iter().copied()).pid_file(&file).stdin(record);
    tool.run().was_killed().silent_stdout();
    world.standin.clear_faults();
}

/// Writes an older artifact beside the workspace, and says where.
pub fn older_file(world: &World, seed: u64) -> String {
    let file = world.root().join("Nexy.dmg");
    artifact::write_dmg(&file, 300_000, seed);
    file.display().to_string()
}

/// A world one step before a publication, and the record that is published.
#[must_use]
pub fn ready() -> (World, Value) {
    let world = World::new();
    let record = judged(&world);
    (world, record)
}
