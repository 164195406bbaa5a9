//! No part of the token appears in any output. The matrix proves where the token is sent.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use nexy_publish_support::{judged, publish, ready};
use nexy_standin::{Fault, Hold, Listener, Reply, leak_scan, world::World};
use serde_json::json;
use std::{fs, os::unix::fs::MetadataExt as _, time::Duration};

/// Long enough that eight bytes of it cannot appear by chance.
const SENTINEL: &str = "ghp_SENTINELzQ7vX2mK9pL4wR8tY1uB6nH3";

#[test]
fn no_trace_of_the_token_is_in_any_stream_even_when_github_repeats_it() {
    let echo = |words: &str| json!({ "message": format!("Bad credentials {words}") });
    let basic = STANDARD.encode(format!("x-access-token:{SENTINEL}"));
    let percent: String = SENTINEL.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let cut = format!("{}{SENTINEL}", "x".repeat(265));
    let whole = json!(format!("Bearer {SENTINEL}"));
    let faults = [
        (1, Fault::new(Listener::Api, "GET", "", Reply::Status(401, echo(SENTINEL)))),
        (1, Fault::new(Listener::Api, "GET", "", Reply::Status(401, echo(&basic)))),
        (1, Fault::new(Listener::Api, "GET", "", Reply::Status(401, echo(&percent)))),
        (1, Fault::new(Listener::Api, "GET", "", Reply::Status(401, echo(&cut)))),
        (69, Fault::new(Listener::Api, "GET", "", Reply::Status(200, whole))),
        (69, Fault::new(Listener::Api, "GET", "", Reply::RedirectTo(format!("http://evil.example/{SENTINEL}")))),
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
fn a_label_that_holds_the_token_is_shown_without_it() {
    let world = World::new();
    world.standin.set_token(SENTINEL);
    let asset = json!({"id": 7, "name": "Nexy.dmg", "label": format!("Nexy.dmg {SENTINEL}"), "state": "uploaded", "size": 4, "digest": null,
        "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z", "browser_download_url": SENTINEL});
    world.standin.fault(Fault::new(Listener::Api, "GET", "/assets", Reply::Status(200, json!([asset]))).always());
    let ran = world.tool("nexy-publish").arg("show").env("GH_ENTERPRISE_TOKEN", SENTINEL).run();
    ran.prints("Nexy.dmg");
    leak_scan::assert_none(SENTINEL, &format!("{}{}", ran.stdout, ran.stderr), "what show says");
}

#[test]
fn a_crash_leaves_no_file_with_the_token_and_no_other_process_of_the_account_reads_it() {
    let world = World::new();
    let hold = Hold::default();
    world.standin.fault(Fault::new(Listener::Api, "GET", "", Reply::Hold { hold: hold.clone(), after: false }));
    // Root's files are root's in any case, so root starts it as another account, for which it must be reachable.
    let is_root = nexy_standin::world::user() == "root";
    let account = if is_root { "setpriv --reuid 65534 --regid 65534 --clear-groups " } else { "" };
    let open = format!("cp {}/nexy-publish {root}/ && chmod -R a+rX {root}", world.tools().display(), root = world.root().display());
    world.sh(&open).exits(0);
    let running = world.shell(&format!("exec {account}{}/nexy-publish show", world.root().display())).spawn();
    assert!(hold.is_reached_within(Duration::from_secs(20)), "{}", running.wait());
    let of = |name: &str| format!("/proc/{}/{name}", running.id());
    // Only Linux shows both.
    if let Ok(limits) = fs::read_to_string(of("limits")) {
        let core = limits.lines().find(|line| line.starts_with("Max core file size")).expect("the limit");
        assert_eq!(core.split_whitespace().skip(4).take(2).collect::<Vec<_>>(), ["0", "0"], "{limits}");
        // The kernel gives the files of a process that no other may read to root.
        assert_eq!(fs::metadata(of("environ")).expect("it is there").uid(), 0);
    }
    hold.let_go();
    running.wait().exits(0);
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
fn the_token_is_not_in_the_arguments_of_any_program_and_gh_reaches_its_keyring() {
    let (world, record) = ready();
    // A `gh` that records its arguments, and answers as the real one does when its keyring is behind the session's bus.
    let gh = "#!/bin/sh\necho \"$@ $DBUS_SESSION_BUS_ADDRESS $XDG_RUNTIME_DIR\" >>\"$HOME/gh.calls\"\necho standin-token\n";
    world.write("bin/gh", gh);
    world.sh("chmod +x bin/gh").exits(0);
    world.write("record.json", &record.to_string());
    world
        .sh("unset GH_TOKEN GH_ENTERPRISE_TOKEN; export DBUS_SESSION_BUS_ADDRESS=unix:path=/run/bus XDG_RUNTIME_DIR=/run/user/7
             PATH=$PWD/bin:$PATH nexy-publish - <record.json >out.json")
        .exits(0);
    let calls = std::fs::read_to_string(world.home().join("gh.calls")).expect("gh was asked");
    assert_eq!(calls, "auth token --hostname 127.0.0.1 unix:path=/run/bus /run/user/7\n");
}
