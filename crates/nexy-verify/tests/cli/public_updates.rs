//! The probe `public-updates`.

use crate::asked::{answers, ask, fails, hangs_up, is_unknown, passes};
use nexy_standin::{Listener, world::World};

const ID: &str = "public-updates";

#[test]
fn the_version_of_the_manifest_passes() {
    passes(&ask(&World::new(), ID), ID);
}

#[test]
fn a_manifest_that_never_reached_the_vm_fails() {
    let world = World::new();
    world.set_manifest(&world.live_manifest("2.0.0.4"));
    fails(&ask(&world, ID), ID, "version `2.0.0.3`, build `2.0.0.3`", "scripts/manifest_to_vm.sh -");
}

#[test]
fn manifests_that_contradict_each_other_say_nothing_about_what_to_expect() {
    let world = World::new();
    let other = world.live_manifest("2.0.0.4").to_string();
    world.write("server/server/updates/manifests/manifest.json", &other);
    is_unknown(&ask(&world, ID), ID, "contradict each other", "nexy-manifest check");
}

#[test]
fn an_answer_other_than_200_fails() {
    let world = World::new();
    answers(&world, Listener::Public, "/updates/health", 500);
    fails(&ask(&world, ID), ID, "answers 500", "scripts/vm.sh nexy-verify local");
}

#[test]
fn an_update_server_that_does_not_answer_is_unknown() {
    let world = World::new();
    hangs_up(&world, Listener::Public, "/updates/health");
    is_unknown(&ask(&world, ID), ID, "cannot reach", "curl -sS");
}
