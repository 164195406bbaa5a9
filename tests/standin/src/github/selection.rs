//! The part of GraphQL that GitHub's own command line speaks: one named query, its fields and their arguments.

use serde_json::{Map, Number, Value};

/// One field that was asked for.
#[derive(Debug, PartialEq)]
pub(super) struct Field {
    pub(super) name: String,
    pub(super) arguments: Map<String, Value>,
    pub(super) fields: Vec<Field>,
}

/// Reads a query with its variables.
pub(super) fn read(query: &str, variables: &Value) -> Result<Vec<Field>, String> {
    let mut reader = Reader { words: words(query), next: 0, variables };
    reader.head()?;
    let fields = reader.fields()?;
    match reader.word() {
        None => Ok(fields),
        Some(word) => Err(format!("{word} follows the query")),
    }
}

struct Reader<'a> {
    words: Vec<&'a str>,
    next: usize,
    variables: &'a Value,
}

impl<'a> Reader<'a> {
    fn word(&mut self) -> Option<&'a str> {
        let word = self.words.get(self.next).copied();
        self.next += 1;
        word
    }

    fn is_next(&mut self, wanted: &str) -> bool {
        let found = self.words.get(self.next) == Some(&wanted);
        self.next += usize::from(found);
        found
    }

    fn expect(&mut self, wanted: &str) -> Result<(), String> {
        match self.word() {
            Some(word) if word == wanted => Ok(()),
            found => Err(format!("{wanted} is expected, not {found:?}")),
        }
    }

    fn name(&mut self) -> Result<&'a str, String> {
        match self.word() {
            Some(word) if word.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_') => Ok(word),
            found => Err(format!("a name is expected, not {found:?}")),
        }
    }

    /// `query Name($variable:Type!…)`; the types are GitHub's business.
    fn head(&mut self) -> Result<(), String> {
        self.expect("query")?;
        self.name()?;
        if self.is_next("(") {
            while !self.is_next(")") {
                self.word().ok_or("the variables do not end")?;
            }
        }
        Ok(())
    }

    fn fields(&mut self) -> Result<Vec<Field>, String> {
        self.expect("{")?;
        let mut fields = Vec::new();
        while !self.is_next("}") {
            let name = self.name()?.to_owned();
            let arguments = if self.is_next("(") { self.pairs(")")? } else { Map::new() };
            let below = if self.words.get(self.next) == Some(&"{") { self.fields()? } else { Vec::new() };
            fields.push(Field { name, arguments, fields: below });
        }
        Ok(fields)
    }

    fn pairs(&mut self, end: &str) -> Result<Map<String, Value>, String> {
        let mut pairs = Map::new();
        while !self.is_next(end) {
            let name = self.name()?.to_owned();
            self.expect(":")?;
            let value = self.value()?;
            pairs.insert(name, value);
        }
        Ok(pairs)
    }

    fn value(&mut self) -> Result<Value, String> {
        match self.word() {
            Some("$") => {
                let name = self.name()?;
                self.variables.get(name).cloned().ok_or(format!("the variable {name} has no value"))
            }
            Some("{") => self.pairs("}").map(Value::Object),
            Some(word) => Ok(word.parse::<Number>().map_or(Value::from(word), Value::Number)),
            None => Err("a value is missing".to_owned()),
        }
    }
}

/// Names, numbers and signs; commas and blanks say nothing in GraphQL.
fn words(text: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut rest = text.trim_start_matches(between);
    while let Some(first) = rest.chars().next() {
        let length =
            if belongs_to_a_name(first) { rest.find(|one| !belongs_to_a_name(one)).unwrap_or(rest.len()) } else { first.len_utf8() };
        words.push(&rest[..length]);
        rest = rest[length..].trim_start_matches(between);
    }
    words
}

fn between(character: char) -> bool {
    character == ',' || character.is_whitespace()
}

fn belongs_to_a_name(character: char) -> bool {
    character == '_' || character.is_ascii_alphanumeric()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_query_is_read_with_its_arguments_and_variables() {
        let query = "query List($n:String!$end:String){repository(name: $n){releases(first: 30, orderBy: {field: CREATED_AT}, \
                     after: $end){nodes{name,tagName}}}}";
        let fields = read(query, &json!({"n": "Nexy", "end": null})).unwrap();
        assert_eq!(fields[0].arguments["name"], "Nexy");
        let releases = &fields[0].fields[0];
        assert_eq!(Value::Object(releases.arguments.clone()), json!({"first": 30, "orderBy": {"field": "CREATED_AT"}, "after": null}));
        let names: Vec<&str> = releases.fields[0].fields.iter().map(|field| field.name.as_str()).collect();
        assert_eq!(names, ["name", "tagName"]);
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for query in ["", "mutation X{a}", "query X{a", "query X{a}}", "query X{a(b:$c)}", "query X{...on Y}", "query X{b:a}", "{a}"] {
            assert!(read(query, &json!({})).is_err(), "{query}");
        }
    }
}
