//! `install` puts a manifest that clients can follow into the checkout on the VM, and reads the served feed.

use crate::published::written;
use nexy_standin::world::{ARTIFACTS, Ran, World};
use serde_json::json;

/// Runs the tool as the VM would: with its own copy of nexy.toml.
fn install(world: &World, manifest: &str) -> Ran {
    let path = world.vm().join("incoming.json");
    std::fs::write(&path, manifest).expect("written");
    let target = world.vm().parent().map(|_| world.tool("nexy-manifest").bare()).expect("a VM");
    target.args(["--target", &vm_target(world), "--format", "json", "install", path.to_str().expect("a path")]).run()
}

fn vm_target(world: &World) -> String {
    let shown = world.tool("nexy-version").args(["show", "vm.target_file"]).run();
    shown.stdout.trim_end().to_owned()
}

#[test]
fn a_manifest_goes_into_both_folders_and_the_running_server_announces_it() {
    let world = World::new();
    let record = written(&world);
    let manifest = world.read("server/updates/manifests/manifest.json");
    let answer = install(&world, &manifest).exits(0).says("Manifest updated at ").json();
    assert_eq!(answer["schema"], "nexy.delivery/1");
    assert_eq!(answer["changed"], true);
    assert_eq!(answer["served_version"], "2.0.0.4");
    assert_eq!(answer["served_length"], record["artifacts"][0]["size_bytes"]);
    for folder in nexy_standin::world::MANIFEST_FOLDERS {
        assert_eq!(world.read_vm(&format!("{folder}/manifest.json")), manifest);
    }
    let again = install(&world, &manifest).exits(0).json();
    assert_eq!(again["changed"], false);
}

#[test]
fn a_manifest_that_clients_could_not_follow_is_refused() {
    let world = World::new();
    written(&world);
    let good = world.manifest();
    let before = world.vm_manifest();
    let change = |pointer: &str, value: serde_json::Value| {
        let mut manifest = good.clone();
        *manifest.pointer_mut(pointer).expect("a field") = value;
        manifest.to_string()
    };
    for (manifest, says) in [
        (change("/build", json!(20004)), "`build` should be a text"),
        (change("/artifact/url", json!("http://127.0.0.1:1/updates/appcast.xml")), "it sends clients to"),
        (change("/artifact/type", json!("pkg")), "(pkg)"),
        (change("/artifact/size", json!(7)), "it announces 7 bytes"),
        ("{".to_owned(), "is no JSON object"),
        (String::new(), "is no JSON object"),
    ] {
        install(&world, &manifest).exits(1).says(says).silent_stdout();
    }
    assert_eq!(world.vm_manifest(), before);
}

#[test]
fn a_server_that_does_not_announce_it_needs_a_person() {
    let world = World::new();
    written(&world);
    let manifest = world.read("server/updates/manifests/manifest.json");
    world
        .standin
        .fault(nexy_standin::Fault::new(nexy_standin::Listener::Updates, "GET", "", nexy_standin::Reply::Status(500, json!({}))).always());
    install(&world, &manifest).exits(4).says("HTTP 500").says("systemctl status").silent_stdout();
}

#[test]
fn an_installation_whose_answer_is_not_delivered_needs_a_person() {
    let world = World::new();
    written(&world);
    let manifest = world.workspace().join("server/updates/manifests/manifest.json");
    let command = format!("nexy-manifest --target {} install {} >/dev/full", vm_target(&world), manifest.display());
    world.sh(&command).exits(4).says("is installed, but the answer was not delivered");
    world.sh(&command).exits(69);
}

#[test]
fn a_missing_file_or_download_is_named() {
    let world = World::new();
    written(&world);
    let manifest = world.read("server/updates/manifests/manifest.json");
    let target = vm_target(&world);
    world.tool("nexy-manifest").bare().args(["--target", &target, "install", "/nonexistent.json"]).run().exits(69).says("no such file");
    world.standin.remove_asset(ARTIFACTS, "Update", "Nexy.dmg");
    install(&world, &manifest).exits(1).says("HTTP 404").silent_stdout();
}
