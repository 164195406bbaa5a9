//! The errors of an HTTP request; they separate a network failure from a server failure.

use super::{Url, redirect::LeadsInside, tls};
use nexy_contract::{Exit, Fix, Problem, text};
use std::io;
use ureq::Timeout;

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
    /// TLS did not come about, or the certificate is not accepted.
    Tls,
    /// The answer is larger than anything that can be right.
    TooLarge,
    /// It redirects more often than any client follows.
    EndlessRedirects,
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

    fn late(url: &str, which: Timeout) -> Self {
        let what = match which {
            Timeout::Resolve => "its name was not resolved",
            Timeout::Connect => "no connection came about",
            Timeout::PerRead | Timeout::PerWrite => "it fell silent",
            _ => "the whole took too long",
        };
        Self::network(url, format!("{url} did not answer in time: {what}"))
    }

    /// This run has asked long enough.
    pub(super) fn run_is_over(url: &Url, limit_s: u64) -> Self {
        let url = url.shown();
        let said = format!(
            "{url} was not asked: the requests of this run have taken {limit_s} s (limits.retry_total_s), so something answers too slowly"
        );
        Self { kind: Failure::Refused, said, fix: look_there(&url).then_note("then run the same command again") }
    }

    /// A proxy of the environment that cannot be used; nothing was sent.
    pub(super) fn proxy(url: &Url, because: &str) -> Self {
        let fix =
            Fix::note(format!("set the variable right: a proxy begins with http:// or https://, and NO_PROXY may name {}", url.host()));
        Self { kind: Failure::Refused, said: format!("{} was not asked: {because}", url.shown()), fix }
    }

    /// The answer has more than `max_bytes`.
    pub(super) fn too_large(url: &str, max_bytes: u64) -> Self {
        let said = format!("{url} sent more than {max_bytes} bytes, which cannot be right");
        Self { kind: Failure::TooLarge, said, fix: look_there(url) }
    }

    /// A redirect that is not followed; nothing was sent to where it leads.
    pub(super) fn redirect(url: &Url, because: &str) -> Self {
        let url = url.shown();
        Self { kind: Failure::Refused, said: format!("{url} redirects, but {because}"), fix: look_there(&url) }
    }

    /// More redirects than a client follows.
    pub(super) fn endless_redirects(url: &Url, most: usize) -> Self {
        Self { kind: Failure::EndlessRedirects, ..Self::redirect(url, &format!("more than {most} in a row")) }
    }

    /// The same, with the place that it leads to.
    pub(super) fn redirect_to(url: &Url, to: &Url, because: &str) -> Self {
        Self::redirect(url, &format!("it leads to {}, {because}: nothing was sent there", to.shown()))
    }

    /// The file of `$SSL_CERT_FILE` cannot be used.
    pub(super) fn certificates(path: &str, because: &str) -> Self {
        let said = format!("cannot use the certificates of SSL_CERT_FILE={path}: {because}");
        let fix = Fix::note("set SSL_CERT_FILE to a PEM file of trusted certificates, or unset it");
        Self { kind: Failure::Refused, said, fix }
    }

    /// What `ureq` said when the request was sent or the head of the answer was read. `from` is what redirected here.
    pub(super) fn sending(url: &Url, from: Option<&Url>, error: ureq::Error) -> Self {
        match (error, from) {
            (ureq::Error::Timeout(which), _) => Self::late(&url.shown(), which),
            (ureq::Error::Rustls(error), _) => Self::tls(url, &error),
            (ureq::Error::Io(error), _) => match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
                Some(error) => Self::tls(url, error),
                None => Self::unreachable(&url.shown(), text::os_words(&error)),
            },
            (ureq::Error::Other(inner), Some(from)) if inner.is::<LeadsInside>() => Self::redirect_to(from, url, &inner.to_string()),
            (ureq::Error::ConnectProxyFailed(because), _) => {
                let because = format!("the proxy refuses: {}", text::excerpt(&because, 120));
                let error = Self::unreachable(&url.shown(), because);
                Self { fix: Fix::note(format!("look at the proxy, or name {} in NO_PROXY:", url.host())).then(&error.fix), ..error }
            }
            (other, _) => Self::unreachable(&url.shown(), other),
        }
    }

    fn tls(url: &Url, error: &rustls::Error) -> Self {
        let (because, fix) = tls::explain(url, error);
        Self { kind: Failure::Tls, fix, ..Self::unreachable(&url.shown(), because) }
    }

    /// What the reader of a body said.
    pub(super) fn reading(url: &Url, error: &io::Error, got: u64) -> Self {
        match error.get_ref().and_then(|inner| inner.downcast_ref::<ureq::Error>()) {
            Some(ureq::Error::Timeout(which)) => Self::late(&url.shown(), *which),
            _ if error.kind() == io::ErrorKind::TimedOut => Self::late(&url.shown(), Timeout::PerRead),
            _ => Self::unreachable(&url.shown(), format!("{}, after {got} bytes", text::os_words(error))),
        }
    }
}
