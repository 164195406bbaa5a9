//! The feed as the real server writes it, read by an XML parser and by a feed parser that others have written.

use crate::programs::python_with;
use assert_cmd::Command;
use nexy_contract::appcast::Feed;
use nexy_standin::skip::{Need, skipped};
use nexy_standin::{Listener, Standin, client, world};
use serde_json::{Value, json};
use std::fs;

/// What every reader makes of the first item: version, length, address and signature, as texts.
const SCRIPT: &str = "
import defusedxml.ElementTree as tree, feedparser, json, sys
SPARKLE = '{http://www.andymatuschak.org/xml-namespaces/sparkle}'
for path in sys.argv[1:]:
    text = open(path, 'rb').read()
    try:
        one = tree.fromstring(text).find('channel/item/enclosure')
        xml = [one.get(SPARKLE + 'version'), one.get('length'), one.get('url'), one.get(SPARKLE + 'dsaSignature')]
    except tree.ParseError:
        xml = None
    read = feedparser.parse(text)
    one = read.entries[0].enclosures[0] if not read.bozo else None
    feed = one and [one['sparkle:version'], one['length'], one['href'], one['sparkle:dsasignature']]
    print(json.dumps([xml, feed]))
";

/// The feed that the server writes for a manifest of these values.
fn written(standin: &Standin, version: &str, size_bytes: u64, url: &str, ed25519: &str) -> Vec<u8> {
    let mut manifest = world::manifest(version, url, size_bytes, &"a".repeat(64));
    manifest["artifact"]["ed25519"] = json!(ed25519);
    fs::write(standin.folder().join("manifests/manifest.json"), manifest.to_string()).expect("a manifest");
    client::get(&format!("{}/updates/appcast.xml", standin.url(Listener::Public))).body
}

#[test]
fn the_feed_says_the_same_to_readers_that_others_have_written() {
    let test = "the_feed_says_the_same_to_readers_that_others_have_written";
    let Some(python) = python_with("defusedxml, feedparser", &["defusedxml", "feedparser"]) else {
        let need = Need::Other("python3-venv and an index that pip can reach, or python3-defusedxml and python3-feedparser");
        return skipped(test, "defusedxml and feedparser are not here, and pip could not bring them", need);
    };
    let folder = tempfile::tempdir().expect("a folder");
    fs::create_dir(folder.path().join("manifests")).expect("a folder");
    let standin = Standin::start(folder.path());
    standin.set_vm(folder.path(), "manifests", world::UNIT);
    let signature = "EIawm2YkDZ2gBfkEMF2+1VuuTeXnCGZOdnMdVgPPvDZioq7bvDayXqKkIIzSjKMmeFdcFJOHdnba5ZV60+gPBw==";
    let feeds = [
        written(&standin, "2.0.0.46", 276_019_331, "https://github.com/Seregawpn/Nexy_production/releases/download/Update/Nexy.dmg", ""),
        written(&standin, "10.0.11.4294967295", 2_147_483_647, "https://h.example/a%20b~c/Nexy.dmg?x=1", signature),
        written(&standin, "0.0.0.1", 1, "https://h.example/Nexy.dmg#part", "+/=="),
        // What the server does not escape is no XML to any of them.
        written(&standin, "2.0.0.4", 7, "https://h.example/Nexy.dmg?x=1&y=2", ""),
    ];
    let files: Vec<_> = (0..feeds.len()).map(|index| folder.path().join(format!("{index}.xml"))).collect();
    files.iter().zip(&feeds).for_each(|(file, feed)| fs::write(file, feed).expect("a file"));
    let output = Command::new(python).args(["-c", SCRIPT]).args(&files).unwrap();
    let said = String::from_utf8(output.stdout).expect("JSON");
    let answers: Vec<Value> = said.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(answers.len(), feeds.len());
    for (feed, answer) in feeds.iter().zip(answers) {
        let ours = match Feed::read(feed) {
            Ok(read) => {
                let offer = read.offer().expect("an offer");
                json!([offer.version, offer.length_bytes.to_string(), offer.url, read.signature().unwrap_or_default()])
            }
            Err(_) => Value::Null,
        };
        assert_eq!(answer, json!([ours, ours]), "{}", String::from_utf8_lossy(feed));
    }
}
