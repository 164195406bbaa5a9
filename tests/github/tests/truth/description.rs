//! GitHub's published description of its API: which operation a request is, and what may be said in it.

use crate::{schema, setup};
use nexy_standin::{Exchange, Listener};
use serde_json::Value;

const FILE: &str = "openapi/generated/api.github.com.json";

/// The description as a document.
pub(crate) struct Description {
    root: Value,
}

/// One operation of the API, and how it was called.
pub(crate) struct Operation<'a> {
    /// The path with its parameters' names, as the description has it.
    pub(crate) template: &'a str,
    operation: &'a Value,
    /// The values that stand in the path.
    in_path: Vec<(&'a str, &'a str)>,
}

impl Description {
    /// The description; none when it cannot be had, which is said.
    pub(crate) fn fetched(test: &str) -> Option<Self> {
        let text = setup::published(test, FILE)?;
        Some(Self { root: serde_json::from_str(&text).unwrap() })
    }

    /// The operation that a request is; of several templates that fit, the one with the fewest parameters.
    pub(crate) fn operation<'a>(&'a self, method: &str, path: &'a str) -> Option<Operation<'a>> {
        let paths = self.root["paths"].as_object().unwrap();
        let fitting = paths.iter().filter_map(|(template, methods)| {
            let operation = methods.get(method.to_lowercase())?;
            let in_path = parameters_of(template, path)?;
            Some(Operation { template, operation, in_path })
        });
        fitting.min_by_key(|operation| operation.in_path.len())
    }

    /// What is wrong with a request.
    pub(crate) fn of_request(&self, operation: &Operation<'_>, exchange: &Exchange) -> Vec<String> {
        let mut problems = self.of_parameters(operation, exchange);
        let host = operation.operation["servers"][0]["url"].as_str().unwrap_or("https://api.github.com");
        let listener = if host == "https://uploads.github.com" { Listener::Uploads } else { Listener::Api };
        if exchange.listener != listener {
            problems.push(format!("it belongs to {host} and went to {}", exchange.listener.name()));
        }
        let body = &operation.operation["requestBody"];
        let Some(kinds) = body["content"].as_object() else {
            if exchange.body_bytes > 0 {
                problems.push(format!("it carries {} bytes, and a body is not described", exchange.body_bytes));
            }
            return problems;
        };
        let kind = exchange.header("content-type").unwrap_or_default();
        let Some(content) = kinds.get(kind.split(';').next().unwrap().trim()) else {
            problems.push(format!("content type {kind:?} is not described"));
            return problems;
        };
        if content["schema"]["format"] == "binary" {
            return problems;
        }
        match serde_json::from_slice(&exchange.body) {
            Ok(value) => problems.extend(within("body", schema::problems(&self.root, &content["schema"], &value))),
            Err(error) => problems.push(format!("its body is no JSON: {error}")),
        }
        problems
    }

    fn of_parameters(&self, operation: &Operation<'_>, exchange: &Exchange) -> Vec<String> {
        let mut problems = Vec::new();
        let described: Vec<&Value> = operation.operation["parameters"].as_array().into_iter().flatten().collect();
        let described: Vec<&Value> = described.into_iter().map(|one| schema::resolved(&self.root, one)).collect();
        let in_query = exchange.query.iter().map(|(name, value)| ("query", name.as_str(), value.as_str()));
        let in_path = operation.in_path.iter().map(|(name, value)| ("path", *name, *value));
        for (place, name, value) in in_query.clone().chain(in_path) {
            let Some(parameter) = described.iter().find(|one| one["in"] == place && one["name"] == name) else {
                problems.push(format!("{place} {name}: no such parameter is described"));
                continue;
            };
            let typed = match parameter["schema"]["type"].as_str() {
                Some("integer") => value.parse::<u64>().map_or(Value::from(value), Value::from),
                _ => Value::from(value),
            };
            problems.extend(within(&format!("{place} {name}"), schema::problems(&self.root, &parameter["schema"], &typed)));
        }
        for parameter in described.iter().filter(|one| one["in"] == "query" && one["required"] == true) {
            if !in_query.clone().any(|(_, name, _)| parameter["name"] == name) {
                problems.push(format!("query {}: it is required and missing", parameter["name"]));
            }
        }
        problems
    }

    /// What is wrong with an answer; `None` when its status is not described.
    pub(crate) fn of_answer(&self, operation: &Operation<'_>, exchange: &Exchange) -> Option<Vec<String>> {
        let response = schema::resolved(&self.root, operation.operation["responses"].get(exchange.status.to_string())?);
        let mut problems = Vec::new();
        for (name, header) in response["headers"].as_object().into_iter().flatten() {
            let header = schema::resolved(&self.root, header);
            // They come only when there is something to say, and are typed then.
            let Some(value) = exchange.answer_header(name) else { continue };
            let value =
                if header["schema"]["type"] == "integer" { serde_json::from_str(value).unwrap_or_default() } else { Value::from(value) };
            problems.extend(within(name, schema::problems(&self.root, &header["schema"], &value)));
        }
        match response["content"].get("application/json") {
            Some(content) => problems.extend(self.of_json(&content["schema"], exchange)),
            // Where GitHub describes a refusal without its body, the body is what all refusals are.
            None if exchange.status >= 400 => problems.extend(self.of_refusal(exchange)),
            None if !exchange.answer.is_empty() => problems.push("its answer has a body, and none is described".to_owned()),
            None => {}
        }
        Some(problems)
    }

    /// What is wrong with the body of a refusal, by the shapes that all operations share.
    pub(crate) fn of_refusal(&self, exchange: &Exchange) -> Vec<String> {
        let schema = if exchange.status == 422 { "validation-error" } else { "basic-error" };
        self.of_json(&self.root["components"]["schemas"][schema], exchange)
    }

    fn of_json(&self, schema: &Value, exchange: &Exchange) -> Vec<String> {
        let kind = exchange.answer_header("content-type").unwrap_or_default();
        if kind != "application/json; charset=utf-8" {
            return vec![format!("its answer is {kind:?} and not JSON")];
        }
        match serde_json::from_slice(&exchange.answer) {
            Ok(value) => within("answer", schema::problems(&self.root, schema, &value)),
            Err(error) => vec![format!("its answer is no JSON: {error}")],
        }
    }
}

fn within(place: &str, problems: Vec<String>) -> Vec<String> {
    problems.into_iter().map(|problem| format!("{place} {problem}")).collect()
}

/// The values of a template's parameters when a path fits it.
fn parameters_of<'a>(template: &'a str, path: &'a str) -> Option<Vec<(&'a str, &'a str)>> {
    let (names, values): (Vec<&str>, Vec<&str>) = (template.split('/').collect(), path.split('/').collect());
    if names.len() != values.len() {
        return None;
    }
    let mut parameters = Vec::new();
    for (name, value) in names.into_iter().zip(values) {
        match name.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
            Some(name) => parameters.push((name, value)),
            None if name == value => {}
            None => return None,
        }
    }
    Some(parameters)
}

#[test]
fn a_path_is_taken_apart_by_its_template() {
    let template = "/repos/{owner}/{repo}/releases/tags/{tag}";
    let found = parameters_of(template, "/repos/o/r/releases/tags/Update").unwrap();
    assert_eq!(found, [("owner", "o"), ("repo", "r"), ("tag", "Update")]);
    assert_eq!(parameters_of(template, "/repos/o/r/releases/latest/x"), None);
    assert_eq!(parameters_of(template, "/repos/o/r"), None);
}
