//! A record that nobody received does not hide how the work ended.

use crate::scene::{judged, served, sha256};
use nexy_standin::world::World;
use serde_json::json;

#[test]
fn a_publication_that_nobody_heard_of_needs_a_person_and_the_same_command_again() {
    let world = World::new();
    let record = judged(&world);
    world.write("record.json", &record.to_string());
    let ran = world.sh("nexy-publish - <record.json >/dev/full");
    ran.exits(4).says("has acted").says("was not delivered").says("run the same pipeline again");
    assert_eq!(served(&world), Some(sha256(&record)));
    world.write("record.json", &judged(&world).to_string());
    world.sh("nexy-publish - <record.json >out.json").exits(0).says("nothing was changed");
}

#[test]
fn a_refusal_keeps_its_code_when_nobody_receives_the_record() {
    let world = World::new();
    let mut record = judged(&world);
    record["reports"] = json!([]);
    world.write("record.json", &record.to_string());
    world.sh("nexy-publish - <record.json >/dev/full").exits(1).says("holds no before-publish report").says("was not delivered");
}

#[test]
fn a_stopped_record_keeps_its_code_when_nobody_receives_it() {
    let world = World::new();
    let mut record = judged(&world);
    record["outcomes"] = json!([{"by": "nexy-publish", "at": "2026-11-21T12:00:00Z", "exit": 4, "message": "users have no file", "next": null, "planned": [], "retries": [], "ungated": null}]);
    world.write("record.json", &record.to_string());
    world.sh("nexy-publish - <record.json >/dev/full").exits(4).says("users have no file").says("was not delivered");
}
