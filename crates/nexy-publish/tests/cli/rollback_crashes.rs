//! `kill -9` before and after every request of a rollback: the next rollback finishes it, and so does the next publication.

use crate::scene::{fresh, judged, names, publish, published, roll_back, served, sha256};
use nexy_standin::{Fault, Listener, Reply, artifact, world::World};

/// The requests of a rollback, as listener, method and number.
const REQUESTS: &[(Listener, &str, u32)] = &[
    (Listener::Api, "GET", 1),
    (Listener::Api, "GET", 2),
    (Listener::Web, "GET", 1),
    (Listener::Storage, "GET", 1),
    (Listener::Api, "GET", 3),
    (Listener::Api, "PATCH", 1),
    (Listener::Api, "PATCH", 2),
    (Listener::Api, "GET", 4),
    (Listener::Web, "GET", 2),
    (Listener::Storage, "GET", 2),
];

fn killed(world: &World, arguments: &[&str], listener: Listener, method: &str, nth: u32, after: bool) {
    let record = fresh(world);
    let pid_file = world.home().join("rollback.pid");
    let _none_yet = std::fs::remove_file(&pid_file);
    world.standin.fault(Fault::new(listener, method, "", Reply::KillPid { file: pid_file.clone(), after }).nth(nth));
    world.tool("nexy-publish").args(arguments.iter().copied()).pid_file(&pid_file).stdin(record).run().was_killed().silent_stdout();
    world.standin.clear_faults();
}

#[test]
fn the_next_rollback_finishes_what_a_kill_at_any_request_has_left() {
    for (listener, method, nth) in REQUESTS {
        for after in [false, true] {
            let case = format!("{listener:?} {method} #{nth}, after: {after}");
            let world = published();
            let bad = served(&world);
            killed(&world, &["rollback", "-"], *listener, method, *nth, after);
            let between_the_renames = *method == "PATCH" && ((*nth == 1 && after) || (*nth == 2 && !after));
            assert_eq!(served(&world).is_none(), between_the_renames, "{case}");
            let record = roll_back(&world).exits(0).json();
            assert_eq!(served(&world).as_deref(), record["artifacts"][0]["live"]["sha256"].as_str(), "{case}");
            assert_ne!(served(&world), bad, "{case}");
            assert_eq!(names(&world).len(), 2, "{case}: {:?}", names(&world));
            let written = world.tool("nexy-manifest").args(["write", "-"]).stdin(record.to_string()).run();
            written.exits(0);
            assert_eq!(world.manifest()["version"], "2.0.0.3", "{case}");
        }
    }
}

#[test]
fn the_next_publication_repairs_it_as_well() {
    for (nth, after) in [(1, false), (1, true), (2, false), (2, true)] {
        let case = format!("PATCH #{nth}, after: {after}");
        let world = published();
        killed(&world, &["rollback", "-"], Listener::Api, "PATCH", nth, after);
        let missing = served(&world).is_none();
        // The bad bytes once more: refused, but users have a download again.
        if missing {
            publish(&world, &judged(&world)).exits(1).says("users have a download again").says("were rolled back");
            assert!(served(&world).is_some(), "{case}");
        }
        world.inbox_dmg(&artifact::dmg(1 << 20, 66));
        world.set_version("2.0.0.5");
        let record = judged(&world);
        publish(&world, &record).exits(0);
        assert_eq!(served(&world), Some(sha256(&record)), "{case}");
    }
}

#[test]
fn a_rollback_to_a_file_that_was_killed_is_finished_or_undone() {
    for (nth, after) in [(1, true), (2, false), (2, true)] {
        for finish in [true, false] {
            let case = format!("PATCH #{nth}, after: {after}, finish: {finish}");
            let world = published();
            world.standin.remove_asset(nexy_standin::world::ARTIFACTS, "Update", "Nexy.prev.dmg");
            let bad = served(&world);
            let file = world.root().join("Nexy.dmg");
            artifact::write_dmg(&file, 300_000, 42);
            let file = file.to_str().expect("a path").to_owned();
            let arguments = ["rollback", "--artifact", &file, "--to-version", "2.0.0.1", "-"];
            killed(&world, &arguments, Listener::Api, "PATCH", nth, after);
            let missing = served(&world).is_none();
            assert_eq!(missing, nth == 1 || !after, "{case}");
            if finish {
                world.tool("nexy-publish").args(arguments).stdin(fresh(&world)).run().exits(0);
                assert_eq!(served(&world), Some(artifact::sha256(std::path::Path::new(&file))), "{case}");
                assert_eq!(names(&world).len(), 2, "{case}: {:?}", names(&world));
            } else if missing {
                // Nobody brings the file any more: better what was there than nothing.
                roll_back(&world).exits(1).says("users have a download again").says("keeps no previous artifact");
                assert_eq!(served(&world), bad, "{case}");
            }
        }
    }
}
