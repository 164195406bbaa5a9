//! The shapes in which GitHub describes things and refuses requests.

use super::accounts;
use super::store::{AssetInfo, Release};
use crate::http::{Body, Request, Response};
use crate::listener::Listener;
use crate::state::State;
use crate::tokens::Bearer;
use crate::{clock, disk};
use serde_json::{Value, json};
use std::sync::atomic::Ordering;

const DOCUMENTATION: &str = "https://docs.github.com/rest";
const MEDIA_TYPE: &str = "github.v3; format=json";
const CALLS_PER_HOUR: u64 = 5000;
const CALLS_PER_HOUR_AND_ADDRESS: u64 = 60;

/// Puts on an answer what every answer of the API carries.
pub(super) fn of_the_api(state: &State, request: &Request, response: Response) -> Response {
    let response = about_the_token(state, request, response);
    let calls = state.api_calls.fetch_add(1, Ordering::SeqCst) + 1;
    let left = CALLS_PER_HOUR.saturating_sub(calls);
    response
        .with("X-GitHub-Request-Id", &request_id(calls))
        .with("X-GitHub-Media-Type", MEDIA_TYPE)
        .with("X-RateLimit-Limit", &CALLS_PER_HOUR.to_string())
        .with("X-RateLimit-Remaining", &left.to_string())
        .with("X-RateLimit-Used", &calls.to_string())
        .with("X-RateLimit-Resource", "core")
        .with("X-RateLimit-Reset", &next_hour().to_string())
}

/// Puts on an answer what every answer of the upload host carries: no limits, and the request's id also in a refusal.
pub(super) fn of_the_upload_host(state: &State, request: &Request, mut response: Response) -> Response {
    let id = request_id(state.api_calls.fetch_add(1, Ordering::SeqCst) + 1);
    if response.status >= 400
        && let Body::Bytes(bytes) = &mut response.body
        && let Ok(mut refusal) = serde_json::from_slice::<Value>(bytes)
    {
        refusal["request_id"] = json!(id);
        *bytes = serde_json::to_vec(&refusal).unwrap();
    }
    about_the_token(state, request, response).with("X-GitHub-Request-Id", &id).with("X-GitHub-Media-Type", MEDIA_TYPE)
}

fn request_id(calls: u64) -> String {
    format!("STAND:IN:{calls:06X}")
}

fn about_the_token(state: &State, request: &Request, mut response: Response) -> Response {
    if matches!(state.tokens.bearer(request.header("authorization")), Bearer::Reader | Bearer::Writer) {
        let facts = account(state);
        for (key, name) in [("expires", "GitHub-Authentication-Token-Expiration"), ("scopes", "X-OAuth-Scopes")] {
            if let Some(value) = facts[key].as_str() {
                response = response.with(name, value);
            }
        }
    }
    response
}

/// What is scripted of the account: `expires` and `scopes` of its token, `single_sign_on`, the calls `remaining`, and
/// whether its repositories are `private` or `archived`, and whether the token `sees_actions`.
pub(super) fn account(state: &State) -> Value {
    disk::read_json(&state.folder.join("account.json")).unwrap_or(Value::Null)
}

/// Without a token all callers behind one address share a few calls.
pub(super) fn rate_limit(state: &State, request: &Request) -> Value {
    let is_known = state.tokens.bearer(request.header("authorization")) != Bearer::Anonymous;
    let limit = if is_known { CALLS_PER_HOUR } else { CALLS_PER_HOUR_AND_ADDRESS };
    let left = limit.saturating_sub(state.api_calls.load(Ordering::SeqCst));
    let left = account(state)["remaining"].as_u64().unwrap_or(left);
    let core = json!({
        "limit": limit,
        "used": limit.saturating_sub(left),
        "remaining": left,
        "reset": next_hour(),
        "resource": "core",
    });
    let search = json!({"limit": 30, "used": 0, "remaining": 30, "reset": next_hour()});
    json!({"resources": {"core": core, "search": search}, "rate": core})
}

fn next_hour() -> u64 {
    (clock::now_seconds() / 3600 + 1) * 3600
}

/// Refuses who may not do this at all; `None` lets the request through.
pub(super) fn refusal(state: &State, request: &Request, mutates: bool) -> Option<Response> {
    if request.header("user-agent").is_none() {
        return Some(Response::text(
            403,
            "Request forbidden by administrative rules. Please make sure your request has a \
             User-Agent header.\n",
        ));
    }
    match state.tokens.bearer(request.header("authorization")) {
        Bearer::Unknown => Some(message(401, "Bad credentials")),
        Bearer::Anonymous if mutates => Some(not_found()),
        Bearer::Reader if mutates => {
            Some(message(403, "Resource not accessible by personal access token").with("X-Accepted-GitHub-Permissions", "contents=write"))
        }
        Bearer::Reader | Bearer::Writer => {
            let facts = account(state);
            let url = facts["single_sign_on"].as_str()?;
            let text = "Resource protected by organization SAML enforcement. You must grant your Personal Access token access to this organization.";
            Some(message(403, text).with("X-GitHub-SSO", &format!("required; url={url}")))
        }
        Bearer::Anonymous => None,
    }
}

pub(super) fn message(status: u16, text: &str) -> Response {
    let body = json!({
        "message": text,
        "documentation_url": DOCUMENTATION,
        "status": status.to_string(),
    });
    Response::json(status, &body)
}

pub(super) fn not_found() -> Response {
    message(404, "Not Found")
}

/// 422 with one error of the given code.
pub(super) fn invalid(code: &str, field: &str, text: Option<&str>) -> Response {
    invalid_of("ReleaseAsset", code, field, text)
}

/// The same about another kind of thing.
pub(super) fn invalid_of(resource: &str, code: &str, field: &str, text: Option<&str>) -> Response {
    let mut error = json!({"resource": resource, "code": code, "field": field});
    if let Some(text) = text {
        error["message"] = json!(text);
    }
    let body = json!({
        "message": "Validation Failed",
        "errors": [error],
        "documentation_url": DOCUMENTATION,
    });
    Response::json(422, &body)
}

/// An asset as the API shows it.
pub(super) fn asset(state: &State, release: &Release, asset: &AssetInfo) -> Value {
    let api = state.url(Listener::Api);
    let web = state.url(Listener::Web);
    let Release { repository, tag, .. } = release;
    json!({
        "url": format!("{api}/repos/{repository}/releases/assets/{}", asset.id),
        "id": asset.id,
        "node_id": format!("RA_{:08x}", asset.id),
        "name": asset.name,
        "label": asset.label,
        "uploader": accounts::simple(state, accounts::LOGIN),
        "content_type": asset.content_type,
        "state": asset.state,
        "size": asset.size,
        "digest": asset.digest,
        "download_count": 0,
        "created_at": asset.created_at,
        "updated_at": asset.updated_at,
        "browser_download_url": format!("{web}/{repository}/releases/download/{tag}/{}", asset.name),
    })
}

/// A release as the API shows it.
pub(super) fn release(state: &State, release: &Release, assets: &[AssetInfo]) -> Value {
    let api = state.url(Listener::Api);
    let uploads = state.url(Listener::Uploads);
    let web = state.url(Listener::Web);
    let Release { repository, tag, id, .. } = release;
    let assets: Vec<Value> = assets.iter().map(|one| asset(state, release, one)).collect();
    json!({
        "url": format!("{api}/repos/{repository}/releases/{id}"),
        "assets_url": format!("{api}/repos/{repository}/releases/{id}/assets"),
        "upload_url": format!("{uploads}/repos/{repository}/releases/{id}/assets{{?name,label}}"),
        "html_url": format!("{web}/{repository}/releases/tag/{tag}"),
        "id": id,
        "node_id": format!("RE_{id:08x}"),
        "tag_name": tag,
        "target_commitish": "main",
        "name": release.name,
        "draft": release.draft,
        "immutable": release.immutable,
        "prerelease": false,
        "created_at": release.created_at,
        "updated_at": release.created_at,
        "published_at": if release.draft { Value::Null } else { json!(release.created_at) },
        "author": accounts::simple(state, accounts::LOGIN),
        "assets": assets,
        "tarball_url": format!("{api}/repos/{repository}/tarball/{tag}"),
        "zipball_url": format!("{api}/repos/{repository}/zipball/{tag}"),
        "body": release.body,
    })
}
