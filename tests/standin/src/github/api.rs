//! GitHub's REST API: releases, their assets, and who is asking.

use super::store::{Release, Store};
use super::{answers, assets, graphql, pages, people, releases, repository, root};
use crate::connection::RequestBody;
use crate::http::{Request, Response};
use crate::shared::Shared;
use crate::tokens::Bearer;

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
        ("GET", ["repos", owner, name, "releases"]) => releases::list(shared, request, &format!("{owner}/{name}")),
        ("GET", ["repos", owner, name, "releases", "tags", tag]) => {
            let store = shared.store();
            let release = store.release_by_tag(&format!("{owner}/{name}"), tag);
            show(shared, &store, release.as_ref().filter(|one| !one.draft))
        }
        ("GET", ["repos", owner, name, "releases", id, "assets"]) => with_release(shared, request, owner, name, id, |store, release| {
            pages::answer(shared, request, &store.assets(release), |asset| answers::asset(shared, release, asset))
        }),
        (_, ["repos", owner, name, "releases", "assets", id]) => {
            let repository = format!("{owner}/{name}");
            assets::answer(shared, request, &repository, id, body)
        }
        ("POST", ["repos", owner, name, "releases"]) => releases::create(shared, request, &format!("{owner}/{name}"), body),
        ("PATCH", ["repos", owner, name, "releases", id]) => releases::edit(shared, request, &format!("{owner}/{name}"), id, body),
        ("GET", ["repos", owner, name, "releases", id]) => {
            with_release(shared, request, owner, name, id, |store, release| show(shared, store, Some(release)))
        }
        _ => answers::not_found().unscripted(),
    }
}

fn with_release(
    shared: &Shared,
    request: &Request,
    owner: &str,
    name: &str,
    id: &str,
    then: impl FnOnce(&Store, &Release) -> Response,
) -> Response {
    let store = shared.store();
    let id = id.parse().ok();
    let found = id.and_then(|id| store.release_by_id(&format!("{owner}/{name}"), id));
    match found.filter(|release| releases::may_be_seen(shared, request, release)) {
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

fn user(shared: &Shared, request: &Request) -> Response {
    match shared.tokens.bearer(request.header("authorization")) {
        Bearer::Nobody => answers::message(401, "Requires authentication"),
        _ => Response::json(200, &people::oneself(shared)),
    }
}
