//! `--host` and `--port`: another public host than the one of `nexy.toml`; and what a record says by itself.

use crate::asked::{ask, count};
use nexy_standin::Listener;
use nexy_standin::world::World;

fn port(url: &str) -> String {
    url.rsplit(':').next().expect("a port").to_owned()
}

#[test]
fn another_port_of_the_host_is_asked() {
    let world = World::new();
    let server = port(&world.standin.url(Listener::Server));
    ask(&world, &format!("public-health --port {server}")).exits(0);
    assert_eq!((count(&world, "server", "/health"), count(&world, "public", "/health")), (1, 0));
}

#[test]
fn what_is_no_host_or_a_legacy_host_is_refused() {
    let world = World::new();
    for host in ["https://example.test", "example.test:443", "example.test/x", "user@example.test", ""] {
        ask(&world, &format!("public-health --host={host}")).exits(2).says("it is no host name").silent_stdout();
    }
    for host in ["nexy-server.canadacentral.cloudapp.azure.com", "NEXY-server.canadacentral.cloudapp.azure.com."] {
        ask(&world, &format!("public-health --host {host}")).exits(2).says("a legacy name").silent_stdout();
    }
}

#[test]
fn a_record_names_its_own_version_and_its_own_host() {
    let world = World::new();
    for words in ["--host localhost", "--port 1", "--expect 2.0.0.4"] {
        ask(&world, &format!("updates {words} -")).exits(2).says("ask without `--expect`, `--host` and `--port`").silent_stdout();
    }
}
