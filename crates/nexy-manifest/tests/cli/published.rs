//! A world in which the artifact has just gone live.

use nexy_contract::{Timestamp, before_publish};
use nexy_standin::world::{ARTIFACTS, World};
use serde_json::{Value, json};

/// Publishes the inbox and returns the record that `nexy-publish` wrote.
pub(crate) fn published(world: &World) -> Value {
    let mut record = world.tool("nexy-version").args(["record"]).run().exits(0).json();
    let findings: Vec<Value> = before_publish::IDS
        .iter()
        .map(|id| json!({"id": id, "verdict": "pass", "severity": "gate", "found": "", "expected": "", "fix": [], "runbook": "", "elapsed_ms": 1}))
        .collect();
    let subjects: Vec<Value> = record["artifacts"]
        .as_array()
        .expect("artifacts")
        .iter()
        .map(|artifact| {
            let text = |key: &str| artifact[key].as_str().expect("a text");
            let live = world.standin.asset(ARTIFACTS, text("channel"), text("name")).map(|asset| json!({"asset_id": asset.id, "sha256": null}));
            json!({"name": artifact["name"], "size_bytes": artifact["size_bytes"], "sha256": artifact["sha256"], "live": live, "looked": true})
        })
        .collect();
    record["reports"] = json!([{"schema": "nexy.report/1", "by": "nexy-gate", "profile": "before-publish", "at": Timestamp::now().to_string(), "verdict": "pass", "subjects": subjects, "findings": findings}]);
    world.tool("nexy-publish").args(["-"]).stdin(record.to_string()).run().exits(0).json()
}

/// Writes the manifests from a record and returns the new record.
pub(crate) fn written(world: &World) -> Value {
    let record = published(world);
    world.tool("nexy-manifest").args(["write", "-"]).stdin(record.to_string()).run().exits(0).json()
}

/// The digest of what users download.
pub(crate) fn served(world: &World) -> String {
    world.standin.public_bytes_sha(ARTIFACTS, "Update", "Nexy.dmg").expect("a live artifact")
}

/// Every file in both manifest folders of the workspace.
pub(crate) fn files(world: &World) -> Vec<(String, String)> {
    let mut files = Vec::new();
    for folder in nexy_standin::world::MANIFEST_FOLDERS {
        let mut names: Vec<String> = std::fs::read_dir(world.workspace().join(folder))
            .expect("a manifest folder")
            .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        files.extend(names.into_iter().map(|name| {
            let path = format!("{folder}/{name}");
            let text = world.read(&path);
            (path, text)
        }));
    }
    files
}
