//! The profiles after a release, on what the real server answers today.

use crate::asked::{ask, fails, replace_live, tool};
use nexy_standin::world::{ARTIFACTS, CODE_REPOSITORIES, SIZE_BYTES, WORKFLOW, World};
use nexy_standin::{ScriptedRun, artifact};

/// A world in which 2.0.0.4 is released: its bytes are live, its manifest is told, its code is deployed by the workflow.
pub(crate) fn done() -> World {
    let world = World::new();
    let manifest = world.live_manifest("2.0.0.4");
    world.set_manifest(&manifest);
    world.set_vm_manifest(&manifest);
    world.standin.set_label(ARTIFACTS, "Update", "Nexy.dmg", Some("Nexy.dmg 2.0.0.4"));
    world.git(&["tag", "v2.0.0.4"]);
    runs(&world, &[ScriptedRun::ended(&head(&world), "success")]);
    world
}

pub(crate) fn head(world: &World) -> String {
    world.git(&["rev-parse", "v2.0.0.4^{commit}"]).trim().to_owned()
}

pub(crate) fn runs(world: &World, runs: &[ScriptedRun]) {
    world.standin.set_workflow_runs(CODE_REPOSITORIES[0], WORKFLOW, runs);
}

#[test]
fn every_profile_is_green_on_what_the_real_server_writes_and_each_asset_is_downloaded_once() {
    let world = done();
    for profile in ["updates", "release", "done"] {
        world.standin.clear_requests();
        let ran = ask(&world, profile);
        // Without a record and the VM's own answers, no release is done.
        ran.exits(if profile == "done" { 69 } else { 0 }).says("advice  feed-advice");
        let of_dmg = SIZE_BYTES;
        let bytes: Vec<u64> =
            world.standin.requests().iter().filter(|one| one.listener == "storage").map(|one| one.response_bytes).collect();
        // In `done` two probes want the image; the second hears that it has it already.
        let expected = if profile == "done" { vec![of_dmg, 0, 64 * 1024] } else { vec![of_dmg] };
        assert_eq!(bytes, expected, "{profile}");
    }
    world.set_vm_version("2.0.0.3");
    world.restart_service();
    fails(&ask(&world, "done"), "versions-agree", "the code is `2.0.0.3`, the manifest `2.0.0.4`", "deploy the code");
    assert_eq!(ask(&world, "release").finding("versions-agree")["severity"], "advice");
}

#[test]
fn bytes_that_are_wrong_are_fetched_again_only_when_there_are_others() {
    let world = done();
    replace_live(&world, "Update", "Nexy.dmg", &artifact::dmg(SIZE_BYTES, 77));
    let ran = tool(&world, "live-artifact --wait 1s").run();
    fails(&ran, "live-artifact", "is 1048576 bytes, sha256", "nexy-publish show");
    let bytes: Vec<u64> = world.standin.requests().iter().filter(|one| one.listener == "storage").map(|one| one.response_bytes).collect();
    assert!(bytes.len() > 1 && bytes.iter().sum::<u64>() == SIZE_BYTES, "{bytes:?}");
}
