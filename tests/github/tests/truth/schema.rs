//! The part of OpenAPI 3.0 schemas that GitHub's description uses; a keyword that is not understood is a finding.

use serde_json::{Map, Value};

/// Keywords that say nothing about a value.
const WORDS_FOR_PEOPLE: &[&str] = &["title", "description", "example", "examples", "default", "deprecated", "externalDocs"];

/// What is wrong with a value, each with the place where it is.
pub(crate) fn problems(root: &Value, schema: &Value, value: &Value) -> Vec<String> {
    let mut check = Check { root, problems: Vec::new() };
    check.value(schema, value, "");
    check.problems
}

/// What a `$ref` leads to; anything else is itself.
pub(crate) fn resolved<'a>(root: &'a Value, schema: &'a Value) -> &'a Value {
    match schema["$ref"].as_str() {
        Some(reference) => {
            let target = reference.strip_prefix('#').and_then(|pointer| root.pointer(pointer));
            resolved(root, target.unwrap_or_else(|| panic!("{reference} leads nowhere")))
        }
        None => schema,
    }
}

struct Check<'a> {
    root: &'a Value,
    problems: Vec<String>,
}

impl<'a> Check<'a> {
    fn say(&mut self, at: &str, what: &str) {
        self.problems.push(format!("{}: {what}", if at.is_empty() { "/" } else { at }));
    }

    fn value(&mut self, schema: &'a Value, value: &Value, at: &str) {
        let schema = resolved(self.root, schema);
        let Some(keywords) = schema.as_object() else {
            return self.say(at, "its schema is no object");
        };
        if value.is_null() && schema["nullable"] == true {
            return;
        }
        for (keyword, rule) in keywords {
            match keyword.as_str() {
                "type" => self.kind(rule, value, at),
                "enum" => {
                    if !rule.as_array().unwrap().contains(value) {
                        self.say(at, &format!("{value} is none of {rule}"));
                    }
                }
                "format" => self.format(rule.as_str().unwrap(), value, at),
                "required" => self.required(rule, value, at),
                "items" => {
                    for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                        self.value(rule, item, &format!("{at}/{index}"));
                    }
                }
                "oneOf" => self.one_of(rule, value, at),
                "anyOf" => {
                    if !self.fitting(rule, value).any(|fits| fits) {
                        self.say(at, "it fits none of the choices");
                    }
                }
                "allOf" => rule.as_array().unwrap().iter().for_each(|part| self.value(part, value, at)),
                "properties" | "additionalProperties" | "nullable" | "discriminator" => {}
                word if WORDS_FOR_PEOPLE.contains(&word) || word.starts_with("x-") => {}
                other => self.say(at, &format!("this check does not understand `{other}`")),
            }
        }
        if let Some(fields) = value.as_object() {
            self.fields(keywords, fields, at);
        }
    }

    /// A field that the schema does not name is an invention.
    fn fields(&mut self, keywords: &'a Map<String, Value>, fields: &Map<String, Value>, at: &str) {
        let named = keywords.get("properties").and_then(Value::as_object);
        let rest = keywords.get("additionalProperties");
        let elsewhere = ["oneOf", "anyOf", "allOf"].iter().any(|choice| keywords.contains_key(*choice));
        for (name, field) in fields {
            let at = format!("{at}/{name}");
            match (named.and_then(|named| named.get(name)), rest) {
                (Some(schema), _) => self.value(schema, field, &at),
                (None, Some(schema @ Value::Object(_))) => self.value(schema, field, &at),
                (None, Some(Value::Bool(true))) => {}
                (None, _) if elsewhere => {}
                (None, _) => self.say(&at, "the description names no such field"),
            }
        }
    }

    fn kind(&mut self, kind: &Value, value: &Value, at: &str) {
        let fits = match kind.as_str().unwrap() {
            "object" => value.is_object(),
            "array" => value.is_array(),
            "string" => value.is_string(),
            "boolean" => value.is_boolean(),
            "integer" => value.is_i64() || value.is_u64(),
            "number" => value.is_number(),
            other => panic!("no kind of value is called {other}"),
        };
        if !fits {
            self.say(at, &format!("{value} is no {kind}"));
        }
    }

    fn format(&mut self, format: &str, value: &Value, at: &str) {
        let Some(text) = value.as_str() else { return };
        let fits = match format {
            "date-time" => is_moment(text),
            "uri" => (text.starts_with("http://") || text.starts_with("https://")) && !text.contains(['{', ' ']),
            "email" => text.contains('@'),
            "uri-template" | "binary" => true,
            other => return self.say(at, &format!("this check does not understand the format `{other}`")),
        };
        if !fits {
            self.say(at, &format!("{text:?} is no {format}"));
        }
    }

    fn required(&mut self, names: &Value, value: &Value, at: &str) {
        let Some(fields) = value.as_object() else { return };
        for name in names.as_array().unwrap().iter().map(|name| name.as_str().unwrap()) {
            if !fields.contains_key(name) {
                self.say(&format!("{at}/{name}"), "it is required and missing");
            }
        }
    }

    fn one_of(&mut self, choices: &'a Value, value: &Value, at: &str) {
        let fitting = self.fitting(choices, value).filter(|fits| *fits).count();
        if fitting != 1 {
            let each: Vec<String> =
                choices.as_array().unwrap().iter().map(|choice| problems(self.root, choice, value).join(", ")).collect();
            self.say(at, &format!("it fits {fitting} of the choices and not one: {}", each.join(" | ")));
        }
    }

    fn fitting(&self, choices: &'a Value, value: &Value) -> impl Iterator<Item = bool> {
        choices.as_array().unwrap().iter().map(|choice| problems(self.root, choice, value).is_empty())
    }
}

/// `2026-02-21T10:00:00Z`.
fn is_moment(text: &str) -> bool {
    let form = "0000-00-00T00:00:00Z";
    text.len() == form.len()
        && text.chars().zip(form.chars()).all(|(have, want)| if want == '0' { have.is_ascii_digit() } else { have == want })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn found(schema: &Value, value: &Value) -> Vec<String> {
        let root = json!({"parts": {"id": {"type": "integer", "format": "int64"}, "name": {"type": "string", "nullable": true}}});
        problems(&root, schema, value)
    }

    #[test]
    fn what_fits_is_let_through() {
        let schema = json!({
            "type": "object",
            "description": "for people",
            "required": ["name", "at"],
            "properties": {
                "name": {"$ref": "#/parts/name"},
                "at": {"type": "string", "format": "date-time"},
                "kind": {"type": "string", "enum": ["a", "b"]},
                "list": {"type": "array", "items": {"oneOf": [{"type": "integer"}, {"type": "string"}]}},
                "free": {"type": "object", "additionalProperties": {"type": "boolean"}},
            },
        });
        let value = json!({"name": null, "at": "2026-02-21T10:00:00Z", "kind": "b", "list": [1, "x"], "free": {"y": true}});
        assert_eq!(found(&schema, &value), [""; 0]);
    }

    #[test]
    fn every_misfit_is_found() {
        let object = |properties: Value| json!({"type": "object", "properties": properties});
        for (schema, value, says) in [
            (json!({"type": "integer"}), json!("1"), "/: \"1\" is no"),
            (json!({"type": "string"}), Value::Null, "/: null is no"),
            (json!({"enum": ["uploaded"]}), json!("starter"), "is none of"),
            (object(json!({"a": {"type": "integer"}})), json!({"a": 1.5}), "/a: 1.5 is no"),
            (object(json!({})), json!({"b": 1}), "/b: the description names no such field"),
            (json!({"required": ["x"]}), json!({}), "/x: it is required"),
            (json!({"items": {"type": "boolean"}}), json!([true, 0]), "/1: 0 is no"),
            (json!({"format": "date-time"}), json!("21 Feb"), "is no date-time"),
            (json!({"format": "uri"}), json!("https://x/{y}"), "is no uri"),
            (json!({"format": "ipv4"}), json!("x"), "does not understand the format"),
            (json!({"oneOf": [{"type": "string"}, {"enum": ["x"]}]}), json!("x"), "fits 2 of the choices"),
            (json!({"anyOf": [{"type": "string"}]}), json!(1), "fits none"),
            (json!({"allOf": [{"type": "string"}]}), json!(1), "is no \"string\""),
            (json!({"minimum": 3}), json!(1), "does not understand `minimum`"),
        ] {
            let said = found(&schema, &value).join("\n");
            assert!(said.contains(says), "{schema} {value}: {said}");
        }
    }
}
