//! GraphQL, as far as GitHub's own command line asks about releases; every other question is refused and logged as unscripted.
//!
//! A known question is told by its words, and gets those fields that it names.

use super::store::Release;
use super::{accounts, answers, releases};
use crate::connection::RequestBody;
use crate::http::{Request, Response};
use crate::state::State;
use crate::tokens::Bearer;
use serde_json::{Value, json};
use std::io::Read;

const LARGEST: u64 = 64 * 1024;
/// Names of the known questions, and every word in them.
const WORDS: &str = "query UserCurrent RepositoryReleaseByTag RepositoryReleaseList String Int viewer login repository name owner \
                     release tagName databaseId isDraft isLatest isPrerelease createdAt publishedAt releases first perPage orderBy \
                     field CREATED_AT direction DESC after endCursor nodes pageInfo hasNextPage";

/// Answers one query; without a token nothing is answered here.
pub(super) fn answer(state: &State, request: &Request, body: &mut RequestBody<'_, '_>) -> Response {
    if state.tokens.bearer(request.header("authorization")) == Bearer::Anonymous {
        return answers::message(401, "This endpoint requires you to be authenticated.");
    }
    let mut text = Vec::new();
    let read = body.take(LARGEST).read_to_end(&mut text);
    let Some(asked) = read.ok().and_then(|_| serde_json::from_slice::<Value>(&text).ok()) else {
        return answers::message(400, "Problems parsing JSON");
    };
    let query = asked["query"].as_str().unwrap_or_default();
    let mut words = query.split(|one: char| !one.is_alphanumeric() && one != '_').filter(|word| !word.is_empty());
    let question = words.clone().nth(1).unwrap_or_default();
    let known = words.all(|word| WORDS.split(' ').any(|known| known == word));
    let answered = match question {
        "UserCurrent" if known => Some(json!({"data": {"viewer": {"login": accounts::LOGIN}}})),
        "RepositoryReleaseByTag" | "RepositoryReleaseList" if known => repository(state, request, &asked["variables"]),
        _ => None,
    };
    match answered {
        Some(mut document) => {
            keep_asked(&mut document["data"], query);
            Response::json(200, &document)
        }
        None => Response::json(200, &json!({"errors": [{"message": format!("the stand-in was never taught {query}")}]})).unscripted(),
    }
}

/// The release of a tag and a page of all; a cursor is the number of those that were shown before.
fn repository(state: &State, request: &Request, variables: &Value) -> Option<Value> {
    let repository = format!("{}/{}", variables["owner"].as_str()?, variables["name"].as_str()?);
    if !state.store().has_repository(&repository) {
        let text = format!("Could not resolve to a Repository with the name '{repository}'.");
        let error = json!({"type": "NOT_FOUND", "path": ["repository"], "message": text});
        return Some(json!({"data": {"repository": null}, "errors": [error]}));
    }
    let all = releases::newest_first(state, request, &repository);
    let latest = all.iter().find(|release| !release.draft).map(|release| release.id);
    let shown = |release: &Release| {
        json!({
            "name": release.name,
            "tagName": release.tag,
            "databaseId": release.id,
            "isDraft": release.draft,
            "isLatest": latest == Some(release.id),
            "isPrerelease": false,
            "createdAt": release.created_at,
            "publishedAt": if release.draft { Value::Null } else { json!(release.created_at) },
        })
    };
    let release = all.iter().find(|release| variables["tagName"] == release.tag.as_str()).map(shown);
    let before: usize = variables["endCursor"].as_str().map_or(Some(0), |cursor| cursor.parse().ok())?;
    let count = usize::try_from(variables["perPage"].as_u64().unwrap_or(100)).ok()?;
    let nodes: Vec<Value> = all.iter().skip(before).take(count).map(shown).collect();
    let end = before + nodes.len();
    let page = json!({"hasNextPage": end < all.len(), "endCursor": end.to_string()});
    Some(json!({"data": {"repository": {"release": release, "releases": {"nodes": nodes, "pageInfo": page}}}}))
}

/// Drops every field that a query does not name: `gh` takes no other ones.
fn keep_asked(value: &mut Value, query: &str) {
    let ends = |start: String| ["{", "}", "(", ","].iter().any(|end| query.contains(&format!("{start}{end}")));
    match value {
        Value::Object(fields) => {
            fields.retain(|name, _| ["{", ","].iter().any(|before| ends(format!("{before}{name}"))));
            fields.values_mut().for_each(|field| keep_asked(field, query));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| keep_asked(item, query)),
        _ => {}
    }
}
