//! The probe `one-artifact`, and the manifest of the laptop itself as the broken one.

use crate::asked::{fails, passes};
use nexy_standin::{
    Fault, Listener, Reply,
    world::{ARTIFACTS, Ran, World},
};
use serde_json::json;

const ID: &str = "one-artifact";

fn ask(world: &World, words: &[&str]) -> Ran {
    world.tool("nexy-verify").args(words.iter().copied()).run()
}

#[test]
fn a_version_that_was_raised_over_the_old_bytes_is_a_no() {
    let world = World::new();
    world.standin.set_label(ARTIFACTS, "Update", "Nexy.dmg", Some("Nexy.dmg 2.0.0.3"));
    passes(&ask(&world, &[ID]), ID);
    world.set_manifest(&world.live_manifest("2.0.0.4"));
    world.set_vm_manifest(&world.live_manifest("2.0.0.4"));
    world.set_vm_version("2.0.0.4");
    world.restart_service();
    for words in [&[ID][..], &["updates"]] {
        fails(&ask(&world, words), ID, "were published as 2.0.0.3 already", "nexy-version set 2.0.0.5");
    }
}

#[test]
fn git_stops_a_pair_only_since_these_tools_have_published() {
    let world = World::new();
    world.standin.set_label(ARTIFACTS, "Update", "Nexy.dmg", None);
    // The same bytes stood under an older version once, before these tools had published anything.
    world.set_manifest(&world.live_manifest("2.0.0.2"));
    world.git(&["add", "-A"]);
    world.git(&["commit", "-m", "manifest by hand"]);
    world.set_manifest(&world.live_manifest("2.0.0.3"));
    let ran = ask(&world, &[ID]);
    passes(&ran, ID);
    ran.prints("before these tools published").prints("the label of the live asset names no version");
    // A record of that time makes it a no.
    let mut record = world.tool("nexy-version").args(["record"]).run().exits(0).json();
    record["version"] = json!("2.0.0.1");
    record["tag"] = json!("v2.0.0.1");
    let live = json!({"url": world.dmg_url(), "asset_id": 1, "size_bytes": 1, "sha256": "0".repeat(64), "previous": null, "changed": true, "swapped_at": null});
    record["artifacts"][0]["live"] = live;
    record["outcomes"] = json!([{"by": "nexy-publish", "at": "2020-01-01T00:00:00Z", "exit": 0, "message": "", "next": [], "planned": [], "retries": [], "ungated": null}]);
    world.write("releases/2.0.0.1/30-publish.json", &record.to_string());
    fails(&ask(&world, &[ID]), ID, "were published as 2.0.0.2 already (manifest of commit ", "nexy-version set 2.0.0.4");
}

#[test]
fn what_cannot_be_asked_is_unknown() {
    let world = World::new();
    let refusing = world.root().join("refusing");
    std::fs::create_dir(&refusing).expect("a folder");
    world.sh(&format!("printf '#!/bin/sh\\necho no >&2; exit 128\\n' >'{0}/git' && chmod 755 '{0}/git'", refusing.display())).exits(0);
    let path = format!("{}:/usr/bin:/bin", refusing.display());
    let ran = world.tool("nexy-verify").arg(ID).env("PATH", &path).run();
    ran.exits(69).prints("not compared with the manifests of before: git refuses to tell: no");
    // What a failed stage has left is no record; a record that cannot be read could hold anything.
    world.write("releases/2.0.0.1/30-publish.failed.json", "");
    passes(&ask(&world, &[ID]), ID);
    world.write("releases/2.0.0.1/30-publish.json", "{");
    ask(&world, &[ID]).exits(69).prints("not compared with what was published before: releases/2.0.0.1/30-publish.json: ");
    world.write("releases/2.0.0.1/30-publish.json", &world.tool("nexy-version").arg("record").run().exits(0).stdout);
    passes(&ask(&world, &[ID]), ID);
    world.standin.fault(Fault::new(Listener::Api, "GET", "", Reply::Status(503, json!({}))).always());
    ask(&world, &[ID]).exits(69).prints("not compared with the label of the live asset");
}

#[test]
fn the_laptops_own_manifest_is_named_when_it_is_the_broken_one_and_is_not_delivered() {
    let world = World::new();
    let mut manifest = world.live_manifest("2.0.0.3");
    for url in ["http://example.test/Nexy.dmg", "https://example.test/Nexy.dmg?a=1&b=2", "https://example.test/updates/appcast.xml"] {
        manifest["artifact"]["url"] = json!(url);
        world.set_manifest(&manifest);
        world.set_vm_manifest(&manifest);
        let ran = ask(&world, &["updates"]);
        for id in ["feed", "live-artifact"] {
            fails(&ran, id, "of this workspace is wrong itself", "nexy-manifest check");
            assert!(!ran.finding(id).to_string().contains("manifest-deliver"), "{ran}");
        }
    }
}
