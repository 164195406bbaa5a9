//! One asset over the API: look at it, download it, rename it, delete it.

use super::store::{AssetInfo, Release, Store};
use super::{answers, names, storage};
use crate::clock;
use crate::connection::RequestBody;
use crate::http::{Framing, Request, Response};
use crate::state::State;
use serde_json::{Value, json};
use std::io::Read;

/// Answers a call about the asset with this id.
pub(super) fn answer(state: &State, request: &Request, repository: &str, id: &str, body: &mut RequestBody<'_, '_>) -> Response {
    let wanted = match request.method.as_str() {
        "GET" | "DELETE" => Value::Null,
        "PATCH" => match change(request, body) {
            Ok(change) => change,
            Err(response) => return response,
        },
        _ => return answers::not_found().unscripted(),
    };
    let mut store = state.store();
    let found = id.parse().ok().and_then(|id| store.asset(repository, id));
    let Some((release, asset)) = found else {
        return answers::not_found();
    };
    match request.method.as_str() {
        "GET" => look(state, request, &release, &asset),
        _ if release.immutable => immutable(),
        "DELETE" => {
            store.remove(&asset);
            Response::new(204, Vec::new()).about(asset.id)
        }
        _ => rename(state, &mut store, &release, asset, &wanted),
    }
}

pub(super) fn immutable() -> Response {
    answers::message(422, "Cannot upload assets to an immutable release.")
}

fn look(state: &State, request: &Request, release: &Release, asset: &AssetInfo) -> Response {
    let wants_bytes = request.header("accept") == Some("application/octet-stream");
    if !wants_bytes {
        return Response::json(200, &answers::asset(state, release, asset)).about(asset.id);
    }
    if asset.state != "uploaded" {
        return answers::not_found();
    }
    Response::redirect(&storage::signed_url(state, asset)).about(asset.id)
}

/// The object in a body, or why there is none.
pub(super) fn document(request: &Request, body: &mut RequestBody<'_, '_>) -> Result<Value, Response> {
    if request.framing == Framing::Chunked {
        return Err(answers::message(400, "Problems parsing JSON").unscripted());
    }
    let mut text = Vec::new();
    let read = body.take(1024 * 1024).read_to_end(&mut text);
    let parsed = read.ok().and_then(|_| serde_json::from_slice(&text).ok());
    let Some(document @ Value::Object(_)) = parsed else {
        return Err(answers::message(400, "Problems parsing JSON"));
    };
    Ok(document)
}

/// The wanted change, or why it is none.
fn change(request: &Request, body: &mut RequestBody<'_, '_>) -> Result<Value, Response> {
    let change = document(request, body)?;
    for (key, value) in change.as_object().unwrap() {
        // GitHub's description names `state` as well, but not what a change of it does: refused here.
        if !matches!(key.as_str(), "name" | "label") || !value.is_string() {
            let text = format!("\"{key}\" is not a permitted key, or not a string.");
            return Err(answers::message(422, &text));
        }
    }
    Ok(change)
}

fn rename(state: &State, store: &mut Store, release: &Release, mut asset: AssetInfo, wanted: &Value) -> Response {
    if let Some(name) = wanted["name"].as_str() {
        if name.is_empty() {
            return answers::invalid("missing_field", "name", None);
        }
        let name = names::as_github_names_it(name);
        let others = store.assets(release);
        let taken = others.iter().any(|other| other.name == name && other.id != asset.id);
        if taken {
            return answers::invalid("already_exists", "name", None);
        }
        asset.name = name;
    }
    if let Some(label) = wanted.get("label") {
        asset.label = label.as_str().filter(|label| !label.is_empty()).map(str::to_owned);
    }
    asset.updated_at = clock::iso(store.now_seconds());
    store.save(&asset);
    let body = answers::asset(state, release, &asset);
    let mut response = Response::json(200, &json!(body));
    response.asset_id = Some(asset.id);
    response
}
