//! The errors of an HTTP request; they separate a network failure from a server failure.

use super::Url;
use nexy_contract::{Fix, text};
use std::io;

/// Why there was no whole answer.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// The trusted certificates cannot be read.
    #[error("cannot use the certificates of SSL_CERT_FILE={path}: {because}")]
    Certificates {
        /// The file.
        path: String,
        /// Why not.
        because: String,
    },
    /// No connection, or a broken one.
    #[error("cannot reach {url}: {because}")]
    Unreachable {
        /// Where, without query.
        url: String,
        /// What the network said.
        because: String,
    },
    /// It took too long, or fell silent.
    #[error("{url} did not answer in time ({which})")]
    Timeout {
        /// Where, without query.
        url: String,
        /// Which limit was met.
        which: String,
    },
    /// The answer ended before its announced length.
    #[error("{url} broke off after {got} of {announced} bytes")]
    Cut {
        /// Where, without query.
        url: String,
        /// Bytes that came.
        got: u64,
        /// Bytes that were announced.
        announced: u64,
    },
    /// The answer is larger than anything that can be right.
    #[error("{url} sent more than {max_bytes} bytes, which cannot be right")]
    TooLarge {
        /// Where, without query.
        url: String,
        /// The bound, in bytes.
        max_bytes: u64,
    },
    /// A redirect that is not followed.
    #[error("{url} redirects, but {because}")]
    Redirect {
        /// Where, without query.
        url: String,
        /// Why it is not followed.
        because: String,
    },
}

/// How a person looks at what answers under a URL.
pub fn look_there(url: &str) -> Fix {
    Fix::note("look at what answers there:").then_command(format!("curl -sSI {}", text::shell_word(url)))
}

impl HttpError {
    /// What a person can do about it.
    pub fn fix(&self) -> Fix {
        match self {
            Self::Certificates { .. } => Fix::note("set SSL_CERT_FILE to a PEM file of trusted certificates, or unset it"),
            Self::Unreachable { url, .. } | Self::Timeout { url, .. } | Self::Cut { url, .. } => {
                Fix::note("check the network and the proxy, then run the same command again:")
                    .then_command(format!("curl -sS -o /dev/null {}", text::shell_word(url)))
            }
            Self::TooLarge { url, .. } | Self::Redirect { url, .. } => look_there(url),
        }
    }

    /// What `ureq` said when the request was sent or the head of the answer was read.
    pub(super) fn sending(url: &Url, error: ureq::Error) -> Self {
        let url = url.shown();
        match error {
            ureq::Error::Timeout(which) => Self::Timeout { url, which: which.to_string() },
            ureq::Error::Io(error) => Self::Unreachable { url, because: error.to_string() },
            other => Self::Unreachable { url, because: other.to_string() },
        }
    }

    /// What the reader of a body said.
    pub(super) fn reading(url: &Url, error: io::Error, got: u64) -> Self {
        let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<ureq::Error>());
        match inner {
            Some(ureq::Error::Timeout(which)) => Self::Timeout { url: url.shown(), which: which.to_string() },
            _ if error.kind() == io::ErrorKind::TimedOut => Self::Timeout { url: url.shown(), which: error.to_string() },
            _ => Self::Unreachable { url: url.shown(), because: format!("{error}, after {got} bytes") },
        }
    }
}
