//! Two publishers: on one machine the kernel keeps them apart, on two machines the channel itself does.

use crate::scene::{judged, listed, mutations, names, publish, served, sha256, staged_name, until_logged};
use nexy_standin::{
    Fault, Listener, Reply, artifact,
    world::{ARTIFACTS, World},
};
use serde_json::{Value, json};
use std::time::Duration;

const THEIRS: &str = "Nexy.next-0123456789ab.dmg";

/// Publishes on another machine: with another home, and so with other locks.
fn elsewhere(world: &World, record: &Value) -> nexy_standin::world::Ran {
    let home = world.root().join("another-home");
    std::fs::create_dir_all(&home).expect("a home");
    world.tool("nexy-publish").args(["-"]).env("HOME", home.to_str().expect("a path")).stdin(record.to_string()).run()
}

#[test]
fn a_second_publisher_on_the_same_machine_waits_outside() {
    let world = World::new();
    let record = judged(&world);
    world.standin.fault(Fault::new(Listener::Storage, "GET", "", Reply::Stall(Duration::from_millis(2500))));
    let first = world.tool("nexy-publish").args(["-"]).stdin(record.to_string()).spawn();
    until_logged(&world, "\"POST\"");
    let process = first.id().to_string();
    publish(&world, &record).exits(75).says("is at work on it on this machine").says(&process);
    world.tool("nexy-publish").args(["clean"]).run().exits(75).silent_stdout();
    world.tool("nexy-publish").args(["rollback", "-"]).stdin(record.to_string()).run().exits(75);
    // Who changes nothing waits for nobody.
    world.tool("nexy-publish").args(["show"]).run().exits(0);
    world.tool("nexy-publish").args(["--dry-run", "-"]).stdin(record.to_string()).run().exits(0);
    first.wait().exits(0);
    assert_eq!(served(&world), Some(sha256(&record)));
}

#[test]
fn a_folder_for_locks_that_others_can_write_is_not_trusted() {
    use std::os::unix::fs::PermissionsExt as _;
    let world = World::new();
    let record = judged(&world);
    let folder = world.home().join("state/nexy");
    std::fs::create_dir_all(&folder).expect("a folder");
    std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o777)).expect("its mode");
    let state = world.home().join("state");
    let publish =
        || world.tool("nexy-publish").args(["-"]).env("XDG_STATE_HOME", state.to_str().expect("a path")).stdin(record.to_string());
    publish().run().exits(69).says("others can write there").says("chmod 700");
    assert_eq!(mutations(&world), Vec::<String>::new());
    std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o700)).expect("its mode");
    publish().run().exits(0);
    let bare = world.tool("nexy-publish").args(["-"]).without_env("HOME").stdin(judged(&world).to_string()).run();
    bare.exits(69).says("set HOME");
}

#[test]
fn an_upload_of_somebody_else_is_left_alone_for_an_hour_by_githubs_clock() {
    for (age, ahead, exit) in [(10, 0, 75), (3590, 0, 75), (3610, 0, 0), (10, 90_000, 75), (3610, -90_000, 0)] {
        let world = World::new();
        // This machine's clock has no say: GitHub's runs a day ahead or behind.
        world.standin.set_clock_ahead(ahead);
        world.standin.put_asset(ARTIFACTS, "Update", THEIRS, b"theirs");
        world.standin.set_age(ARTIFACTS, "Update", THEIRS, age);
        let record = judged(&world);
        world.standin.clear_requests();
        let ran = publish(&world, &record);
        ran.exits(exit);
        assert!(names(&world).contains(&THEIRS.to_owned()), "it is removed by nobody but `clean`");
        if exit == 75 {
            ran.says("left alone for an hour").says("gh api -X DELETE");
            assert_eq!(mutations(&world), Vec::<String>::new());
        }
    }
}

#[test]
fn what_this_machine_has_left_is_removed_at_once_whatever_its_age() {
    let world = World::new();
    // The first run uploads other bytes, and its reader goes away before the swap.
    world.write("record.json", &judged(&world).to_string());
    world.sh("nexy-publish - <record.json | true; sleep 0").exits(0);
    assert_eq!(names(&world).len(), 2, "{:?}", names(&world));
    world.inbox_dmg(&artifact::dmg(1 << 20, 99));
    let record = judged(&world);
    elsewhere(&world, &record).exits(75);
    publish(&world, &record).exits(0);
    assert_eq!(names(&world), ["Nexy.dmg", "Nexy.prev.dmg"]);
}

#[test]
fn half_an_upload_of_this_machine_is_taken_up_again_at_once() {
    let world = World::new();
    let record = judged(&world);
    world.standin.fault(Fault::new(Listener::Uploads, "POST", "", Reply::StarterThenStatus(502)));
    world.standin.fault(Fault::new(Listener::Api, "DELETE", "", Reply::Status(403, json!({"message": "no"}))).always());
    publish(&world, &record).exits(1).says("cannot remove a broken upload");
    assert_eq!(names(&world), ["Nexy.dmg".to_owned(), staged_name(&record)]);
    world.standin.clear_faults();
    elsewhere(&world, &record).exits(75).says("state `starter`");
    publish(&world, &judged(&world)).exits(0);
    assert_eq!(names(&world), ["Nexy.dmg", "Nexy.prev.dmg"]);
}

#[test]
fn of_two_uploads_the_one_that_came_first_goes_on_and_the_other_gives_way() {
    let world = World::new();
    let record = judged(&world);
    let before = served(&world);
    let empty = listed(&world);
    world.standin.put_asset(ARTIFACTS, "Update", THEIRS, b"theirs");
    // They uploaded between our look and our own upload.
    world.standin.fault(Fault::new(Listener::Api, "GET", "/assets?", Reply::Status(200, empty)));
    publish(&world, &record).exits(75).says("this run's own upload was removed again");
    assert_eq!(served(&world), before);
    assert_eq!(names(&world), ["Nexy.dmg", THEIRS]);
}

#[test]
fn an_upload_that_came_after_ours_does_not_stop_us() {
    let world = World::new();
    let record = judged(&world);
    world.standin.fault(Fault::new(Listener::Storage, "GET", "", Reply::Stall(Duration::from_millis(1500))));
    let running = world.tool("nexy-publish").args(["-"]).stdin(record.to_string()).spawn();
    until_logged(&world, "\"POST\"");
    world.standin.put_asset(ARTIFACTS, "Update", THEIRS, b"theirs");
    running.wait().exits(0);
    assert_eq!(served(&world), Some(sha256(&record)));
    assert!(names(&world).contains(&THEIRS.to_owned()));
}

#[test]
fn the_same_bytes_under_way_on_another_machine_are_left_alone() {
    let world = World::new();
    let record = judged(&world);
    let empty = listed(&world);
    world.standin.put_starter(ARTIFACTS, "Update", &staged_name(&record));
    publish(&world, &record).exits(75).says("state `starter`");
    // The same when they begin between our look and our upload, which GitHub then refuses.
    world.standin.fault(Fault::new(Listener::Api, "GET", "/assets?", Reply::Status(200, empty)));
    publish(&world, &record).exits(75).says("somebody else is uploading");
    assert!(!mutations(&world).iter().any(|call| call.starts_with("DELETE")));
    assert!(names(&world).contains(&staged_name(&record)));
    // An hour later nobody can be at work with it.
    world.standin.set_age(ARTIFACTS, "Update", &staged_name(&record), 3600);
    publish(&world, &judged(&world)).exits(0);
    assert_eq!(names(&world), ["Nexy.dmg", "Nexy.prev.dmg"]);
}

#[test]
fn a_channel_that_changes_between_two_changes_stops_the_swap() {
    let world = World::new();
    world.standin.put_asset(ARTIFACTS, "Update", "Nexy.prev.dmg", b"the one before");
    world.standin.set_label(ARTIFACTS, "Update", "Nexy.prev.dmg", Some("Nexy.dmg 2.0.0.2"));
    let record = judged(&world);
    world.set_target("limits", "mutation_pause_ms", "1500");
    let record = {
        drop(record);
        judged(&world)
    };
    let running = world.tool("nexy-publish").args(["-"]).stdin(record.to_string()).spawn();
    // The older previous artifact has made way; in the pause before the renames somebody puts their own file there.
    until_logged(&world, "\"PATCH\"");
    world.standin.remove_asset(ARTIFACTS, "Update", "Nexy.dmg");
    let theirs = world.standin.put_asset(ARTIFACTS, "Update", "Nexy.dmg", b"by hand");
    running.wait().exits(75).says("somebody else changed the channel");
    assert_eq!(crate::scene::dmg(&world).map(|asset| asset.id), Some(theirs));
    // And a rollback still finds what it would have found before.
    let previous = world.standin.asset(ARTIFACTS, "Update", "Nexy.prev.dmg").expect("the previous artifact");
    assert_eq!(previous.label.as_deref(), Some("Nexy.dmg 2.0.0.2"));
}
