//! `--wait` and `--stable`: what is asked again, and what is not. Counts only; nothing here depends on how long it took.

use crate::asked::{ask, count, on_vm, tool};
use nexy_standin::{Fault, Listener, Reply, world::World};
use serde_json::json;

#[test]
fn only_what_has_not_passed_is_asked_again_until_it_does() {
    let world = World::new();
    world.standin.fault(Fault::new(Listener::Server, "GET", "/health", Reply::HangupBefore).times(1));
    world.standin.fault(Fault::new(Listener::Server, "GET", "/health", Reply::Status(503, json!({}))).nth(2).times(2));
    let ran = on_vm(&world, "local --wait 60s");
    ran.exits(0).says("not yet: local-health: cannot reach").says("not yet: local-health: ").says("passes now: local-health");
    assert_eq!(count(&world, "server", "/health"), 4);
    assert_eq!(count(&world, "server", "/status"), 1);
    assert_eq!(count(&world, "updates", "/health"), 1);
    assert_eq!(ran.json()["findings"].as_array().expect("findings").len(), 8);
}

#[test]
fn a_manifest_that_arrives_while_waiting_is_seen() {
    let world = World::new();
    let new = world.live_manifest("2.0.0.4");
    world.set_manifest(&new);
    let running = tool(&world, "feed --wait 60s").spawn();
    while count(&world, "public", "/updates/appcast.xml") == 0 {
        std::thread::yield_now();
    }
    world.set_vm_manifest(&new);
    running.wait().exits(0).says("passes now: feed");
}

#[test]
fn at_the_deadline_the_last_answer_counts() {
    let world = World::new();
    world.standin.fault(Fault::new(Listener::Public, "GET", "/health", Reply::Status(503, json!({}))).times(1));
    world.standin.fault(Fault::new(Listener::Public, "GET", "/health", Reply::HangupBefore).nth(2).times(100));
    let ran = ask(&world, "public-health --wait 1ms");
    ran.exits(69);
    assert_eq!(count(&world, "public", "/health"), 2, "once at once, and once at the deadline");
    assert_eq!(ran.finding("public-health")["verdict"], "unknown");
}

#[test]
fn advice_does_not_extend_the_wait_and_is_asked_once_at_the_end() {
    let world = World::new();
    let ran = ask(&world, "updates --wait 60s");
    ran.exits(0).says("advice  feed-advice");
    assert_eq!(count(&world, "public", "/updates/appcast.xml"), 2, "once for the feed, once for the advice");
}
