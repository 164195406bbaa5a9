//! A file that changes while it is published is never live.

use crate::scene::{judged, names, publish, served, until_logged};
use nexy_standin::{Fault, Listener, Reply, artifact, world::World};
use std::time::Duration;

/// Stalls one request, changes the file meanwhile, and hands over how it ended.
fn meanwhile(listener: Listener, method: &str, path: &str, logged: &str, change: impl FnOnce(&World)) -> (World, Option<i32>, String) {
    let world = World::new();
    let record = judged(&world);
    let before = served(&world);
    world.standin.clear_requests();
    world.standin.fault(Fault::new(listener, method, path, Reply::Stall(Duration::from_millis(2000))));
    let running = world.tool("nexy-publish").args(["-"]).stdin(record.to_string()).spawn();
    until_logged(&world, logged);
    std::thread::sleep(Duration::from_millis(300));
    change(&world);
    let ran = running.wait();
    assert_eq!(served(&world), before);
    assert_eq!(names(&world), ["Nexy.dmg"], "nothing of it is left");
    (world, ran.code, ran.stderr)
}

/// The same bytes in another file.
fn replace(world: &World) {
    let beside = world.inbox("Nexy.dmg").with_extension("new");
    artifact::write_dmg(&beside, 1 << 20, 2);
    std::fs::rename(&beside, world.inbox("Nexy.dmg")).expect("replaced");
}

fn rewrite(world: &World) {
    artifact::write_dmg(&world.inbox("Nexy.dmg"), 1 << 20, 77);
}

#[test]
fn a_file_that_was_touched_before_the_upload_is_refused() {
    for change in [replace, rewrite] {
        // The release is answered after the file was hashed.
        let (_, code, stderr) = meanwhile(Listener::Api, "GET", "/assets?", "/releases/tags/Update", change);
        assert_eq!(code, Some(1), "{stderr}");
        assert!(stderr.contains("changed or replaced while it was read"), "{stderr}");
    }
}

#[test]
fn a_file_that_was_touched_during_the_upload_is_taken_away_again() {
    for change in [replace, rewrite, |world: &World| std::fs::remove_file(world.inbox("Nexy.dmg")).expect("removed")] {
        let (_, code, stderr) = meanwhile(Listener::Uploads, "POST", "", "/assets?", change);
        // On a busy machine the change may come before the upload has begun.
        assert!(code == Some(3) || code == Some(1), "{code:?} {stderr}");
        assert!(!stderr.contains("live: "), "{stderr}");
    }
}

#[test]
fn an_empty_file_and_one_of_two_gibibytes_are_refused_before_anything_is_asked() {
    for (size, says) in [(0, "it is empty"), (2 << 30, "at most 2147483647 are allowed")] {
        let world = World::new();
        let mut record = judged(&world);
        record["artifacts"][0]["size_bytes"] = size.into();
        record["reports"][0]["subjects"][0]["size_bytes"] = size.into();
        std::fs::File::create(world.inbox("Nexy.dmg")).and_then(|file| file.set_len(size)).expect("a sparse file");
        world.standin.clear_requests();
        publish(&world, &record).exits(1).says(says);
        assert!(world.standin.requests().is_empty());
    }
}
