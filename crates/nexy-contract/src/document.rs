//! Reads every document; empty, truncated, foreign, newer and contradictory input each have their own error.

use crate::{Exit, Fix, Problem, text};
use serde::{Deserialize, de::DeserializeOwned};

/// Why bytes are not the document that was expected.
#[derive(Debug, thiserror::Error)]
pub enum DocumentError {
    /// There was nothing to read.
    #[error("nothing came where {wanted} was expected; the command before this one has failed or printed nothing")]
    Empty {
        /// The schema that was expected.
        wanted: &'static str,
    },
    /// The text ends in the middle.
    #[error("the JSON ends in the middle, at line {line} column {column}; the command before this one was cut off")]
    Cut {
        /// Line of the end, from 1.
        line: usize,
        /// Column of the end, from 1.
        column: usize,
    },
    /// It is no JSON, or not shaped as the schema says.
    #[error("it is not {wanted}: {}", text::excerpt(because, 200))]
    Malformed {
        /// The schema that was expected.
        wanted: &'static str,
        /// What the parser said, with line and column.
        because: String,
    },
    /// A document of another kind.
    #[error("expected {wanted}, but the document calls itself `{}`", text::excerpt(found, 60))]
    Foreign {
        /// The schema that was expected.
        wanted: &'static str,
        /// The schema it names, or a word for none.
        found: String,
    },
    /// A document of a later generation than this tool knows.
    #[error("the document is `{}`, newer than the {wanted} that this tool knows", text::excerpt(found, 60))]
    Newer {
        /// The schema that was expected.
        wanted: &'static str,
        /// The schema it names.
        found: String,
    },
    /// The parts of the document contradict each other.
    #[error("the document contradicts itself: {0}")]
    Contradiction(String),
}

impl DocumentError {
    /// The problem to print, for a document that came from `origin` (such as `standard input`).
    pub fn problem(&self, origin: &str) -> Problem {
        let fix = match self {
            Self::Empty { .. } | Self::Cut { .. } => {
                Fix::note("read the message of the command before this one, then run the whole pipeline again")
            }
            Self::Malformed { .. } | Self::Foreign { .. } => {
                Fix::note("start again from `nexy-version record`, and pass its document on unchanged")
            }
            Self::Newer { .. } => Fix::note("install the same version of all five tools:").then_command("make install"),
            Self::Contradiction(_) => Fix::note("do not edit records by hand; start again from `nexy-version record`"),
        };
        Problem::new(Exit::BadDocument, format!("cannot use what came on {origin}"), self.to_string(), fix)
    }
}

/// Reads a document whose schema id must be `wanted`, such as `nexy.release/1`.
/// Errors: [`DocumentError`], which says in its text how the input differs.
pub fn read<T: DeserializeOwned>(bytes: &[u8], wanted: &'static str) -> Result<T, DocumentError> {
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(DocumentError::Empty { wanted });
    }
    if bytes.iter().find(|byte| !byte.is_ascii_whitespace()) != Some(&b'{') {
        return Err(DocumentError::Malformed { wanted, because: "it does not start with `{`".to_owned() });
    }
    let head: Head = serde_json::from_slice(bytes).map_err(|error| broken(&error, wanted))?;
    match head.schema {
        Some(schema) if schema == wanted => {}
        Some(schema) if is_newer(&schema, wanted) => {
            return Err(DocumentError::Newer { wanted, found: schema });
        }
        other => {
            let found = other.unwrap_or_else(|| "nothing: it has no `schema`".to_owned());
            return Err(DocumentError::Foreign { wanted, found });
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
        DocumentError::Cut { line: error.line(), column: error.column() }
    } else {
        DocumentError::Malformed { wanted, because: error.to_string() }
    }
}

/// Whether two schema ids share their name and the found number is larger.
fn is_newer(found: &str, wanted: &str) -> bool {
    let split = |schema: &str| -> Option<(String, u32)> {
        let (name, number) = schema.rsplit_once('/')?;
        Some((name.to_owned(), number.parse().ok()?))
    };
    match (split(found), split(wanted)) {
        (Some((name, number)), Some((known, known_number))) => name == known && number > known_number,
        _ => false,
    }
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
        assert!(matches!(example(" \n"), Err(DocumentError::Empty { .. })));
        assert!(matches!(example("{\"schema\": \"nexy.ex"), Err(DocumentError::Cut { .. })));
        assert!(matches!(example("<html>"), Err(DocumentError::Malformed { .. })));
        assert!(matches!(example("[]"), Err(DocumentError::Malformed { .. })));
        assert!(matches!(example("{}"), Err(DocumentError::Foreign { .. })));
        assert!(matches!(example(r#"{"schema":"nexy.other/1"}"#), Err(DocumentError::Foreign { .. })));
        assert!(matches!(example(r#"{"schema":"nexy.example/2"}"#), Err(DocumentError::Newer { .. })));
        assert!(matches!(example(r#"{"schema":"nexy.example/0"}"#), Err(DocumentError::Foreign { .. })));
        assert!(matches!(example(r#"{"schema":"nexy.example/1","number":7,"more":1}"#), Err(DocumentError::Malformed { .. })));
        assert!(matches!(example(r#"{"schema":"nexy.example/1","number":7}{"#), Err(DocumentError::Malformed { .. })));
        assert!(matches!(example(r#"{"schema":"nexy.example/1","number":7}"#), Ok(7)));
    }
}
