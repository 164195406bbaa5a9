//! One page of a list, with the addresses of those before and after it.

use crate::http::{Request, Response};
use crate::listener::Listener;
use crate::state::State;
use serde_json::Value;

/// The page that a request asks for: 30 things, or up to 100.
pub(super) fn answer<T>(state: &State, request: &Request, all: &[T], show: impl FnMut(&T) -> Value) -> Response {
    let number = |name: &str, default: usize| {
        let text = request.parameter(name);
        text.and_then(|text| text.parse().ok()).unwrap_or(default)
    };
    let per_page = number("per_page", 30).clamp(1, 100);
    let page = number("page", 1).max(1);
    let last = all.len().div_ceil(per_page).max(1);
    let shown = all.iter().skip((page - 1) * per_page).take(per_page).map(show).collect();
    let response = Response::json(200, &Value::Array(shown));
    let address = |page: usize| {
        let base = state.url(Listener::Api);
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
