//! One exchange with the stand-in, held against GitHub's description; what deviates on purpose stands in one table.

use crate::description::Description;
use nexy_standin::{Exchange, Listener};

/// The version of the API that the tools are written for; GitHub asks that it be named.
const API_VERSION: &str = "2022-11-28";
/// What the tools may ask for: a document, or an asset's bytes.
const ACCEPTED: &[&str] = &["application/vnd.github+json", "application/octet-stream"];

/// In whose exchanges a deviation shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Whose {
    /// The tools', or what answers them.
    Tools,
    /// Other programs' only; the tools must not have it.
    Others,
}

/// What GitHub's description does not cover, or has otherwise than GitHub does it.
pub(crate) struct Deviation {
    /// Where it shows: what method and path template hold, and what the finding holds.
    pub(crate) at: &'static str,
    pub(crate) finding: &'static str,
    pub(crate) whose: Whose,
    pub(crate) because: &'static str,
}

/// Every known deviation. One that never shows any more fails its test.
pub(crate) const DEVIATIONS: &[Deviation] = &[
    Deviation {
        at: "web",
        finding: "listener",
        whose: Whose::Tools,
        because: "public downloads are no part of the API: github.com redirects browsers to a signed address",
    },
    Deviation { at: "storage", finding: "listener", whose: Whose::Tools, because: "the storage host is no part of GitHub's API" },
    Deviation {
        at: "POST /repos/{owner}/{repo}/releases/{release_id}/assets",
        finding: "answer /request_id: the description names no such field",
        whose: Whose::Tools,
        because: "the upload host names the request in a refusal, as GitHub's recorded traffic shows",
    },
    Deviation {
        at: "GET /rate_limit",
        finding: "/resource: the description names no such field",
        whose: Whose::Tools,
        because: "GitHub says of each limit which one it is",
    },
    Deviation {
        at: "/repos/{owner}/{repo}/releases",
        finding: "\"starter\" is none of",
        whose: Whose::Tools,
        because: "an upload that broke off is seen in the field in this state, which the description leaves out",
    },
    Deviation {
        at: "/actions/workflows/{workflow_id}/runs",
        finding: "status 404 is not described",
        whose: Whose::Tools,
        because: "what is not there, or not for this token, is 404 everywhere; described are the answers to those who may see it",
    },
    Deviation {
        at: " /",
        finding: "status 401 is not described",
        whose: Whose::Tools,
        because: "a token that is not accepted is refused everywhere alike; described are the answers to one that is",
    },
    Deviation {
        at: "/repos/{owner}/{repo}/releases",
        finding: "status 403 is not described",
        whose: Whose::Tools,
        because: "a missing permission is refused everywhere alike",
    },
    Deviation {
        at: "/repos/{owner}/{repo}/releases",
        finding: "status 404 is not described",
        whose: Whose::Tools,
        because: "what is not there, or not to be seen, is 404 everywhere",
    },
    Deviation {
        at: "PATCH /repos/{owner}/{repo}/releases/assets/{asset_id}",
        finding: "status 422 is not described",
        whose: Whose::Tools,
        because: "a name that is taken must be refused somehow, and 422 is how the upload refuses it",
    },
    Deviation {
        at: "POST /repos/{owner}/{repo}/releases/{release_id}/assets",
        finding: "content type",
        whose: Whose::Others,
        because: "the description names application/octet-stream alone; GitHub's recorded traffic has other media types",
    },
    Deviation {
        at: "POST /graphql",
        finding: "is not described",
        whose: Whose::Others,
        because: "GraphQL has a schema of its own; GitHub's command line uses it, the tools never do",
    },
];

/// What is wrong with an exchange, deviations included.
fn findings(description: &Description, exchange: &Exchange, is_ours: bool) -> (String, Vec<String>) {
    if !matches!(exchange.listener, Listener::Api | Listener::Uploads) {
        return (exchange.listener.name(), vec!["listener: it is outside of the API".to_owned()]);
    }
    let Some(operation) = description.operation(&exchange.method, &exchange.path) else {
        return (format!("{} {}", exchange.method, exchange.path), vec!["it is not described at all".to_owned()]);
    };
    let mut findings = description.of_request(&operation, exchange);
    match description.of_answer(&operation, exchange) {
        Some(problems) => findings.extend(problems),
        None => {
            findings.push(format!("status {} is not described", exchange.status));
            findings.extend(description.of_refusal(exchange));
        }
    }
    if is_ours {
        findings.extend(of_our_headers(exchange));
    }
    (format!("{} {}", exchange.method, operation.template), findings)
}

/// What every request of the tools carries, exactly once each.
fn of_our_headers(exchange: &Exchange) -> Vec<String> {
    let all = |name: &str| -> Vec<&str> {
        exchange.headers.iter().filter(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str()).collect()
    };
    let mut findings = Vec::new();
    let mut hold = |name: &str, fits: &dyn Fn(&str) -> bool| {
        let values = all(name);
        if values.len() != 1 || !fits(values[0]) {
            findings.push(format!("header {name} is {values:?}"));
        }
    };
    hold("user-agent", &|value| value.starts_with("nexy-release-tools/"));
    hold("accept", &|value| ACCEPTED.contains(&value));
    hold("x-github-api-version", &|value| value == API_VERSION);
    if exchange.header("authorization").is_some() {
        hold("authorization", &|value| value == "Bearer");
    }
    if exchange.method != "GET" && exchange.method != "DELETE" {
        hold("content-length", &|value| value.parse() == Ok(exchange.body_bytes));
    }
    findings
}

/// Holds exchanges against the description; every finding must be a known deviation. Says which of those showed.
pub(crate) fn hold(description: &Description, exchanges: &[Exchange], is_ours: bool) -> Vec<&'static str> {
    let known = DEVIATIONS.iter().filter(|known| !(is_ours && known.whose == Whose::Others));
    let mut unknown = Vec::new();
    let mut shown = Vec::new();
    for exchange in exchanges {
        let (at, findings) = findings(description, exchange, is_ours);
        for finding in findings {
            match known.clone().find(|known| at.contains(known.at) && finding.contains(known.finding)) {
                Some(known) => shown.push(known.because),
                None => unknown.push(format!("{at} -> {}: {finding}", exchange.status)),
            }
        }
    }
    unknown.sort();
    unknown.dedup();
    assert!(unknown.is_empty(), "GitHub's description says otherwise:\n{}", unknown.join("\n"));
    shown
}
