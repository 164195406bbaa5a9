//! Gates beside each other: each has its deadline, all are asked, and no program that they started stays.

use crate::vm::{ask_with_path, path, scripted};
use crate::{holds, world};
use std::{fs, path::Path, time::Duration};

#[test]
fn a_gate_without_an_answer_is_unknown_all_others_are_answered_and_its_program_is_ended() {
    let world = world();
    world.set_target("limits", "gate_timeout_s", "1");
    let pid = world.root().join("hanging.pid");
    let hanging = scripted(&world, "systemctl", &format!("echo $$ >'{}'; sleep 60 & wait", pid.display()));
    let ran =
        ask_with_path(&world, &["exec-start", "version-synced", "config-env-keys"], &format!("{}:{}", hanging.display(), path(&world)));
    let late = ran.finding("exec-start");
    ran.exits(69);
    assert_eq!(late["verdict"], "unknown", "{ran}");
    holds(&late, "found", "no answer after 1 s");
    holds(&late, "fix", "nexy-gate exec-start");
    for id in ["version-synced", "config-env-keys"] {
        assert_eq!(ran.finding(id)["verdict"], "pass", "{ran}");
    }
    let pid = fs::read_to_string(&pid).expect("it was started");
    let is_gone = || !Path::new("/proc").join(pid.trim()).exists();
    let deadline = std::time::Instant::now() + Duration::from_secs(5);
    while !is_gone() && std::time::Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(10));
    }
    assert!(is_gone(), "the program of a late gate outlived its report");
}

#[test]
fn gates_that_start_programs_run_beside_each_other() {
    let world = world();
    let room = world.root().join("room");
    fs::create_dir(&room).expect("a folder");
    // Each waits until both are there; one after the other they would wait in vain.
    let script = format!(
        "touch '{0}/'$$; n=0; while [ \"$(ls '{0}' | wc -l)\" -lt 2 ]; do n=$((n+1)); [ $n -lt 500 ] || exit 9; sleep 0.01; done; exec '{1}' \"$@\"",
        room.display(),
        world.vm_path("bin/systemctl").display()
    );
    let both = scripted(&world, "systemctl", &script);
    ask_with_path(&world, &["exec-start", "server-version-env"], &format!("{}:{}", both.display(), path(&world))).exits(0);
}
