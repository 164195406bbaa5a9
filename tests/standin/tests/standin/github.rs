//! The imitated GitHub refuses what GitHub refuses and answers in GitHub's shapes.

use crate::client::{Answer, send, send_raw};
use nexy_standin::{Listener, ReleaseOptions, Standin, TOKEN};
use serde_json::{Value, json};
use std::io::{Read as _, Write as _};
use std::net::TcpStream;

pub(crate) const REPOSITORY: &str = "o/r";

/// A stand-in with the release `o/r` `Update`, and its id.
pub(crate) fn github() -> (tempfile::TempDir, Standin, u64) {
    let folder = tempfile::tempdir().unwrap();
    let standin = Standin::start(folder.path());
    let id = standin.create_release(REPOSITORY, "Update");
    (folder, standin, id)
}

fn auth() -> String {
    format!("Authorization: Bearer {TOKEN}")
}

pub(crate) fn upload(standin: &Standin, id: u64, name: &str, bytes: &[u8]) -> Answer {
    let path = format!("/repos/o/r/releases/{id}/assets?name={name}&label=L");
    let headers = [auth(), "Content-Type: application/octet-stream".to_owned()];
    send(&standin.url(Listener::Uploads), "POST", &path, &headers, bytes)
}

pub(crate) fn get(standin: &Standin, path: &str) -> Answer {
    send(&standin.api_url(), "GET", path, &[auth()], b"")
}

pub(crate) fn patch(standin: &Standin, id: u64, body: &Value) -> Answer {
    let path = format!("/repos/o/r/releases/assets/{id}");
    let text = body.to_string();
    send(&standin.api_url(), "PATCH", &path, &[auth()], text.as_bytes())
}

#[test]
fn every_wrong_upload_is_refused_and_leaves_nothing() {
    let (_folder, standin, id) = github();
    let path = format!("/repos/o/r/releases/{id}/assets?name=a.dmg");
    let nameless = format!("/repos/o/r/releases/{id}/assets");
    let kind = "Content-Type: application/octet-stream";
    let host = "Host: h\r\nUser-Agent: t";
    let auth = auth();
    let cases = [
        (format!("POST {path} HTTP/1.1\r\n{host}\r\n{auth}\r\n{kind}\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n"), 400),
        (format!("POST {path} HTTP/1.1\r\n{host}\r\n{auth}\r\n{kind}\r\n\r\n"), 411),
        (format!("POST {path} HTTP/1.1\r\n{host}\r\n{auth}\r\nContent-Length: 1\r\n\r\na"), 400),
        (format!("POST {nameless} HTTP/1.1\r\n{host}\r\n{auth}\r\n{kind}\r\nContent-Length: 1\r\n\r\na"), 422),
        (format!("POST {path} HTTP/1.1\r\n{host}\r\n{auth}\r\n{kind}\r\nContent-Length: 0\r\n\r\n"), 422),
        (format!("POST {path} HTTP/1.1\r\nHost: h\r\n{auth}\r\n{kind}\r\nContent-Length: 1\r\n\r\na"), 403),
        (format!("POST {path} HTTP/1.1\r\n{host}\r\n{kind}\r\nContent-Length: 1\r\n\r\na"), 404),
        (format!("POST {path} HTTP/1.1\r\n{host}\r\nAuthorization: Bearer wrong\r\n{kind}\r\nContent-Length: 1\r\n\r\na"), 401),
        (format!("POST /repos/o/r/releases/9/assets?name=a HTTP/1.1\r\n{host}\r\n{auth}\r\n{kind}\r\nContent-Length: 1\r\n\r\na"), 404),
    ];
    for (request, status) in cases {
        let answer = send_raw(&standin.url(Listener::Uploads), request.as_bytes());
        assert_eq!(answer.status, status, "{request}");
    }
    assert_eq!(standin.assets(REPOSITORY, "Update"), []);
}

#[test]
fn a_name_in_use_is_refused_for_uploads_and_renames() {
    let (_folder, standin, id) = github();
    standin.put_asset(REPOSITORY, "Update", "a.dmg", b"a");
    let other = standin.put_asset(REPOSITORY, "Update", "b.dmg", b"b");
    for answer in [upload(&standin, id, "a.dmg", b"x"), patch(&standin, other, &json!({"name": "a.dmg"}))] {
        assert_eq!(answer.status, 422);
        let error = &answer.json()["errors"][0];
        assert_eq!(error["code"], "already_exists");
        assert_eq!(error["field"], "name");
    }
}

#[test]
fn an_unusual_name_is_rewritten() {
    let (_folder, standin, id) = github();
    let answer = upload(&standin, id, ".my%20file", b"x");
    assert_eq!(answer.json()["name"], "default.my.file");
}

#[test]
fn an_upload_that_ends_early_leaves_a_starter_that_holds_the_name() {
    let (_folder, standin, id) = github();
    let path = format!("/repos/o/r/releases/{id}/assets?name=a.dmg");
    let head =
        format!("POST {path} HTTP/1.1\r\nHost: h\r\nUser-Agent: t\r\n{}\r\nContent-Type: x/y\r\nContent-Length: 100\r\n\r\nshort", auth());
    let _refused = send_raw(&standin.url(Listener::Uploads), head.as_bytes());
    let _ended = standin.requests();
    assert_eq!(standin.assets(REPOSITORY, "Update")[0].state, "starter");
    assert_eq!(upload(&standin, id, "a.dmg", b"x").status, 422);
    assert_eq!(standin.public_bytes_sha(REPOSITORY, "Update", "a.dmg"), None);
}

#[test]
fn a_change_of_anything_else_is_refused() {
    let (_folder, standin, _) = github();
    let id = standin.put_asset(REPOSITORY, "Update", "a.dmg", b"a");
    assert_eq!(patch(&standin, id, &json!({"state": "uploaded"})).status, 422);
    assert_eq!(patch(&standin, id, &json!([])).status, 400);
    assert_eq!(patch(&standin, 9, &json!({"name": "b"})).status, 404);
}

#[test]
fn a_deleted_asset_is_gone_the_second_time() {
    let (_folder, standin, _) = github();
    let id = standin.put_asset(REPOSITORY, "Update", "a.dmg", b"a");
    let path = format!("/repos/o/r/releases/assets/{id}");
    let delete = || send(&standin.api_url(), "DELETE", &path, &[auth()], b"").status;
    assert_eq!((delete(), delete()), (204, 404));
}

#[test]
fn an_immutable_release_changes_nothing() {
    let (_folder, standin, release) = github();
    let id = standin.put_asset(REPOSITORY, "Update", "a.dmg", b"a");
    let options = ReleaseOptions { immutable: true, ..ReleaseOptions::default() };
    standin.set_release(REPOSITORY, "Update", options);
    let path = format!("/repos/o/r/releases/assets/{id}");
    assert_eq!(upload(&standin, release, "b", b"x").status, 422);
    assert_eq!(patch(&standin, id, &json!({"name": "b"})).status, 422);
    assert_eq!(send(&standin.api_url(), "DELETE", &path, &[auth()], b"").status, 422);
}

#[test]
fn what_is_published_while_immutable_releases_are_on_is_frozen_and_its_tag_is_burned_for_ever() {
    let (_folder, standin, _) = github();
    let call = |method, path: &str, body: &Value| send(&standin.api_url(), method, path, &[auth()], body.to_string().as_bytes());
    const SETTING: &str = "/repos/o/r/immutable-releases";
    assert_eq!(call("GET", SETTING, &Value::Null).status, 404);
    let draft = call("POST", "/repos/o/r/releases", &json!({"tag_name": "Later", "draft": true})).json();
    assert_eq!(call("PUT", SETTING, &Value::Null).status, 204);
    assert_eq!(call("GET", SETTING, &Value::Null).json(), json!({"enabled": true, "enforced_by_owner": false}));
    let before = call("GET", "/repos/o/r/releases/tags/Update", &Value::Null).json();
    assert_eq!(before["immutable"], false, "what was published before stays as it is");
    let created = call("POST", "/repos/o/r/releases", &json!({"tag_name": "New"})).json();
    let published = call("PATCH", &format!("/repos/o/r/releases/{}", draft["id"]), &json!({"draft": false})).json();
    assert_eq!((&draft["immutable"], &created["immutable"], &published["immutable"]), (&json!(false), &json!(true), &json!(true)));
    standin.remove_release(REPOSITORY, "New");
    assert_eq!(call("DELETE", SETTING, &Value::Null).status, 204);
    let again = call("POST", "/repos/o/r/releases", &json!({"tag_name": "New"}));
    assert_eq!((again.status, &again.json()["errors"][0]["message"]), (422, &json!("tag_name was used by an immutable release")));
    standin.set_immutable_releases(REPOSITORY, Some(true));
    assert_eq!(call("DELETE", SETTING, &Value::Null).status, 409);
}

#[test]
fn a_token_that_may_only_read_is_told_what_it_lacks() {
    let (_folder, standin, _) = github();
    standin.add_read_only_token("reader");
    let id = standin.put_asset(REPOSITORY, "Update", "a.dmg", b"a");
    let headers = ["Authorization: token reader".to_owned()];
    let look = send(&standin.api_url(), "GET", "/repos/o/r", &headers, b"");
    assert_eq!(look.json()["permissions"]["push"], false);
    let path = format!("/repos/o/r/releases/assets/{id}");
    let answer = send(&standin.api_url(), "DELETE", &path, &headers, b"");
    assert_eq!(answer.status, 403);
    let lacks = answer.header("x-accepted-github-permissions");
    assert_eq!(lacks.as_deref(), Some("contents=write"));
}

#[test]
fn a_wrong_token_is_refused_even_where_none_is_needed() {
    let (_folder, standin, _) = github();
    let path = "/repos/o/r/releases/tags/Update";
    let wrong = ["Authorization: Bearer wrong".to_owned()];
    let status = |headers: &[String]| send(&standin.api_url(), "GET", path, headers, b"").status;
    assert_eq!((status(&wrong), status(&[])), (401, 200));
}

#[test]
fn the_list_of_assets_comes_in_pages() {
    let (_folder, standin, id) = github();
    for number in 0..35 {
        standin.put_asset(REPOSITORY, "Update", &format!("{number}.bin"), b"a");
    }
    let first = get(&standin, &format!("/repos/o/r/releases/{id}/assets"));
    assert_eq!(first.json().as_array().unwrap().len(), 30);
    let link = first.header("link").unwrap();
    assert!(link.contains("page=2>; rel=\"next\""), "{link}");
    let second = get(&standin, &format!("/repos/o/r/releases/{id}/assets?page=2"));
    assert_eq!(second.json().as_array().unwrap().len(), 5);
    assert!(!second.header("link").unwrap().contains("next"));
    let all = get(&standin, &format!("/repos/o/r/releases/{id}/assets?per_page=100"));
    assert_eq!(all.json().as_array().unwrap().len(), 35);
    assert_eq!(all.header("link"), None);
}

#[test]
fn a_public_download_is_redirected_to_a_host_that_refuses_authorization() {
    let (_folder, standin, _) = github();
    let id = standin.put_asset(REPOSITORY, "Update", "a.dmg", b"0123456789");
    let path = "/o/r/releases/download/Update/a.dmg";
    let first = send(&standin.web_url(), "GET", path, &[], b"");
    assert_eq!(first.status, 302);
    let location = first.header("location").unwrap();
    let rest = location.strip_prefix(&standin.url(Listener::Storage)).unwrap();
    assert!(!rest.contains("a.dmg"), "keyed by name: {rest}");
    let fetch = |headers: &[String]| send(&standin.url(Listener::Storage), "GET", rest, headers, b"");
    let whole = fetch(&[]);
    assert_eq!((whole.status, whole.body.as_slice()), (200, &b"0123456789"[..]));
    let part = fetch(&["Range: bytes=2-4".to_owned()]);
    assert_eq!((part.status, part.body.as_slice()), (206, &b"234"[..]));
    let shown = part.header("content-range");
    assert_eq!(shown.as_deref(), Some("bytes 2-4/10"));
    assert_eq!(fetch(&["Range: bytes=10-".to_owned()]).status, 416);
    assert_eq!(fetch(&[auth()]).status, 400);
    let forged = rest.replace("sig=", "sig=0");
    assert_eq!(send(&standin.url(Listener::Storage), "GET", &forged, &[], b"").status, 403);
    let log = standin.requests();
    assert!(log.iter().skip(1).take(3).all(|line| line.asset_id == Some(id)));
}

#[test]
fn an_undocumented_call_is_loud() {
    let (_folder, standin, _) = github();
    assert_eq!(get(&standin, "/repos/o/r/releases/latest/x").status, 404);
    let line = standin.requests().remove(0);
    assert!(line.unscripted && line.has_authorization);
    let log = std::fs::read_to_string(standin.folder().join("requests.jsonl")).unwrap();
    assert!(!log.contains(TOKEN));
}

#[test]
fn an_upload_whose_starter_is_deleted_meanwhile_leaves_no_asset_without_bytes() {
    let (_folder, standin, id) = github();
    let mut stream = TcpStream::connect(standin.url(Listener::Uploads).strip_prefix("http://").unwrap()).unwrap();
    let head = format!(
        "POST /repos/o/r/releases/{id}/assets?name=a.bin HTTP/1.1\r\nHost: s\r\nUser-Agent: t\r\nConnection: close\r\n{}\r\n\
         Content-Type: application/octet-stream\r\nContent-Length: 8\r\n\r\nhalf",
        auth()
    );
    stream.write_all(head.as_bytes()).unwrap();
    let starter = loop {
        if let [asset] = standin.assets(REPOSITORY, "Update").as_slice() {
            break asset.id;
        }
        std::thread::yield_now();
    };
    assert_eq!(send(&standin.api_url(), "DELETE", &format!("/repos/o/r/releases/assets/{starter}"), &[auth()], b"").status, 204);
    stream.write_all(b"rest").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 404"), "{answer}");
    assert!(standin.assets(REPOSITORY, "Update").is_empty());
}
