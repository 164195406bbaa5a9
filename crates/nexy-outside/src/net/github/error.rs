//! What GitHub's refusals mean, told apart as far as status, headers and text allow.

use crate::{
    clock,
    net::http::{Answer, Failure, HttpError, Url},
};
use nexy_contract::{Exit, Fix, Problem, http_date, text};
use serde_json::Value;

/// A call that did not do what was asked.
#[derive(Debug)]
pub struct GithubError {
    /// Method and path, without query.
    pub call: String,
    /// What kind of refusal it is.
    pub kind: Kind,
    /// What was said, escaped.
    pub because: String,
    /// GitHub's id of the request, for its support.
    pub request_id: Option<String>,
    /// How long GitHub asks to wait, in seconds.
    pub retry_after_s: Option<u64>,
    /// What to do, when no answer came and the reason is known.
    pub fix: Option<Box<Fix>>,
}

/// What kind of refusal it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// No whole answer came; a change may or may not have happened.
    Network,
    /// 401: the token is not accepted.
    BadToken,
    /// 403: the token lacks a permission.
    Forbidden,
    /// 403: the organisation lets the token in only after its single sign-on.
    SingleSignOn,
    /// 403 or 429: too many requests.
    RateLimited,
    /// 404: not there, or not for this token.
    NotFound,
    /// 422: the name is taken.
    AlreadyExists,
    /// 400, 409 or 422: refused for another reason.
    Refused,
    /// 408 or 5xx: a change may or may not have happened.
    Server,
    /// More bytes came than can be right.
    TooLarge,
    /// An answer that GitHub does not document.
    Shape,
}

impl Kind {
    /// Whether asking again can help.
    pub const fn is_passing(self) -> bool {
        matches!(self, Self::Network | Self::RateLimited | Self::Server)
    }

    /// Whether a change that ended so may have happened all the same.
    pub const fn is_ambiguous(self) -> bool {
        matches!(self, Self::Network | Self::Server | Self::TooLarge | Self::Shape)
    }
}

/// Gives the token of `gh` what a publication needs.
const REFRESH: &str = "gh auth refresh -s repo";
/// Shows every asset of the channels.
const SHOW: &str = "nexy-publish show";

impl GithubError {
    /// No whole answer.
    pub(super) fn network(call: &str, error: HttpError) -> Self {
        Self {
            call: call.to_owned(),
            kind: match error.kind {
                Failure::TooLarge => Kind::TooLarge,
                Failure::Refused | Failure::EndlessRedirects => Kind::Shape,
                Failure::Network | Failure::Tls => Kind::Network,
            },
            because: error.said,
            request_id: None,
            retry_after_s: None,
            fix: Some(Box::new(error.fix)),
        }
    }

    /// An answer that GitHub does not document.
    pub fn unexpected(call: &str, because: &str) -> Self {
        Self {
            call: call.to_owned(),
            kind: Kind::Shape,
            because: text::excerpt(because, 300),
            request_id: None,
            retry_after_s: None,
            fix: None,
        }
    }

    /// Lets good answers through.
    pub(super) fn unless_good(call: &str, answer: Answer) -> Result<Answer, Self> {
        if (200..300).contains(&answer.status) {
            return Ok(answer);
        }
        let body: Value = serde_json::from_slice(&answer.body).unwrap_or(Value::Null);
        let message = body.get("message").and_then(Value::as_str).unwrap_or_default();
        let kind = kind_of(answer.status, message, &body, &answer);
        let retry_after_s = if kind.is_passing() { wait_of(&answer) } else { None };
        let detail = match single_sign_on(&answer) {
            // The rest of that address is a one-time invitation.
            Some(host) => format!(" (single sign-on at {host})"),
            None => details(&body),
        };
        Err(Self {
            call: call.to_owned(),
            kind,
            because: text::excerpt(&format!("HTTP {} {message}{detail}", answer.status), 300),
            request_id: answer.header("x-github-request-id").map(str::to_owned),
            retry_after_s,
            fix: None,
        })
    }

    /// The problem to print.
    pub fn problem(&self, what: impl Into<String>) -> Problem {
        let request = self.request_id.as_ref().map(|id| format!(", request {id}")).unwrap_or_default();
        let because = format!("{}: {}{request}", self.call, self.because);
        let again = "then run the same command again";
        let of_the_kind = || match self.kind {
            Kind::Network => Fix::note("check the network, then run the same command again"),
            Kind::BadToken => {
                Fix::note("put a valid token into GH_TOKEN (GH_ENTERPRISE_TOKEN for another host) if it is set; if it is not:")
                    .then_command("gh auth login")
                    .then_note(again)
            }
            Kind::Forbidden => Fix::note("use a token with `Contents: write` on the artifacts' repository:").then_command(REFRESH),
            Kind::SingleSignOn => Fix::note("authorise the token for the organisation (its settings at GitHub: Configure SSO), or:")
                .then_command("gh auth refresh")
                .then_note(again),
            Kind::RateLimited => Fix::note("wait until the limit is reset:").then_command("gh api rate_limit").then_note(again),
            Kind::NotFound => Fix::note("check that the repository and the fixed release exist and that the token can see them:")
                .then_command("nexy-gate fixed-channel github-token"),
            Kind::AlreadyExists => Fix::note("another person or machine has used that name meanwhile:").then_command(SHOW),
            Kind::Refused => Fix::note("read GitHub's words above, then look at the channel:").then_command(SHOW),
            Kind::Server => Fix::note("wait a minute (https://www.githubstatus.com), then run the same command again"),
            Kind::Shape | Kind::TooLarge => Fix::note("look at what answers there; a proxy or another server may stand in between"),
        };
        let exit = match self.kind {
            Kind::Refused | Kind::Forbidden | Kind::SingleSignOn | Kind::BadToken | Kind::NotFound => Exit::No,
            Kind::AlreadyExists => Exit::Busy,
            Kind::Network | Kind::RateLimited | Kind::Server | Kind::Shape | Kind::TooLarge => Exit::CouldNotLook,
        };
        Problem::new(exit, what, because, self.fix.as_deref().cloned().unwrap_or_else(of_the_kind))
    }
}

fn kind_of(status: u16, message: &str, body: &Value, answer: &Answer) -> Kind {
    let limited = answer.header("retry-after").is_some()
        || answer.header("x-ratelimit-remaining") == Some("0")
        || message.to_ascii_lowercase().contains("rate limit");
    match status {
        401 => Kind::BadToken,
        408 => Kind::Server,
        403 if single_sign_on(answer).is_some() => Kind::SingleSignOn,
        403 if limited => Kind::RateLimited,
        403 => Kind::Forbidden,
        404 | 410 => Kind::NotFound,
        429 => Kind::RateLimited,
        422 if codes(body).any(|code| code == "already_exists") => Kind::AlreadyExists,
        400..=499 => Kind::Refused,
        500..=599 => Kind::Server,
        _ => Kind::Shape,
    }
}

/// The host at which the organisation's single sign-on is passed, when that is what is missing.
fn single_sign_on(answer: &Answer) -> Option<String> {
    let said = answer.header("x-github-sso")?.strip_prefix("required")?;
    let url = said.split(';').find_map(|part| Url::parse(part.trim().strip_prefix("url=")?));
    Some(url.map_or_else(|| "an unnamed host".to_owned(), |url| url.host().to_owned()))
}

fn codes(body: &Value) -> impl Iterator<Item = &str> {
    let errors = body.get("errors").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    errors.iter().filter_map(|error| error.get("code")?.as_str())
}

/// GitHub's `errors` hold objects or plain texts.
fn details(body: &Value) -> String {
    let errors = body.get("errors").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let words: Vec<&str> = errors
        .iter()
        .filter_map(|error| error.as_str().or_else(|| error.get("message")?.as_str()).or_else(|| error.get("code")?.as_str()))
        .collect();
    if words.is_empty() { String::new() } else { format!(" ({})", words.join(", ")) }
}

/// `Retry-After`; else, when nothing is left of the hour's allowance, the time until it is renewed.
/// A day, in seconds.
const LONGEST_WAIT_S: u64 = 86_400;

fn wait_of(answer: &Answer) -> Option<u64> {
    let number = |name: &str| answer.header(name)?.trim().parse::<u64>().ok();
    let until_reset = || {
        let reset = number("x-ratelimit-reset").filter(|_| number("x-ratelimit-remaining") == Some(0))?;
        // By the clock of the server that names the moment; the laptop's own may be wrong.
        let now = answer.header("date").and_then(http_date::read).unwrap_or_else(clock::now);
        Some(reset.saturating_sub(u64::try_from(now.as_second()).ok()?))
    };
    // A longer wait is a wrong answer, or is too long to wait for.
    number("retry-after").or_else(until_reset).map(|seconds| seconds.min(LONGEST_WAIT_S))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(status: u16, fields: &[(&'static str, String)], body: &str) -> GithubError {
        let mut headers = ureq::http::HeaderMap::new();
        for (name, value) in fields {
            headers.insert(*name, value.parse().expect("a header"));
        }
        let answer = Answer { status, headers, body: body.as_bytes().to_vec(), body_bytes: body.len() as u64 };
        GithubError::unless_good("PATCH asset", answer).expect_err("it is no good answer")
    }

    #[test]
    fn an_exhausted_allowance_says_when_it_is_renewed() {
        let reset = |ahead: i64| ("x-ratelimit-reset", (clock::now().as_second() + ahead).to_string());
        let spent = || ("x-ratelimit-remaining", "0".to_owned());
        let error = refused(403, &[spent(), reset(1800)], "{}");
        assert_eq!(error.kind, Kind::RateLimited);
        assert!(error.retry_after_s.is_some_and(|seconds| (1790..=1800).contains(&seconds)), "{error:?}");
        assert_eq!(refused(403, &[spent(), reset(-5)], "{}").retry_after_s, Some(0));
        let theirs = ("date", "Sat, 21 Nov 2026 06:35:17 GMT".to_owned());
        let then = ("x-ratelimit-reset", "1795242977".to_owned());
        assert_eq!(refused(403, &[spent(), theirs, then], "{}").retry_after_s, Some(60));
        let asked = ("retry-after", "7".to_owned());
        assert_eq!(refused(429, &[asked, spent(), reset(1800)], "{}").retry_after_s, Some(7));
        assert_eq!(refused(403, &[], r#"{"message":"You have exceeded a secondary rate limit"}"#).retry_after_s, None);
    }

    #[test]
    fn a_missing_single_sign_on_is_told_with_its_host_alone() {
        let url = "required; url=https://git.example/orgs/o/sso?authorization_request=AHc9invitation";
        let error = refused(403, &[("x-github-sso", url.to_owned())], r#"{"message":"Resource protected"}"#);
        assert_eq!(
            (error.kind, error.because.as_str()),
            (Kind::SingleSignOn, "HTTP 403 Resource protected (single sign-on at git.example)")
        );
        let error = refused(403, &[("x-github-sso", "required".to_owned())], "{}");
        assert_eq!(error.kind, Kind::SingleSignOn);
        assert_eq!(refused(403, &[("x-github-sso", "partial-results; organizations=1".to_owned())], "{}").kind, Kind::Forbidden);
    }

    #[test]
    fn an_answer_that_leaves_open_what_happened_is_told_from_a_refusal() {
        for (status, ambiguous) in [(408, true), (502, true), (307, true), (403, false), (404, false), (422, false), (401, false)] {
            assert_eq!(refused(status, &[], "").kind.is_ambiguous(), ambiguous, "{status}");
        }
    }
}
