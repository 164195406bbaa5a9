//! Renames whose outcome is unknown: no message claims what was not looked up.

use nexy_publish_support::{dmg, held_at, judged, names, outcome, publish, ready, served, sha256};
use nexy_standin::world::{ARTIFACTS, World};
use nexy_standin::{Fault, Listener, Reply};
use serde_json::json;

fn refused() -> Reply {
    Reply::Status(403, json!({"message": "no"}))
}

#[test]
fn a_first_rename_with_an_unknown_outcome_is_never_called_harmless() {
    let (world, record) = ready();
    let old = dmg(&world).expect("a live asset").id;
    // It happens, its answer is lost, and after that neither a look-up nor a rename works.
    world.standin.fault(Fault::new(Listener::Api, "PATCH", "", Reply::HangupAfter));
    world.standin.fault(Fault::new(Listener::Api, "PATCH", "", Reply::HangupBefore).nth(2).always());
    world.standin.fault(Fault::new(Listener::Api, "GET", "/releases/assets/", Reply::HangupBefore).always());
    let ran = publish(&world, &record);
    ran.exits(4).never_says("nothing was swapped");
    ran.says("users have no Update/Nexy.dmg right now").says(&format!("releases/assets/{old} -f name=Nexy.dmg"));
    assert_eq!(served(&world), None);
    world.standin.clear_faults();
    let record = judged(&world);
    publish(&world, &record).exits(0);
}

#[test]
fn a_first_rename_with_an_unknown_outcome_is_taken_back_when_that_works() {
    let (world, record) = ready();
    let before = served(&world);
    world.standin.fault(Fault::new(Listener::Api, "PATCH", "", Reply::HangupAfter));
    world.standin.fault(Fault::new(Listener::Api, "PATCH", "", refused()).nth(2));
    world.standin.fault(Fault::new(Listener::Api, "GET", "/releases/assets/", Reply::HangupBefore).always());
    publish(&world, &record).exits(3).says("was put back");
    assert_eq!(served(&world), before);
}

#[test]
fn a_second_rename_that_only_the_list_shows_counts_as_done() {
    let (world, record) = ready();
    world.standin.fault(Fault::new(Listener::Api, "PATCH", "", Reply::HangupAfter).nth(2));
    world.standin.fault(Fault::new(Listener::Api, "PATCH", "", refused()).nth(3));
    world.standin.fault(Fault::new(Listener::Api, "GET", "/releases/assets/", Reply::HangupBefore));
    let document = publish(&world, &record).exits(0).json();
    assert_eq!(document["artifacts"][0]["live"]["changed"], true);
    assert_eq!(served(&world), Some(sha256(&record)));
    assert_eq!(names(&world), ["Nexy.dmg", "Nexy.prev.dmg"]);
}

#[test]
fn an_asset_that_another_person_gave_the_live_name_meanwhile_is_left_alone() {
    let (world, record) = ready();
    let second_rename = |hold| Fault::new(Listener::Api, "PATCH", "", Reply::Hold { hold, after: false }).nth(2);
    let mut theirs = 0;
    let ran = held_at(&world, second_rename, &["-"], &record.to_string(), || {
        theirs = world.standin.put_asset(ARTIFACTS, "Update", "Nexy.dmg", b"theirs");
    });
    ran.exits(75).says("published by another run meanwhile").says(&format!("asset {theirs}")).never_says("users have no");
    assert_eq!(outcome(&ran.json())["exit"], 75);
    assert_eq!(dmg(&world).map(|asset| asset.id), Some(theirs));
}

#[test]
fn an_undo_that_fails_says_what_users_get_and_prints_the_commands() {
    let world = World::new();
    world.set_target("limits", "public_url_wait_s", "1");
    let record = judged(&world);
    let old = dmg(&world).expect("a live asset").id;
    world.standin.fault(Fault::new(Listener::Web, "GET", "/Nexy.dmg", Reply::Stale).always());
    world.standin.fault(Fault::new(Listener::Api, "PATCH", "", refused()).nth(3).always());
    let ran = publish(&world, &record);
    ran.exits(4).says("still is the new artifact").never_says("users have no");
    let new = dmg(&world).expect("a live asset").id;
    assert_ne!(new, old);
    let staged = format!("Nexy.next-{}.dmg", &sha256(&record)[..12]);
    ran.says(&format!("releases/assets/{new} -f name={staged} --hostname"));
    ran.says(&format!("releases/assets/{old} -f name=Nexy.dmg"));
}

#[test]
fn an_earlier_artifact_is_put_back_even_when_a_later_one_needs_a_person() {
    let world = World::new();
    world.inbox_pkg(&nexy_standin::artifact::pkg(200_000, 7));
    let record = judged(&world);
    let before = served(&world);
    let pkg = world.standin.asset(ARTIFACTS, "App", "Nexy.pkg").expect("a live asset").id;
    // Update: 1 and 2. App: 3, then 4 is refused, and so is the way back.
    world.standin.fault(Fault::new(Listener::Api, "PATCH", "", refused()).nth(4).times(2));
    let ran = publish(&world, &record);
    ran.exits(4).says("users have no App/Nexy.pkg right now").says(&format!("releases/assets/{pkg} -f name=Nexy.pkg"));
    ran.says("Update/Nexy.dmg is as it was before");
    assert_eq!(served(&world), before);
}
