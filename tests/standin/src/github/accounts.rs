//! Accounts, in the shape in which GitHub shows them.

use crate::listener::Listener;
use crate::state::State;
use serde_json::{Value, json};

/// Who stands behind every token.
pub(super) const LOGIN: &str = "stand-in";
const CREATED: &str = "2020-01-01T00:00:00Z";

/// An account as it stands in other things: the uploader of an asset, the owner of a repository.
pub(super) fn simple(state: &State, login: &str) -> Value {
    let api = format!("{}/users/{login}", state.url(Listener::Api));
    json!({
        "login": login,
        "id": 1,
        "node_id": "U_00000001",
        "avatar_url": format!("{}/avatars/1?v=4", state.url(Listener::Web)),
        "gravatar_id": "",
        "url": api,
        "html_url": format!("{}/{login}", state.url(Listener::Web)),
        "followers_url": format!("{api}/followers"),
        "following_url": format!("{api}/following{{/other_user}}"),
        "gists_url": format!("{api}/gists{{/gist_id}}"),
        "starred_url": format!("{api}/starred{{/owner}}{{/repo}}"),
        "subscriptions_url": format!("{api}/subscriptions"),
        "organizations_url": format!("{api}/orgs"),
        "repos_url": format!("{api}/repos"),
        "events_url": format!("{api}/events{{/privacy}}"),
        "received_events_url": format!("{api}/received_events"),
        "type": "User",
        "user_view_type": "public",
        "site_admin": false,
    })
}

/// The account behind the token, as it sees itself.
pub(super) fn authenticated(state: &State) -> Value {
    let mut account = simple(state, LOGIN);
    for key in ["name", "company", "blog", "location", "email", "hireable", "bio", "twitter_username"] {
        account[key] = Value::Null;
    }
    for key in ["public_repos", "public_gists", "followers", "following"] {
        account[key] = json!(0);
    }
    account["created_at"] = json!(CREATED);
    account["updated_at"] = json!(CREATED);
    account
}
