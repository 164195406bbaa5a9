//! Connections that are refused, reset, silent or held, and what public addresses led to meanwhile.

use crate::client::send;
use crate::github::{REPOSITORY, get, github, patch, upload};
use nexy_standin::{Fault, Hold, Listener, Reply, Standin, error_responses};
use serde_json::json;
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

const LIMIT: &str = "/rate_limit";

fn connect(standin: &Standin) -> std::io::Result<TcpStream> {
    TcpStream::connect(standin.api_url().strip_prefix("http://").unwrap())
}

fn ask(stream: &mut TcpStream) {
    stream.write_all(format!("GET {LIMIT} HTTP/1.1\r\nHost: x\r\nUser-Agent: test\r\n\r\n").as_bytes()).unwrap();
}

#[test]
fn a_listener_that_shuts_refuses_all_connections_and_opens_again_on_the_same_port() {
    let (_folder, standin, _) = github();
    let mut idle = connect(&standin).unwrap();
    let brief = Some(Duration::from_millis(100));
    standin.fault(Fault::new(Listener::Api, "GET", LIMIT, Reply::ThenShut { listener: Listener::Api, time: brief }));
    assert_eq!(get(&standin, LIMIT).status, 200);
    assert_eq!(connect(&standin).unwrap_err().kind(), ErrorKind::ConnectionRefused);
    assert_eq!(idle.read(&mut [0]).unwrap(), 0, "a connection that waits is ended");
    let deadline = Instant::now() + Duration::from_secs(5);
    while connect(&standin).is_err() {
        assert!(Instant::now() < deadline, "it stays shut");
        thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(get(&standin, LIMIT).status, 200);
    standin.shut(Listener::Api, None);
    assert_eq!(connect(&standin).unwrap_err().kind(), ErrorKind::ConnectionRefused);
    standin.clear_faults();
    assert_eq!(get(&standin, LIMIT).status, 200);
}

#[test]
fn a_reset_is_seen_as_one_before_and_after_the_effect() {
    let (_folder, standin, release) = github();
    for (after, uploaded) in [(false, false), (true, true)] {
        standin.fault(Fault::new(Listener::Uploads, "POST", "", Reply::Reset { after }));
        assert_eq!(upload(&standin, release, "a", b"x").status, 0);
        assert_eq!(standin.asset(REPOSITORY, "Update", "a").is_some(), uploaded);
        standin.fault(Fault::new(Listener::Api, "GET", LIMIT, Reply::Reset { after }));
        let mut stream = connect(&standin).unwrap();
        ask(&mut stream);
        assert_eq!(stream.read(&mut [0]).unwrap_err().kind(), ErrorKind::ConnectionReset);
    }
}

#[test]
fn silence_ends_when_the_client_goes_away() {
    let (_folder, standin, release) = github();
    for (after, uploaded) in [(false, false), (true, true)] {
        standin.fault(Fault::new(Listener::Uploads, "POST", "", Reply::Silence { after }));
        assert_eq!(upload(&standin, release, "a", b"x").status, 0);
        assert_eq!(standin.asset(REPOSITORY, "Update", "a").is_some(), uploaded);
    }
    standin.fault(Fault::new(Listener::Api, "GET", LIMIT, Reply::Silence { after: false }));
    let mut stream = connect(&standin).unwrap();
    ask(&mut stream);
    stream.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
    assert_eq!(stream.read(&mut [0]).unwrap_err().kind(), ErrorKind::WouldBlock);
}

#[test]
fn a_held_request_waits_before_or_after_its_effect() {
    for after in [false, true] {
        let (_folder, standin, _) = github();
        let asset = standin.put_asset(REPOSITORY, "Update", "a", b"x");
        let hold = Hold::default();
        standin.fault(Fault::new(Listener::Api, "PATCH", "", Reply::Hold { hold: hold.clone(), after }));
        thread::scope(|scope| {
            let held = scope.spawn(|| patch(&standin, asset, &json!({"name": "b"})).status);
            assert!(hold.is_reached_within(Duration::from_secs(5)));
            assert_eq!(standin.asset(REPOSITORY, "Update", "b").is_some(), after);
            hold.let_go();
            assert_eq!(held.join().unwrap(), 200);
        });
        assert!(standin.asset(REPOSITORY, "Update", "b").is_some());
    }
}

#[test]
fn a_refusal_has_githubs_words_and_headers_and_a_late_one_has_had_its_effect() {
    let (_folder, standin, release) = github();
    for (reply, status, header) in [
        (error_responses::bad_token(), 401, None),
        (error_responses::no_permission(), 403, Some("x-accepted-github-permissions")),
        (error_responses::allowance_spent(1), 403, Some("x-ratelimit-reset")),
        (error_responses::secondary_limit(1), 403, Some("retry-after")),
        (error_responses::too_many(1), 429, Some("retry-after")),
        (error_responses::not_found(), 404, None),
    ] {
        standin.fault(Fault::new(Listener::Uploads, "POST", "", reply));
        let answer = upload(&standin, release, "a", b"x");
        assert_eq!(answer.status, status);
        assert!(header.is_none_or(|name| answer.header(name).is_some()), "{status} without {header:?}");
        assert_eq!(standin.assets(REPOSITORY, "Update"), []);
    }
    standin.fault(Fault::new(Listener::Uploads, "POST", "", error_responses::already_exists_after()));
    assert_eq!(upload(&standin, release, "a", b"x").json()["errors"][0]["code"], "already_exists");
    assert_eq!(standin.asset(REPOSITORY, "Update", "a").unwrap().state, "uploaded");
    standin.fault(Fault::new(Listener::Uploads, "POST", "", Reply::ChangedUpload));
    let changed = upload(&standin, release, "b", b"x").json();
    let sent = upload(&standin, release, "c", b"x").json();
    assert_eq!(changed["size"], sent["size"]);
    assert_ne!(changed["digest"], sent["digest"]);
}

#[test]
fn what_an_address_led_to_is_written_down_change_by_change_and_with_each_request() {
    let (_folder, standin, _) = github();
    standin.put_asset(REPOSITORY, "Update", "a", b"old");
    let new = standin.put_asset(REPOSITORY, "Update", "next", b"new");
    standin.watch(REPOSITORY, "Update", "a");
    let old_asset = standin.asset(REPOSITORY, "Update", "a").unwrap();
    assert_eq!(patch(&standin, old_asset.id, &json!({"name": "prev"})).status, 200);
    assert_eq!(patch(&standin, new, &json!({"name": "a"})).status, 200);
    let old = old_asset.digest;
    let new = standin.asset(REPOSITORY, "Update", "a").unwrap().digest;
    assert_eq!(standin.history(), [[old.clone()], [None], [new.clone()]]);
    let seen: Vec<_> = standin.requests().into_iter().map(|line| (line.number, line.watched_before, line.watched_after)).collect();
    assert_eq!(seen, [(0, vec![old], vec![None]), (1, vec![None], vec![new.clone()])]);
    standin.clear_history();
    assert_eq!(standin.history(), [[new]]);
}

#[test]
fn an_hour_passes_when_a_test_says_so() {
    let (_folder, standin, _) = github();
    standin.put_starter(REPOSITORY, "Update", "a");
    let created = || get(&standin, "/repos/o/r/releases/tags/Update").json()["assets"][0]["created_at"].as_str().unwrap().to_owned();
    let before = created();
    standin.let_an_hour_pass(REPOSITORY, "Update");
    assert!(created() < before);
    standin.rename_asset(REPOSITORY, "Update", "a", "b");
    assert!(standin.asset(REPOSITORY, "Update", "b").is_some());
}

#[test]
fn a_foreign_host_takes_everything_and_remembers_it() {
    let (_folder, standin, _) = github();
    let answer = send(&standin.url(Listener::Foreign), "GET", "/anything", &["Authorization: Bearer secret".to_owned()], b"");
    assert_eq!(answer.status, 200);
    let requests = standin.requests();
    assert!(requests[0].listener == "foreign" && requests[0].has_authorization);
}
