//! The way to the network: certificates, proxies, and a host that is not there, with a real TLS server.
#![expect(clippy::panic, reason = "test support: a broken scene must stop the test loudly")]

use nexy_standin::skip::has_program;
use nexy_standin::world::{Running, World};

/// No program listens on port 1. A port that was free a moment ago would not do: another test's stand-in may take it.
const CLOSED_PORT: &str = "http://127.0.0.1:1";

/// `openssl s_server` with a certificate of its own authority, which answers `/health` and `/status` as the server does.
struct TlsServer {
    running: Option<Running>,
    port: u16,
}

impl TlsServer {
    /// `None` when there is no openssl.
    fn start(test: &str, world: &World) -> Option<Self> {
        if !has_program(test, "openssl", "openssl") {
            return None;
        }
        let made = world.sh(
            "mkdir tls && cd tls && \
             openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj '/CN=test authority' -keyout ca.key -out ca.pem \
               -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign 2>/dev/null && \
             openssl req -newkey rsa:2048 -nodes -subj '/CN=localhost' -keyout server.key -out server.csr 2>/dev/null && \
             printf 'subjectAltName=DNS:localhost\\nbasicConstraints=CA:FALSE\\n' >server.ext && \
             openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile server.ext -out server.pem 2>/dev/null",
        );
        made.exits(0);
        for (name, body) in [
            ("health", r#"{"status":"OK","latest_version":"2.0.0.4","latest_build":"2.0.0.4","ffmpeg_available":true}"#),
            (
                "status",
                r#"{"status":"running","service":"voice-assistant","latest_version":"2.0.0.4","latest_build":"2.0.0.4","update_server":"enabled","endpoints":{}}"#,
            ),
        ] {
            let length = body.len();
            world.write(
                &format!("tls/{name}"),
                &format!(
                    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
                ),
            );
        }
        // It takes a port by itself, and says which.
        let command = "cd tls && exec openssl s_server -HTTP -accept 127.0.0.1:0 -cert server.pem -key server.key >said";
        let running = world.shell(command).spawn();
        let said = world.workspace().join("tls/said");
        for _ in 0..500 {
            let text = std::fs::read_to_string(&said).unwrap_or_default();
            let port = text.split_once("ACCEPT 127.0.0.1:").and_then(|(_, rest)| rest.split_once('\n')?.0.trim().parse().ok());
            if let Some(port) = port {
                return Some(Self { running: Some(running), port });
            }
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        running.signal("KILL");
        panic!("openssl s_server did not start");
    }
}

impl Drop for TlsServer {
    fn drop(&mut self) {
        if let Some(running) = self.running.take() {
            running.signal("KILL");
            let _ended = running.wait();
        }
    }
}

#[test]
fn a_server_is_believed_only_with_a_certificate_of_a_trusted_authority() {
    let world = World::new();
    let Some(server) = TlsServer::start("a_server_is_believed_only_with_a_certificate_of_a_trusted_authority", &world) else {
        return;
    };
    world.set_target("endpoints", "public", &format!("\"https://localhost:{}\"", server.port));
    let ask = |certificates: &str| {
        let ran = world.tool("nexy-verify").args(["public-health"]);
        if certificates.is_empty() { ran.run() } else { ran.env("SSL_CERT_FILE", certificates).run() }
    };
    let own = world.workspace().join("tls/ca.pem");
    ask(own.to_str().expect("a path")).exits(0);
    // The system's store does not know this authority, and neither does another one.
    ask("").exits(69).says("cannot reach https://localhost");
    let stranger = world.workspace().join("tls/server.key");
    ask(stranger.to_str().expect("a path")).exits(69).says("holds no certificate");
    ask("/nonexistent.pem").exits(69).says("SSL_CERT_FILE=/nonexistent.pem");
}

#[test]
fn a_certificate_for_another_name_is_refused() {
    let world = World::new();
    let Some(server) = TlsServer::start("a_certificate_for_another_name_is_refused", &world) else {
        return;
    };
    world.set_target("endpoints", "public", &format!("\"https://127.0.0.1:{}\"", server.port));
    let own = world.workspace().join("tls/ca.pem");
    let ran = world.tool("nexy-verify").args(["public-health"]).env("SSL_CERT_FILE", own.to_str().expect("a path")).run();
    ran.exits(69).says("cannot reach https://127.0.0.1");
}

#[test]
fn a_proxy_of_the_environment_is_used_unless_the_host_is_excepted() {
    let world = World::new();
    let show = || world.tool("nexy-publish").args(["show"]);
    show().run().exits(0);
    show().env("ALL_PROXY", CLOSED_PORT).run().exits(69);
    show().env("ALL_PROXY", CLOSED_PORT).env("NO_PROXY", "127.0.0.1").run().exits(0);
}

#[test]
fn a_host_that_is_not_there_is_unknown_and_never_a_pass() {
    let world = World::new();
    let url = format!("\"{CLOSED_PORT}\"");
    for (table, key) in [("github", "api_url"), ("endpoints", "public")] {
        let world = World::new();
        world.set_target(table, key, &url);
        let ran = match table {
            "github" => world.tool("nexy-gate").args(["fixed-channel"]).run(),
            _ => world.tool("nexy-verify").args(["public"]).run(),
        };
        ran.exits(69);
    }
    world.set_target("endpoints", "public", "\"http://nexy.example\"");
    world.tool("nexy-verify").args(["public"]).run().exits(78).says("plain http is allowed on loopback only");
}
