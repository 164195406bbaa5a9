//! The gRPC endpoint over TLS: HTTP/2 chosen by ALPN, its first frame, and what answers otherwise.

use super::TlsServer;
use nexy_standin::world::{Ran, World};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _};
use rustls::{ServerConfig, ServerConnection, Stream, crypto::ring};
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::Arc;
use std::thread;

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";

/// Speaks TLS with the server's certificate and chooses h2, as gRPC clients ask; to the preface of HTTP/2 it answers so.
fn server(world: &World, answer: &'static [u8]) -> u16 {
    let file = |name: &str| world.workspace().join("tls").join(name);
    let certificate = CertificateDer::from_pem_file(file("server.pem")).expect("a certificate");
    let key = PrivateKeyDer::from_pem_file(file("server.key")).expect("a key");
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider())).with_safe_default_protocol_versions();
    let config = config.expect("TLS").with_no_client_auth().with_single_cert(vec![certificate], key);
    let mut config = config.expect("a pair");
    config.alpn_protocols = vec![b"h2".to_vec()];
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("its address").port();
    thread::spawn(move || {
        for mut client in listener.incoming().flatten() {
            let mut connection = ServerConnection::new(Arc::clone(&config)).expect("a connection");
            let mut stream = Stream::new(&mut connection, &mut client);
            let mut said = [0; PREFACE.len()];
            if stream.read_exact(&mut said).is_ok() && said == PREFACE {
                let _gone = stream.write_all(answer);
            }
        }
    });
    port
}

#[test]
fn the_grpc_endpoint_is_asked_in_http_2_over_tls_and_another_protocol_is_named() {
    let world = World::new();
    let test = "the_grpc_endpoint_is_asked_in_http_2_over_tls_and_another_protocol_is_named";
    let Some(https) = TlsServer::start(test, &world) else { return };
    let own = world.workspace().join("tls/ca.pem");
    let ask = |port: u16, trusted: bool| -> Ran {
        world.set_target("release_target", "grpc_endpoint", &format!("\"localhost:{port}\""));
        let asked = world.tool("nexy-verify").arg("public-grpc");
        if trusted { asked.env("SSL_CERT_FILE", own.to_str().expect("a path")).run() } else { asked.run() }
    };
    let right = server(&world, b"\0\0\0\x04\0\0\0\0\0");
    ask(right, true).exits(0).says("speaks HTTP/2 over TLS");
    ask(right, false).exits(1).says("no authority of the system's store has issued the certificate");
    let http_1 = server(&world, b"HTTP/1.1 400 Bad Request\r\n\r\n");
    ask(http_1, true).exits(1).says("with `HTTP/1.1 400 Bad Request`: no HTTP/2 is spoken there");
    // A web server without HTTP/2 on that port.
    ask(https.port, true).exits(1).says("chooses no protocol by ALPN where clients need h2");
    world.set_target("release_target", "grpc_tls", "false");
    ask(right, true).exits(1).says("answers in TLS, and release_target.grpc_tls is false");
}
