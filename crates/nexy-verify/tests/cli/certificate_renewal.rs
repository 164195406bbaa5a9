//! The probe `certificate-renewal` where there is no certificate; the runbook's tests ask it of a real TLS server.

use crate::asked::{ask, is_unknown, passes};
use nexy_standin::world::World;
use std::io::Write as _;
use std::net::TcpListener;
use std::thread;

const ID: &str = "certificate-renewal";

#[test]
fn something_else_than_tls_is_a_no_and_a_host_that_is_not_there_unknown() {
    let world = World::new();
    passes(&ask(&world, ID), ID);
    world.set_target("endpoints", "public", "\"https://127.0.0.1:1\"");
    is_unknown(&ask(&world, ID), ID, "cannot reach https://127.0.0.1:1", "check the network");
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("\"https://{}\"", listener.local_addr().expect("its address"));
    thread::spawn(move || {
        for mut client in listener.incoming().flatten() {
            let _gone = client.write_all(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");
        }
    });
    world.set_target("endpoints", "public", &url);
    ask(&world, "public-tls certificate-renewal")
        .exits(1)
        .says("FAIL    public-tls")
        .says("FAIL    certificate-renewal")
        .says("does not speak TLS");
}
