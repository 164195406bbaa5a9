//! A world in which the gates have just said yes.

use nexy_contract::{Timestamp, before_publish};
use nexy_standin::{
    AssetInfo, RequestLine,
    world::{ARTIFACTS, Ran, World},
};
use serde_json::{Value, json};

/// A record of the inbox with a passing, fresh and complete report about it.
pub(crate) fn judged(world: &World) -> Value {
    let mut record = world.tool("nexy-version").args(["record"]).run().exits(0).json();
    let report = report(world, &record, Timestamp::now());
    record["reports"] = json!([report]);
    record
}

/// The report that the gates would write, judged at `at`.
pub(crate) fn report(world: &World, record: &Value, at: Timestamp) -> Value {
    let findings: Vec<Value> = before_publish::IDS
        .iter()
        .map(|id| json!({"id": id, "verdict": "pass", "severity": "gate", "found": "as it should be", "expected": "", "fix": "", "runbook": "S3 §2", "elapsed_ms": 1}))
        .collect();
    let subjects: Vec<Value> = artifacts(record)
        .iter()
        .map(|artifact| {
            let name = artifact["name"].as_str().expect("a name");
            let channel = artifact["channel"].as_str().expect("a channel");
            let live = world.standin.asset(ARTIFACTS, channel, name).map(
                |asset| json!({"asset_id": asset.id, "sha256": asset.digest.as_deref().map(|digest| digest.trim_start_matches("sha256:"))}),
            );
            json!({"name": name, "size_bytes": artifact["size_bytes"], "sha256": artifact["sha256"], "live": live, "looked": true})
        })
        .collect();
    json!({"schema": "nexy.report/1", "by": "nexy-gate", "profile": "before-publish", "at": at.to_string(), "verdict": "pass", "subjects": subjects, "findings": findings})
}

pub(crate) fn artifacts(record: &Value) -> Vec<Value> {
    record["artifacts"].as_array().expect("artifacts").clone()
}

/// Runs the tool on a record.
pub(crate) fn publish(world: &World, record: &Value) -> Ran {
    world.tool("nexy-publish").args(["-"]).stdin(record.to_string()).run()
}

pub(crate) fn dmg(world: &World) -> Option<AssetInfo> {
    world.standin.asset(ARTIFACTS, "Update", "Nexy.dmg")
}

/// The digest of what users download as Nexy.dmg; `None` while it is missing.
pub(crate) fn served(world: &World) -> Option<String> {
    world.standin.public_bytes_sha(ARTIFACTS, "Update", "Nexy.dmg")
}

pub(crate) fn names(world: &World) -> Vec<String> {
    let mut names: Vec<String> = world.standin.assets(ARTIFACTS, "Update").into_iter().map(|asset| asset.name).collect();
    names.sort();
    names
}

/// The digest of the artifact in the record.
pub(crate) fn sha256(record: &Value) -> String {
    record["artifacts"][0]["sha256"].as_str().expect("a digest").to_owned()
}

pub(crate) fn mutations(world: &World) -> Vec<String> {
    world.standin.requests().iter().filter(|request| request.is_mutation()).map(RequestLine::call).collect()
}

/// The last outcome of a record.
pub(crate) fn outcome(record: &Value) -> Value {
    record["outcomes"].as_array().and_then(|outcomes| outcomes.last()).expect("an outcome").clone()
}

/// A world in which the new version was published, over an old one whose label names its version.
pub(crate) fn published() -> World {
    let world = World::new();
    world.standin.set_label(ARTIFACTS, "Update", "Nexy.dmg", Some("Nexy.dmg 2.0.0.3"));
    publish(&world, &judged(&world)).exits(0);
    world
}

/// A record as it is born, without any report.
pub(crate) fn fresh(world: &World) -> String {
    world.tool("nexy-version").args(["record"]).run().exits(0).stdout.clone()
}

/// Takes users back to what was live before.
pub(crate) fn roll_back(world: &World) -> Ran {
    world.tool("nexy-publish").args(["rollback", "-"]).stdin(fresh(world)).run()
}

/// The name that bytes get when they are rolled back.
pub(crate) fn bad_name(sha256: &str) -> String {
    format!("Nexy.bad-{}.dmg", &sha256[..12])
}

/// The name that bytes have before they are live.
pub(crate) fn staged_name(record: &Value) -> String {
    format!("Nexy.next-{}.dmg", &sha256(record)[..12])
}

/// Waits until the stand-in has answered a request whose log line holds this. The file is read, since asking the stand-in
/// would wait until no request is under way.
pub(crate) fn until_logged(world: &World, text: &str) {
    let log = world.state().join("requests.jsonl");
    while !std::fs::read_to_string(&log).is_ok_and(|lines| lines.contains(text)) {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
}

/// What the channel looks like now, as an answer that can be planted later.
pub(crate) fn listed(world: &World) -> Value {
    let api = world.standin.api_url();
    let release = nexy_standin::client::get(&format!("{api}/repos/{ARTIFACTS}/releases/tags/Update")).json();
    nexy_standin::client::get(&format!("{api}/repos/{ARTIFACTS}/releases/{}/assets?per_page=100", release["id"])).json()
}
