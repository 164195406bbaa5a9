//! No part of the token appears in any output. The matrix proves where the token is sent.

use nexy_publish_support::{judged, publish, ready};
use nexy_standin::{Fault, Listener, Reply, leak_scan, world::World};
use serde_json::json;

/// Long enough that eight bytes of it cannot appear by chance.
const SENTINEL: &str = "ghp_SENTINELzQ7vX2mK9pL4wR8tY1uB6nH3";

#[test]
fn no_trace_of_the_token_is_in_any_stream_even_when_github_repeats_it() {
    let echo = json!({"message": format!("Bad credentials {SENTINEL}")});
    let faults = [
        (1, Fault::new(Listener::Api, "GET", "", Reply::Status(401, echo))),
        (4, Fault::new(Listener::Api, "PATCH", "", Reply::Status(403, json!({"message": "no"}))).nth(2).always()),
    ];
    for (exit, fault) in faults {
        for format in ["json", "text", "tap"] {
            let world = World::new();
            world.standin.set_token(SENTINEL);
            let record = judged(&world);
            world.standin.fault(fault.clone());
            let ran = world
                .tool("nexy-publish")
                .args(["--format", format, "-"])
                .env("GH_TOKEN", SENTINEL)
                .env("GH_ENTERPRISE_TOKEN", SENTINEL)
                .stdin(record.to_string())
                .run();
            ran.exits(exit);
            assert!(world.standin.requests().iter().any(|request| request.has_authorization), "the token was used");
            leak_scan::assert_none(SENTINEL, &ran.stdout, "standard output");
            leak_scan::assert_none(SENTINEL, &ran.stderr, "standard error");
        }
    }
}

#[test]
fn an_upload_url_on_another_host_is_refused() {
    let (world, record) = ready();
    let elsewhere = world.standin.url(Listener::Storage);
    let release = json!({"id": 1, "tag_name": "Update", "draft": false, "immutable": false, "upload_url": format!("{elsewhere}/repos/x/y/releases/1/assets{{?name,label}}"), "assets": []});
    world.standin.fault(Fault::new(Listener::Api, "GET", "/releases/tags/Update", Reply::Status(200, release)).always());
    world.standin.fault(Fault::new(Listener::Api, "GET", "/assets", Reply::Status(200, json!([]))).always());
    let mut record = record;
    record["reports"][0]["subjects"][0]["live"] = json!(null);
    publish(&world, &record).exits(69).says("neither github.api_url nor github.uploads_url");
    assert!(!world.standin.requests().iter().any(|request| request.listener == "storage"));
}

#[test]
fn the_token_is_not_in_the_arguments_of_any_program() {
    let (world, record) = ready();
    // A `gh` that records its arguments and answers as the real one does.
    world.write("bin/gh", "#!/bin/sh\necho \"$@\" >>\"$HOME/gh.calls\"\necho standin-token\n");
    world.sh("chmod +x bin/gh").exits(0);
    world.write("record.json", &record.to_string());
    world.sh("unset GH_TOKEN GH_ENTERPRISE_TOKEN; PATH=$PWD/bin:$PATH nexy-publish - <record.json >out.json").exits(0);
    let calls = std::fs::read_to_string(world.home().join("gh.calls")).expect("gh was asked");
    assert_eq!(calls, "auth token --hostname 127.0.0.1\n");
}
