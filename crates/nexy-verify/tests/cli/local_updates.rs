//! The probe `local-updates`.

use crate::asked::{answers, fails, hangs_up, is_unknown, on_vm, passes};
use nexy_standin::{Listener, world::World};

const ID: &str = "local-updates";

#[test]
fn the_version_of_the_manifest_passes() {
    passes(&on_vm(&World::new(), ID), ID);
}

#[test]
fn a_fallback_to_a_version_in_the_code_fails() {
    let world = World::new();
    let good = world.vm_manifest();
    let folder = world.vm_path("server/updates/manifests");
    for entry in std::fs::read_dir(&folder).expect("the folder that the server reads") {
        std::fs::remove_file(entry.expect("an entry").path()).expect("removed");
    }
    world.write_vm("server/server/updates/manifests/manifest.json", &good.to_string());
    is_unknown(&on_vm(&world, ID), ID, "there is no server/updates/manifests/manifest.json", "nexy-manifest check");
    let mut record = crate::record::released(&world);
    record["manifests"][0]["version"] = "2.0.0.3".into();
    record["manifests"][1]["version"] = "2.0.0.3".into();
    let target = world.vm_path("etc/nexy.toml").display().to_string();
    let ran = world.tool("nexy-verify").bare().args(["--target", &target, ID, "-"]).stdin(record.to_string()).run();
    ran.exits(1).says("version `2.0.0.40`").says("expected  200 with status healthy, latest_version and latest_build 2.0.0.3");
}

#[test]
fn an_answer_other_than_200_fails() {
    let world = World::new();
    answers(&world, Listener::Updates, "/health", 500);
    fails(&on_vm(&world, ID), ID, "answers 500", "journalctl -u");
}

#[test]
fn an_update_server_that_does_not_answer_is_unknown() {
    let world = World::new();
    hangs_up(&world, Listener::Updates, "/health");
    is_unknown(&on_vm(&world, ID), ID, "cannot reach", "curl -sS");
}
