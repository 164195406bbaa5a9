//! `scripts/manifest_to_vm.sh`: the manifest arrives, or the record says why not.

use crate::laptop::{invocations, left_nothing, on_vm, sent};
use nexy_standin::TOKEN;
use nexy_standin::world::{MANIFEST_FOLDERS, OLD_VERSION, Ran, VERSION, World};
use serde_json::{Value, json};
use std::fs;

const DELIVER: &str = "scripts/manifest_to_vm.sh -";

/// A record whose manifest was written and waits for its delivery.
#[track_caller]
fn written(world: &World) -> Vec<u8> {
    let pipeline = "nexy-version record | nexy-gate before-publish - | nexy-publish - | nexy-manifest write -";
    world.sh(pipeline).exits(0).stdout_bytes.clone()
}

/// The last outcome of a record.
fn last_outcome(record: &Value) -> &Value {
    record["outcomes"].as_array().unwrap().last().unwrap()
}

#[track_caller]
fn deliver(world: &World, record: &[u8]) -> Ran {
    world.shell(DELIVER).stdin(record).run()
}

/// The delivery failed with this code, the record says so, and the VM has what it had.
#[track_caller]
fn failed(world: &World, record: &[u8], code: i32) -> Ran {
    let ran = deliver(world, record);
    ran.exits(code);
    let after = ran.json();
    assert_eq!(last_outcome(&after)["exit"], json!(code), "{ran}");
    let before: Value = serde_json::from_slice(record).unwrap();
    assert_eq!(after["artifacts"], before["artifacts"], "{ran}");
    assert_eq!(world.vm_manifest()["version"], OLD_VERSION, "{ran}");
    left_nothing(world);
    ran
}

#[test]
fn the_manifest_arrives_and_the_record_holds_what_the_vm_serves() {
    let world = World::new();
    let record = written(&world);
    let after = deliver(&world, &record).exits(0).json();
    for folder in MANIFEST_FOLDERS {
        let file = format!("{folder}/manifest.json");
        assert_eq!(world.read_vm(&file), world.read(&file));
    }
    for manifest in after["manifests"].as_array().unwrap() {
        assert_eq!(manifest["delivered"]["sha256"], manifest["sha256"]);
        assert_eq!(manifest["delivered"]["served_version"], VERSION);
    }
    left_nothing(&world);
}

#[test]
fn the_same_delivery_again_changes_nothing() {
    let world = World::new();
    let record = written(&world);
    deliver(&world, &record).exits(0);
    let before = fs::read(world.vm_path(MANIFEST_FOLDERS[0]).join("manifest.json")).unwrap();
    deliver(&world, &record).exits(0);
    assert_eq!(fs::read(world.vm_path(MANIFEST_FOLDERS[0]).join("manifest.json")).unwrap(), before);
}

#[test]
fn a_conflict_is_waited_for_once_and_a_second_one_is_busy() {
    let world = World::new();
    let record = written(&world);
    world.set_az("conflicts", json!(2));
    failed(&world, &record, 75);
    assert_eq!((invocations(&world), sent(&world).len()), (2, 0));
    world.set_az("conflicts", json!(1));
    deliver(&world, &record).exits(0);
    assert_eq!(invocations(&world), 4);
}

#[test]
fn an_unknown_end_is_unknown_and_never_tried_twice() {
    let world = World::new();
    let record = written(&world);
    world.set_az("mode", json!("drops-script"));
    let ran = failed(&world, &record, 69);
    ran.says("asking the VM which manifest it has").says("unknown whether the manifest has reached the VM");
    ran.says("scripts/vm.sh nexy-manifest show").never_says("nexy-verify local");
    assert_eq!(
        last_outcome(&ran.json())["message"].as_str().unwrap().split(':').next(),
        Some("unknown whether the manifest has reached the VM")
    );
    // The delivery, and the question; no second delivery.
    assert_eq!(invocations(&world), 2);
}

/// The answer of the first call is lost, and what happened then.
#[track_caller]
fn lost_once(mode: &str) -> (World, Vec<u8>) {
    let world = World::new();
    let record = written(&world);
    world.set_az("mode", json!(mode));
    world.set_az("mode_calls", json!(1));
    (world, record)
}

#[test]
fn a_lost_answer_of_a_delivery_that_arrived_is_asked_for_and_the_record_is_complete() {
    let (world, record) = lost_once("unfinished");
    let ran = deliver(&world, &record);
    ran.exits(0).says("asking the VM which manifest it has").never_says("nexy-verify local");
    for manifest in ran.json()["manifests"].as_array().unwrap() {
        assert_eq!(manifest["delivered"]["served_version"], VERSION);
    }
    assert_eq!(invocations(&world), 3);
    left_nothing(&world);
}

#[test]
fn a_lost_answer_of_a_delivery_without_a_record_is_asked_for_too() {
    for (mode, code, said, calls) in [
        ("unfinished", 0, "asking the VM which manifest it has", 3),
        ("drops-script", 1, "delivering again is safe: scripts/manifest_to_vm.sh --live", 2),
    ] {
        let world = World::new();
        let mut old = world.live_manifest("2.0.0.2");
        old["artifact"]["sha256"] = json!("0".repeat(64));
        world.set_vm_manifest(&old);
        world.set_az("mode", json!(mode));
        world.set_az("mode_calls", json!(1));
        world.sh("scripts/manifest_to_vm.sh --live").exits(code).says(said);
        assert_eq!((invocations(&world), world.vm_manifest() == old), (calls, code == 1), "{mode}");
        left_nothing(&world);
    }
}

#[test]
fn a_lost_delivery_that_did_not_arrive_is_told_as_such_and_may_be_repeated() {
    let (world, record) = lost_once("drops-script");
    failed(&world, &record, 1).says("the manifest was not delivered to the VM").says("delivering again is safe");
    assert_eq!(invocations(&world), 2);
    deliver(&world, &record).exits(0);
}

#[test]
fn what_the_tool_on_the_vm_says_comes_through() {
    let world = World::new();
    let record = written(&world);
    for code in [1, 4, 65, 69, 78] {
        on_vm(&world, "nexy-manifest", &format!("echo 'no' >&2; exit {code}"));
        failed(&world, &record, code).says("vm: no");
    }
}

#[test]
fn an_answer_about_other_bytes_is_no_delivery() {
    let world = World::new();
    let record = written(&world);
    let path = format!("{}/manifest.json", MANIFEST_FOLDERS[0]);
    let answer = json!({
        "schema": "nexy.delivery/1", "at": "2026-03-01T12:00:00Z", "version": VERSION, "changed": true,
        "files": [{"path": path, "sha256": "0".repeat(64)}], "served_version": VERSION, "served_length": 1,
    });
    on_vm(&world, "nexy-manifest", &format!("echo '{answer}'"));
    let ran = failed(&world, &record, 1);
    assert!(ran.json()["manifests"][0]["delivered"].is_null());
    on_vm(&world, "nexy-manifest", "echo 'all is well'");
    let ran = deliver(&world, &record);
    assert!(ran.code != Some(0) && last_outcome(&ran.json())["exit"] != 0, "{ran}");
}

#[test]
fn a_stopped_record_is_handed_on_byte_for_byte_and_nothing_is_sent() {
    let world = World::new();
    world.inbox_dmg(b"<!DOCTYPE html><title>sign in</title>");
    let stopped = world.sh("nexy-version record | nexy-gate before-publish -");
    stopped.exits(1);
    let ran = deliver(&world, &stopped.stdout_bytes);
    ran.exits(1);
    assert_eq!(ran.stdout_bytes, stopped.stdout_bytes);
    assert_eq!(invocations(&world), 0);
}

#[test]
fn what_is_no_record_ends_with_65_and_silence() {
    let world = World::new();
    let record = written(&world);
    let newer = String::from_utf8(record.clone()).unwrap().replace("nexy.release/1", "nexy.release/2");
    let other_target = String::from_utf8(record.clone()).unwrap().replace("\"NexyNew\"", "\"NexyOld\"");
    for bad in
        [&b""[..], &record[..record.len() / 2], b"{\"schema\": \"nexy.report/1\"}", b"<html>", newer.as_bytes(), other_target.as_bytes()]
    {
        deliver(&world, bad).exits(65).silent_stdout();
    }
    assert_eq!(invocations(&world), 0);
    left_nothing(&world);
}

#[test]
fn a_manifest_that_changed_after_it_was_written_is_not_sent() {
    let world = World::new();
    let record = written(&world);
    for folder in MANIFEST_FOLDERS {
        let file = format!("{folder}/manifest.json");
        world.write(&file, &(world.read(&file) + "\n"));
    }
    failed(&world, &record, 1);
    assert_eq!(invocations(&world), 0);
}

#[test]
fn a_release_of_the_package_alone_leaves_the_vm_alone() {
    let world = World::new();
    fs::remove_file(world.inbox("Nexy.dmg")).unwrap();
    world.inbox_pkg(&nexy_standin::artifact::pkg(100_000, 9));
    let record = written(&world);
    let ran = deliver(&world, &record);
    ran.exits(0).says("no manifest");
    assert_eq!((ran.stdout_bytes == record, invocations(&world)), (true, 0));
}

#[test]
fn without_azure_the_record_goes_on_and_says_so() {
    let world = World::new();
    let record = written(&world);
    world.set_az("logged_in", json!(false));
    let never_sent = |ran: Ran| {
        ran.says("the manifest was not delivered to the VM").never_says("unknown whether").never_says("asking the VM");
    };
    never_sent(failed(&world, &record, 69).says("az login").clone());
    fs::remove_file(world.programs().join("az")).unwrap();
    failed(&world, &record, 69).says("az (Azure CLI) is not on PATH");
}

#[test]
fn without_a_record_the_manifest_of_a_clone_arrives_and_the_answer_is_the_vms() {
    let world = World::new();
    let good = world.manifest();
    let mut broken = good.clone();
    broken["artifact"]["url"] = json!("http://example.test/Nexy.dmg");
    world.set_vm_manifest(&broken);
    let ran = world.shell("scripts/manifest_to_vm.sh --live").stdin_closed().run();
    assert_eq!(ran.exits(0).json()["schema"], "nexy.delivery/1");
    assert_eq!(world.vm_manifest(), good);
    // What is not about the live file is not sent.
    world.set_manifest(&broken);
    let calls = world.az_calls().len();
    world.shell("scripts/manifest_to_vm.sh --live").stdin_closed().run().exits(1).says("nexy-manifest check").silent_stdout();
    assert_eq!(world.az_calls().len(), calls);
    left_nothing(&world);
}

#[test]
fn it_never_reads_without_being_told() {
    let world = World::new();
    for words in ["", "x", "- -", "record.json -"] {
        world.shell(&format!("scripts/manifest_to_vm.sh {words}")).stdin_closed().run().exits(2).silent_stdout();
    }
}

#[test]
fn no_secret_travels() {
    let world = World::new();
    let record = written(&world);
    deliver(&world, &record).exits(0);
    let script = sent(&world).remove(0);
    let call = world.az_calls().remove(1).join(" ");
    assert!(!script.contains(TOKEN) && !call.contains(TOKEN));
    let names: Vec<&str> = script.lines().map_while(|line| Some(line.split_once("='")?.0)).collect();
    assert_eq!(names, ["NONCE", "TOOLS", "TOML", "LOCK_DIR", "LOG_DIR", "SHA256", "PAYLOAD"]);
}
