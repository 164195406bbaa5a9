//! Rare states and answers that could cost users the download, or publish rolled-back bytes again.

use nexy_publish_support::{
    bad_name, dmg, fresh, held_at, judged, killed_at_rename, mutations, names, older_file, publish, published, ready, roll_back, served,
    sha256, staged_name,
};
use nexy_standin::world::{ARTIFACTS, Options, World};
use nexy_standin::{Fault, Listener, Reply, artifact, error_responses};
use serde_json::json;

/// A version above the one that is live, with bytes of its own.
fn the_next_version(world: &World) {
    world.inbox_dmg(&artifact::dmg(1 << 20, 66));
    world.set_version("2.0.0.5");
}

#[test]
fn a_rollback_returns_to_what_an_interrupted_publication_has_parked() {
    let world = published();
    the_next_version(&world);
    let record = judged(&world).to_string();
    killed_at_rename(&world, &["-"], &record, 1, true);
    assert!(names(&world).iter().any(|name| name.starts_with("Nexy.old-")), "{:?}", names(&world));
    let target = served(&world);
    world.set_version("2.0.0.4");
    roll_back(&world).exits(0).says("2.0.0.3 again");
    assert_ne!(served(&world), target);
    roll_back(&world).exits(0).says("nothing was changed");
}

#[test]
fn when_a_person_deletes_the_new_asset_during_confirmation_users_get_the_old_one() {
    let world = World::new();
    let (record, old) = (judged(&world).to_string(), served(&world));
    let confirmation = |hold| Fault::new(Listener::Api, "GET", "/releases/assets/", Reply::Hold { hold, after: false });
    let ran = held_at(&world, confirmation, &["-"], &record, || world.standin.remove_asset(ARTIFACTS, "Update", "Nexy.dmg"));
    ran.exits(3).says("users have the old artifacts again");
    assert_eq!(served(&world), old);
}

#[test]
fn what_another_run_made_live_is_not_renamed_when_the_channel_cannot_be_listed() {
    let world = published();
    let previous = world.standin.asset(ARTIFACTS, "Update", "Nexy.prev.dmg").expect("the previous artifact").id;
    the_next_version(&world);
    let record = judged(&world).to_string();
    let parking = |hold| Fault::new(Listener::Api, "PATCH", "", Reply::Hold { hold, after: true });
    let ran = held_at(&world, parking, &["-"], &record, || {
        world.standin.rename_asset(ARTIFACTS, "Update", "Nexy.dmg", "Nexy.bad-0123456789ab.dmg");
        world.standin.rename_asset(ARTIFACTS, "Update", &format!("Nexy.old-{previous:012}.dmg"), "Nexy.dmg");
        world.standin.fault(Fault::new(Listener::Api, "GET", "/assets?", Reply::Status(502, json!({"message": "bad"}))).always());
    });
    ran.exits(69);
    assert_eq!(dmg(&world).map(|asset| asset.id), Some(previous));
}

#[test]
fn the_same_bytes_are_recognised_without_githubs_digest() {
    let world = published();
    for name in ["Nexy.dmg", "Nexy.prev.dmg"] {
        world.standin.set_digest(ARTIFACTS, "Update", name, None);
    }
    let record = judged(&world);
    world.standin.clear_requests();
    publish(&world, &record).exits(0).says("nothing was changed");
    assert_eq!(mutations(&world), Vec::<String>::new());
    // Nor does a rollback need it: the name of what it retires follows from the bytes.
    roll_back(&world).exits(0).says("2.0.0.3 again");
    assert!(names(&world).contains(&bad_name(&sha256(&record))), "{:?}", names(&world));
}

#[test]
fn a_huge_retry_after_is_neither_a_panic_nor_a_wait() {
    let (world, record) = ready();
    let old = served(&world);
    let huge = error_responses::too_many(u64::MAX);
    world.standin.fault(Fault::new(Listener::Web, "GET", "/Nexy.dmg", huge).always());
    publish(&world, &record).exits(3);
    assert_eq!(served(&world), old);
}

#[test]
fn a_long_limit_between_the_renames_is_not_waited_out_with_nothing_live() {
    let (world, record) = ready();
    let old = served(&world);
    let limited = error_responses::too_many(40);
    world.standin.fault(Fault::new(Listener::Api, "PATCH", "", limited).nth(2));
    publish(&world, &record).exits(3).never_says("retry in");
    assert_eq!(served(&world), old);
}

#[test]
fn a_swap_has_a_retry_budget_of_its_own() {
    let world = World::new();
    world.set_target("limits", "retry_total_s", "1");
    let record = judged(&world);
    let slow = error_responses::too_many(1);
    world.standin.fault(Fault::new(Listener::Uploads, "POST", "", slow));
    world.standin.fault(Fault::new(Listener::Api, "PATCH", "", Reply::Status(502, json!({"message": "bad gateway"}))).nth(2).times(2));
    publish(&world, &record).exits(0);
    assert_eq!(served(&world), Some(sha256(&record)));
}

#[test]
fn a_refusal_is_printed_after_users_have_a_download_again() {
    // Killed between the renames of a rollback, and this time the version is not given.
    let world = World::with(&Options { git: false, ..Options::default() });
    world.standin.set_label(ARTIFACTS, "Update", "Nexy.dmg", Some("Nexy.dmg 2.0.0.3"));
    publish(&world, &judged(&world)).exits(0);
    world.standin.set_label(ARTIFACTS, "Update", "Nexy.prev.dmg", None);
    killed_at_rename(&world, &["rollback", "--to-version", "2.0.0.3", "-"], &fresh(&world), 1, true);
    assert_eq!(served(&world), None);
    roll_back(&world).exits(1).says("users have a download again").says("no label that names a version");
    assert!(served(&world).is_some());
    // The download is missing since the gates were asked.
    let world = published();
    the_next_version(&world);
    let record = judged(&world);
    world.standin.remove_asset(ARTIFACTS, "Update", "Nexy.dmg");
    publish(&world, &record).exits(75).says("users have a download again");
    assert!(served(&world).is_some());
}

#[test]
fn a_rolled_back_asset_that_was_restored_still_needs_a_reason() {
    let world = published();
    world.standin.remove_asset(ARTIFACTS, "Update", "Nexy.prev.dmg");
    let file = older_file(&world, 42);
    killed_at_rename(&world, &["rollback", "--artifact", &file, "--to-version", "2.0.0.1", "-"], &fresh(&world), 1, true);
    publish(&world, &judged(&world)).exits(1).says("users have a download again").says("were rolled back");
    publish(&world, &judged(&world)).exits(1).says("were rolled back");
    // A higher version does not make it a rollback candidate.
    the_next_version(&world);
    publish(&world, &judged(&world)).exits(0);
    assert!(!names(&world).contains(&"Nexy.prev.dmg".to_owned()), "{:?}", names(&world));
}

#[test]
fn rolled_back_bytes_that_did_not_go_live_get_their_name_back() {
    let world = published();
    roll_back(&world).exits(0);
    world.set_target("limits", "public_url_wait_s", "1");
    let record = judged(&world);
    world.standin.fault(Fault::new(Listener::Web, "GET", "/Nexy.dmg", Reply::Stale).always());
    world.tool("nexy-publish").args(["--allow-rolled-back", "why", "-"]).stdin(record.to_string()).run().exits(3);
    world.standin.clear_faults();
    assert!(names(&world).contains(&bad_name(&sha256(&record))), "{:?}", names(&world));
    publish(&world, &judged(&world)).exits(1).says("were rolled back");
}

#[test]
fn a_file_that_changes_during_a_rollback_is_not_answered_with_a_publication() {
    let world = published();
    let file = older_file(&world, 42);
    let upload = |hold| Fault::new(Listener::Uploads, "POST", "", Reply::Hold { hold, after: true });
    let arguments = ["rollback", "--artifact", &file, "--to-version", "2.0.0.1", "-"];
    let ran = held_at(&world, upload, &arguments, &fresh(&world), || {
        older_file(&world, 43);
    });
    ran.exits(3).never_says("nexy-publish -");
}

#[test]
fn a_first_publication_that_is_undone_does_not_mention_old_artifacts() {
    let world = World::new();
    world.standin.remove_asset(ARTIFACTS, "Update", "Nexy.dmg");
    world.set_target("limits", "public_url_wait_s", "1");
    let record = judged(&world);
    world.standin.fault(Fault::new(Listener::Web, "GET", "/Nexy.dmg", Reply::Stale).always());
    publish(&world, &record).exits(3).never_says("old artifacts").says("nothing is live, as before");
}

#[test]
fn a_change_while_an_upload_had_no_answer_is_noticed() {
    let (world, record) = ready();
    let bad = "Nexy.bad-0123456789ab.dmg".to_owned();
    world.standin.fault(Fault::new(Listener::Uploads, "POST", "", error_responses::server_error(502, true)));
    let look = |hold| Fault::new(Listener::Api, "GET", "/assets?", Reply::Hold { hold, after: false }).nth(2);
    let ran = held_at(&world, look, &["-"], &record.to_string(), || {
        world.standin.rename_asset(ARTIFACTS, "Update", "Nexy.dmg", &bad);
        world.standin.put_asset(ARTIFACTS, "Update", "Nexy.dmg", b"the file");
    });
    ran.exits(75).says("another run or person changed the channel");
    let mut expected = vec!["Nexy.dmg".to_owned(), bad, staged_name(&record)];
    expected.sort();
    assert_eq!(names(&world), expected);
}

#[test]
fn a_live_file_without_a_label_does_not_count_as_rolled_back_to() {
    let world = published();
    roll_back(&world).exits(0);
    world.standin.remove_asset(ARTIFACTS, "Update", "Nexy.dmg");
    world.standin.put_asset(ARTIFACTS, "Update", "Nexy.dmg", b"by hand, and broken");
    let ran = world.tool("nexy-publish").args(["rollback", "--to-version", "2.0.0.2", "-"]).stdin(fresh(&world)).run();
    ran.exits(1).says("keeps no previous artifact");
}

#[test]
fn a_parked_asset_is_shown_and_an_undelivered_list_of_clean_needs_a_person() {
    let world = published();
    world.standin.put_asset(ARTIFACTS, "Update", "Nexy.old-000000000999.dmg", b"parked");
    world.tool("nexy-publish").args(["show", "--format", "text"]).run().exits(0).prints("Nexy.old-000000000999.dmg");
    world.standin.let_an_hour_pass(ARTIFACTS, "Update");
    world.sh("nexy-publish clean >/dev/full").exits(4).says("nexy-publish show");
    assert!(!names(&world).contains(&"Nexy.old-000000000999.dmg".to_owned()));
}
