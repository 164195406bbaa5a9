//! A planted fault hits the request it was planted for, and no other.

use crate::client::send;
use crate::github::{REPOSITORY, get, github, patch, upload};
use nexy_standin::{Fault, Listener, Reply, artifact};
use serde_json::{Value, json};
use std::time::Duration;

#[test]
fn faults_spoil_exactly_the_requests_they_were_planted_for() {
    let (_folder, standin, release) = github();
    let bytes = artifact::dmg(2048, 1);
    standin.put_asset(REPOSITORY, "Update", "a.dmg", &bytes);
    let download = || {
        let path = "/o/r/releases/download/Update/a.dmg";
        let answer = send(&standin.web_url(), "GET", path, &[], b"");
        let location = answer.header("location").unwrap();
        let rest = location.strip_prefix(&standin.url(Listener::Storage)).unwrap().to_owned();
        send(&standin.url(Listener::Storage), "GET", &rest, &[], b"").body
    };
    for (reply, expected) in [
        (Reply::CutAfter(100), 100),
        (Reply::CorruptBytes(2000), 2048),
        (Reply::WrongLength, 2047),
        (Reply::Oversized(10), 2058),
        (Reply::Stall(Duration::from_millis(1)), 2048),
    ] {
        let is_same = matches!(reply, Reply::Stall(_));
        standin.fault(Fault::new(Listener::Storage, "GET", "", reply.clone()));
        let spoiled = download();
        assert_eq!(spoiled.len(), expected, "{reply:?}");
        assert_eq!(spoiled == bytes, is_same, "{reply:?}");
        assert_eq!(download(), bytes, "after {reply:?}");
        standin.clear_faults();
    }
    standin.fault(Fault::new(Listener::Uploads, "POST", "", Reply::HangupAfter));
    assert_eq!(upload(&standin, release, "b", b"x").status, 0);
    assert_eq!(standin.asset(REPOSITORY, "Update", "b").unwrap().state, "uploaded");
    standin.fault(Fault::new(Listener::Uploads, "POST", "", Reply::StarterThenStatus(502)));
    assert_eq!(upload(&standin, release, "c", b"x").status, 502);
    assert_eq!(standin.asset(REPOSITORY, "Update", "c").unwrap().state, "starter");
    standin.fault(Fault::new(Listener::Api, "GET", "tags", Reply::DigestNull));
    let json = get(&standin, "/repos/o/r/releases/tags/Update").json();
    assert_eq!(json["assets"][0]["digest"], Value::Null);
}

#[test]
fn a_stale_public_address_leads_where_it_led_before() {
    let (_folder, standin, _) = github();
    let old = standin.put_asset(REPOSITORY, "Update", "a.dmg", b"old");
    let new = standin.put_asset(REPOSITORY, "Update", "next.dmg", b"new");
    assert_eq!(patch(&standin, old, &json!({"name": "prev.dmg"})).status, 200);
    assert_eq!(patch(&standin, new, &json!({"name": "a.dmg"})).status, 200);
    standin.fault(Fault::new(Listener::Web, "GET", "a.dmg", Reply::Stale).times(2));
    standin.clear_requests();
    for _ in 0..3 {
        let path = "/o/r/releases/download/Update/a.dmg";
        assert_eq!(send(&standin.web_url(), "GET", path, &[], b"").status, 302);
    }
    let led: Vec<_> = standin.requests().iter().map(|line| line.asset_id).collect();
    assert_eq!(led, [Some(old), Some(old), Some(new)]);
}
