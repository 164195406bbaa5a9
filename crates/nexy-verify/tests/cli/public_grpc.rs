//! The probe `public-grpc`, without TLS; the runbook's tests ask it over TLS.

use crate::asked::{ask, fails, is_unknown, passes};
use nexy_standin::world::World;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::thread;

const ID: &str = "public-grpc";
/// What a client must send first: the preface, and a SETTINGS frame.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";

/// Answers each connection so, if it begins as HTTP/2 asks.
fn server(answer: &'static [u8]) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("its address").port();
    thread::spawn(move || {
        for mut client in listener.incoming().flatten() {
            let mut said = [0; PREFACE.len()];
            if client.read_exact(&mut said).is_ok() && said == PREFACE {
                let _gone = client.write_all(answer);
            }
        }
    });
    port
}

fn world(port: u16) -> World {
    let world = World::new();
    world.set_target("release_target", "grpc_endpoint", &format!("\"127.0.0.1:{port}\""));
    world.set_target("release_target", "grpc_tls", "false");
    world
}

#[test]
fn an_endpoint_that_speaks_http_2_passes_and_another_one_is_named() {
    let ran = ask(&world(server(b"\0\0\x06\x04\0\0\0\0\0\0\x03\0\0\0\x80")), ID);
    passes(&ran, ID);
    ran.prints("speaks HTTP/2 without TLS");
    let nginx = b"HTTP/1.1 400 Bad Request\r\nServer: nginx\r\nConnection: close\r\n\r\n";
    fails(&ask(&world(server(nginx)), ID), ID, "answers the preface of HTTP/2 with `HTTP/1.1 400 Bad Request`", "curl -sSv");
    fails(&ask(&world(server(b"")), ID), ID, "ends the connection", "scripts/vm.sh nexy-verify local");
}

#[test]
fn an_endpoint_that_does_not_answer_is_unknown() {
    is_unknown(&ask(&world(1), ID), ID, "cannot reach https://127.0.0.1:1", "check the network");
}

#[test]
fn a_rehearsal_asks_nothing_outside() {
    let world = World::new();
    let ran = ask(&world, ID);
    ran.exits(0).prints("is not asked");
    world.set_target("release_target", "grpc_endpoint", "\"nexy.example\"");
    fails(&ask(&world, ID), ID, "`nexy.example` is no host with a port", "correct it in nexy.toml");
    assert_eq!(world.standin.requests().len(), 0);
}
