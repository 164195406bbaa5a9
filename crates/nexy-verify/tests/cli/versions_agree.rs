//! The probe `versions-agree`.

use crate::asked::{ask, fails, hangs_up, is_unknown, passes};
use nexy_standin::{Listener, world::World};

const ID: &str = "versions-agree";

#[test]
fn code_and_manifest_of_one_version_pass() {
    let world = World::new();
    world.set_vm_manifest(&world.live_manifest("2.0.0.4"));
    passes(&ask(&world, ID), ID);
}

#[test]
fn code_and_manifest_of_two_versions_fail_when_asked_by_name() {
    fails(&ask(&World::new(), ID), ID, "the code is `2.0.0.4`, the manifest `2.0.0.3`", "nothing is to do if only one");
}

#[test]
fn a_server_that_does_not_answer_is_unknown() {
    let world = World::new();
    hangs_up(&world, Listener::Public, "/updates/health");
    is_unknown(&ask(&world, ID), ID, "cannot reach", "curl -sS");
}
