//! A repository, in the shape in which GitHub shows it.

use super::{accounts, answers};
use crate::http::{Request, Response};
use crate::listener::Listener;
use crate::state::State;
use crate::tokens::Bearer;
use serde_json::{Value, json};

const CREATED: &str = "2020-01-01T00:00:00Z";
/// Addresses below the repository's own, and what follows it.
const ADDRESSES: &[(&str, &str)] = &[
    ("archive_url", "/{archive_format}{/ref}"),
    ("assignees_url", "/assignees{/user}"),
    ("blobs_url", "/git/blobs{/sha}"),
    ("branches_url", "/branches{/branch}"),
    ("collaborators_url", "/collaborators{/collaborator}"),
    ("comments_url", "/comments{/number}"),
    ("commits_url", "/commits{/sha}"),
    ("compare_url", "/compare/{base}...{head}"),
    ("contents_url", "/contents/{+path}"),
    ("contributors_url", "/contributors"),
    ("deployments_url", "/deployments"),
    ("downloads_url", "/downloads"),
    ("events_url", "/events"),
    ("forks_url", "/forks"),
    ("git_commits_url", "/git/commits{/sha}"),
    ("git_refs_url", "/git/refs{/sha}"),
    ("git_tags_url", "/git/tags{/sha}"),
    ("hooks_url", "/hooks"),
    ("issue_comment_url", "/issues/comments{/number}"),
    ("issue_events_url", "/issues/events{/number}"),
    ("issues_url", "/issues{/number}"),
    ("keys_url", "/keys{/key_id}"),
    ("labels_url", "/labels{/name}"),
    ("languages_url", "/languages"),
    ("merges_url", "/merges"),
    ("milestones_url", "/milestones{/number}"),
    ("notifications_url", "/notifications{?since,all,participating}"),
    ("pulls_url", "/pulls{/number}"),
    ("releases_url", "/releases{/id}"),
    ("stargazers_url", "/stargazers"),
    ("statuses_url", "/statuses/{sha}"),
    ("subscribers_url", "/subscribers"),
    ("subscription_url", "/subscription"),
    ("tags_url", "/tags"),
    ("teams_url", "/teams"),
    ("trees_url", "/git/trees{/sha}"),
];
const COUNTS: &[&str] = &[
    "forks",
    "forks_count",
    "network_count",
    "open_issues",
    "open_issues_count",
    "size",
    "stargazers_count",
    "subscribers_count",
    "watchers",
    "watchers_count",
];
const NOTHING: &[&str] = &["description", "homepage", "language", "license", "mirror_url"];
const SWITCHES: &[(&str, bool)] = &[
    ("disabled", false),
    ("fork", false),
    ("has_discussions", false),
    ("has_downloads", true),
    ("has_issues", true),
    ("has_pages", false),
    ("has_projects", true),
    ("has_wiki", true),
];

/// Answers a question for a repository; what the token may do there is said to a token only.
pub(super) fn answer(state: &State, request: &Request, repository: &str) -> Response {
    if !state.store().has_repository(repository) {
        return answers::not_found();
    }
    let mut body = shown(state, repository);
    let facts = answers::account(state);
    for key in ["private", "archived"] {
        body[key] = json!(facts[key] == true);
    }
    body["visibility"] = json!(if facts["private"] == true { "private" } else { "public" });
    match state.tokens.bearer(request.header("authorization")) {
        Bearer::Anonymous => {}
        bearer => {
            let push = bearer == Bearer::Writer;
            body["permissions"] = json!({"admin": false, "maintain": false, "push": push, "triage": push, "pull": true});
        }
    }
    Response::json(200, &body)
}

pub(super) fn shown(state: &State, repository: &str) -> Value {
    let (owner, name) = repository.split_once('/').unwrap();
    let api = format!("{}/repos/{repository}", state.url(Listener::Api));
    let web = format!("{}/{repository}", state.url(Listener::Web));
    let mut body = json!({
        "id": 1,
        "node_id": "R_00000001",
        "name": name,
        "full_name": repository,
        "owner": accounts::simple(state, owner),
        "html_url": web,
        "url": api,
        "git_url": format!("git:{}.git", web.split_once(':').unwrap().1),
        "ssh_url": format!("git@{}.git", web.split_once("//").unwrap().1.replacen('/', ":", 1)),
        "clone_url": format!("{web}.git"),
        "svn_url": web,
        "default_branch": "main",
        "topics": [],
        "created_at": CREATED,
        "updated_at": CREATED,
        "pushed_at": CREATED,
    });
    for (key, rest) in ADDRESSES {
        body[*key] = json!(format!("{api}{rest}"));
    }
    for key in COUNTS {
        body[*key] = json!(0);
    }
    for key in NOTHING {
        body[*key] = Value::Null;
    }
    for (key, value) in SWITCHES {
        body[*key] = json!(value);
    }
    body
}
