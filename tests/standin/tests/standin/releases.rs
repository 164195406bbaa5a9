//! Releases are made as GitHub's command line makes them, and in no other way.

use crate::client::{Answer, send};
use crate::github::{REPOSITORY, get, github};
use nexy_standin::{ReleaseOptions, Standin, TOKEN};

fn change(standin: &Standin, token: &str, method: &str, path: &str, body: &str) -> Answer {
    let path = format!("/repos/o/r/releases{path}");
    send(&standin.api_url(), method, &path, &[format!("Authorization: Bearer {token}")], body.as_bytes())
}

#[test]
fn a_release_is_made_once_for_a_tag() {
    let (_folder, standin, _) = github();
    let create = |body: &str| change(&standin, TOKEN, "POST", "", body);
    let made = create(r#"{"tag_name":"App","name":"The app","body":"Fixed channel","draft":false,"prerelease":false}"#);
    assert_eq!(made.status, 201);
    let shown = get(&standin, "/repos/o/r/releases/tags/App").json();
    assert_eq!((&shown["name"], &shown["body"], &shown["id"]), (&"The app".into(), &"Fixed channel".into(), &made.json()["id"]));
    for (body, code) in [(r#"{"tag_name":"App"}"#, "already_exists"), (r#"{"name":"x"}"#, "missing_field")] {
        let refused = create(body);
        assert_eq!((refused.status, &refused.json()["errors"][0]["code"]), (422, &code.into()), "{body}");
    }
    standin.assert_all_scripted();
    for body in [r#"{"tag_name":1}"#, r#"{"tag_name":"x","make_latest":"true"}"#, r#"{"tag_name":"x","prerelease":true}"#] {
        assert_eq!(create(body).status, 422, "{body}");
        assert!(standin.requests().last().unwrap().unscripted, "{body}");
    }
}

#[test]
fn a_draft_is_seen_by_writers_only_until_it_is_published() {
    let (_folder, standin, id) = github();
    standin.add_read_only_token("reader");
    standin.set_release(REPOSITORY, "Update", ReleaseOptions { draft: true, ..ReleaseOptions::default() });
    let seen = |token: &str| change(&standin, token, "GET", &format!("/{id}"), "").status;
    assert_eq!((seen(TOKEN), seen("reader")), (200, 404));
    let edit = |token: &str, body: &str| change(&standin, token, "PATCH", &format!("/{id}"), body).status;
    assert_eq!(edit("reader", r#"{"draft":false}"#), 403);
    assert_eq!(edit(TOKEN, r#"{"draft":false,"tag_name":"Update"}"#), 200);
    assert_eq!((seen("reader"), get(&standin, "/repos/o/r/releases/tags/Update").status), (200, 200));
    standin.assert_all_scripted();
    assert_eq!(edit(TOKEN, r#"{"tag_name":"Other"}"#), 422);
    assert!(standin.requests().last().unwrap().unscripted);
}
