//! Reads every document; empty, truncated, foreign, newer and contradictory input each have their own error.

use crate::{Exit, Fix, Problem, text};
use serde::{Deserialize, de::DeserializeOwned};

/// Why bytes are not the document that was expected; most variants begin with the schema that was expected.
#[derive(Debug, thiserror::Error)]
pub enum DocumentError {
    /// There was nothing to read.
    #[error("nothing came where {0} was expected; the command before this one has failed or printed nothing")]
    Empty(&'static str),
    /// The text ends in the middle, at this line and column, from 1.
    #[error("the JSON ends in the middle, at line {0} column {1}; the command before this one was cut off")]
    Cut(usize, usize),
    /// It is no JSON, or not shaped as the schema says; what the parser said, with line and column.
    #[error("it is not {0}: {because}", because = text::excerpt(.1, 200))]
    Malformed(&'static str, String),
    /// A document of another kind; the schema it names, or a word for none.
    #[error("expected {0}, but the document calls itself `{found}`", found = text::excerpt(.1, 60))]
    Foreign(&'static str, String),
    /// A document of a later generation than this tool knows; the schema it names.
    #[error("the document is `{found}`, newer than the {0} that this tool knows", found = text::excerpt(.1, 60))]
    Newer(&'static str, String),
    /// The parts of the document contradict each other.
    #[error("the document contradicts itself: {0}")]
    Contradiction(String),
}

impl DocumentError {
    /// The problem to print, for a document that came from `origin` (such as `standard input`).
    pub fn problem(&self, origin: &str) -> Problem {
        let fix = match self {
            Self::Empty(..) | Self::Cut(..) => {
                Fix::note("read the message of the command before this one, then run the whole pipeline again")
            }
            Self::Malformed(..) | Self::Foreign(..) => {
                Fix::note("start again from `nexy-version record`, and pass its document on unchanged")
            }
            Self::Newer(..) => Fix::note("install the same version of all five tools:").then_command("make install"),
            Self::Contradiction(_) => Fix::note("do not edit records by hand; start again from `nexy-version record`"),
        };
        Problem::new(Exit::BadDocument, format!("cannot use what came on {origin}"), self.to_string(), fix)
    }
}

/// Reads a document whose schema id must be `wanted`, such as `nexy.release/1`.
/// Errors: [`DocumentError`], which says in its text how the input differs.
pub fn read<T: DeserializeOwned>(bytes: &[u8], wanted: &'static str) -> Result<T, DocumentError> {
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(DocumentError::Empty(wanted));
    }
    if bytes.iter().find(|byte| !byte.is_ascii_whitespace()) != Some(&b'{') {
        return Err(DocumentError::Malformed(wanted, "it does not start with `{`".to_owned()));
    }
    let head: Head = serde_json::from_slice(bytes).map_err(|error| broken(&error, wanted))?;
    match head.schema {
        Some(schema) if schema == wanted => {}
        Some(schema) if is_newer(&schema, wanted) => return Err(DocumentError::Newer(wanted, schema)),
        other => {
            let found = other.unwrap_or_else(|| "nothing: it has no `schema`".to_owned());
            return Err(DocumentError::Foreign(wanted, found));
        }
    }
    serde_json::from_slice(bytes).map_err(|error| broken(&error, wanted))
}

/// The first name that stands in a list more than once; a look-up by name would find only one of them.
pub(crate) fn named_twice<'a>(names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let mut seen = std::collections::BTreeSet::new();
    names.into_iter().find(|name| !seen.insert(*name))
}

/// The only field that every document has; all others are for the second look.
#[derive(Deserialize)]
struct Head {
    #[serde(default)]
    schema: Option<String>,
}

fn broken(error: &serde_json::Error, wanted: &'static str) -> DocumentError {
    if error.is_eof() {
        return DocumentError::Cut(error.line(), error.column());
    }
    DocumentError::Malformed(wanted, error.to_string())
}

/// Whether two schema ids share their name and the found number is larger.
fn is_newer(found: &str, wanted: &str) -> bool {
    let split = |schema: &str| schema.rsplit_once('/').and_then(|(name, number)| Some((name.to_owned(), number.parse::<u32>().ok()?)));
    split(found).zip(split(wanted)).is_some_and(|((name, number), (known, known_number))| name == known && number > known_number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Example {
        #[expect(dead_code, reason = "only its presence matters here")]
        schema: String,
        number: u8,
    }

    fn example(text: &str) -> Result<u8, DocumentError> {
        read::<Example>(text.as_bytes(), "nexy.example/1").map(|example| example.number)
    }

    #[test]
    fn each_kind_of_bad_input_is_told_apart() {
        assert!(matches!(example(" \n"), Err(DocumentError::Empty(..))));
        assert!(matches!(example("{\"schema\": \"nexy.ex"), Err(DocumentError::Cut(..))));
        assert!(matches!(example("<html>"), Err(DocumentError::Malformed(..))));
        assert!(matches!(example("[]"), Err(DocumentError::Malformed(..))));
        assert!(matches!(example("{}"), Err(DocumentError::Foreign(..))));
        assert!(matches!(example(r#"{"schema":"nexy.other/1"}"#), Err(DocumentError::Foreign(..))));
        assert!(matches!(example(r#"{"schema":"nexy.example/2"}"#), Err(DocumentError::Newer(..))));
        assert!(matches!(example(r#"{"schema":"nexy.example/0"}"#), Err(DocumentError::Foreign(..))));
        assert!(matches!(example(r#"{"schema":"nexy.example/1","number":7,"more":1}"#), Err(DocumentError::Malformed(..))));
        assert!(matches!(example(r#"{"schema":"nexy.example/1","number":7}{"#), Err(DocumentError::Malformed(..))));
        assert!(matches!(example(r#"{"schema":"nexy.example/1","number":7}"#), Ok(7)));
    }
}
