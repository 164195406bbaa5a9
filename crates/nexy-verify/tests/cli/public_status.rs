//! The probe `public-status`.

use crate::asked::{answers, ask, fails, hangs_up, is_unknown, passes};
use nexy_standin::{Listener, world::World};

const ID: &str = "public-status";

#[test]
fn the_version_of_the_workspace_passes() {
    passes(&ask(&World::new(), ID), ID);
}

#[test]
fn another_version_fails() {
    let world = World::new();
    world.set_version("2.0.0.5");
    fails(&ask(&world, ID), ID, "version `2.0.0.4`, build `2.0.0.4`", "scripts/vm.sh nexy-verify local");
}

#[test]
fn a_web_server_that_passes_it_nowhere_fails() {
    let world = World::new();
    answers(&world, Listener::Public, "/status", 502);
    fails(&ask(&world, ID), ID, "answers 502", "scripts/vm.sh nexy-verify local");
}

#[test]
fn a_host_that_does_not_answer_is_unknown() {
    let world = World::new();
    hangs_up(&world, Listener::Public, "/status");
    is_unknown(&ask(&world, ID), ID, "cannot reach", "curl -sS");
}
