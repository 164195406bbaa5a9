//! The probe `public-headers`.

use crate::asked::{ask, fails, is_unknown, passes};
use nexy_standin::{Fault, Listener, Reply, world::World};
use serde_json::json;

const ID: &str = "public-headers";

#[test]
fn what_server_and_web_server_in_front_say_today_passes() {
    let ran = ask(&World::new(), ID);
    passes(&ran, ID);
    ran.prints("4 documents name their types; caches keep none longer than 60 s");
}

#[test]
fn a_page_in_the_place_of_a_document_and_a_second_longer_life_fail() {
    let world = World::new();
    let answer = |headers: &[(&str, &str)]| {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Reply::Answer { status: 200, headers, body: json!({}), after: true }
    };
    world.standin.fault(Fault::new(Listener::Public, "GET", "/updates/appcast.xml", answer(&[])).always());
    fails(&ask(&world, ID), ID, "/updates/appcast.xml says `application/json; charset=utf-8`, and is Xml", "curl -sSi");
    world.standin.clear_faults();
    let kept = answer(&[("Cache-Control", "public, max-age=60"), ("Cache-Control", "public, max-age=3600")]);
    world.standin.fault(Fault::new(Listener::Public, "GET", "/status", kept).always());
    fails(&ask(&world, ID), ID, "/status for 3600 s", "in the web server in front");
    world.set_target("limits", "cache_max_age_s", "3600");
    passes(&ask(&world, ID), ID);
}

#[test]
fn a_document_that_is_not_there_is_left_to_the_probe_that_reads_it() {
    let world = World::new();
    world.standin.fault(Fault::new(Listener::Public, "GET", "/health", Reply::Status(502, json!({}))).always());
    is_unknown(&ask(&world, ID), ID, "/health answers 502", "nexy-verify public feed");
}
