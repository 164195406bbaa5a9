//! GraphQL and the one host of an Enterprise Server: what is known is answered, all else is refused loudly.

use crate::client::{Answer, send};
use crate::github::{REPOSITORY, github};
use nexy_standin::{Listener, ReleaseOptions, Standin, TOKEN};
use serde_json::{Value, json};

/// The queries of `gh`, as it sends them.
const USER: &str = "query UserCurrent{viewer{login}}";
const BY_TAG: &str = "query RepositoryReleaseByTag($name:String!$owner:String!$tagName:String!){repository(owner: $owner, name: $name)\
                      {release(tagName: $tagName){databaseId,isDraft}}}";
const LIST: &str = "query RepositoryReleaseList($endCursor:String$name:String!$owner:String!$perPage:Int!){repository(owner: $owner, \
                    name: $name){releases(first: $perPage, orderBy: {field: CREATED_AT, direction: DESC}, after: $endCursor)\
                    {nodes{name,tagName,isDraft,isLatest},pageInfo{hasNextPage,endCursor}}}}";

fn ask(standin: &Standin, token: Option<&str>, query: &str, variables: &Value) -> Answer {
    let body = json!({"query": query, "variables": variables}).to_string();
    let headers: Vec<String> = token.map(|token| format!("Authorization: Bearer {token}")).into_iter().collect();
    send(&standin.api_url(), "POST", "/graphql", &headers, body.as_bytes())
}

fn known(standin: &Standin, query: &str, variables: &Value) -> Value {
    let answer = ask(standin, Some(TOKEN), query, variables);
    assert_eq!(answer.status, 200);
    standin.assert_all_scripted();
    answer.json()
}

#[test]
fn releases_come_newest_first_and_in_pages() {
    let (_folder, standin, _) = github();
    standin.create_release(REPOSITORY, "App");
    standin.create_release_with(REPOSITORY, "Draft", ReleaseOptions { draft: true, ..ReleaseOptions::default() });
    let page = |after: Value| {
        let variables = json!({"owner": "o", "name": "r", "perPage": 2, "endCursor": after});
        known(&standin, LIST, &variables)["data"]["repository"]["releases"].clone()
    };
    let first = page(Value::Null);
    let told = |release: &Value| (release["tagName"].clone(), release["isLatest"].clone(), release["isDraft"].clone());
    assert_eq!(told(&first["nodes"][0]), (json!("Draft"), json!(false), json!(true)));
    assert_eq!(told(&first["nodes"][1]), (json!("App"), json!(true), json!(false)));
    assert_eq!(first["pageInfo"]["hasNextPage"], true);
    let second = page(first["pageInfo"]["endCursor"].clone());
    assert_eq!((&second["nodes"][0]["tagName"], &second["pageInfo"]["hasNextPage"]), (&json!("Update"), &json!(false)));
}

#[test]
fn what_is_not_there_is_null() {
    let (_folder, standin, id) = github();
    let ask = |repository: &str, tag: &str| known(&standin, BY_TAG, &json!({"owner": "o", "name": repository, "tagName": tag}));
    assert_eq!(ask("r", "Update")["data"]["repository"]["release"]["databaseId"], id);
    assert_eq!(ask("r", "Other")["data"]["repository"]["release"], Value::Null);
    assert_eq!(ask("other", "Update")["errors"][0]["type"], "NOT_FOUND");
    assert_eq!(known(&standin, USER, &json!({}))["data"]["viewer"]["login"], "stand-in");
}

#[test]
fn nothing_is_answered_without_a_token() {
    let (_folder, standin, _) = github();
    let status = |token| ask(&standin, token, USER, &json!({})).status;
    assert_eq!((status(None), status(Some("wrong"))), (401, 401));
}

#[test]
fn every_other_query_is_refused_and_logged_as_unscripted() {
    for query in ["", "query Q{viewer{login}}", "query UserCurrent{viewer{login,email}}", "mutation M{deleteRelease{x}}", BY_TAG] {
        let (_folder, standin, _) = github();
        let answer = ask(&standin, Some(TOKEN), query, &json!({}));
        assert!(answer.json()["errors"][0]["message"].is_string(), "{query}");
        assert!(standin.requests()[0].unscripted, "{query}");
    }
}

#[test]
fn one_host_leads_to_every_listener_by_its_path() {
    let (_folder, standin, id) = github();
    standin.put_asset(REPOSITORY, "Update", "a.dmg", b"a");
    let host = standin.url(Listener::Enterprise);
    let auth = [format!("Authorization: Bearer {TOKEN}"), "Content-Type: application/octet-stream".to_owned()];
    let ask = |method: &str, path: &str, body: &[u8]| send(&host, method, path, &auth, body).status;
    assert_eq!(ask("GET", "/api/v3/repos/o/r/releases/tags/Update", b""), 200);
    assert_eq!(ask("GET", "/api/v3/", b""), 200);
    assert_eq!(ask("POST", &format!("/api/uploads/repos/o/r/releases/{id}/assets?name=b.dmg"), b"b"), 201);
    assert_eq!(ask("POST", "/api/graphql", br#"{"query":"query UserCurrent{viewer{login}}"}"#), 200);
    assert_eq!(send(&host, "GET", "/o/r/releases/download/Update/a.dmg", &[], b"").status, 302);
    let log = standin.requests();
    let listeners: Vec<&str> = log.iter().map(|line| line.listener.as_str()).collect();
    assert_eq!(listeners, ["api", "api", "uploads", "api", "web"]);
    assert_eq!(log[2].call(), format!("POST /repos/o/r/releases/{id}/assets"));
    standin.assert_all_scripted();
}

#[test]
fn kept_exchanges_hold_what_was_said_and_no_secret() {
    let (_folder, standin, _) = github();
    let get = || send(&standin.api_url(), "GET", "/user?x=1", &[format!("Authorization: Bearer {TOKEN}")], b"");
    let _not_kept = get();
    standin.keep_exchanges();
    let answer = get();
    let kept = standin.exchanges();
    assert_eq!(kept.len(), 1);
    assert_eq!((kept[0].path.as_str(), kept[0].query[0].1.as_str(), kept[0].status), ("/user", "1", 200));
    assert_eq!(kept[0].answer, answer.body);
    assert_eq!(kept[0].header("authorization"), Some("Bearer"));
    assert!(!format!("{kept:?}").contains(TOKEN));
}
