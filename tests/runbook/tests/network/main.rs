//! The way to the network: certificates, proxies, and a host that is not there, with a real TLS server.
#![expect(clippy::panic, clippy::expect_used, reason = "test support: a broken scene must stop the test loudly")]

use nexy_standin::skip::has_program;
use nexy_standin::world::{Running, World};
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// No program listens on port 1. A port that was free a moment ago would not do: another test's stand-in may take it.
const CLOSED_PORT: &str = "http://127.0.0.1:1";

mod grpc;

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
             printf 'subjectAltName=DNS:localhost,DNS:outside.example\\nbasicConstraints=CA:FALSE\\n' >server.ext && \
             openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 10 -extfile server.ext -out server.pem 2>/dev/null",
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
    let certificate =
        |certificates: &str| world.tool("nexy-verify").args(["public-tls", "certificate-renewal"]).env("SSL_CERT_FILE", certificates).run();
    // Ten days are enough for today, and say that it was not renewed.
    let ran = certificate(own.to_str().expect("a path"));
    ran.exits(1).says("pass    public-tls").says("FAIL    certificate-renewal");
    let ran = world.tool("nexy-verify").arg("public-tls").run();
    ran.exits(1).says("FAIL    public-tls").says("no authority of the system's store has issued");
    // The system's store does not know this authority, and neither does another one.
    ask("").exits(69).says("no authority of the system's store has issued the certificate of localhost").says("SSL_CERT_FILE");
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
    ran.exits(69).says("the certificate is not for 127.0.0.1, but for");
    let ran = world.tool("nexy-verify").arg("public-tls").env("SSL_CERT_FILE", own.to_str().expect("a path")).run();
    ran.exits(1).says("FAIL    public-tls").says("the certificate is not for 127.0.0.1, but for");
}

/// A proxy that notes what it is asked for, and leads every connection to one port of this machine, or refuses it.
struct HttpProxy {
    url: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl HttpProxy {
    fn start(leads_to: Option<u16>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("its address"));
        let asked = Arc::<Mutex<Vec<String>>>::default();
        let notes = Arc::clone(&asked);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let notes = Arc::clone(&notes);
                thread::spawn(move || connect(client, leads_to, &notes));
            }
        });
        Self { url, asked }
    }

    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut *self.asked.lock().expect("no thread panics with it"))
    }
}

fn connect(mut client: TcpStream, leads_to: Option<u16>, asked: &Mutex<Vec<String>>) -> std::io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        client.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&head);
    asked.lock().expect("no thread panics with it").push(head.lines().next().unwrap_or_default().to_owned());
    let Some(port) = leads_to else { return client.write_all(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n") };
    let mut server = TcpStream::connect(("127.0.0.1", port))?;
    client.write_all(b"HTTP/1.1 200 OK\r\n\r\n")?;
    let (mut from_server, mut to_client) = (server.try_clone()?, client.try_clone()?);
    thread::spawn(move || std::io::copy(&mut from_server, &mut to_client).and_then(|_| to_client.shutdown(Shutdown::Both)));
    let _ended = std::io::copy(&mut client, &mut server);
    server.shutdown(Shutdown::Both)
}

#[test]
fn a_proxy_is_asked_for_what_is_elsewhere_and_never_for_this_machine() {
    let (world, proxy) = (World::new(), HttpProxy::start(None));
    let show = || world.tool("nexy-publish").args(["show"]);
    for name in ["ALL_PROXY", "HTTP_PROXY", "HTTPS_PROXY", "https_proxy"] {
        show().env(name, &proxy.url).run().exits(0);
    }
    assert_eq!(proxy.asked(), Vec::<String>::new());
    world.set_target("release_target", "host", "\"outside.example\"");
    world.set_target("endpoints", "public", "\"https://outside.example\"");
    let ask = |proxy: &str, excepted: &str| {
        world.tool("nexy-verify").arg("public-health").env("HTTPS_PROXY", proxy).env("NO_PROXY", excepted).run()
    };
    ask(&proxy.url, "localhost").exits(69).says("the proxy refuses").says("in NO_PROXY");
    assert_eq!(proxy.asked(), ["CONNECT outside.example:443 HTTP/1.1"]);
    ask(&proxy.url, "localhost, outside.example").exits(69);
    // A form that cannot be used is named before anything is sent, also past the proxy.
    ask("socks5://u:secretword@127.0.0.1:1", "").exits(69).says("names a SOCKS5 proxy").never_says("secretword");
    assert_eq!(proxy.asked(), Vec::<String>::new());
}

#[test]
fn no_redirect_leads_to_plain_http_or_into_ones_own_network() {
    let world = World::new();
    let Some(server) = TlsServer::start("no_redirect_leads_to_plain_http_or_into_ones_own_network", &world) else {
        return;
    };
    let proxy = HttpProxy::start(Some(server.port));
    let inside = world.standin.address(nexy_standin::Listener::Public);
    world.set_target("release_target", "host", "\"outside.example\"");
    world.set_target("endpoints", "public", "\"https://outside.example\"");
    let certificates = world.workspace().join("tls/ca.pem");
    // The resolver of the system reads `0x7f.1` as 127.0.0.1, and no proxy is asked for it.
    for (location, said) in [
        (format!("http://{inside}/admin"), "not encrypted"),
        (format!("https://{inside}/admin"), "inside this machine's own network: nothing was sent there"),
        (format!("https://0x7f.1:{}/admin", inside.port()), "inside this machine's own network (127.0.0.1): nothing was sent there"),
        ("https://169.254.169.254/metadata".to_owned(), "own network"),
    ] {
        world.write("tls/health", &format!("HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"));
        let ask = world.tool("nexy-verify").arg("public-health").env("HTTPS_PROXY", &proxy.url).env("NO_PROXY", "0x7f.1");
        let ran = ask.env("SSL_CERT_FILE", certificates.to_str().expect("a path")).run();
        let finding = ran.exits(69).finding("public-health");
        let found = finding["found"].as_str().unwrap_or_default();
        assert!(found.contains("https://outside.example/health redirects, but it leads to ") && found.contains(said), "{found}");
        assert_eq!(world.standin.arrivals(), 0, "{location}");
        assert_eq!(proxy.asked(), ["CONNECT outside.example:443 HTTP/1.1"]);
    }
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
