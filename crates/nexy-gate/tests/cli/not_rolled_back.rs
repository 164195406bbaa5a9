//! `not-rolled-back` after a rollback, and without a look at the channel.

use crate::{asked, holds, world};
use nexy_standin::{Fault, Listener, Reply, world::ARTIFACTS};
use serde_json::json;

const GATE: &str = "not-rolled-back";

#[test]
fn new_bytes_pass_and_rolled_back_ones_need_a_reason() {
    let world = world();
    asked(&world, GATE, 0);
    let sha256 = nexy_standin::artifact::sha256(&world.inbox("Nexy.dmg"));
    let bytes = std::fs::read(world.inbox("Nexy.dmg")).expect("the artifact");
    world.standin.put_asset(ARTIFACTS, "Update", &format!("Nexy.bad-{}.dmg", &sha256[..12]), &bytes);
    holds(&asked(&world, GATE, 1), "found", "were rolled back");
    let allowed = world.tool("nexy-gate").args([GATE, "--allow-rolled-back", "a wrong alarm"]).run();
    holds(&allowed.exits(0).finding(GATE), "found", "a wrong alarm");
    for no_reason in ["", " "] {
        world.tool("nexy-gate").args([GATE, "--allow-rolled-back", no_reason]).run().exits(2);
    }
}

#[test]
fn a_channel_that_cannot_be_seen_is_unknown() {
    let world = world();
    for status in [503, 404] {
        world.standin.clear_faults();
        world.standin.fault(Fault::new(Listener::Api, "GET", "releases/tags/Update", Reply::Status(status, json!({}))).always());
        holds(&asked(&world, GATE, 69), "found", "cannot determine whether");
    }
}
