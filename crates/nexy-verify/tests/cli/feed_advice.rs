//! The probe `feed-advice`.

use crate::asked::{ask, hangs_up, is_unknown};
use nexy_standin::{Listener, world::World};
use serde_json::json;

const ID: &str = "feed-advice";

#[test]
fn what_the_real_server_does_otherwise_is_advice_and_decides_nothing() {
    let ran = ask(&World::new(), "updates");
    ran.exits(0).says("advice  feed-advice");
    let finding = ran.finding(ID);
    assert_eq!((&finding["verdict"], &finding["severity"]), (&json!("fail"), &json!("advice")));
    assert!(finding["found"].as_str().expect("a text").contains("sparkle:minimumSystemVersion is an attribute"), "{ran}");
}

#[test]
fn a_host_that_does_not_answer_is_unknown() {
    let world = World::new();
    hangs_up(&world, Listener::Public, "/appcast.xml");
    is_unknown(&ask(&world, ID), ID, "cannot reach", "curl -sS");
}
