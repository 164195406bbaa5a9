//! A record that could not be written does not hide how the run ended.

use nexy_publish_support::{judged, ready, served, sha256};
use serde_json::json;

#[test]
fn a_publication_whose_record_is_not_delivered_needs_a_person_and_the_same_command_again() {
    let (world, record) = ready();
    world.write("record.json", &record.to_string());
    let ran = world.sh("nexy-publish - <record.json >/dev/full");
    ran.exits(4).says("has acted").says("was not delivered").says("run the same pipeline again");
    assert_eq!(served(&world), Some(sha256(&record)));
    world.write("record.json", &judged(&world).to_string());
    world.sh("nexy-publish - <record.json >out.json").exits(0).says("nothing was changed");
}

#[test]
fn a_refusal_keeps_its_code_when_the_record_is_not_delivered() {
    let (world, mut record) = ready();
    record["reports"] = json!([]);
    world.write("record.json", &record.to_string());
    world.sh("nexy-publish - <record.json >/dev/full").exits(1).says("holds no before-publish report").says("was not delivered");
}

#[test]
fn a_stopped_record_keeps_its_code_when_it_is_not_delivered() {
    let (world, mut record) = ready();
    record["outcomes"] = json!([{"by": "nexy-publish", "at": "2026-11-21T12:00:00Z", "exit": 4, "message": "users have no file", "next": [], "planned": [], "retries": [], "ungated": null}]);
    world.write("record.json", &record.to_string());
    world.sh("nexy-publish - <record.json >/dev/full").exits(4).says("users have no file").says("was not delivered");
}
