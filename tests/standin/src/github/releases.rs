//! Releases: listed, and made and published as people do it with GitHub's command line; no tool ever does that.

use super::store::Release;
use super::{answers, assets, pages};
use crate::connection::RequestBody;
use crate::http::{Request, Response};
use crate::state::State;
use crate::tokens::Bearer;
use serde_json::{Value, json};

/// A key that a document may have, and whether a value fits it.
type Known = (&'static str, fn(&Value) -> bool);

/// What a new release may say.
const NEW: &[Known] = &[
    ("tag_name", Value::is_string),
    ("name", Value::is_string),
    ("body", Value::is_string),
    ("draft", Value::is_boolean),
    ("prerelease", |value| *value == json!(false)),
];

/// Makes a release; one tag has one release.
pub(super) fn create(state: &State, request: &Request, repository: &str, body: &mut RequestBody<'_, '_>) -> Response {
    let asked = match read(request, body, NEW) {
        Ok(asked) => asked,
        Err(response) => return response,
    };
    let Some(tag) = asked["tag_name"].as_str().filter(|tag| !tag.is_empty()) else {
        return answers::invalid_of("Release", "missing_field", "tag_name", None);
    };
    let mut store = state.store();
    if !store.has_repository(repository) {
        return answers::not_found();
    }
    if store.is_burned(repository, tag) {
        return answers::invalid_of("Release", "custom", "tag_name", Some("tag_name was used by an immutable release"));
    }
    match store.release_by_tag(repository, tag) {
        // GitHub keeps a draft and a release of one tag beside each other; here one tag is one folder.
        Some(there) if there.draft => return answers::message(422, "the tag has a draft").unscripted(),
        Some(_) => return answers::invalid_of("Release", "already_exists", "tag_name", None),
        None => {}
    }
    let mut release = store.create_release(repository, tag, asked["draft"] == true, false);
    for (key, text) in [("name", &mut release.name), ("body", &mut release.body)] {
        if let Some(asked) = asked[key].as_str() {
            asked.clone_into(text);
        }
    }
    store.save_release(&release);
    let body = answers::release(state, &release, &[]);
    let address = body["url"].as_str().unwrap().to_owned();
    Response::json(201, &body).with("Location", &address)
}

/// Publishes a draft, or makes a draft of a release.
pub(super) fn edit(state: &State, request: &Request, repository: &str, id: &str, body: &mut RequestBody<'_, '_>) -> Response {
    let asked = match read(request, body, &[("draft", Value::is_boolean), ("tag_name", Value::is_string)]) {
        Ok(asked) => asked,
        Err(response) => return response,
    };
    let mut store = state.store();
    let Some(mut release) = id.parse().ok().and_then(|id| store.release_by_id(repository, id)) else {
        return answers::not_found();
    };
    if release.immutable {
        return assets::immutable();
    }
    if asked.get("tag_name").is_some_and(|tag| tag != release.tag.as_str()) {
        return answers::message(422, "a release keeps its tag here").unscripted();
    }
    if let Some(draft) = asked["draft"].as_bool() {
        store.set_draft(&mut release, draft);
    }
    Response::json(200, &answers::release(state, &release, &store.assets(&release)))
}

/// Says whether immutable releases are on, or switches them. Off is 404, and only who may write is an administrator here.
pub(super) fn immutable(state: &State, request: &Request, repository: &str) -> Response {
    let mut store = state.store();
    if !store.has_repository(repository) {
        return answers::not_found();
    }
    let enforced = store.immutable_releases(repository);
    let wanted = match (request.method.as_str(), enforced) {
        ("GET", Some(enforced)) if state.tokens.bearer(request.header("authorization")) == Bearer::Writer => {
            return Response::json(200, &json!({"enabled": true, "enforced_by_owner": enforced}));
        }
        ("GET", _) => return answers::not_found(),
        (_, Some(true)) => return answers::message(409, "Conflict"),
        ("PUT", _) => Some(false),
        ("DELETE", _) => None,
        _ => return answers::not_found().unscripted(),
    };
    store.set_immutable_releases(repository, wanted);
    Response::new(204, Vec::new())
}

/// A page of the releases.
pub(super) fn list(state: &State, request: &Request, repository: &str) -> Response {
    if !state.store().has_repository(repository) {
        return answers::not_found();
    }
    let all = newest_first(state, request, repository);
    let store = state.store();
    pages::answer(state, request, &all, |release| answers::release(state, release, &store.assets(release)))
}

/// The releases that may be seen.
pub(super) fn newest_first(state: &State, request: &Request, repository: &str) -> Vec<Release> {
    let mut all = state.store().releases(repository);
    all.retain(|release| may_be_seen(state, request, release));
    all.sort_by_key(|release| std::cmp::Reverse(release.id));
    all
}

/// Drafts are there only for those who may change them.
pub(super) fn may_be_seen(state: &State, request: &Request, release: &Release) -> bool {
    !release.draft || state.tokens.bearer(request.header("authorization")) == Bearer::Writer
}

/// A document that says nothing but what is known; anything else was never taught and is loud.
fn read(request: &Request, body: &mut RequestBody<'_, '_>, known: &[Known]) -> Result<Value, Response> {
    let asked = assets::document(request, body)?;
    for (key, value) in asked.as_object().unwrap() {
        if !known.iter().any(|(name, fits)| name == key && fits(value)) {
            return Err(answers::message(422, &format!("\"{key}\" is not a permitted key, or of another type.")).unscripted());
        }
    }
    Ok(asked)
}
