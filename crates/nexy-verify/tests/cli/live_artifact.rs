//! The probe `live-artifact`.

use crate::asked::{ask, fails, is_unknown, passes, replace_live};
use nexy_standin::world::{SIZE_BYTES, World};
use nexy_standin::{Fault, Listener, Reply, artifact};
use serde_json::json;

const ID: &str = "live-artifact";

#[test]
fn the_bytes_of_the_manifest_pass_and_are_fetched_as_users_fetch_them() {
    let world = World::new();
    passes(&ask(&world, ID), ID);
    let requests = world.standin.requests();
    assert_eq!(requests.len(), 2, "one redirect, one download: {requests:?}");
    assert!(requests.iter().all(|request| !request.has_authorization), "{requests:?}");
    assert_eq!(requests[1].response_bytes, SIZE_BYTES);
}

#[test]
fn other_bytes_of_the_same_size_fail() {
    let world = World::new();
    replace_live(&world, "Update", "Nexy.dmg", &artifact::dmg(SIZE_BYTES, 77));
    fails(&ask(&world, ID), ID, "is 1048576 bytes, sha256", "nexy-publish show");
}

#[test]
fn a_url_that_clients_refuse_fails_and_is_never_asked() {
    let world = World::new();
    let mut manifest = world.live_manifest("2.0.0.3");
    manifest["artifact"]["url"] = json!("http://example.test/Nexy.dmg");
    world.set_manifest(&manifest);
    fails(&ask(&world, ID), ID, "`artifact.url` sends clients to http://example.test", "nexy-manifest check");
}

#[test]
fn a_download_that_breaks_off_is_unknown() {
    let world = World::new();
    world.standin.fault(Fault::new(Listener::Storage, "GET", "", Reply::CutAfter(1000)).always());
    is_unknown(&ask(&world, ID), ID, "1000", "curl -sS");
}

#[test]
fn the_signature_of_the_manifest_is_verified_over_the_bytes_that_came() {
    // From Sparkle's own tests: a file, its key and its signature.
    let signature = "EIawm2YkDZ2gBfkEMF2+1VuuTeXnCGZOdnMdVgPPvDZioq7bvDayXqKkIIzSjKMmeFdcFJOHdnba5ZV60+gPBw==";
    let other = format!("{}{}", "AAAA", &signature[4..]);
    let world = World::new();
    world.set_target("signature", "public_keys", "[\"rhHib+w769W2/6/t+oM1ZxgjBB93BfBKMLO0Qo1etQs=\"]");
    replace_live(&world, "Update", "Nexy.dmg", b"Hello World!\n");
    let mut manifest = world.live_manifest("2.0.0.3");
    for (ed25519, said) in [(signature, "the manifest's ed25519 is right"), ("", "the manifest has no signature, as after a rollback")] {
        manifest["artifact"]["ed25519"] = json!(ed25519);
        world.set_manifest(&manifest);
        let ran = ask(&world, ID);
        passes(&ran, ID);
        ran.prints(said);
    }
    for wrong in [other.as_str(), "garbage"] {
        manifest["artifact"]["ed25519"] = json!(wrong);
        world.set_manifest(&manifest);
        fails(&ask(&world, ID), ID, "is no signature of", "make manifest-sync manifest-deliver");
    }
}
