//! The probe `public-tls` where there is no TLS; the runbook's tests ask it of a real TLS server.

use crate::asked::{ask, is_unknown, passes};
use nexy_standin::world::World;

const ID: &str = "public-tls";

#[test]
fn a_rehearsal_has_no_tls_and_a_host_that_is_not_there_is_unknown() {
    let world = World::new();
    let ran = ask(&world, ID);
    passes(&ran, ID);
    ran.prints("is plain http on this machine, as in a rehearsal: it has no TLS");
    assert_eq!(world.standin.requests().len(), 0);
    world.set_target("endpoints", "public", "\"https://127.0.0.1:1\"");
    is_unknown(&ask(&world, ID), ID, "cannot reach https://127.0.0.1:1", "check the network");
}
