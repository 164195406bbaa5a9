//! The small JSON documents in which the server says what it is: `/health`, `/status`, and the update server's `/health`.

use crate::text;
use serde_json::Value;

/// What such a document says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// Its `status`.
    pub status: String,
    /// Its `latest_version`.
    pub version: String,
    /// Its `latest_build`; clients compare only this one.
    pub build: String,
}

/// Why an answer is no such document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unread {
    /// A host between this machine and the server has answered, not the server.
    Intermediary(String),
    /// The server has answered, and says nothing useful.
    Useless(String),
}

/// Statuses that a proxy, a portal or a rate limiter sends: they do not describe the server.
pub const fn is_from_intermediary(status: u16) -> bool {
    matches!(status, 407 | 429 | 511)
}

/// Reads an answer; anything but 200 with the three texts is none.
/// Errors: [`Unread`], in words that begin with the URL.
pub fn read(url: &str, status: u16, body: &[u8]) -> Result<Said, Unread> {
    if is_from_intermediary(status) {
        return Err(Unread::Intermediary(format!("{url} was answered with {status}, which is not the server's own word")));
    }
    let useless = |found: String| Err(Unread::Useless(format!("{url} {found}")));
    if status != 200 {
        return useless(format!("answers {status}"));
    }
    if body.trim_ascii().is_empty() {
        return useless("answers 200 with nothing in it".to_owned());
    }
    let document: Value = match serde_json::from_slice(body) {
        Ok(document) => document,
        Err(_) => {
            return useless(format!("answers 200 with something else than JSON: {}", text::excerpt(&String::from_utf8_lossy(body), 60)));
        }
    };
    let field = |name: &str| match document.get(name) {
        Some(Value::String(text)) => Ok(text.clone()),
        Some(other) => Err(Unread::Useless(format!("{url} says {name} {}, which is no text", text::excerpt(&other.to_string(), 40)))),
        None => Err(Unread::Useless(format!("{url} has no {name}"))),
    };
    Ok(Said { status: field("status")?, version: field("latest_version")?, build: field("latest_build")? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const GOOD: &str = r#"{"status":"OK","latest_version":"2.0.0.4","latest_build":"2.0.0.4","ffmpeg_available":false}"#;

    #[test]
    fn only_200_with_the_three_texts_says_anything() {
        let said = read("u", 200, GOOD.as_bytes()).expect("a good answer");
        assert_eq!((said.status.as_str(), said.version.as_str(), said.build.as_str()), ("OK", "2.0.0.4", "2.0.0.4"));
        for status in [201, 204, 302, 404, 500, 502] {
            assert!(matches!(read("u", status, GOOD.as_bytes()), Err(Unread::Useless(found)) if found == format!("u answers {status}")));
        }
        for text in ["", " \n", "<html>OK 2.0.0.4</html>", "[]", "null", r#"{"status":"OK"}"#] {
            assert!(matches!(read("u", 200, text.as_bytes()), Err(Unread::Useless(_))), "{text}");
        }
        for build in ["20004", "null"] {
            let text = GOOD.replace(r#""latest_build":"2.0.0.4""#, &format!(r#""latest_build":{build}"#));
            assert!(
                matches!(read("u", 200, text.as_bytes()), Err(Unread::Useless(found)) if found.contains("which is no text")),
                "{build}"
            );
        }
        for status in [407, 429, 511] {
            assert!(matches!(read("u", status, GOOD.as_bytes()), Err(Unread::Intermediary(_))), "{status}");
        }
    }

    proptest! {
        #[test]
        fn a_part_of_an_answer_is_none_and_no_bytes_stop_the_reader(at in 0..GOOD.len() - 1, bytes: Vec<u8>) {
            prop_assert!(read("u", 200, &GOOD.as_bytes()[..at]).is_err());
            let _ = read("u", 200, &bytes);
        }
    }
}
