//! The probe `unit-active`.

use crate::asked::{fails, is_unknown, on_vm, passes};
use nexy_standin::world::World;
use serde_json::json;

const ID: &str = "unit-active";

#[test]
fn a_running_service_passes() {
    passes(&on_vm(&World::new(), ID), ID);
}

#[test]
fn a_service_that_is_being_restarted_fails() {
    let world = World::new();
    world.set_unit("ActiveState", json!("activating"));
    world.set_unit("SubState", json!("auto-restart"));
    fails(&on_vm(&world, ID), ID, "is activating (auto-restart)", "journalctl -u");
}

#[test]
fn a_service_that_systemd_had_to_start_again_a_moment_ago_fails() {
    let world = World::new();
    world.set_unit("NRestarts", json!("3"));
    fails(&on_vm(&world, ID), ID, "was restarted 3 times by systemd; the last time ", "sudo systemctl reset-failed");
    world.restart_service();
    passes(&on_vm(&world, ID), ID);
}

#[test]
fn without_systemd_the_answer_is_unknown() {
    let world = World::new();
    std::fs::write(world.state().join("units.json"), json!({"no_systemd": true}).to_string()).expect("written");
    is_unknown(&on_vm(&world, ID), ID, "systemctl ended with 1", "scripts/vm.sh nexy-verify unit-active");
}

#[test]
fn another_process_while_it_should_be_stable_fails() {
    let world = World::new();
    let target = world.vm_path("etc/nexy.toml").display().to_string();
    let words = ["--target", &target, ID, "--wait", "1ms", "--stable", "60s"];
    let running = world.tool("nexy-verify").bare().args(words).spawn();
    let looked = || std::fs::read_to_string(world.state().join("systemctl.jsonl")).map_or(0, |calls| calls.lines().count());
    while looked() < 2 {
        std::thread::yield_now();
    }
    world.set_unit("MainPID", json!("4343"));
    fails(&running.wait(), ID, "was process 4242 with 0 restarts, now it is process 4343", "journalctl -u");
}
