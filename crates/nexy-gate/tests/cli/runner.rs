//! Gates beside each other: each has its deadline, all are asked, and no program that they started stays.

use crate::vm::{ask_with_path, path, scripted, set_checkout};
use crate::{ask, holds, world};
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

/// Nothing of the VM is here, and nothing is advised that would make it here.
#[test]
fn a_gate_of_the_vm_that_is_asked_on_a_laptop_says_so_in_one_line() {
    let world = world();
    world.set_target("service", "user", "\"nexy-nobody-has-this-name\"");
    world.set_target("service", "unit", "\"nexy-no-such-unit.service\"");
    set_checkout(&world, "/nexy/no/such/folder");
    let ran = ask(&world, &["hard"]);
    ran.exits(69);
    let findings = ran.json()["findings"].as_array().expect("findings").clone();
    let of_vm = |one: &serde_json::Value| one["found"].as_str().is_some_and(|found| found.starts_with("this machine is not the VM"));
    assert_eq!(findings.iter().filter(|one| of_vm(one)).count(), 1, "{ran}");
    for finding in findings.iter().filter(|one| !of_vm(one)) {
        holds(finding, "found", "not asked: see ");
    }
    assert!(!ran.stderr.contains("sudo "), "{ran}");
}

#[test]
fn what_a_refused_token_or_an_empty_inbox_keeps_from_looking_is_one_line_each() {
    let world = world();
    let ran = world.tool("nexy-gate").args(["before-publish", "--format=json"]).env("GH_ENTERPRISE_TOKEN", "wrong").run();
    ran.exits(1);
    for id in ["fixed-channel", "github-quota", "code-repo-has-no-release"] {
        assert_eq!(
            (&ran.finding(id)["verdict"], &ran.finding(id)["found"]),
            (&"unknown".into(), &"not asked: see github-token".into()),
            "{ran}"
        );
    }
    fs::remove_file(world.inbox("Nexy.dmg")).expect("the artifact");
    let ran = ask(&world, &["before-publish"]);
    for id in ["artifact-genuine", "artifact-version", "version-moves"] {
        assert_eq!(
            (&ran.finding(id)["verdict"], &ran.finding(id)["found"]),
            (&"unknown".into(), &"not asked: see release-inbox".into()),
            "{ran}"
        );
    }
    // Asked alone, each has its reason.
    holds(&ask(&world, &["artifact-genuine"]).finding("artifact-genuine"), "found", "holds no artifact");
}
