//! The probe `feed`.

use crate::asked::{ask, fails, is_unknown, passes};
use nexy_standin::{Fault, Listener, Reply, world::World};
use serde_json::json;

const ID: &str = "feed";
const PATH: &str = "/updates/appcast.xml";

#[test]
fn the_feed_of_the_delivered_manifest_passes() {
    passes(&ask(&World::new(), ID), ID);
}

#[test]
fn a_feed_of_an_older_manifest_fails() {
    let world = World::new();
    world.set_manifest(&world.live_manifest("2.0.0.4"));
    fails(&ask(&world, ID), ID, "sparkle:version is `2.0.0.3`", "nexy-manifest check && make manifest-deliver");
}

#[test]
fn a_feed_that_the_server_cannot_write_fails_although_its_health_is_fine() {
    let world = World::new();
    let mut manifest = world.live_manifest("2.0.0.3");
    manifest["artifact"]["url"] = json!("https://example.test/updates/appcast.xml");
    world.set_vm_manifest(&manifest);
    let ran = ask(&world, "public-updates feed");
    fails(&ran, ID, "answers 500: Error generating AppCast XML", "scripts/vm.sh nexy-verify local-feed");
    assert_eq!(ran.finding("public-updates")["verdict"], "pass");
}

#[test]
fn a_feed_that_offers_what_a_wrong_manifest_says_passes_and_the_download_does_not() {
    let world = World::new();
    let mut manifest = world.live_manifest("2.0.0.3");
    manifest["artifact"]["url"] = json!("https://example.test/Other.dmg");
    world.set_manifest(&manifest);
    world.set_vm_manifest(&manifest);
    let ran = ask(&world, "feed live-artifact");
    fails(&ran, "live-artifact", "is wrong itself", "nexy-manifest check");
    assert_eq!(ran.finding(ID)["verdict"], "pass", "{ran}");
}

#[test]
fn a_compression_that_is_not_known_here_is_unknown() {
    let world = World::new();
    let headers = vec![("Content-Encoding".to_owned(), "br".to_owned())];
    let packed = Reply::Answer { status: 200, headers, body: json!({}), after: false };
    world.standin.fault(Fault::new(Listener::Public, "GET", PATH, packed).always());
    is_unknown(&ask(&world, ID), ID, "compressed with `br`", "curl -sSI");
}

#[test]
fn a_feed_that_breaks_off_is_unknown() {
    let world = World::new();
    world.standin.fault(Fault::new(Listener::Public, "GET", PATH, Reply::CutAfter(200)).always());
    is_unknown(&ask(&world, ID), ID, PATH, "curl -sS");
}
