//! The answer of the VM after a manifest was installed there (`nexy.delivery/1`).

use crate::{ReleaseVersion, Sha256Digest, Timestamp};
use serde::{Deserialize, Serialize};

/// The schema id of a delivery.
pub const SCHEMA: &str = "nexy.delivery/1";

/// The VM's answer; small, because Azure brings back only the last 4096 bytes.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Delivery {
    /// Always [`SCHEMA`].
    pub schema: String,
    /// When the VM answered.
    pub at: Timestamp,
    /// The version that was installed.
    pub version: ReleaseVersion,
    /// Whether a file changed.
    pub changed: bool,
    /// Every manifest file of the VM, read back after it was written.
    pub files: Vec<DeliveredFile>,
    /// The version that the VM's update server announces now.
    pub served_version: String,
    /// The length that the VM's feed announces now, in bytes.
    pub served_length: u64,
}

/// What `nexy-manifest show` says of one manifest on the VM, as far as it tells whether a delivery has arrived.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct OnVm {
    /// Path relative to the checkout.
    pub path: String,
    /// Digest of the file; absent when there is none.
    pub file_sha256: Option<Sha256Digest>,
}

/// One manifest file on the VM.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct DeliveredFile {
    /// Path relative to the checkout.
    pub path: String,
    /// Its digest.
    pub sha256: Sha256Digest,
}
