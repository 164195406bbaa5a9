//! Two publications: a lock keeps those of one machine apart, the channel itself those of two machines.

use nexy_publish_support::{dmg, held_at, judged, listed, mutations, names, publish, ready, served, sha256, staged_name};
use nexy_standin::world::{ARTIFACTS, Ran, World};
use nexy_standin::{Fault, Hold, Listener, Reply, artifact};
use serde_json::{Value, json};
use std::time::Duration;

const THEIRS: &str = "Nexy.next-0123456789ab.dmg";

/// Publishes as on another machine: with another home, and so with other locks.
fn elsewhere(world: &World, record: &Value) -> Ran {
    let home = world.root().join("another-home");
    std::fs::create_dir_all(&home).expect("a home");
    world.tool("nexy-publish").args(["-"]).env("HOME", home.to_str().expect("a path")).stdin(record.to_string()).run()
}

#[test]
fn a_second_run_on_the_same_machine_is_refused_unless_it_changes_nothing() {
    let (world, record) = ready();
    let hold = Hold::default();
    world.standin.fault(Fault::new(Listener::Storage, "GET", "", Reply::Hold { hold: hold.clone(), after: false }));
    let first = world.tool("nexy-publish").args(["-"]).stdin(record.to_string()).spawn();
    assert!(hold.is_reached_within(Duration::from_secs(20)));
    let process = first.id().to_string();
    publish(&world, &record).exits(75).says("is at work on it on this machine").says(&process);
    world.tool("nexy-publish").args(["clean"]).run().exits(75).silent_stdout();
    world.tool("nexy-publish").args(["rollback", "-"]).stdin(record.to_string()).run().exits(75);
    // A run that changes nothing needs no lock.
    world.tool("nexy-publish").args(["show"]).run().exits(0);
    world.tool("nexy-publish").args(["--dry-run", "-"]).stdin(record.to_string()).run().exits(0);
    hold.let_go();
    first.wait().exits(0);
    assert_eq!(served(&world), Some(sha256(&record)));
}

#[test]
fn a_folder_for_locks_that_others_can_write_is_not_trusted() {
    use std::os::unix::fs::PermissionsExt as _;
    let (world, record) = ready();
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
fn a_foreign_upload_is_left_alone_for_an_hour_by_githubs_clock() {
    for (age, ahead, exit) in [(3590, 90_000, 75), (3610, -90_000, 0)] {
        let world = World::new();
        // The clock of this machine does not matter: GitHub's is a day ahead or behind.
        world.standin.set_clock_ahead(ahead);
        world.standin.put_asset(ARTIFACTS, "Update", THEIRS, b"theirs");
        world.standin.set_age(ARTIFACTS, "Update", THEIRS, age);
        let record = judged(&world);
        world.standin.clear_requests();
        let ran = publish(&world, &record);
        ran.exits(exit);
        assert!(names(&world).contains(&THEIRS.to_owned()), "only `clean` deletes it");
        if exit == 75 {
            ran.says("left alone for an hour").says("gh api -X DELETE");
            assert_eq!(mutations(&world), Vec::<String>::new());
        }
    }
}

#[test]
fn an_upload_that_this_machine_has_left_is_deleted_at_once() {
    let world = World::new();
    // The first run uploads other bytes, and its reader ends before the swap.
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
fn a_partial_upload_of_this_machine_is_replaced_at_once() {
    let (world, record) = ready();
    world.standin.fault(Fault::new(Listener::Uploads, "POST", "", Reply::StarterThenStatus(502)));
    world.standin.fault(Fault::new(Listener::Api, "DELETE", "", Reply::Status(403, json!({"message": "no"}))).always());
    publish(&world, &record).exits(1).says("cannot delete a broken upload");
    assert_eq!(names(&world), ["Nexy.dmg".to_owned(), staged_name(&record)]);
    world.standin.clear_faults();
    elsewhere(&world, &record).exits(75).says("state `starter`");
    publish(&world, &judged(&world)).exits(0);
    assert_eq!(names(&world), ["Nexy.dmg", "Nexy.prev.dmg"]);
}

#[test]
fn of_two_uploads_the_earlier_one_goes_on_and_the_other_backs_off() {
    let (world, record) = ready();
    let before = served(&world);
    let empty = listed(&world);
    world.standin.put_asset(ARTIFACTS, "Update", THEIRS, b"theirs");
    // The other upload comes between the listing and the upload of this run.
    world.standin.fault(Fault::new(Listener::Api, "GET", "/assets?", Reply::Status(200, empty)));
    publish(&world, &record).exits(75).says("this run's own upload was deleted again");
    assert_eq!(served(&world), before);
    assert_eq!(names(&world), ["Nexy.dmg", THEIRS]);
}

#[test]
fn a_later_upload_does_not_stop_a_publication() {
    let (world, record) = ready();
    let download = |hold| Fault::new(Listener::Storage, "GET", "", Reply::Hold { hold, after: false });
    let ran = held_at(&world, download, &["-"], &record.to_string(), || {
        world.standin.put_asset(ARTIFACTS, "Update", THEIRS, b"theirs");
    });
    ran.exits(0);
    assert_eq!(served(&world), Some(sha256(&record)));
    assert!(names(&world).contains(&THEIRS.to_owned()));
}

#[test]
fn an_upload_of_the_same_bytes_by_another_machine_is_left_alone() {
    let (world, record) = ready();
    let empty = listed(&world);
    world.standin.put_starter(ARTIFACTS, "Update", &staged_name(&record));
    publish(&world, &record).exits(75).says("state `starter`");
    // The same when it begins between the listing and the upload of this run, which GitHub then refuses.
    world.standin.fault(Fault::new(Listener::Api, "GET", "/assets?", Reply::Status(200, empty)));
    publish(&world, &record).exits(75).says("another run is uploading");
    assert!(!mutations(&world).iter().any(|call| call.starts_with("DELETE")));
    assert!(names(&world).contains(&staged_name(&record)));
    // An hour later no run can be working on it.
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
    // The older previous asset is parked; before the renames another person replaces the live one.
    let parking = |hold| Fault::new(Listener::Api, "PATCH", "", Reply::Hold { hold, after: true });
    let mut theirs = 0;
    let ran = held_at(&world, parking, &["-"], &record.to_string(), || {
        world.standin.remove_asset(ARTIFACTS, "Update", "Nexy.dmg");
        theirs = world.standin.put_asset(ARTIFACTS, "Update", "Nexy.dmg", b"by hand");
    });
    ran.exits(75).says("another run or person changed the channel");
    assert_eq!(dmg(&world).map(|asset| asset.id), Some(theirs));
    // A rollback still finds its candidate under the previous name.
    let previous = world.standin.asset(ARTIFACTS, "Update", "Nexy.prev.dmg").expect("the previous artifact");
    assert_eq!(previous.label.as_deref(), Some("Nexy.dmg 2.0.0.2"));
}
