//! The receipt of the machine that built an artifact (`nexy.build-receipt/1`), for machines that cannot open the artifact.

use crate::{Sha256Digest, Timestamp, document, document::DocumentError};
use serde::{Deserialize, Serialize};

/// The schema id of a build receipt.
pub const SCHEMA: &str = "nexy.build-receipt/1";

/// What follows an artifact's name in the name of its receipt.
pub const SUFFIX: &str = ".receipt.json";

/// One artifact as its builder saw it; it lies beside the artifact, and speaks of these very bytes and no others.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct BuildReceipt {
    /// Always [`SCHEMA`].
    pub schema: String,
    /// File name of the artifact.
    pub artifact: String,
    /// `CFBundleVersion` of the application inside, whatever it says: clients compare it with the feed's.
    pub version: String,
    /// Size of the artifact, in bytes.
    pub size_bytes: u64,
    /// Its digest.
    pub sha256: Sha256Digest,
    /// Whether `codesign --verify` accepted the application inside.
    pub signed: bool,
    /// Whether `stapler validate` accepted the notarization ticket of the artifact.
    pub notarized: bool,
    /// When this was seen.
    pub built_at: Timestamp,
    /// Who saw it, such as `person@machine`.
    pub by: String,
}

impl BuildReceipt {
    /// Reads a receipt.
    /// Errors: [`DocumentError`] for anything else.
    pub fn read(bytes: &[u8]) -> Result<Self, DocumentError> {
        document::read(bytes, SCHEMA)
    }
}

/// The name of an artifact's receipt.
pub fn name_of(artifact: &str) -> String {
    format!("{artifact}{SUFFIX}")
}
