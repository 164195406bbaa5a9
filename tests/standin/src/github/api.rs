//! GitHub's REST API: releases, their assets, and who is asking.

use super::store::{Release, Store};
use super::{accounts, actions, answers, assets, graphql, pages, releases, repository, root};
use crate::connection::RequestBody;
use crate::http::{Request, Response};
use crate::state::State;
use crate::tokens::Bearer;

/// Answers one call of the API.
pub(crate) fn answer(state: &State, request: &Request, body: &mut RequestBody<'_, '_>) -> Response {
    // A query of GraphQL is a POST that changes nothing.
    let mutates = matches!(request.method.as_str(), "POST" | "PATCH" | "PUT" | "DELETE") && request.path != "/graphql";
    let response = answers::refusal(state, request, mutates).unwrap_or_else(|| route(state, request, body));
    answers::of_the_api(state, request, response)
}

fn route(state: &State, request: &Request, body: &mut RequestBody<'_, '_>) -> Response {
    let segments = request.segments();
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    let method = request.method.as_str();
    match (method, segments.as_slice()) {
        ("GET", ["rate_limit"]) => Response::json(200, &answers::rate_limit(state, request)),
        ("GET", [""]) => root::answer(state),
        ("POST", ["graphql"]) => graphql::answer(state, request, body),
        ("GET", ["user"]) => user(state, request),
        ("GET", ["repos", owner, name]) => repository::answer(state, request, &format!("{owner}/{name}")),
        (_, ["repos", owner, name, "immutable-releases"]) => releases::immutable(state, request, &format!("{owner}/{name}")),
        ("GET", ["repos", owner, name, "actions", "workflows", file, "runs"]) => {
            actions::runs(state, request, &format!("{owner}/{name}"), file)
        }
        ("GET", ["repos", owner, name, "releases"]) => releases::list(state, request, &format!("{owner}/{name}")),
        ("GET", ["repos", owner, name, "releases", "tags", tag]) => {
            let store = state.store();
            let release = store.release_by_tag(&format!("{owner}/{name}"), tag);
            show(state, &store, release.as_ref().filter(|one| !one.draft))
        }
        ("GET", ["repos", owner, name, "releases", id, "assets"]) => with_release(state, request, owner, name, id, |store, release| {
            pages::answer(state, request, &store.assets(release), |asset| answers::asset(state, release, asset))
        }),
        (_, ["repos", owner, name, "releases", "assets", id]) => {
            let repository = format!("{owner}/{name}");
            assets::answer(state, request, &repository, id, body)
        }
        ("POST", ["repos", owner, name, "releases"]) => releases::create(state, request, &format!("{owner}/{name}"), body),
        ("PATCH", ["repos", owner, name, "releases", id]) => releases::edit(state, request, &format!("{owner}/{name}"), id, body),
        ("GET", ["repos", owner, name, "releases", id]) => {
            with_release(state, request, owner, name, id, |store, release| show(state, store, Some(release)))
        }
        _ => answers::not_found().unscripted(),
    }
}

fn with_release(
    state: &State,
    request: &Request,
    owner: &str,
    name: &str,
    id: &str,
    then: impl FnOnce(&Store, &Release) -> Response,
) -> Response {
    let store = state.store();
    let id = id.parse().ok();
    let found = id.and_then(|id| store.release_by_id(&format!("{owner}/{name}"), id));
    match found.filter(|release| releases::may_be_seen(state, request, release)) {
        Some(release) => then(&store, &release),
        None => answers::not_found(),
    }
}

fn show(state: &State, store: &Store, release: Option<&Release>) -> Response {
    match release {
        Some(release) => {
            let assets = store.assets(release);
            Response::json(200, &answers::release(state, release, &assets))
        }
        None => answers::not_found(),
    }
}

fn user(state: &State, request: &Request) -> Response {
    match state.tokens.bearer(request.header("authorization")) {
        Bearer::Anonymous => answers::message(401, "Requires authentication"),
        _ => Response::json(200, &accounts::authenticated(state)),
    }
}
