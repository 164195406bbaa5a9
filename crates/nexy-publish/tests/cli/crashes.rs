//! `kill -9` before and after every request: users are never left without a way back, and the same command finishes.

use crate::scene::{judged, names, publish, served, sha256};
use nexy_standin::{
    Fault, Listener, Reply,
    world::{ARTIFACTS, World},
};

/// The requests of a full publication, as listener, method and number.
const REQUESTS: &[(Listener, &str, u32)] = &[
    (Listener::Api, "GET", 1),
    (Listener::Api, "GET", 2),
    (Listener::Uploads, "POST", 1),
    (Listener::Web, "GET", 1),
    (Listener::Storage, "GET", 1),
    (Listener::Api, "GET", 3),
    (Listener::Api, "PATCH", 1),
    (Listener::Api, "PATCH", 2),
    (Listener::Api, "GET", 4),
    (Listener::Web, "GET", 2),
    (Listener::Storage, "GET", 2),
];

#[test]
fn a_kill_at_any_request_leaves_a_download_and_the_next_run_converges() {
    for (listener, method, nth) in REQUESTS {
        for after in [false, true] {
            let case = format!("{listener:?} {method} #{nth}, after: {after}");
            let world = World::new();
            let record = judged(&world);
            let (old, new) = (served(&world), sha256(&record));
            let pid_file = world.home().join("publish.pid");
            world.standin.fault(Fault::new(*listener, method, "", Reply::KillPid { file: pid_file.clone(), after }).nth(*nth));
            world.tool("nexy-publish").args(["-"]).pid_file(&pid_file).stdin(record.to_string()).run().was_killed().silent_stdout();
            world.standin.clear_faults();
            let between_the_renames = *method == "PATCH" && ((*nth == 1 && after) || (*nth == 2 && !after));
            if between_the_renames {
                // The one moment that GitHub's API cannot avoid: the old bytes lie beside, under their kept name.
                assert!(names(&world).contains(&"Nexy.prev.dmg".to_owned()), "{case}");
            } else {
                let now = served(&world);
                assert!(now == old || now.as_ref() == Some(&new), "{case}: users get {now:?}");
            }
            let record = judged(&world);
            publish(&world, &record).exits(0);
            assert_eq!(served(&world), Some(new), "{case}");
            assert_eq!(names(&world), ["Nexy.dmg", "Nexy.prev.dmg"], "{case}");
        }
    }
}

#[test]
fn ctrl_c_between_the_renames_waits_until_users_have_a_download() {
    let world = World::new();
    let record = judged(&world);
    world.standin.fault(Fault::new(Listener::Api, "PATCH", "", Reply::Stall(std::time::Duration::from_millis(1500))).nth(2));
    let running = world.tool("nexy-publish").args(["-"]).stdin(record.to_string()).spawn();
    // The file, since asking the stand-in would wait until no request is under way.
    let log = world.state().join("requests.jsonl");
    while !std::fs::read_to_string(&log).is_ok_and(|lines| lines.contains("\"PATCH\"")) {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    running.signal("INT");
    let ran = running.wait();
    assert!(ran.stderr.contains("live: "), "it was ended between the renames: {}", ran.stderr);
    assert!(served(&world).is_some());
}

#[test]
fn a_kill_while_the_older_previous_artifact_goes_leaves_a_download_and_a_rollback() {
    for (method, after) in [("PATCH", false), ("PATCH", true), ("DELETE", false), ("DELETE", true)] {
        let world = World::new();
        world.standin.put_asset(ARTIFACTS, "Update", "Nexy.prev.dmg", b"the one before");
        let record = judged(&world);
        let old = served(&world);
        let pid_file = world.home().join("publish.pid");
        world.standin.fault(Fault::new(Listener::Api, method, "", Reply::KillPid { file: pid_file.clone(), after }));
        world.tool("nexy-publish").args(["-"]).pid_file(&pid_file).stdin(record.to_string()).run().was_killed().silent_stdout();
        let goal = if method == "PATCH" { old } else { Some(sha256(&record)) };
        assert_eq!(served(&world), goal, "{method}, after: {after}");
        let channels = world.tool("nexy-publish").arg("show").run().exits(0).json();
        assert!(channels["channels"][0]["previous"].is_object(), "{method}, after: {after}: {channels}");
        publish(&world, &judged(&world)).exits(0);
        assert_eq!(served(&world), Some(sha256(&record)));
        assert_eq!(names(&world), ["Nexy.dmg", "Nexy.prev.dmg"]);
    }
}

#[test]
fn a_kill_while_a_swap_is_undone_leaves_a_way_back_and_the_next_run_converges() {
    for (nth, after) in [(3, false), (3, true), (4, false), (4, true)] {
        let case = format!("PATCH #{nth}, after: {after}");
        let world = World::new();
        world.set_target("limits", "public_url_wait_s", "1");
        let record = judged(&world);
        let pid_file = world.home().join("publish.pid");
        world.standin.fault(Fault::new(Listener::Web, "GET", "/Nexy.dmg", Reply::Stale).always());
        world.standin.fault(Fault::new(Listener::Api, "PATCH", "", Reply::KillPid { file: pid_file.clone(), after }).nth(nth));
        world.tool("nexy-publish").args(["-"]).pid_file(&pid_file).stdin(record.to_string()).run().was_killed().silent_stdout();
        world.standin.clear_faults();
        let names_now = names(&world);
        assert!(names_now.iter().any(|name| name == "Nexy.dmg" || name == "Nexy.prev.dmg"), "{case}: {names_now:?}");
        let record = judged(&world);
        publish(&world, &record).exits(0);
        assert_eq!(served(&world), Some(sha256(&record)), "{case}");
        assert_eq!(names(&world), ["Nexy.dmg", "Nexy.prev.dmg"], "{case}");
    }
}
