//! The imitated model's API: strict about the form of a request, and as talkative in its refusals as the real one.

use crate::client::send;
use nexy_standin::{Listener, Model, Standin};
use serde_json::{Value, json};

const KEY: &str = "AIza-an-unknown-key";
const PATH: &str = "/v1beta/models/a-model:generateContent";
const BODY: &str = r#"{"contents":[{"role":"user","parts":[{"text":"ping"}]}],"generationConfig":{"maxOutputTokens":1}}"#;

fn standin(folder: &std::path::Path) -> Standin {
    let standin = Standin::start(folder);
    standin.set_gemini_key(KEY);
    standin.set_gemini_model("a-model");
    standin
}

fn ask(standin: &Standin, path: &str, key: Option<&str>, body: &str) -> (u16, Value) {
    let mut headers = vec!["Content-Type: application/json".to_owned()];
    headers.extend(key.map(|key| format!("x-goog-api-key: {key}")));
    let answer = send(&standin.url(Listener::Gemini), "POST", path, &headers, body.as_bytes());
    (answer.status, serde_json::from_slice(&answer.body).unwrap_or(Value::Null))
}

fn unscripted(standin: &Standin) -> usize {
    standin.requests().iter().filter(|request| request.unscripted).count()
}

#[test]
fn a_minimal_request_with_the_known_key_is_answered_with_one_token() {
    let folder = tempfile::tempdir().unwrap();
    let standin = standin(folder.path());
    let (status, answer) = ask(&standin, PATH, Some(KEY), BODY);
    assert_eq!((status, &answer["candidates"][0]["finishReason"]), (200, &json!("MAX_TOKENS")));
    let request = &standin.requests()[0];
    assert!(request.has_authorization && !request.unscripted, "{request:?}");
    assert_eq!(ask(&standin, PATH, Some("another"), BODY).1["error"]["details"][0]["reason"], "API_KEY_INVALID");
    assert_eq!(ask(&standin, "/v1beta/models/b-model:generateContent", Some(KEY), BODY).0, 404);
    standin.assert_all_scripted();
}

#[test]
fn a_key_in_the_address_another_form_and_another_call_are_refused_loudly() {
    let folder = tempfile::tempdir().unwrap();
    let standin = standin(folder.path());
    let long = BODY.replace("ping", &"word ".repeat(9));
    let many = BODY.replace(":1}", ":100}");
    let in_address = format!("{PATH}?key={KEY}");
    let cases = [
        (in_address.as_str(), Some(KEY), BODY),
        (PATH, None, BODY),
        (PATH, Some(KEY), "{}"),
        (PATH, Some(KEY), "not json"),
        (PATH, Some(KEY), long.as_str()),
        (PATH, Some(KEY), many.as_str()),
        ("/v1beta/models/a-model:streamGenerateContent", Some(KEY), BODY),
        ("/v1/models/a-model:generateContent", Some(KEY), BODY),
    ];
    for (number, (path, key, body)) in cases.into_iter().enumerate() {
        assert!(ask(&standin, path, key, body).0 >= 400, "{path} {body}");
        assert_eq!(unscripted(&standin), number + 1, "{path} {body}");
    }
}

#[test]
fn a_suspended_project_repeats_the_key_as_the_real_one_does() {
    let folder = tempfile::tempdir().unwrap();
    let standin = standin(folder.path());
    standin.set_gemini(Model::Suspended);
    let (status, answer) = ask(&standin, PATH, Some(KEY), BODY);
    assert!(status == 403 && answer.to_string().contains(KEY), "{answer}");
    let log = std::fs::read_to_string(folder.path().join("requests.jsonl")).unwrap();
    assert!(!log.contains(KEY), "the key is kept");
}
