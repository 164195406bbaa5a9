//! `install` puts a manifest that clients can follow into the checkout on the VM, and reads the served feed.

use crate::published::written;
use nexy_standin::{
    Fault, Listener, Reply,
    world::{ARTIFACTS, Ran, World},
};
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
        (change("/artifact/url", json!("http://127.0.0.1:1/updates/appcast.xml")), "sends clients to"),
        (change("/artifact/type", json!("pkg")), "`artifact.type` should be `dmg`"),
        (change("/artifact/min_os", json!("11.0\"&")), "no client can read that feed"),
        (change("/release_date", json!("tomorrow")), "`release_date` should be"),
        (change("/artifact/size", json!(7)), "it announces 7 bytes"),
        ("{".to_owned(), "is no JSON object"),
        (String::new(), "is no JSON object"),
    ] {
        install(&world, &manifest).exits(1).says(says).silent_stdout();
    }
    assert_eq!(world.vm_manifest(), before);
}

/// Every manifest file of the VM with its content.
fn vm_files(world: &World) -> Vec<(String, String)> {
    let mut files = Vec::new();
    for folder in nexy_standin::world::MANIFEST_FOLDERS {
        for entry in std::fs::read_dir(world.vm_path(folder)).expect("a folder") {
            let path = entry.expect("an entry").path();
            files.push((path.display().to_string(), std::fs::read_to_string(&path).expect("a manifest")));
        }
    }
    files.sort();
    files
}

#[test]
fn a_feed_that_announces_something_else_gets_the_old_manifests_back() {
    let world = World::new();
    written(&world);
    let manifest = world.read("server/updates/manifests/manifest.json");
    let before = vm_files(&world);
    let broken = || Fault::new(Listener::Updates, "GET", "", Reply::Status(500, json!({}))).always();
    world.standin.fault(broken());
    install(&world, &manifest).exits(3).says("HTTP 500").says("the old ones are there again").says("nexy-verify").silent_stdout();
    assert_eq!(vm_files(&world), before);
    world.standin.clear_faults();
    install(&world, &manifest).exits(0);
    // What was installed before is not this run's to take back.
    let installed = vm_files(&world);
    world.standin.fault(broken());
    install(&world, &manifest).exits(4).says("there is none to put back").silent_stdout();
    assert_eq!(vm_files(&world), installed);
}

#[test]
fn a_copy_that_could_not_be_put_back_is_not_taken_away() {
    let world = World::new();
    written(&world);
    // It is too large to be kept in memory until the feed has answered.
    world.write_vm("server/updates/manifests/manifest_2.0.0.1.json", &" ".repeat(2 << 20));
    let before = vm_files(&world);
    world.standin.fault(Fault::new(Listener::Updates, "GET", "", Reply::Status(500, json!({}))).always());
    let ran = install(&world, &world.read("server/updates/manifests/manifest.json"));
    ran.exits(69).says("manifest_2.0.0.1.json").says("no manifest was changed");
    assert_eq!(vm_files(&world), before);
}

#[test]
fn a_feed_that_does_not_answer_is_unknown_and_the_new_manifest_stays() {
    let world = World::new();
    written(&world);
    let manifest = world.read("server/updates/manifests/manifest.json");
    for reply in [Reply::HangupBefore, Reply::Status(503, json!({}))] {
        world.standin.fault(Fault::new(Listener::Updates, "GET", "", reply).always());
        install(&world, &manifest).exits(69).says("is installed and stays").says("systemctl status").silent_stdout();
        assert_eq!(world.read_vm("server/updates/manifests/manifest.json"), manifest);
        world.standin.clear_faults();
    }
    install(&world, &manifest).exits(0);
}

#[test]
fn other_bytes_than_users_download_are_refused_and_bytes_that_cannot_be_known_are_unknown() {
    let world = World::new();
    written(&world);
    let before = vm_files(&world);
    let manifest = world.read("server/updates/manifests/manifest.json");
    let served = world.manifest()["artifact"]["sha256"].as_str().expect("a digest").to_owned();
    let forged = "0".repeat(64);
    let install_forged = || install(&world, &manifest.replace(&served, &forged));
    install_forged().exits(1).says(&forged).says(&served).silent_stdout();
    // Without GitHub's digest the bytes are downloaded; without a download nothing is known, and nothing is installed.
    world.standin.set_digest(ARTIFACTS, "Update", "Nexy.dmg", None);
    install_forged().exits(1).says(&served).silent_stdout();
    world.standin.fault(Fault::new(Listener::Web, "GET", "", Reply::HangupBefore).nth(2).always());
    install(&world, &manifest).exits(69).says("unknown: the digest of what").silent_stdout();
    assert_eq!(vm_files(&world), before);
    world.standin.clear_faults();
    install(&world, &manifest).exits(0);
}

#[test]
fn the_bytes_of_one_version_are_not_announced_as_another() {
    let world = World::new();
    written(&world);
    let manifest = world.read("server/updates/manifests/manifest.json").replace("2.0.0.4", "2.0.0.5");
    install(&world, &manifest).exits(1).says("were published as 2.0.0.4 already").says("nexy-version set 2.0.0.6").silent_stdout();
    world.standin.set_label(ARTIFACTS, "Update", "Nexy.dmg", None);
    install(&world, &manifest).exits(0);
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
