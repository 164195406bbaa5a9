//! GitHub's GraphQL, as far as its own command line asks about releases; every other question is refused and logged as unscripted.

use super::selection::{self, Field};
use super::store::Release;
use super::{accounts, answers, releases};
use crate::connection::RequestBody;
use crate::http::{Request, Response};
use crate::state::State;
use crate::tokens::Bearer;
use serde_json::{Map, Value, json};
use std::io::Read;

const LARGEST: u64 = 64 * 1024;

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
    let answered = selection::read(query, &asked["variables"]).and_then(|fields| root(state, request, &fields));
    match answered {
        Ok(document) => Response::json(200, &document),
        Err(because) => Response::json(200, &json!({"errors": [{"message": because}]})).unscripted(),
    }
}

fn root(state: &State, request: &Request, fields: &[Field]) -> Result<Value, String> {
    let mut data = Map::new();
    for field in fields {
        let value = match field.name.as_str() {
            "viewer" => each(field, "User", &[], |name| (name == "login").then(|| json!(accounts::LOGIN)))?,
            "repository" => match repository(state, request, field)? {
                Some(repository) => repository,
                None => return Ok(no_repository(field)),
            },
            other => return Err(unknown(other, "Query")),
        };
        data.insert(field.name.clone(), value);
    }
    Ok(json!({"data": data}))
}

fn no_repository(field: &Field) -> Value {
    let name = format!("{}/{}", field.arguments["owner"].as_str().unwrap(), field.arguments["name"].as_str().unwrap());
    let text = format!("Could not resolve to a Repository with the name '{name}'.");
    json!({"data": {"repository": null}, "errors": [{"type": "NOT_FOUND", "path": ["repository"], "message": text}]})
}

fn repository(state: &State, request: &Request, field: &Field) -> Result<Option<Value>, String> {
    takes(field, &["owner", "name"])?;
    let text = |name: &str| field.arguments.get(name).and_then(Value::as_str).ok_or(format!("{name} is missing"));
    let repository = format!("{}/{}", text("owner")?, text("name")?);
    if !state.store().has_repository(&repository) {
        return Ok(None);
    }
    let all = releases::newest_first(state, request, &repository);
    let mut answer = Map::new();
    for field in &field.fields {
        let value = match field.name.as_str() {
            "release" => {
                takes(field, &["tagName"])?;
                let tag = field.arguments.get("tagName").and_then(Value::as_str);
                match all.iter().find(|release| Some(release.tag.as_str()) == tag) {
                    Some(release) => one(&all, release, field, &["tagName"])?,
                    None => Value::Null,
                }
            }
            "releases" => page(&all, field)?,
            other => return Err(unknown(other, "Repository")),
        };
        answer.insert(field.name.clone(), value);
    }
    Ok(Some(Value::Object(answer)))
}

/// A page of releases; a cursor is the number of those that were shown before.
fn page(all: &[Release], field: &Field) -> Result<Value, String> {
    takes(field, &["first", "orderBy", "after"])?;
    if field.arguments.get("orderBy") != Some(&json!({"field": "CREATED_AT", "direction": "DESC"})) {
        return Err("releases are listed by CREATED_AT, DESC only".to_owned());
    }
    let first = field.arguments.get("first").and_then(Value::as_u64).filter(|first| (1..=100).contains(first));
    let first = usize::try_from(first.ok_or("first must be from 1 to 100")?).unwrap();
    let after: usize = match field.arguments.get("after") {
        None | Some(Value::Null) => 0,
        Some(cursor) => cursor.as_str().and_then(|cursor| cursor.parse().ok()).ok_or(format!("{cursor} is no cursor"))?,
    };
    let shown: Vec<&Release> = all.iter().skip(after).take(first).collect();
    let end = after + shown.len();
    let mut answer = Map::new();
    for part in &field.fields {
        let value = match part.name.as_str() {
            "nodes" => shown.iter().map(|release| one(all, release, part, &[])).collect::<Result<Value, String>>()?,
            "pageInfo" => each(part, "PageInfo", &[], |name| match name {
                "hasNextPage" => Some(json!(end < all.len())),
                "endCursor" => Some(if shown.is_empty() { Value::Null } else { json!(end.to_string()) }),
                _ => None,
            })?,
            other => return Err(unknown(other, "ReleaseConnection")),
        };
        answer.insert(part.name.clone(), value);
    }
    Ok(Value::Object(answer))
}

fn one(all: &[Release], release: &Release, field: &Field, arguments: &[&str]) -> Result<Value, String> {
    let latest = all.iter().find(|release| !release.draft).map(|release| release.id);
    each(field, "Release", arguments, |name| {
        Some(match name {
            "name" => json!(release.name),
            "tagName" => json!(release.tag),
            "databaseId" => json!(release.id),
            "isDraft" => json!(release.draft),
            "isLatest" => json!(latest == Some(release.id)),
            "isPrerelease" => json!(false),
            "createdAt" => json!(release.created_at),
            "publishedAt" => {
                if release.draft {
                    Value::Null
                } else {
                    json!(release.created_at)
                }
            }
            _ => return None,
        })
    })
}

/// The plain fields of a thing; one that it does not have is refused, in GitHub's words.
fn each(field: &Field, kind: &str, arguments: &[&str], value: impl Fn(&str) -> Option<Value>) -> Result<Value, String> {
    takes(field, arguments)?;
    if field.fields.is_empty() {
        return Err(format!("Field must have selections (field '{}' returns {kind} but has no selections.)", field.name));
    }
    let mut answer = Map::new();
    for one in &field.fields {
        takes(one, &[])?;
        let value = value(&one.name).filter(|_| one.fields.is_empty()).ok_or_else(|| unknown(&one.name, kind))?;
        answer.insert(one.name.clone(), value);
    }
    Ok(Value::Object(answer))
}

fn takes(field: &Field, arguments: &[&str]) -> Result<(), String> {
    match field.arguments.keys().find(|name| !arguments.contains(&name.as_str())) {
        Some(name) => Err(format!("Field '{}' doesn't accept argument '{name}'", field.name)),
        None => Ok(()),
    }
}

fn unknown(field: &str, kind: &str) -> String {
    format!("Field '{field}' doesn't exist on type '{kind}'")
}
