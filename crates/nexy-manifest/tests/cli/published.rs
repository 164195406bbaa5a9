//! A world in which the artifact has just gone live.

use nexy_publish_support::{judged, publish};
use nexy_standin::world::World;
use serde_json::Value;

/// Publishes the inbox and returns the record that `nexy-publish` wrote.
pub(crate) fn published(world: &World) -> Value {
    publish(world, &judged(world)).exits(0).json()
}

/// Writes the manifests from a record and returns the new record.
pub(crate) fn written(world: &World) -> Value {
    let record = published(world);
    world.tool("nexy-manifest").args(["write", "-"]).stdin(record.to_string()).run().exits(0).json()
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
