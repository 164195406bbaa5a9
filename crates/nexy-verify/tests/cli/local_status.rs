//! The probe `local-status`.

use crate::asked::{answers, fails, hangs_up, is_unknown, on_vm, passes};
use nexy_standin::{Listener, world::World};

const ID: &str = "local-status";

#[test]
fn the_version_of_the_checkout_passes() {
    passes(&on_vm(&World::new(), ID), ID);
}

#[test]
fn a_process_that_still_runs_the_old_code_fails() {
    let world = World::new();
    assert_eq!(on_vm(&world, ID).code, Some(0), "the process has read its version");
    world.set_vm_version("2.0.0.5");
    fails(&on_vm(&world, ID), ID, "version `2.0.0.4`, build `2.0.0.4`", "sudo nexy-gate hard && sudo systemctl restart");
    world.restart_service();
    passes(&on_vm(&world, ID), ID);
}

#[test]
fn a_server_that_answers_otherwise_than_200_fails() {
    let world = World::new();
    answers(&world, Listener::Server, "/status", 500);
    fails(&on_vm(&world, ID), ID, "answers 500", "journalctl -u");
}

#[test]
fn a_server_that_does_not_answer_is_unknown() {
    let world = World::new();
    hangs_up(&world, Listener::Server, "/status");
    is_unknown(&on_vm(&world, ID), ID, "cannot reach", "curl -sS");
}
