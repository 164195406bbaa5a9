//! What the five tools agree on: documents, verdicts, exit codes and the pure rules of manifest, appcast and config.env.
//!
//! Nothing here touches the world: every function is a decision about values it was handed.

#![allow(
    clippy::must_use_candidate,
    clippy::missing_errors_doc,
    reason = "the type or the sentence names the error; types whose loss would hide a fault are marked `must_use`; a question that is asked in vain changes nothing"
)]

pub mod appcast;
pub mod asset_names;
pub mod azure;
pub mod before_publish;
pub mod brief;
pub mod build_receipt;
pub mod cache;
pub mod channels;
pub mod check;
pub mod config_env;
pub mod db_receipt;
pub mod delivery;
pub mod digest;
pub mod document;
pub mod exit;
pub mod fix;
pub mod health;
pub mod http_date;
pub mod immutable_releases;
pub mod incidents;
pub mod manifest;
pub mod operands;
pub mod platform;
pub mod problem;
pub mod record;
pub mod remote_refusal;
pub mod remote_url;
pub mod render;
pub mod report;
pub mod run_command;
pub mod selection;
pub mod signature;
pub mod status;
pub mod suggest;
pub mod target_file;
pub mod text;
pub mod url;
pub mod version;
pub mod version_places;
pub mod wrap;

pub use digest::Sha256Digest;
pub use exit::Exit;
pub use fix::Fix;
pub use problem::Problem;
pub use record::Record;
pub use report::{Finding, Report, Severity, Verdict};
pub use target_file::Target;
pub use url::Url;
pub use version::ReleaseVersion;

/// A moment in time; documents spell it as RFC 3339 in UTC.
pub use jiff::Timestamp;
