//! `version-moves` against real manifests, real bytes, and the channel.

use crate::{asked, holds, world};
use nexy_standin::{Fault, Listener, Reply, artifact, world::ARTIFACTS};
use serde_json::json;
use std::fs;

const GATE: &str = "version-moves";
const MANIFESTS: [&str; 2] = ["server/updates/manifests/manifest.json", "server/server/updates/manifests/manifest.json"];

#[test]
fn new_bytes_under_a_newer_version_pass() {
    holds(&asked(&world(), GATE, 0), "found", "2.0.0.3 -> 2.0.0.4 with new bytes");
}

#[test]
fn manifests_that_differ_fail() {
    let world = world();
    let text = world.read(MANIFESTS[1]).replace("2.0.0.3", "2.0.0.2");
    world.write(MANIFESTS[1], &text);
    holds(&asked(&world, GATE, 1), "fix", "nexy-manifest check");
    fs::remove_file(world.workspace().join(MANIFESTS[1])).expect("the manifest");
    holds(&asked(&world, GATE, 1), "found", "does not exist");
}

#[test]
fn an_interrupted_publication_passes_and_is_mentioned() {
    let world = world();
    world.standin.remove_asset(ARTIFACTS, "Update", "Nexy.dmg");
    world.standin.put_asset(ARTIFACTS, "Update", "Nexy.dmg", &artifact::dmg(8192, 99));
    holds(&asked(&world, GATE, 0), "found", "a publication was interrupted");
}

#[test]
fn an_inbox_without_bytes_or_a_manifest_that_cannot_be_read_is_unknown() {
    let world = world();
    fs::remove_file(world.inbox("Nexy.dmg")).expect("the artifact");
    asked(&world, GATE, 69);
    let manifest = world.workspace().join(MANIFESTS[0]);
    fs::remove_file(&manifest).expect("the manifest");
    fs::create_dir(&manifest).expect("a folder in its place");
    asked(&world, GATE, 69);
}

#[test]
fn bytes_that_were_published_under_another_version_are_a_no_by_label_and_by_record() {
    let world = world();
    // The manifest was edited by hand: old bytes, new version, and VERSION follows it.
    let bytes = artifact::dmg(8192, 7);
    world.inbox_dmg(&bytes);
    world.standin.remove_asset(ARTIFACTS, "Update", "Nexy.dmg");
    world.standin.put_asset(ARTIFACTS, "Update", "Nexy.dmg", &bytes);
    world.set_manifest(&world.live_manifest("2.0.0.4"));
    holds(&asked(&world, GATE, 0), "found", "nothing to do");
    world.standin.set_label(ARTIFACTS, "Update", "Nexy.dmg", Some("Nexy.dmg 2.0.0.3"));
    let finding = asked(&world, GATE, 1);
    holds(&finding, "found", "were published as 2.0.0.3 already (label of the live asset)");
    holds(&finding, "fix", "nexy-version set 2.0.0.5");
    world.standin.set_label(ARTIFACTS, "Update", "Nexy.dmg", Some("Nexy.dmg 2.0.0.4"));
    asked(&world, GATE, 0);
    // Other bytes under the version of what is live, such as the same image stapled once more.
    world.inbox_dmg(&artifact::dmg(8192, 8));
    world.set_manifest(&world.live_manifest("2.0.0.3"));
    holds(&asked(&world, GATE, 1), "found", "2.0.0.4 was published with other bytes already");
}

#[test]
fn a_label_that_cannot_be_seen_is_unknown() {
    let world = world();
    world.standin.fault(Fault::new(Listener::Api, "GET", "releases/tags/Update", Reply::Status(503, json!({}))).always());
    holds(&asked(&world, GATE, 69), "found", "not compared with the label of the live asset");
}
