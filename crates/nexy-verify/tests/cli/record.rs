//! With `-`: the report is added to the record, and nothing else in it changes but the window.

use crate::asked::{fails, replace_live, tool};
use nexy_standin::artifact;
use nexy_standin::world::{ARTIFACTS, MANIFEST_FOLDERS, Ran, SIZE_BYTES, World};
use serde_json::{Value, json};

/// The record of a release of 2.0.0.4 whose bytes are live and whose manifest was written; nothing has reached the VM.
pub(crate) fn released(world: &World) -> Value {
    let mut record = world.tool("nexy-version").args(["record"]).run().exits(0).json();
    let bytes = std::fs::read(world.inbox("Nexy.dmg")).expect("the artifact of the inbox");
    let id = replace_live(world, "Update", "Nexy.dmg", &bytes);
    let artifact = &mut record["artifacts"][0];
    artifact["live"] = json!({
        "url": world.dmg_url(),
        "asset_id": id,
        "size_bytes": artifact["size_bytes"],
        "sha256": artifact["sha256"],
        "previous": null,
        "changed": true,
        "swapped_at": "2026-01-01T00:00:00Z",
    });
    world.set_manifest(&world.live_manifest("2.0.0.4"));
    let manifest = |folder: &str| json!({"path": format!("{folder}/manifest.json"), "sha256": "0".repeat(64), "version": "2.0.0.4", "delivered": null, "window_s": null});
    record["manifests"] = MANIFEST_FOLDERS.iter().map(|folder| manifest(folder)).collect();
    record["outcomes"] = json!([outcome("nexy-publish", 0), outcome("nexy-manifest write", 0)]);
    record
}

pub(crate) fn outcome(by: &str, exit: u8) -> Value {
    json!({"by": by, "at": "2026-01-01T00:00:00Z", "exit": exit, "message": "said", "next": [], "planned": [], "retries": [], "ungated": null})
}

/// The manifest has reached the VM.
pub(crate) fn deliver(world: &World, record: &mut Value) {
    world.set_vm_manifest(&world.live_manifest("2.0.0.4"));
    for manifest in record["manifests"].as_array_mut().expect("manifests") {
        manifest["delivered"] =
            json!({"at": "2026-01-01T00:00:00Z", "sha256": manifest["sha256"], "served_version": "2.0.0.4", "served_length": SIZE_BYTES});
    }
}

fn verify(world: &World, record: &Value) -> Ran {
    tool(world, "updates -").stdin(record.to_string()).run()
}

#[test]
fn a_verified_release_gets_its_report_and_its_window() {
    let world = World::new();
    let mut record = released(&world);
    deliver(&world, &mut record);
    let mut verified = verify(&world, &record).exits(0).says("nexy-verify updates: pass (5 of 5 pass)").json();
    let reports = verified["reports"].take();
    assert_eq!(
        (&reports[0]["by"], &reports[0]["profile"], &reports[0]["verdict"]),
        (&json!("nexy-verify"), &json!("updates"), &json!("pass"))
    );
    assert_eq!(reports.as_array().map(Vec::len), Some(1));
    for (before, after) in
        record["manifests"].as_array_mut().expect("manifests").iter_mut().zip(verified["manifests"].as_array().expect("manifests"))
    {
        assert!(after["window_s"].as_u64().is_some_and(|seconds| seconds > 0), "{after}");
        before["window_s"] = after["window_s"].clone();
    }
    verified["reports"] = record["reports"].clone();
    assert_eq!(verified, record, "nothing else has changed");
}

#[test]
fn code_of_another_version_fails_a_release_but_not_an_update_nor_a_rollback() {
    let world = World::new();
    let mut record = released(&world);
    deliver(&world, &mut record);
    world.set_vm_version("2.0.0.3");
    world.restart_service();
    fails(&verify(&world, &record), "versions-agree", "the code is `2.0.0.3`, the manifest `2.0.0.4`", "deploy the code");
    let mut update = record.clone();
    update["kind"] = json!("update");
    verify(&world, &update).exits(0);
    record["outcomes"] = json!([outcome("nexy-publish rollback", 0), outcome("nexy-manifest write", 0)]);
    verify(&world, &record).exits(0);
}

#[test]
fn a_release_that_did_not_arrive_keeps_its_window_open() {
    let world = World::new();
    let record = released(&world);
    let ran = verify(&world, &record);
    ran.exits(1).says("FAIL    feed").says("sparkle:version is `2.0.0.3`").says("FAIL    public-updates");
    let verified = ran.json();
    assert_eq!(verified["manifests"][0]["window_s"], Value::Null);
    assert_eq!(verified["reports"][0]["verdict"], "fail");
}

#[test]
fn a_window_that_is_known_or_was_never_opened_stays_as_it_is() {
    let world = World::new();
    let mut record = released(&world);
    deliver(&world, &mut record);
    record["manifests"][0]["window_s"] = json!(7);
    let verified = verify(&world, &record).exits(0).json();
    assert_eq!(verified["manifests"][0]["window_s"], 7);
    record["manifests"][0]["window_s"] = Value::Null;
    record["artifacts"][0]["live"]["changed"] = json!(false);
    let verified = verify(&world, &record).exits(0).json();
    assert_eq!(verified["manifests"][0]["window_s"], Value::Null);
}

#[test]
fn the_record_and_not_the_workspace_says_what_to_expect() {
    let world = World::new();
    let mut record = released(&world);
    deliver(&world, &mut record);
    world.set_manifest(&world.live_manifest("9.9.9.9"));
    world.set_version("9.9.9.9");
    verify(&world, &record).exits(0);
    tool(&world, "public -").stdin(record.to_string()).run().exits(0);
}

#[test]
fn new_bytes_with_the_old_feed_fail_although_each_half_is_expected_alone() {
    let world = World::new();
    let (old, mut record) = (world.live_manifest("2.0.0.3"), released(&world));
    world.set_manifest(&old);
    record["manifests"] = json!([]);
    let ran = verify(&world, &record);
    ran.exits(1).says("FAIL    live-artifact").says("but clients are told").says("nexy-manifest write -");
    assert!(!world.standin.requests().iter().any(|request| request.path.contains("Nexy.dmg")), "nothing is downloaded to learn that");
}

#[test]
fn a_package_alone_is_downloaded_and_leaves_the_manifests_as_they_are() {
    let world = World::new();
    let mut record = released(&World::new());
    record["target"] = world.tool("nexy-version").args(["record"]).run().exits(0).json()["target"].clone();
    let bytes = artifact::pkg(4096, 5);
    let id = replace_live(&world, "App", "Nexy.pkg", &bytes);
    let digest = world.standin.asset(ARTIFACTS, "App", "Nexy.pkg").and_then(|asset| asset.digest).expect("a digest");
    let sha256 = digest.strip_prefix("sha256:").expect("sha256");
    let url = world.dmg_url().replace("Update/Nexy.dmg", "App/Nexy.pkg");
    record["artifacts"][0] = json!({
        "name": "Nexy.pkg", "channel": "App", "size_bytes": 4096, "sha256": sha256,
        "live": {"url": url, "asset_id": id, "size_bytes": 4096, "sha256": sha256, "previous": null, "changed": true, "swapped_at": null},
    });
    record["manifests"] = json!([]);
    let ran = verify(&world, &record);
    ran.exits(0).says("Nexy.pkg is 4096 bytes").says("Nexy.dmg is 1048576 bytes");
    replace_live(&world, "App", "Nexy.pkg", &artifact::pkg(4096, 6));
    verify(&world, &record).exits(1).says("Nexy.pkg is 4096 bytes, sha256");
}

#[test]
fn an_earlier_report_of_the_same_profile_does_not_stop_the_next_one() {
    let world = World::new();
    let mut record = released(&world);
    let failed = verify(&world, &record).exits(1).json();
    record["reports"] = failed["reports"].clone();
    deliver(&world, &mut record);
    let verified = verify(&world, &record).exits(0).json();
    assert_eq!(verified["reports"].as_array().map(Vec::len), Some(2), "both are evidence");
}

#[test]
fn a_closed_standard_output_is_not_a_pass() {
    let world = World::new();
    let mut record = released(&world);
    deliver(&world, &mut record);
    world.write("record.json", &record.to_string());
    let ran = world.sh("{ nexy-verify updates - <record.json; echo \"ended $?\" >&2; } | true");
    ran.says("ended 69");
}

#[test]
fn by_hand_no_tool_reads_standard_input() {
    let world = World::new();
    let ran = tool(&world, "feed").stdin("this is no record").run();
    ran.exits(0);
    world.set_manifest(&world.live_manifest("2.0.0.4"));
    fails(&tool(&world, "feed").stdin_closed().run(), "feed", "sparkle:version is `2.0.0.3`", "make manifest-deliver");
}
