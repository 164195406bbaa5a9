//! The probe `local-feed`.

use crate::asked::{fails, hangs_up, is_unknown, on_vm, passes};
use nexy_standin::{Listener, world::World};
use serde_json::json;

const ID: &str = "local-feed";

#[test]
fn the_feed_of_the_manifest_beside_it_passes() {
    passes(&on_vm(&World::new(), ID), ID);
}

#[test]
fn a_manifest_that_the_server_cannot_tell_clients_fails_although_its_health_is_fine() {
    let url = |url: &str| ("/artifact/url", json!(url));
    for ((field, value), found) in [
        (url("http://example.test/Nexy.dmg"), "answers 500"),
        (url("https://example.test/updates/appcast.xml"), "answers 500"),
        (url("https://example.test/Nexy.dmg?a=1&b=2"), "no well-formed XML"),
        (("/artifact/min_os", json!("11.0\"&")), "no well-formed XML"),
        (url("https://example.test/Old.dmg"), "sends clients to https://example.test/Old.dmg"),
    ] {
        let world = World::new();
        let mut manifest = world.live_manifest("2.0.0.3");
        *manifest.pointer_mut(field).expect(field) = value;
        world.set_vm_manifest(&manifest);
        let ran = on_vm(&world, "local");
        fails(&ran, ID, found, "nexy-manifest check && make manifest-deliver");
        assert_eq!(ran.finding("local-updates")["verdict"], "pass", "{ran}");
    }
}

#[test]
fn a_feed_of_another_manifest_or_of_two_that_differ_fails() {
    let world = World::new();
    let good = world.vm_manifest();
    world.write_vm("server/server/updates/manifests/manifest.json", &world.live_manifest("2.0.0.2").to_string());
    for id in [ID, "local-updates"] {
        fails(&on_vm(&world, id), id, "contradict each other", "sudo nexy-gate single-manifest");
    }
    // The server's own folder is empty but for another version, so it falls back to that one.
    let folder = "server/updates/manifests";
    std::fs::rename(world.vm_path(&format!("{folder}/manifest.json")), world.vm_path(&format!("{folder}/manifest_1.json")))
        .expect("renamed");
    fails(&on_vm(&world, ID), ID, "there is no", "sudo nexy-gate single-manifest");
    world.set_vm_manifest(&good);
    passes(&on_vm(&world, ID), ID);
}

#[test]
fn a_server_that_does_not_answer_is_unknown() {
    let world = World::new();
    hangs_up(&world, Listener::Updates, "/appcast.xml");
    is_unknown(&on_vm(&world, ID), ID, "cannot reach", "journalctl -u");
}
