//! The probe `beta-feed`.

use crate::asked::{answers, ask, fails, hangs_up, is_unknown, passes};
use nexy_standin::{Listener, world::World};

const ID: &str = "beta-feed";
const PATH: &str = "/updates/appcast-beta.xml";

#[test]
fn the_beta_feed_is_made_from_the_manifest_unless_one_of_its_own_was_left_there() {
    let world = World::new();
    passes(&ask(&world, ID), ID);
    let beta = world.live_manifest("2.0.0.9").to_string();
    world.write_vm("server/updates/manifests/manifest_beta.json", &beta);
    fails(&ask(&world, ID), ID, "sparkle:version is `2.0.0.9`", "scripts/vm.sh nexy-gate single-manifest");
    ask(&world, "updates").exits(0).says("advice  beta-feed");
}

#[test]
fn a_server_without_a_beta_feed_passes_and_one_that_is_silent_is_unknown() {
    let world = World::new();
    answers(&world, Listener::Public, PATH, 404);
    passes(&ask(&world, ID), ID);
    world.standin.clear_faults();
    hangs_up(&world, Listener::Public, PATH);
    is_unknown(&ask(&world, ID), ID, "cannot reach", "curl -sS");
}
