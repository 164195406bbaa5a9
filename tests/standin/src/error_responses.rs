//! GitHub's refusals in GitHub's words and headers, for faults that are planted.

use crate::clock;
use crate::fault::Reply;
use serde_json::{Value, json};

/// 401: the token is not accepted.
#[must_use]
pub fn bad_token() -> Reply {
    refusal(401, &[], json!({"message": "Bad credentials", "status": "401"}))
}

/// 403: the token may not change contents.
#[must_use]
pub fn no_permission() -> Reply {
    let body = json!({"message": "Resource not accessible by personal access token", "status": "403"});
    refusal(403, &[("X-Accepted-GitHub-Permissions", "contents=write")], body)
}

/// 403: the hour's allowance is spent, and renewed after so many seconds.
#[must_use]
pub fn allowance_spent(seconds: u64) -> Reply {
    let reset = (clock::now_seconds() + seconds).to_string();
    let headers = [("X-RateLimit-Limit", "5000"), ("X-RateLimit-Remaining", "0"), ("X-RateLimit-Reset", reset.as_str())];
    refusal(403, &headers, json!({"message": "API rate limit exceeded for user ID 1.", "status": "403"}))
}

/// 403: too many changes at once; told to wait so many seconds.
#[must_use]
pub fn secondary_limit(seconds: u64) -> Reply {
    let body = json!({"message": "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."});
    refusal(403, &[("Retry-After", seconds.to_string().as_str())], body)
}

/// 429: too many requests; told to wait so many seconds.
#[must_use]
pub fn too_many(seconds: u64) -> Reply {
    refusal(429, &[("Retry-After", seconds.to_string().as_str())], json!({"message": "API rate limit exceeded"}))
}

/// 404.
#[must_use]
pub fn not_found() -> Reply {
    refusal(404, &[], json!({"message": "Not Found", "status": "404"}))
}

/// The change happened, its answer was lost inside GitHub, which tried again and met its own first try.
#[must_use]
pub fn already_exists_after() -> Reply {
    let error = json!({"resource": "ReleaseAsset", "code": "already_exists", "field": "name"});
    let body = json!({"message": "Validation Failed", "errors": [error]});
    Reply::Answer { status: 422, headers: Vec::new(), body, after: true }
}

/// A 5xx, whether the change happened or not.
#[must_use]
pub fn server_error(status: u16, after: bool) -> Reply {
    Reply::Answer { status, headers: Vec::new(), body: json!({"message": "Server Error"}), after }
}

fn refusal(status: u16, headers: &[(&str, &str)], body: Value) -> Reply {
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Reply::Answer { status, headers, body, after: false }
}
