//! The assets on the channels (`nexy.channels/1`), and the assets that `clean` deleted (`nexy.cleaned/1`).

use crate::{ReleaseVersion, Sha256Digest, Timestamp};
use serde::{Deserialize, Serialize};

/// The schema id of an overview of the channels.
pub const SCHEMA: &str = "nexy.channels/1";

/// The schema id of a list of what was cleaned away.
pub const CLEANED: &str = "nexy.cleaned/1";

/// How the label of a rolled-back asset ends while it is live because nothing else is there.
pub const ROLLED_BACK_SUFFIX: &str = " (rolled back)";

/// The version that the label of an asset names: `Nexy.dmg 2.0.0.4`, and perhaps what was being done with it.
pub fn labelled_version(artifact: &str, label: &str) -> Option<ReleaseVersion> {
    let rest = label.strip_prefix(artifact)?.strip_prefix(' ')?;
    let (version, more) = rest.split_once(' ').unwrap_or((rest, ""));
    let is_known = more.is_empty() || more.starts_with("(upload ") || more == ROLLED_BACK_SUFFIX.trim_start();
    is_known.then(|| version.parse().ok()).flatten()
}

/// Every channel of the target.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Channels {
    /// Always [`SCHEMA`].
    pub schema: String,
    /// One entry an artifact, in the order of `nexy.toml`.
    pub channels: Vec<ShownChannel>,
}

/// One artifact's channel.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ShownChannel {
    /// The tag of the fixed release.
    pub channel: String,
    /// The artifact's name.
    pub artifact: String,
    /// Where users download it.
    pub url: String,
    /// When GitHub has answered, by its own clock.
    pub at: Option<Timestamp>,
    /// What users download.
    pub live: Option<ShownAsset>,
    /// What a rollback returns to.
    pub previous: Option<ShownAsset>,
    /// Uploads that another run may be about to publish.
    pub staged: Vec<ShownAsset>,
    /// What was rolled back.
    pub bad: Vec<ShownAsset>,
    /// What no run needs any more; `nexy-publish clean` removes it.
    pub leftovers: Vec<ShownAsset>,
    /// Assets that these tools never touch.
    pub others: Vec<ShownAsset>,
}

/// One file of a channel.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ShownAsset {
    /// GitHub's id.
    pub asset_id: u64,
    /// Its name.
    pub name: String,
    /// The version that its label names.
    pub version: Option<ReleaseVersion>,
    /// Its label.
    pub label: Option<String>,
    /// Only `uploaded` is whole.
    pub state: String,
    /// Its size, in bytes.
    pub size_bytes: u64,
    /// Its digest, when GitHub knows one.
    pub sha256: Option<Sha256Digest>,
    /// Seconds since it was last changed, by GitHub's own clock.
    pub age_s: Option<i64>,
}

/// What a cleaning did, or would do.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Cleaned {
    /// Always [`CLEANED`].
    pub schema: String,
    /// Whether nothing was changed.
    pub dry_run: bool,
    /// What was removed, or would be.
    pub removed: Vec<CleanedAsset>,
}

/// One file that a cleaning is about.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct CleanedAsset {
    /// The tag of the fixed release.
    pub channel: String,
    /// GitHub's id.
    pub asset_id: u64,
    /// Its name.
    pub name: String,
}
