//! github.com: the public address of an asset, which leads to the storage host.

use super::{git, storage};
use crate::http::{Request, Response};
use crate::state::State;

/// Answers one request; a stale one leads where the name led before its last change.
pub(crate) fn answer(state: &State, request: &Request, stale: bool) -> Response {
    let segments = request.segments();
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    if let [owner, repository, "info", "refs"] = segments.as_slice() {
        return git::answer(state, request, owner, repository);
    }
    let (method, [owner, repository, "releases", "download", tag, name]) = (request.method.as_str(), segments.as_slice()) else {
        return missing().unscripted();
    };
    if !matches!(method, "GET" | "HEAD") {
        return missing().unscripted();
    }
    let store = state.store();
    let release = store.release_by_tag(&format!("{owner}/{repository}"), tag);
    let asset = release
        .filter(|release| !release.draft)
        .and_then(|release| if stale { store.public_before(&release, name) } else { store.public(&release, name) });
    match asset {
        Some(asset) => Response::redirect(&storage::signed_url(state, &asset)).with("Cache-Control", "no-cache").about(asset.id),
        None => missing(),
    }
}

fn missing() -> Response {
    Response::text(404, "Not Found")
}
