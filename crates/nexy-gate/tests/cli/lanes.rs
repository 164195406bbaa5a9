//! Gates beside each other: each has its time, all are asked, and nothing that they started stays.

use crate::{
    finding, holds,
    vm::{ask_with_path, path, scripted},
    world,
};
use std::{fs, path::Path, time::Duration};

/// The gates that ask the service manager.
const TWO: [&str; 2] = ["exec-start", "server-version-env"];

#[test]
fn a_gate_that_does_not_answer_is_unknown_and_all_others_are_answered() {
    let world = world();
    world.set_target("limits", "gate_timeout_s", "1");
    let pid = world.root().join("hanging.pid");
    let hanging = scripted(&world, "systemctl", &format!("echo $$ >'{}'; sleep 60 & wait", pid.display()));
    let ran = ask_with_path(&world, &["exec-start", "version-synced", "gemini-key"], &format!("{}:{}", hanging.display(), path(&world)));
    let late = finding(&ran, "exec-start");
    ran.exits(69);
    assert_eq!(late["verdict"], "unknown", "{ran}");
    holds(&late, "found", "no answer after 1 s");
    holds(&late, "fix", "nexy-gate exec-start");
    assert_eq!((&finding(&ran, "version-synced")["verdict"], &finding(&ran, "gemini-key")["verdict"]), (&"pass".into(), &"pass".into()));
    let pid = fs::read_to_string(&pid).expect("it was started");
    let is_gone = || !Path::new("/proc").join(pid.trim()).exists();
    let patience = std::time::Instant::now() + Duration::from_secs(5);
    while !is_gone() && std::time::Instant::now() < patience {
        std::thread::sleep(Duration::from_millis(10));
    }
    assert!(is_gone(), "the program of a late gate outlived its report");
}

#[test]
fn a_late_gate_keeps_nobody_behind_it_from_being_asked() {
    let world = world();
    world.set_target("limits", "gate_timeout_s", "1");
    // More gates wait for git or the service manager than are asked at once, so one of them comes after those that never answer.
    let hanging = scripted(&world, "systemctl", "sleep 60");
    let git = scripted(&world, "git", "sleep 60");
    let path = format!("{}:{}:{}", hanging.display(), git.display(), path(&world));
    let ran =
        ask_with_path(&world, &["git-remotes", "no-force-push", "layout", "exec-start", "server-version-env", "version-synced"], &path);
    let report = ran.exits(69).json();
    let ids: Vec<&str> = report["findings"].as_array().expect("findings").iter().filter_map(|finding| finding["id"].as_str()).collect();
    assert_eq!(ids, ["version-synced", "git-remotes", "no-force-push", "layout", "exec-start", "server-version-env"], "{ran}");
    assert_eq!(finding(&ran, "version-synced")["verdict"], "pass");
}

#[test]
fn what_leaves_the_process_runs_beside_each_other() {
    let world = world();
    let room = world.root().join("room");
    fs::create_dir(&room).expect("a folder");
    // Each waits until both are there; one after the other they would wait in vain.
    let real = world.vm_path("bin/systemctl");
    let script = format!(
        "touch '{0}/'$$; n=0; while [ \"$(ls '{0}' | wc -l)\" -lt 2 ]; do n=$((n+1)); [ $n -lt 500 ] || exit 9; sleep 0.01; done; exec '{1}' \"$@\"",
        room.display(),
        real.display()
    );
    let both = scripted(&world, "systemctl", &script);
    let ran = ask_with_path(&world, &TWO, &format!("{}:{}", both.display(), path(&world)));
    ran.exits(0);
}
