//! The imitated Nexy server answers what the real one answers, traps included.

use crate::client::{Answer, send};
use nexy_standin::world::manifest;
use nexy_standin::{Listener, Standin};
use serde_json::json;
use std::fs;
use std::path::PathBuf;

struct Server {
    folder: tempfile::TempDir,
    standin: Standin,
}

impl Server {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let standin = Standin::start(&folder.path().join("state"));
        let checkout = folder.path().join("vm");
        fs::create_dir_all(checkout.join("manifests")).unwrap();
        fs::write(checkout.join("VERSION"), "2.0.0.4\n").unwrap();
        standin.set_vm(&checkout, "manifests", "voice-assistant.service");
        Self { folder, standin }
    }

    fn manifest_file(&self, name: &str) -> PathBuf {
        self.folder.path().join("vm/manifests").join(name)
    }

    fn write(&self, name: &str, version: &str, url: &str) {
        let text = manifest(version, url, 12, &"a".repeat(64)).to_string();
        fs::write(self.manifest_file(name), text).unwrap();
    }

    fn updates(&self, path: &str) -> Answer {
        send(&self.standin.url(Listener::Updates), "GET", path, &[], b"")
    }

    fn public(&self, path: &str) -> Answer {
        send(&self.standin.url(Listener::Public), "GET", path, &[], b"")
    }
}

fn text(answer: &Answer) -> String {
    String::from_utf8(answer.body.clone()).unwrap()
}

#[test]
fn the_feed_is_written_as_the_real_server_writes_it() {
    let server = Server::new();
    server.write("manifest.json", "2.0.0.4", "https://h/d/Nexy.dmg");
    let answer = server.updates("/appcast.xml");
    assert_eq!(answer.status, 200);
    let kind = answer.header("content-type");
    assert_eq!(kind.as_deref(), Some("application/xml; charset=utf-8"));
    let feed = text(&answer);
    let enclosure = "            <enclosure url=\"https://h/d/Nexy.dmg\" sparkle:version=\"2.0.0.4\" \
                     sparkle:shortVersionString=\"2.0.0.4\" length=\"12\" type=\"application/octet-stream\"\n                \
                     sparkle:dsaSignature=\"\" sparkle:minimumSystemVersion=\"11.0\" /></item></channel></rss>";
    assert!(feed.contains(enclosure), "{feed}");
    assert!(feed.starts_with("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<rss version=\"2.0\" xmlns:sparkle="));
}

#[test]
fn a_broken_manifest_is_replaced_by_the_newest_other_one() {
    let server = Server::new();
    fs::write(server.manifest_file("manifest.json"), "{\"version\": \"2.0").unwrap();
    server.write("manifest_beta.json", "2.0.0.9", "https://h/beta.dmg");
    assert_eq!(server.updates("/health").json()["version"], "2.0.0.9");
    assert!(text(&server.updates("/appcast.xml")).contains("beta.dmg"));
}

#[test]
fn without_any_manifest_health_is_well_and_the_feed_is_500() {
    let server = Server::new();
    for broken in ["", "[]", "\u{feff}{\"version\": \"2.0.0.4\"}"] {
        fs::write(server.manifest_file("manifest.json"), broken).unwrap();
        let health = server.updates("/health");
        assert_eq!(health.json()["status"], "healthy");
        assert_eq!(health.json()["version"], "2.0.0.40");
        let feed = server.updates("/appcast.xml");
        assert_eq!((feed.status, text(&feed).as_str()), (500, "Error generating AppCast XML"));
    }
}

#[test]
fn the_public_host_leads_to_both_servers_and_adds_a_header() {
    let server = Server::new();
    server.write("manifest.json", "2.0.0.3", "https://h/d/Nexy.dmg");
    assert_eq!(server.public("/health").json()["latest_version"], "2.0.0.4");
    assert_eq!(server.public("/health").json()["status"], "OK");
    assert_eq!(server.public("/status").json()["update_server"], "enabled");
    assert_eq!(server.public("/updates/health").json()["version"], "2.0.0.3");
    assert_eq!(server.public("/updates/appcast.xml").status, 200);
    assert_eq!(server.public("/other").status, 502);
}

#[test]
fn the_version_is_read_from_the_environment_file_before_the_version_file() {
    let server = Server::new();
    let environment = server.folder.path().join("vm/config.env");
    fs::write(environment, "SERVER_VERSION=9.9.9.9\n").unwrap();
    let health = server.public("/health").json();
    assert_eq!(health["latest_version"], "9.9.9.9");
    assert_eq!(health["latest_build"], json!("9.9.9.9"));
}

#[test]
fn the_beta_feed_is_made_from_its_own_manifest_and_else_from_the_stable_one() {
    let server = Server::new();
    server.write("manifest.json", "2.0.0.4", "https://h/Nexy.dmg");
    assert!(text(&server.public("/updates/appcast-beta.xml")).contains("sparkle:version=\"2.0.0.4\""));
    server.write("manifest_beta.json", "2.0.0.9", "https://h/Nexy.dmg");
    assert!(text(&server.public("/updates/appcast-beta.xml")).contains("sparkle:version=\"2.0.0.9\""));
    assert!(text(&server.updates("/appcast.xml")).contains("sparkle:version=\"2.0.0.4\""));
}
