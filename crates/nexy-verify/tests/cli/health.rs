//! The six probes that ask a server which version it runs: `local-health`, `local-status`, `local-updates`,
//! `public-health`, `public-status` and `public-updates`.

use crate::asked::{answers, ask, fails, hangs_up, is_unknown, on_vm, passes};
use nexy_standin::Listener;
use nexy_standin::world::{Ran, World};

/// A probe, what it asks, and the command that it shows when the answer is not 200.
struct Probe {
    id: &'static str,
    listener: Listener,
    path: &'static str,
    fix: &'static str,
}

const JOURNAL: &str = "journalctl -u";
const LOCAL: &str = "scripts/vm.sh nexy-verify local";
const PROBES: [Probe; 6] = [
    Probe { id: "local-health", listener: Listener::Server, path: "/health", fix: JOURNAL },
    Probe { id: "local-status", listener: Listener::Server, path: "/status", fix: JOURNAL },
    Probe { id: "local-updates", listener: Listener::Updates, path: "/health", fix: JOURNAL },
    Probe { id: "public-health", listener: Listener::Public, path: "/health", fix: LOCAL },
    Probe { id: "public-status", listener: Listener::Public, path: "/status", fix: LOCAL },
    Probe { id: "public-updates", listener: Listener::Public, path: "/updates/health", fix: LOCAL },
];

/// Asks where the probe is asked: on the VM or on the laptop.
fn asks(world: &World, id: &str) -> Ran {
    if id.starts_with("local-") { on_vm(world, id) } else { ask(world, id) }
}

#[test]
fn the_expected_version_passes() {
    let world = World::new();
    for probe in PROBES {
        passes(&asks(&world, probe.id), probe.id);
    }
}

#[test]
fn an_answer_other_than_200_fails() {
    for Probe { id, listener, path, fix } in PROBES {
        let world = World::new();
        answers(&world, listener, path, 502);
        fails(&asks(&world, id), id, "answers 502", fix);
    }
}

#[test]
fn a_server_that_does_not_answer_is_unknown() {
    for Probe { id, listener, path, fix } in PROBES {
        let world = World::new();
        hangs_up(&world, listener, path);
        // On the VM no network lies between: silence is the service's own.
        let fix = if listener == Listener::Public { "curl -sS" } else { fix };
        is_unknown(&asks(&world, id), id, "cannot reach", fix);
    }
}

#[test]
fn a_process_that_still_runs_the_old_code_fails() {
    for id in ["local-health", "local-status"] {
        let world = World::new();
        passes(&on_vm(&world, id), id);
        world.set_vm_version("2.0.0.5");
        fails(&on_vm(&world, id), id, "version `2.0.0.4`, build `2.0.0.4`", "sudo nexy-gate hard && sudo systemctl restart");
        world.restart_service();
        passes(&on_vm(&world, id), id);
    }
}

#[test]
fn a_public_server_with_another_version_than_the_workspace_fails() {
    for id in ["public-health", "public-status"] {
        let world = World::new();
        world.set_version("2.0.0.5");
        fails(&ask(&world, id), id, "version `2.0.0.4`, build `2.0.0.4`", LOCAL);
    }
}

#[test]
fn a_version_in_the_environment_that_hides_the_file_fails() {
    let world = World::new();
    world.set_config_env("SERVER_VERSION=1.0.3\n");
    world.restart_service();
    fails(&on_vm(&world, "local-health"), "local-health", "version `1.0.3`", "sudo nexy-gate server-version-env");
}

#[test]
fn a_checkout_without_a_version_is_unknown() {
    let world = World::new();
    world.write_vm("VERSION", "latest\n");
    is_unknown(&on_vm(&world, "local-health"), "local-health", "6 bytes of something else (not shown)", "nexy-version check");
}

#[test]
fn an_update_server_that_falls_back_to_a_version_in_its_code_fails() {
    let world = World::new();
    let good = world.vm_manifest();
    let folder = world.vm_path("server/updates/manifests");
    for entry in std::fs::read_dir(&folder).expect("the folder that the server reads") {
        std::fs::remove_file(entry.expect("an entry").path()).expect("removed");
    }
    world.write_vm("server/server/updates/manifests/manifest.json", &good.to_string());
    let missing = "there is no server/updates/manifests/manifest.json";
    fails(&on_vm(&world, "local-updates"), "local-updates", missing, "sudo nexy-gate single-manifest");
    let mut record = crate::record::released(&world);
    record["manifests"][0]["version"] = "2.0.0.3".into();
    record["manifests"][1]["version"] = "2.0.0.3".into();
    let target = world.vm_path("etc/nexy.toml").display().to_string();
    let ran = world.tool("nexy-verify").bare().args(["--target", &target, "local-updates", "-"]).stdin(record.to_string()).run();
    ran.exits(1).says("version `2.0.0.40`").says("expected  200 with status healthy, latest_version and latest_build 2.0.0.3");
}

#[test]
fn a_manifest_that_never_reached_the_vm_fails() {
    let world = World::new();
    world.set_manifest(&world.live_manifest("2.0.0.4"));
    fails(
        &ask(&world, "public-updates"),
        "public-updates",
        "version `2.0.0.3`, build `2.0.0.3`",
        "nexy-manifest check && make manifest-deliver",
    );
}

#[test]
fn the_version_that_a_person_names_is_held_against_the_code_and_against_what_clients_are_told() {
    let world = World::new();
    for named in ["2.0.0.4", "v2.0.0.4"] {
        on_vm(&world, &format!("local --expect {named}")).exits(0).says("version and build 2.0.0.4 (from --expect)");
        ask(&world, &format!("public --expect {named}")).exits(0);
    }
    on_vm(&world, "local").exits(0).says("version and build 2.0.0.4 (from VERSION)");
    // The checkout agrees with itself, and is of another version than the one that was to be deployed.
    let another = on_vm(&world, "local --expect v2.0.0.5");
    fails(&another, "local-health", "version `2.0.0.4`, build `2.0.0.4`", "deploy v2.0.0.5 there");
    assert_eq!(another.finding("local-status")["verdict"], "fail", "{another}");
    assert_eq!(another.finding("local-updates")["verdict"], "pass", "code goes before artifacts: {another}");
    fails(&on_vm(&world, "local-updates --expect 2.0.0.5"), "local-updates", "version `2.0.0.3`", "manifest");
    fails(
        &ask(&world, "public --expect 2.0.0.5"),
        "public-health",
        "version `2.0.0.4`",
        "scripts/vm.sh nexy-verify local --expect v2.0.0.5",
    );
    let told = ask(&world, "updates --expect 2.0.0.5");
    fails(&told, "public-updates", "version `2.0.0.3`", "manifest");
    fails(&told, "feed", "sparkle:version is `2.0.0.3`", "manifest");
    world.set_vm_manifest(&world.live_manifest("2.0.0.4"));
    world.set_manifest(&world.live_manifest("2.0.0.4"));
    ask(&world, "public updates versions-agree --expect v2.0.0.4").exits(0);
    fails(&ask(&world, "versions-agree --expect 2.0.0.5"), "versions-agree", "both `2.0.0.4`", "--expect 2.0.0.5");
}
