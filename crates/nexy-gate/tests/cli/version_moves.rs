//! `version-moves` against real manifests, real bytes, and the channel.

use crate::{asked, holds, world};
use nexy_standin::{artifact, world::ARTIFACTS};
use serde_json::json;
use std::fs;

const GATE: &str = "version-moves";
const MANIFESTS: [&str; 2] = ["server/updates/manifests/manifest.json", "server/server/updates/manifests/manifest.json"];

#[test]
fn new_bytes_under_a_newer_version_pass() {
    holds(&asked(&world(), GATE, 0), "found", "2.0.0.3 -> 2.0.0.4 with new bytes");
}

#[test]
fn what_the_manifest_says_already_passes_with_nothing_to_do() {
    let world = world();
    let digest = nexy_standin::artifact::sha256(&world.inbox("Nexy.dmg"));
    let mut manifest = world.manifest();
    manifest["version"] = json!("2.0.0.4");
    manifest["build"] = json!("2.0.0.4");
    manifest["artifact"]["sha256"] = json!(digest);
    world.set_manifest(&manifest);
    holds(&asked(&world, GATE, 0), "found", "nothing to do");
}

#[test]
fn old_bytes_under_a_new_version_fail() {
    let world = world();
    let mut manifest = world.manifest();
    manifest["artifact"]["sha256"] = json!(artifact::sha256(&world.inbox("Nexy.dmg")));
    world.set_manifest(&manifest);
    holds(&asked(&world, GATE, 1), "found", "again and again");
}

#[test]
fn new_bytes_under_an_old_version_fail() {
    let world = world();
    world.set_version("2.0.0.3");
    holds(&asked(&world, GATE, 1), "fix", "nexy-version set 2.0.0.4");
    world.set_version("2.0.0.2");
    holds(&asked(&world, GATE, 1), "found", "older than the 2.0.0.3");
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
fn a_manifest_that_clients_could_not_read_names_its_field() {
    let world = world();
    let mut manifest = world.manifest();
    manifest["build"] = json!(20600);
    world.set_manifest(&manifest);
    holds(&asked(&world, GATE, 1), "found", "`build` should be a text, it is the number 20600");
}

#[test]
fn without_a_manifest_the_first_one_will_be_written() {
    let world = world();
    for path in MANIFESTS {
        fs::remove_file(world.workspace().join(path)).expect("the manifest");
    }
    holds(&asked(&world, GATE, 0), "found", "will be the first");
}

#[test]
fn a_package_alone_passes_and_says_that_the_manifest_stays() {
    let world = world();
    fs::remove_file(world.inbox("Nexy.dmg")).expect("the disk image");
    world.inbox_pkg(&artifact::pkg(4096, 7));
    holds(&asked(&world, GATE, 0), "found", "the manifest stays at 2.0.0.3");
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
