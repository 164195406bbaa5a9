//! The parts of GitHub's answers that are used; unknown fields are GitHub's business.

use nexy_contract::{Sha256Digest, Timestamp, immutable_releases::Immutability};
use serde::Deserialize;

/// A release.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Release {
    /// GitHub's id.
    pub id: u64,
    /// Its tag.
    pub tag_name: String,
    /// Whether the public cannot see it.
    pub draft: bool,
    /// Whether its assets can never change.
    #[serde(default)]
    pub immutable: bool,
    /// Where assets are uploaded, with `{?name,label}` at its end.
    pub upload_url: String,
}

/// The setting of a repository that freezes what is published in it.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(super) struct ImmutableReleases {
    enabled: bool,
    #[serde(default)]
    enforced_by_owner: bool,
}

impl From<ImmutableReleases> for Immutability {
    fn from(ImmutableReleases { enabled, enforced_by_owner }: ImmutableReleases) -> Self {
        if enabled { Self::On { enforced_by_owner } } else { Self::Off }
    }
}

/// A file of a release.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Asset {
    /// GitHub's id; it survives renames.
    pub id: u64,
    /// Its name, perhaps rewritten by GitHub.
    pub name: String,
    /// A free text; ours holds name and version.
    #[serde(default)]
    pub label: Option<String>,
    /// Only `uploaded` is good.
    pub state: String,
    /// Size, in bytes.
    pub size: u64,
    /// `sha256:<hex>`, or nothing.
    #[serde(default)]
    pub digest: Option<String>,
    /// When it was created, RFC 3339.
    #[serde(default)]
    pub created_at: Option<String>,
    /// When it was last changed, RFC 3339.
    #[serde(default)]
    pub updated_at: Option<String>,
    /// The public URL.
    #[serde(default)]
    pub browser_download_url: String,
}

impl Asset {
    /// Whether the upload came to its end.
    pub fn is_uploaded(&self) -> bool {
        self.state == "uploaded"
    }

    /// When it was last changed, as far as GitHub says; a rename counts.
    pub fn last_change(&self) -> Option<Timestamp> {
        let moment = |text: &Option<String>| text.as_deref()?.parse::<Timestamp>().ok();
        moment(&self.updated_at).max(moment(&self.created_at))
    }

    /// GitHub's digest, when it has one.
    pub fn sha256(&self) -> Option<Sha256Digest> {
        Sha256Digest::from_github(self.digest.as_deref()?)
    }
}

/// Every asset of a release at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    /// The assets, whatever their state.
    pub assets: Vec<Asset>,
    /// GitHub's own clock, from the same answer.
    pub at: Option<Timestamp>,
    /// How many calls were made until then; the next call makes it old.
    pub calls: u64,
}

/// What the token may do with a repository.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct RepositoryAccess {
    /// `owner/name`.
    pub full_name: String,
    /// What the token's owner may do; absent without a token.
    #[serde(default)]
    pub permissions: Option<Permissions>,
    /// Whether the public cannot see it.
    #[serde(default)]
    pub private: Option<bool>,
    /// Whether nothing in it can be changed any more.
    #[serde(default)]
    pub archived: Option<bool>,
    /// When the token expires, as GitHub's header says.
    #[serde(skip)]
    pub token_expires: Option<String>,
    /// What a classic token may do, as GitHub's header says; a fine-grained one has no such header.
    #[serde(skip)]
    pub token_scopes: Option<String>,
}

/// What is left of the requests of an hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct Allowance {
    /// How many an hour has.
    pub limit: u64,
    /// How many are left.
    pub remaining: u64,
    /// When all of them are there again, in seconds since 1970.
    pub reset: i64,
}

/// A release in a list.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Listed {
    /// Its tag.
    pub tag_name: String,
    /// Whether the public cannot see it.
    pub draft: bool,
}

/// The permissions that matter here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct Permissions {
    /// Whether releases may be changed.
    #[serde(default)]
    pub push: bool,
}

/// The runs of a workflow.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct WorkflowRuns {
    pub(super) workflow_runs: Vec<WorkflowRun>,
}

/// One run of a workflow.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct WorkflowRun {
    /// GitHub's id.
    pub id: u64,
    /// Its number among the runs of this workflow.
    pub run_number: u64,
    /// How often it was started.
    #[serde(default)]
    pub run_attempt: u64,
    /// What started it, such as `push`.
    pub event: String,
    /// Only `completed` has ended; GitHub adds words now and then.
    pub status: Option<String>,
    /// How it ended; only `success` is good.
    pub conclusion: Option<String>,
    /// The commit that it ran for.
    pub head_sha: String,
    /// Its page.
    pub html_url: String,
}
