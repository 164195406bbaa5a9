//! GitHub's release calls, one function each: what is sent, and what came back. No retries, no decisions.

mod error;
mod shapes;

pub use crate::net::http::Sent;
pub use error::{GithubError, Kind};
pub use shapes::{Allowance, Asset, Listed, Listing, Release, RepositoryAccess, WorkflowRun};

use crate::{
    Secret,
    net::http::{Answer, Ask, Credential, Http, Method, Payload, Url},
};
use nexy_contract::{Sha256Digest, Target, digest::RunningDigest, http_date, immutable_releases::Immutability};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::{
    fmt::Display,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

/// Answers of the API are some hundred kilobytes at most: a thousand assets a release.
const MAX_API_BYTES: u64 = 16 << 20;
const PER_PAGE: usize = 100;
const MAX_PAGES: usize = 11;

/// The calls on the artifacts' repository.
#[derive(Debug)]
pub struct Github<'a> {
    http: &'a Http,
    target: &'a Target,
    token: Option<Secret>,
    token_origins: Vec<String>,
    calls: AtomicU64,
}

/// What came through a public URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Downloaded {
    /// Bytes that came.
    pub size_bytes: u64,
    /// Their digest.
    pub sha256: Sha256Digest,
}

/// The end of what a public URL serves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tail {
    /// Size of the whole file, as the server says with the range.
    pub whole_bytes: u64,
    /// The last bytes.
    pub bytes: Vec<u8>,
}

impl<'a> Github<'a> {
    /// The calls with or without a token; the token goes to `github.api_url` and `github.uploads_url` only.
    pub fn new(http: &'a Http, target: &'a Target, token: Option<Secret>) -> Self {
        let token_origins = [&target.github.api_url, &target.github.uploads_url]
            .into_iter()
            .filter_map(|url| Url::parse(url))
            .map(|url| url.origin())
            .collect();
        Self { http, target, token, token_origins, calls: AtomicU64::new(0) }
    }

    /// The fixed release of a channel; `None` when there is none that this token can see.
    pub fn release(&self, channel: &str) -> Result<Option<Release>, GithubError> {
        let path = format!("releases/tags/{}", percent_encoded(channel));
        let answer = unless_missing(self.api(Method::GET, &path, Payload::None))?;
        answer.map(|answer| self.parsed("GET release", &answer)).transpose()
    }

    /// Every asset of a release, whatever its state.
    pub fn assets(&self, release_id: u64) -> Result<Vec<Asset>, GithubError> {
        self.listing(release_id).map(|listing| listing.assets)
    }

    /// Every asset of a release, and what GitHub's clock showed then.
    pub fn listing(&self, release_id: u64) -> Result<Listing, GithubError> {
        let mut assets: Vec<Asset> = Vec::new();
        for page in 1..=MAX_PAGES {
            let path = format!("releases/{release_id}/assets?per_page={PER_PAGE}&page={page}");
            let answer = self.api(Method::GET, &path, Payload::None)?;
            let more = answer.header("link").is_some_and(|link| link.contains("rel=\"next\""));
            assets.extend(self.parsed::<Vec<Asset>>("GET assets", &answer)?);
            if !more {
                return Ok(Listing { assets, at: answer.header("date").and_then(http_date::read), calls: self.calls() });
            }
        }
        Err(GithubError::unexpected("GET assets", "more pages than a release can have"))
    }

    /// One asset by id; `None` when it is gone.
    pub fn asset(&self, id: u64) -> Result<Option<Asset>, GithubError> {
        let answer = unless_missing(self.api(Method::GET, &format!("releases/assets/{id}"), Payload::None))?;
        answer.map(|answer| self.parsed("GET asset", &answer)).transpose()
    }

    /// How many calls were made so far.
    pub fn calls(&self) -> u64 {
        self.calls.load(Ordering::Relaxed)
    }

    /// Uploads a rewound file under a name, with its length and never chunked.
    /// Errors: [`GithubError`]; one that is ambiguous says nothing about whether the asset is there now: list again.
    pub fn upload(&self, release: &Release, name: &str, label: &str, sent: &Sent<'_>) -> Result<Asset, GithubError> {
        let base = release.upload_url.split('{').next().unwrap_or_default();
        let url = Url::parse(&format!("{base}?name={}&label={}", percent_encoded(name), percent_encoded(label)))
            .filter(|url| self.token_origins.contains(&url.origin()))
            .ok_or_else(|| {
                let because = "which is neither github.api_url nor github.uploads_url";
                GithubError::unexpected("POST asset", &format!("the release wants uploads at `{base}`, {because}"))
            })?;
        let mut ask = self.ask(Method::POST, url, Payload::File(*sent));
        ask.timeout = self.target.limits.transfer_timeout(sent.size_bytes);
        let ask = ask.header("Content-Type", "application/octet-stream");
        self.count();
        let answer = self.http.ask(&ask).map_err(|error| GithubError::network("POST asset", error))?;
        self.parsed("POST asset", &GithubError::unless_good("POST asset", answer)?)
    }

    /// Gives an asset another name and label; its id stays.
    /// Errors: [`GithubError`]; a taken name is [`Kind::AlreadyExists`].
    pub fn rename(&self, id: u64, name: &str, label: &str) -> Result<Asset, GithubError> {
        let change = serde_json::json!({ "name": name, "label": label }).to_string();
        let answer = self.api(Method::PATCH, &format!("releases/assets/{id}"), Payload::Json(&change))?;
        self.parsed("PATCH asset", &answer)
    }

    /// Removes an asset; one that is already gone is fine.
    pub fn delete(&self, id: u64) -> Result<(), GithubError> {
        unless_missing(self.api(Method::DELETE, &format!("releases/assets/{id}"), Payload::None)).map(|_| ())
    }

    /// What the token may do with the artifacts' repository.
    pub fn repository(&self) -> Result<RepositoryAccess, GithubError> {
        let answer = self.api(Method::GET, "", Payload::None)?;
        let mut access: RepositoryAccess = self.parsed("GET repository", &answer)?;
        access.token_expires = answer.header("github-authentication-token-expiration").map(str::to_owned);
        access.token_scopes = answer.header("x-oauth-scopes").map(str::to_owned);
        Ok(access)
    }

    /// Whether what is published in the artifacts' repository is frozen from then on.
    /// Errors: [`GithubError`]; a refusal to show it is [`Immutability::NotShown`].
    pub fn immutability(&self) -> Result<Immutability, GithubError> {
        match self.api(Method::GET, "immutable-releases", Payload::None) {
            Ok(answer) => self.parsed::<shapes::ImmutableReleases>("GET immutable-releases", &answer).map(Immutability::from),
            Err(error) if matches!(error.kind, Kind::NotFound | Kind::Forbidden) => Ok(Immutability::NotShown),
            Err(error) if error.kind == Kind::BadToken && self.token.is_none() => Ok(Immutability::NotShown),
            Err(error) => Err(error),
        }
    }

    /// How many requests are left; asking this costs none.
    pub fn allowance(&self) -> Result<Allowance, GithubError> {
        const CALL: &str = "GET rate_limit";
        let answer = self.call(Method::GET, CALL, &format!("{}/rate_limit", self.target.github.api_url), Payload::None)?;
        let mut limits: Value = self.parsed(CALL, &answer)?;
        serde_json::from_value(limits["resources"]["core"].take()).map_err(|error| shape(CALL, &error))
    }

    /// The newest release of any repository, `owner/name`, drafts included as far as the token may see them; `None` when
    /// it has none.
    /// Errors: [`GithubError`]; a repository that is not there, or not for this token, is [`Kind::NotFound`].
    pub fn newest_release(&self, repository: &str) -> Result<Option<Listed>, GithubError> {
        const CALL: &str = "GET releases";
        let url = format!("{}/repos/{repository}/releases?per_page=1", self.target.github.api_url);
        let answer = self.call(Method::GET, CALL, &url, Payload::None)?;
        self.parsed::<Vec<Listed>>(CALL, &answer).map(|listed| listed.into_iter().next())
    }

    /// The runs of a workflow of any repository, `owner/name`, for one commit; the newest are first.
    /// Errors: [`GithubError`]; [`Kind::NotFound`] also means that the token may not see them.
    pub fn workflow_runs(&self, repository: &str, file: &str, commit: &str) -> Result<Vec<WorkflowRun>, GithubError> {
        const CALL: &str = "GET workflow runs";
        let base = &self.target.github.api_url;
        let file = percent_encoded(file);
        let url = format!("{base}/repos/{repository}/actions/workflows/{file}/runs?head_sha={commit}&per_page={PER_PAGE}");
        let answer = self.call(Method::GET, CALL, &url, Payload::None)?;
        self.parsed::<shapes::WorkflowRuns>(CALL, &answer).map(|runs| runs.workflow_runs)
    }

    /// Downloads what users get, without a token, hashes it on the way, and hands it on piece by piece.
    /// Errors: [`GithubError`]; more than `max_bytes` is one.
    pub fn download(&self, channel: &str, name: &str, max_bytes: u64, take: &mut dyn FnMut(&[u8])) -> Result<Downloaded, GithubError> {
        self.count();
        let url = self.public_url(channel, name)?;
        let mut digest = RunningDigest::default();
        let ask = Ask::get(url, self.target.limits.transfer_timeout(max_bytes), max_bytes);
        let answer = self
            .http
            .download(&ask, &mut |piece| {
                digest.update(piece);
                take(piece);
            })
            .map_err(|error| GithubError::network("GET download", error))?;
        let answer = GithubError::unless_good("GET download", answer)?;
        Ok(Downloaded { size_bytes: answer.body_bytes, sha256: digest.finish() })
    }

    /// The last `count` bytes of what users get, and the size of the whole.
    /// Errors: [`GithubError`], also when the server ignores the range.
    pub fn tail(&self, channel: &str, name: &str, count: u64) -> Result<Tail, GithubError> {
        self.count();
        let url = self.public_url(channel, name)?;
        // A server that ignores the range and sends everything is cut off.
        let ask = Ask::get(url, self.timeout(), count).header("Range", format!("bytes=-{count}"));
        let answer = self.http.ask(&ask).map_err(|error| GithubError::network("GET range", error))?;
        let answer = GithubError::unless_good("GET range", answer)?;
        let whole_bytes = answer
            .header("content-range")
            .and_then(|range| range.rsplit('/').next()?.parse().ok())
            .filter(|_| answer.status == 206)
            .ok_or_else(|| GithubError::unexpected("GET range", "the server ignored the range"))?;
        Ok(Tail { whole_bytes, bytes: answer.body })
    }

    fn public_url(&self, channel: &str, name: &str) -> Result<Url, GithubError> {
        let text = self.target.public_asset_url(channel, name);
        Url::parse(&text).ok_or_else(|| GithubError::unexpected("GET download", &format!("`{text}` is no URL")))
    }

    fn api(&self, method: Method, path: &str, payload: Payload<'_>) -> Result<Answer, GithubError> {
        let (separator, called) = if path.is_empty() { ("", "repository") } else { ("/", path.split('?').next().unwrap_or_default()) };
        let call = format!("{method} {called}");
        let text = format!("{}/repos/{}{separator}{path}", self.target.github.api_url, self.target.repositories.artifacts);
        self.call(method, &call, &text, payload)
    }

    fn call(&self, method: Method, call: &str, url: &str, payload: Payload<'_>) -> Result<Answer, GithubError> {
        self.count();
        let url = Url::parse(url).ok_or_else(|| GithubError::unexpected(call, &format!("`{url}` is no URL")))?;
        let answer = self.http.ask(&self.ask(method, url, payload)).map_err(|error| GithubError::network(call, error))?;
        GithubError::unless_good(call, answer)
    }

    fn ask<'b>(&'b self, method: Method, url: Url, payload: Payload<'b>) -> Ask<'b> {
        Ask {
            method,
            url,
            credential: self.token.as_ref().map(|secret| Credential {
                header: "authorization",
                scheme: "Bearer ",
                secret,
                origins: &self.token_origins,
            }),
            headers: vec![("Accept", "application/vnd.github+json".to_owned()), ("X-GitHub-Api-Version", "2022-11-28".to_owned())],
            payload,
            timeout: self.timeout(),
            max_bytes: MAX_API_BYTES,
        }
    }

    /// As [`Http::lift_run_limit`].
    pub fn lift_run_limit(&self) {
        self.http.lift_run_limit();
    }

    fn count(&self) {
        self.calls.fetch_add(1, Ordering::Relaxed);
    }

    fn timeout(&self) -> Duration {
        Duration::from_secs(self.target.limits.request_timeout_s)
    }

    fn parsed<T: DeserializeOwned>(&self, call: &str, answer: &Answer) -> Result<T, GithubError> {
        serde_json::from_slice(&answer.body).map_err(|error| shape(call, &error))
    }
}

fn shape(call: &str, error: &serde_json::Error) -> GithubError {
    GithubError::unexpected(call, &format!("the answer has another shape than GitHub documents: {error}"))
}

fn unless_missing(answer: Result<Answer, GithubError>) -> Result<Option<Answer>, GithubError> {
    match answer {
        Err(error) if error.kind == Kind::NotFound => Ok(None),
        answer => answer.map(Some),
    }
}

/// Everything but unreserved characters as `%XX`.
fn percent_encoded(text: &str) -> impl Display + '_ {
    const RESERVED: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
    utf8_percent_encode(text, &RESERVED)
}
