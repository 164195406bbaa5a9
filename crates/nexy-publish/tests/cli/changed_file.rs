//! A file that changes while it is published is never live.

use nexy_publish_support::{held_at, judged, names, publish, ready, served};
use nexy_standin::world::{Ran, World};
use nexy_standin::{Fault, Listener, Reply, artifact};
use std::fs::{self, File};

/// Holds one request, changes the file meanwhile, and returns how the publication ended.
fn meanwhile(listener: Listener, method: &str, path: &str, change: impl FnOnce(&World)) -> Ran {
    let world = World::new();
    let (record, before) = (judged(&world).to_string(), served(&world));
    let hold = |hold| Fault::new(listener, method, path, Reply::Hold { hold, after: true });
    let ran = held_at(&world, hold, &["-"], &record, || change(&world));
    assert_eq!(served(&world), before);
    assert_eq!(names(&world), ["Nexy.dmg"], "nothing of it is left");
    ran
}

/// Puts the same bytes there in another file.
fn replace(world: &World) {
    let beside = world.inbox("Nexy.dmg").with_extension("new");
    artifact::write_dmg(&beside, 1 << 20, 2);
    fs::rename(&beside, world.inbox("Nexy.dmg")).expect("replaced");
}

fn rewrite(world: &World) {
    artifact::write_dmg(&world.inbox("Nexy.dmg"), 1 << 20, 77);
}

fn delete(world: &World) {
    fs::remove_file(world.inbox("Nexy.dmg")).expect("deleted");
}

#[test]
fn a_file_that_changed_before_the_upload_is_refused() {
    for change in [replace, rewrite] {
        // The assets are listed after the file was hashed.
        meanwhile(Listener::Api, "GET", "/assets?", change).exits(1).says("changed or replaced while it was read");
    }
}

#[test]
fn an_upload_whose_file_changed_meanwhile_is_deleted_again() {
    for change in [replace, rewrite, delete] {
        meanwhile(Listener::Uploads, "POST", "", change).exits(3).says("was deleted again").never_says("live: ");
    }
}

#[test]
fn an_empty_file_and_one_of_two_gibibytes_are_refused_before_any_request() {
    for (size, says) in [(0, "it is empty"), (2 << 30, "at most 2147483647 are allowed")] {
        let (world, mut record) = ready();
        record["artifacts"][0]["size_bytes"] = size.into();
        record["reports"][0]["subjects"][0]["size_bytes"] = size.into();
        File::create(world.inbox("Nexy.dmg")).and_then(|file| file.set_len(size)).expect("a sparse file");
        world.standin.clear_requests();
        publish(&world, &record).exits(1).says(says);
        assert!(world.standin.requests().is_empty());
    }
}
