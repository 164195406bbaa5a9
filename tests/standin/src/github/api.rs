//! GitHub's REST API: releases, their assets, and who is asking.

use super::store::{Release, Store};
use super::{answers, assets, graphql, people, repository, root};
use crate::connection::RequestBody;
use crate::fault::Listener;
use crate::http::{Request, Response};
use crate::shared::Shared;
use crate::tokens::Bearer;
use serde_json::Value;

/// Answers one call of the API.
pub(crate) fn answer(shared: &Shared, request: &Request, body: &mut RequestBody<'_, '_>) -> Response {
    // A query of GraphQL is a POST that changes nothing.
    let mutates = matches!(request.method.as_str(), "POST" | "PATCH" | "PUT" | "DELETE") && request.path != "/graphql";
    let response = answers::refusal(shared, request, mutates).unwrap_or_else(|| route(shared, request, body));
    answers::of_the_api(shared, request, response)
}

fn route(shared: &Shared, request: &Request, body: &mut RequestBody<'_, '_>) -> Response {
    let segments = request.segments();
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    let method = request.method.as_str();
    match (method, segments.as_slice()) {
        ("GET", ["rate_limit"]) => Response::json(200, &answers::rate_limit(shared, request)),
        ("GET", [""]) => root::answer(shared),
        ("POST", ["graphql"]) => graphql::answer(shared, request, body),
        ("GET", ["user"]) => user(shared, request),
        ("GET", ["repos", owner, name]) => repository::answer(shared, request, &format!("{owner}/{name}")),
        ("GET", ["repos", owner, name, "releases"]) => releases(shared, request, &format!("{owner}/{name}")),
        ("GET", ["repos", owner, name, "releases", "tags", tag]) => {
            let store = shared.store();
            let release = store.release_by_tag(&format!("{owner}/{name}"), tag);
            show(shared, &store, release.as_ref().filter(|one| !one.draft))
        }
        ("GET", ["repos", owner, name, "releases", id, "assets"]) => {
            with_release(shared, owner, name, id, |store, release| page(shared, request, store, release))
        }
        (_, ["repos", owner, name, "releases", "assets", id]) => {
            let repository = format!("{owner}/{name}");
            assets::answer(shared, request, &repository, id, body)
        }
        ("GET", ["repos", owner, name, "releases", id]) => {
            with_release(shared, owner, name, id, |store, release| show(shared, store, Some(release)))
        }
        _ => answers::not_found().unscripted(),
    }
}

/// The newest first; drafts are shown only to who may change the repository.
fn releases(shared: &Shared, request: &Request, repository: &str) -> Response {
    let store = shared.store();
    if !store.has_repository(repository) {
        return answers::not_found();
    }
    let sees_drafts = shared.tokens.bearer(request.header("authorization")) == Bearer::Writer;
    let per_page = request.parameter("per_page").and_then(|text| text.parse().ok()).unwrap_or(30).clamp(1, 100);
    let mut all: Vec<Release> = store.releases(repository).into_iter().filter(|release| sees_drafts || !release.draft).collect();
    all.sort_by_key(|release| std::cmp::Reverse(release.id));
    let shown = all.iter().take(per_page).map(|release| answers::release(shared, release, &store.assets(release)));
    Response::json(200, &Value::Array(shown.collect()))
}

fn with_release(shared: &Shared, owner: &str, name: &str, id: &str, then: impl FnOnce(&Store, &Release) -> Response) -> Response {
    let store = shared.store();
    let id = id.parse().ok();
    match id.and_then(|id| store.release_by_id(&format!("{owner}/{name}"), id)) {
        Some(release) => then(&store, &release),
        None => answers::not_found(),
    }
}

fn show(shared: &Shared, store: &Store, release: Option<&Release>) -> Response {
    match release {
        Some(release) => {
            let assets = store.assets(release);
            Response::json(200, &answers::release(shared, release, &assets))
        }
        None => answers::not_found(),
    }
}

fn page(shared: &Shared, request: &Request, store: &Store, release: &Release) -> Response {
    let number = |name: &str, default: usize| {
        let text = request.parameter(name);
        text.and_then(|text| text.parse().ok()).unwrap_or(default)
    };
    let per_page = number("per_page", 30).clamp(1, 100);
    let page = number("page", 1).max(1);
    let all = store.assets(release);
    let last = all.len().div_ceil(per_page).max(1);
    let shown: Vec<Value> =
        all.iter().skip((page - 1) * per_page).take(per_page).map(|asset| answers::asset(shared, release, asset)).collect();
    let response = Response::json(200, &Value::Array(shown));
    let address = |page: usize| {
        let base = shared.url(Listener::Api);
        format!("<{base}{}?per_page={per_page}&page={page}>", request.path)
    };
    if page < last {
        let link = format!("{}; rel=\"next\", {}; rel=\"last\"", address(page + 1), address(last));
        return response.with("Link", &link);
    }
    if page > 1 {
        let link = format!("{}; rel=\"prev\", {}; rel=\"first\"", address(page - 1), address(1));
        return response.with("Link", &link);
    }
    response
}

fn user(shared: &Shared, request: &Request) -> Response {
    match shared.tokens.bearer(request.header("authorization")) {
        Bearer::Nobody => answers::message(401, "Requires authentication"),
        _ => Response::json(200, &people::oneself(shared)),
    }
}
