//! The world of the black-box tests is what they believe it is.

use nexy_standin::world::{ARTIFACTS, OLD_VERSION, UNIT, VERSION, World};
use nexy_standin::{Listener, client};
use serde_json::{Value, json};
use std::fs;

const AZ: &str = "az vm run-command invoke -g NexyNewRG -n NexyNew --command-id RunShellScript \
                  --only-show-errors -o json --scripts ";

#[test]
fn a_new_world_stands_one_step_before_a_publication() {
    let world = World::new();
    assert_eq!(world.read("VERSION").trim(), VERSION);
    assert_eq!(world.manifest()["version"], OLD_VERSION);
    assert_eq!(world.vm_manifest(), world.manifest());
    let live = world.standin.asset(ARTIFACTS, "Update", "Nexy.dmg").unwrap();
    assert_eq!(world.manifest()["artifact"]["size"], live.size);
    let sha = world.standin.public_bytes_sha(ARTIFACTS, "Update", "Nexy.dmg");
    assert_eq!(world.manifest()["artifact"]["sha256"], sha.unwrap());
    assert!(world.git(&["remote", "-v"]).contains("Nexy_server.git"));
    assert_eq!(world.git(&["status", "--porcelain"]), "");
}

#[test]
fn a_new_world_serves_the_feed_of_the_old_version() {
    let world = World::new();
    let feed = client::get(&format!("{}/updates/appcast.xml", world.standin.url(Listener::Public)));
    assert!(feed.text().contains("sparkle:shortVersionString=\"2.0.0.3\""));
    let sha = client::sha256(&world.dmg_url());
    assert_eq!(world.manifest()["artifact"]["sha256"], sha.unwrap());
    assert_eq!(client::sha256(&world.dmg_url().replace("dmg", "zip")), Err(404));
}

#[test]
fn a_shell_in_the_world_sees_no_other_environment() {
    let world = World::new();
    let ran = world.sh("env | cut -d= -f1 | sort");
    ran.exits(0).prints("GH_TOKEN\n");
    assert!(!ran.stdout.contains("CARGO"), "{ran}");
}

#[test]
fn the_running_service_shows_a_new_version_only_after_its_restart() {
    let world = World::new();
    let health = || client::get(&format!("{}/health", world.standin.url(Listener::Server))).json()["latest_version"].clone();
    assert_eq!(health(), VERSION);
    world.set_vm_version("2.0.0.5");
    assert_eq!(health(), VERSION);
    world.restart_service();
    assert_eq!(health(), "2.0.0.5");
}

#[test]
fn az_runs_the_script_as_dash_drops_its_status_and_gives_no_environment() {
    let world = World::new();
    let ran = world.sh(&format!("{AZ} 'set -u; env | sort; echo \"home=${{HOME-none}}\"; cat; echo problem >&2; exit 3'"));
    let message = message(&ran.exits(0).json());
    assert!(message.starts_with("Enable succeeded: \n[stdout]\n"), "{message}");
    assert!(message.contains("home=none"), "{message}");
    assert!(message.ends_with("[stderr]\nproblem\n"), "{message}");
    let refused = world.sh(&format!("{AZ} 'set -o pipefail; echo never'"));
    assert!(!message_of(&refused).contains("never"), "{refused}");
}

#[test]
fn az_keeps_the_last_4096_bytes_of_each_stream() {
    let world = World::new();
    let ran = world.sh(&format!("{AZ} 'echo first; seq 1 3000; echo last'"));
    let message = message(&ran.json());
    let stdout = message.split("[stdout]\n").nth(1).unwrap();
    let stdout = stdout.split("\n[stderr]").next().unwrap();
    assert_eq!(stdout.len(), 4096);
    assert!(stdout.ends_with("last\n") && !stdout.contains("first"));
}

#[test]
fn az_sends_the_name_of_a_missing_script_file_as_the_script() {
    let world = World::new();
    let ran = world.sh(&format!("{AZ} @missing.sh"));
    assert!(message_of(ran.exits(0)).contains("@missing.sh: not found"), "{ran}");
}

#[test]
fn az_answers_a_parallel_call_with_the_conflict() {
    let world = World::new();
    let started = world.root().join("started");
    let slow = world.shell(&format!("{AZ} 'echo > {}; sleep 1'", started.display())).spawn();
    while !started.exists() {
        std::thread::yield_now();
    }
    let ran = world.sh(&format!("{AZ} 'echo second'"));
    ran.exits(1).silent_stdout();
    ran.says("(Conflict) Run command extension execution is in progress.");
    slow.wait().exits(0);
}

#[test]
fn az_refuses_what_azure_refuses() {
    let world = World::new();
    let cases = [
        ("az vm run-command invoke -g NexyNewRG", 2, "arguments are required: --name, --command-id"),
        ("az vm run-command invoke -g Other -n NexyNew --command-id RunShellScript", 3, "ResourceGroupNotFound"),
        ("az vm run-command invoke -g NexyNewRG -n Other --command-id RunShellScript", 3, "ResourceNotFound"),
        ("az vm show -g NexyNewRG -n NexyNew --query x", 2, "unrecognized arguments: --query"),
        ("az vm start", 2, "misspelled or not recognized"),
    ];
    for (command, code, text) in cases {
        world.sh(command).exits(code).says(text).silent_stdout();
    }
    world.set_az("logged_in", json!(false));
    world.sh("az account show").exits(1).says("az login");
}

#[test]
fn az_of_an_old_agent_reports_a_failed_script() {
    let world = World::new();
    world.set_az("mode", json!("old-agent"));
    let ran = world.sh(&format!("{AZ} 'echo seen; exit 3'"));
    ran.exits(1).says("Enable failed").says("exit status=3");
    world.sh(&format!("{AZ} 'echo seen'")).exits(0).prints("seen");
}

#[test]
fn a_killed_az_does_not_stop_the_script() {
    let world = World::new();
    let (started, done) = (world.root().join("started"), world.root().join("done"));
    let script = format!("echo > {}; sleep 0.3; echo > {}", started.display(), done.display());
    let running = world.shell(&format!("exec {AZ} '{script}'")).spawn();
    while !started.exists() {
        std::thread::yield_now();
    }
    running.signal("KILL");
    running.wait().was_killed();
    while !done.exists() {
        std::thread::yield_now();
    }
}

#[test]
fn systemctl_shows_the_unit_as_the_manager_has_it() {
    let world = World::new();
    let ran = world.sh(&format!("systemctl show -p ExecStart,User --property=ActiveState {UNIT}"));
    let program = world.vm_path("venv/bin/python3");
    ran.exits(0)
        .prints("ActiveState=active\n")
        .prints(&format!("ExecStart={{ path={0} ; argv[]={0} server/main.py ; ignore_errors=no ;", program.display()));
    world.sh("systemctl show -p LoadState other.service").exits(0).prints("LoadState=not-found");
    world.sh(&format!("systemctl enable {UNIT}")).exits(1).says("never taught");
}

#[test]
fn the_world_vanishes_when_it_is_dropped() {
    let root = World::new().root();
    assert!(fs::metadata(root).is_err());
}

fn message(document: &Value) -> String {
    document["value"][0]["message"].as_str().unwrap().to_owned()
}

fn message_of(ran: &nexy_standin::world::Ran) -> String {
    message(&ran.json())
}
