//! The errors of an HTTP request; they separate a network failure from a server failure.

use super::Url;
use nexy_contract::{Exit, Fix, Problem, text};
use std::io;

/// Why there was no whole answer.
#[derive(Debug, thiserror::Error)]
#[error("{said}")]
pub struct HttpError {
    /// What kind of failure it is.
    pub kind: Failure,
    /// What failed, in words that begin with the URL or hold it, without its query.
    pub said: String,
    /// What a person can do about it.
    pub fix: Fix,
}

/// What kind of failure it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// No connection, one that broke or fell silent, or an answer that ended before its announced length.
    Network,
    /// The answer is larger than anything that can be right.
    TooLarge,
    /// The trusted certificates cannot be read, or a redirect is not followed.
    Refused,
}

/// How a person looks at what answers under a URL.
pub fn look_there(url: &str) -> Fix {
    Fix::note("look at what answers there:").then_command(format!("curl -sSI {}", text::shell_word(url)))
}

impl HttpError {
    /// The problem to print: what could not be done because of it.
    pub fn problem(self, what: impl Into<String>) -> Problem {
        Problem::new(Exit::CouldNotLook, what, self.said, self.fix)
    }

    /// Nothing came, or not all.
    pub(super) fn network(url: &str, said: String) -> Self {
        let fix = Fix::note("check the network and the proxy, then run the same command again:")
            .then_command(format!("curl -sS -o /dev/null {}", text::shell_word(url)));
        Self { kind: Failure::Network, said, fix }
    }

    /// No connection, or a broken one.
    pub(crate) fn unreachable(url: &str, because: impl std::fmt::Display) -> Self {
        Self::network(url, format!("cannot reach {url}: {because}"))
    }

    fn late(url: &str, which: impl std::fmt::Display) -> Self {
        Self::network(url, format!("{url} did not answer in time ({which})"))
    }

    /// The answer has more than `max_bytes`.
    pub(super) fn too_large(url: &str, max_bytes: u64) -> Self {
        let said = format!("{url} sent more than {max_bytes} bytes, which cannot be right");
        Self { kind: Failure::TooLarge, said, fix: look_there(url) }
    }

    /// A redirect that is not followed.
    pub(super) fn redirect(url: &Url, because: &str) -> Self {
        let url = url.shown();
        Self { kind: Failure::Refused, said: format!("{url} redirects, but {because}"), fix: look_there(&url) }
    }

    /// The file of `$SSL_CERT_FILE` cannot be used.
    pub(super) fn certificates(path: &str, because: &str) -> Self {
        let said = format!("cannot use the certificates of SSL_CERT_FILE={path}: {because}");
        let fix = Fix::note("set SSL_CERT_FILE to a PEM file of trusted certificates, or unset it");
        Self { kind: Failure::Refused, said, fix }
    }

    /// What `ureq` said when the request was sent or the head of the answer was read.
    pub(super) fn sending(url: &Url, error: ureq::Error) -> Self {
        match error {
            ureq::Error::Timeout(which) => Self::late(&url.shown(), which),
            ureq::Error::Io(error) => Self::unreachable(&url.shown(), error),
            other => Self::unreachable(&url.shown(), other),
        }
    }

    /// What the reader of a body said.
    pub(super) fn reading(url: &Url, error: &io::Error, got: u64) -> Self {
        match error.get_ref().and_then(|inner| inner.downcast_ref::<ureq::Error>()) {
            Some(ureq::Error::Timeout(which)) => Self::late(&url.shown(), which),
            _ if error.kind() == io::ErrorKind::TimedOut => Self::late(&url.shown(), error),
            _ => Self::unreachable(&url.shown(), format!("{error}, after {got} bytes")),
        }
    }
}
