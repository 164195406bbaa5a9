//! `kill -9` and Ctrl-C where the matrix does not go: while a swap is undone, and before a run of another verb.

use nexy_publish_support::{fresh, judged, killed_at_rename, names, older_file, publish, published, ready, roll_back, served, sha256};
use nexy_standin::world::{ARTIFACTS, World};
use nexy_standin::{Fault, Hold, Listener, Reply, artifact};
use std::time::Duration;

#[test]
fn ctrl_c_between_the_renames_waits_until_users_have_a_download() {
    let (world, record) = ready();
    let hold = Hold::default();
    world.standin.fault(Fault::new(Listener::Api, "PATCH", "", Reply::Hold { hold: hold.clone(), after: false }).nth(2));
    let running = world.tool("nexy-publish").args(["-"]).stdin(record.to_string()).spawn();
    assert!(hold.is_reached_within(Duration::from_secs(20)));
    running.signal("INT");
    hold.let_go();
    running.wait().says("live: ");
    assert!(served(&world).is_some());
}

#[test]
fn a_kill_while_a_swap_is_undone_leaves_a_way_back_and_the_next_run_converges() {
    for (nth, after) in [(3, false), (3, true), (4, false), (4, true)] {
        let case = format!("PATCH #{nth}, after: {after}");
        let world = World::new();
        world.set_target("limits", "public_url_wait_s", "1");
        world.standin.fault(Fault::new(Listener::Web, "GET", "/Nexy.dmg", Reply::Stale).always());
        killed_at_rename(&world, &["-"], &judged(&world).to_string(), nth, after);
        let now = names(&world);
        assert!(now.iter().any(|name| name == "Nexy.dmg" || name == "Nexy.prev.dmg"), "{case}: {now:?}");
        let record = judged(&world);
        publish(&world, &record).exits(0);
        assert_eq!(served(&world), Some(sha256(&record)), "{case}");
        assert_eq!(names(&world), ["Nexy.dmg", "Nexy.prev.dmg"], "{case}");
    }
}

#[test]
fn a_publication_repairs_what_a_killed_rollback_has_left() {
    for (nth, after) in [(1, false), (1, true), (2, false), (2, true)] {
        let case = format!("PATCH #{nth}, after: {after}");
        let world = published();
        killed_at_rename(&world, &["rollback", "-"], &fresh(&world), nth, after);
        // Between the two renames users have no download.
        assert_eq!(served(&world).is_none(), [(1, true), (2, false)].contains(&(nth, after)), "{case}");
        // The rolled-back bytes once more: refused, but users have a download again.
        if served(&world).is_none() {
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
fn a_rollback_without_the_file_of_a_killed_one_gives_users_back_what_they_had() {
    for (nth, after) in [(1, true), (2, false)] {
        let world = published();
        world.standin.remove_asset(ARTIFACTS, "Update", "Nexy.prev.dmg");
        let bad = served(&world);
        let file = older_file(&world, 42);
        let arguments = ["rollback", "--artifact", &file, "--to-version", "2.0.0.1", "-"];
        killed_at_rename(&world, &arguments, &fresh(&world), nth, after);
        assert_eq!(served(&world), None);
        roll_back(&world).exits(1).says("users have a download again").says("keeps no previous artifact");
        assert_eq!(served(&world), bad, "PATCH #{nth}, after: {after}");
    }
}
