//! The keys of `nexy.toml`; every table refuses keys that it does not know.

use crate::Severity;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The generation of the file's form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub enum TargetSchema {
    /// The first one.
    #[serde(rename = "nexy.target/1")]
    V1,
}

/// The whole file.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// The generation of the file's form.
    pub schema: TargetSchema,
    /// Where the server runs (S3, canonical release target).
    pub release_target: ReleaseTarget,
    /// Repositories by role.
    pub repositories: Repositories,
    /// Git remotes by role.
    pub remotes: Remotes,
    /// GitHub's hosts.
    pub github: Github,
    /// What leaves the inbox.
    pub artifacts: Vec<ArtifactRow>,
    /// The form of the checkout.
    pub layout: Layout,
    /// Paths on the VM.
    pub vm: Vm,
    /// The service unit.
    pub service: Service,
    /// The service's Python.
    pub python: Python,
    /// The language model.
    pub gemini: Gemini,
    /// The workflow that deploys.
    pub workflow: Workflow,
    /// The repository's own check of its quality.
    pub quality: Quality,
    /// Backups of the database.
    pub database: Database,
    /// The version inside an artifact.
    pub artifact_version: ArtifactVersion,
    /// Who signs artifacts.
    #[serde(default)]
    pub signature: Signature,
    /// The Azure subscription, when it is fixed.
    #[serde(default)]
    pub azure: Azure,
    /// Base URLs of the server, local and public.
    pub endpoints: Endpoints,
    /// What the server's environment file must hold.
    pub config_env: ConfigEnv,
    /// Every place that holds the version.
    pub version_places: Vec<VersionPlace>,
    /// Names that must not be used any more.
    pub legacy: Legacy,
    /// Bounds, waits and ages.
    pub limits: Limits,
    /// What a first manifest says beside the facts of the artifact.
    pub manifest_defaults: ManifestDefaults,
}

/// Where the server runs.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ReleaseTarget {
    /// Azure resource group.
    pub resource_group: String,
    /// Azure VM name.
    pub vm: String,
    /// Public host name.
    pub host: String,
    /// gRPC endpoint, `host:port`.
    pub grpc_endpoint: String,
    /// Whether gRPC is served over TLS.
    pub grpc_tls: bool,
}

/// Repositories by role, each `owner/name`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Repositories {
    /// Code, documents and manifests; what the VM checks out.
    pub workspace: String,
    /// The server's code, fed by `git subtree`.
    pub server: String,
    /// Releases and nothing else.
    pub artifacts: String,
}

/// Names of the git remotes that lead to the repositories of the same role.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Remotes {
    /// Leads to the workspace repository.
    pub workspace: String,
    /// Leads to the server repository.
    pub server: String,
}

/// GitHub's hosts, without a trailing slash.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Github {
    /// REST API.
    pub api_url: String,
    /// Uploads; the release names the exact URL, which must lie under this one.
    pub uploads_url: String,
    /// Public downloads.
    pub web_url: String,
}

/// What kind of file an artifact is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ArtifactKind {
    /// A UDIF disk image.
    Dmg,
    /// A flat installer package.
    Pkg,
}

impl ArtifactKind {
    /// The word that manifests use.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Dmg => "dmg",
            Self::Pkg => "pkg",
        }
    }
}

/// One artifact and its fixed release.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ArtifactRow {
    /// File name, locally and on the channel.
    pub name: String,
    /// Tag of the fixed release.
    pub channel: String,
    /// What kind of file it is.
    pub kind: ArtifactKind,
    /// Whether clients update from it.
    pub feed: bool,
}

/// The form of the checkout; paths are relative to it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Layout {
    /// The guide that holds the `release_target` block.
    pub guide: String,
    /// Where artifacts wait for publication.
    pub inbox: String,
    /// What the service runs.
    pub entry_point: String,
    /// What pip installs.
    pub requirements: String,
    /// The owner of the version.
    pub version_file: String,
    /// Where the manifests stand; all hold the same pair of files.
    pub manifest_dirs: Vec<String>,
    /// What the running server changes in its checkout; `/` at the end stands for all below.
    pub runtime_files: Vec<String>,
    /// Paths that only other layouts of the past had.
    pub other_layouts: Vec<String>,
    /// Folders that the running server writes into.
    pub writable_dirs: Vec<String>,
    /// The folder that the server's repository is made of, by `git subtree split`.
    pub server: String,
    /// Folder of the scripts that are sent to the VM.
    pub remote_scripts: String,
}

/// Paths on the VM, all absolute.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Vm {
    /// The checkout.
    pub checkout: String,
    /// The environment file that the server's process reads.
    pub config_env: String,
    /// Where the five tools are installed.
    pub tools: String,
    /// Where this file is installed.
    pub target_file: String,
    /// Folder in which root makes `nexy`, the folder of the run lock. Only root may write into it.
    pub lock_dir: String,
    /// Where full logs of remote runs stand, readable by root only.
    pub log_dir: String,
    /// Where the receipts of the database scripts stand.
    pub receipts: String,
}

/// The service unit as it should be in effect.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Service {
    /// Name with suffix.
    pub unit: String,
    /// The account that it runs as.
    pub user: String,
    /// Its working directory.
    pub working_directory: String,
    /// Its command line, words separated by single blanks.
    pub exec_start: String,
}

/// What the service's Python must hold (S0 §3).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Python {
    /// Requirements that fit the generated stubs, such as `protobuf>=6.31.1,<7`.
    pub pins: Vec<String>,
    /// The generated stubs, relative to the checkout.
    pub stubs: Vec<String>,
}

/// The language model of the server.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Gemini {
    /// Base URL of its API; the key is sent there and nowhere else.
    pub api_url: String,
    /// The key of the server's environment file that holds its key.
    pub key: String,
    /// The key of the server's environment file that names the model.
    pub model_key: String,
    /// The model when the environment file names none.
    pub model: String,
}

/// The workflow that deploys the server (S0 §2).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Workflow {
    /// Its file, relative to the workspace.
    pub file: String,
    /// The branch whose pushes start it.
    pub branch: String,
    /// The secret that it signs in with.
    pub secret: String,
}

/// The repository's own check of its quality (S0 §1).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Quality {
    /// Program and arguments, run in the workspace.
    pub command: Vec<String>,
    /// Its longest run, in seconds.
    pub timeout_s: u64,
}

/// Backups of the database (S2 §3 Phase 1.1).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Database {
    /// Oldest backup that a release may stand on, in hours.
    pub backup_max_age_h: u32,
    /// A smaller backup is none, in bytes.
    pub backup_min_bytes: u64,
    /// Its name.
    pub name: String,
    /// The server's account in it, which may not destroy anything.
    pub role: String,
    /// The account that owns everything in it and never signs in.
    pub owner: String,
    /// Where the dumps stand, readable by root only.
    pub backups: String,
    /// So many dumps are kept.
    pub keep: u32,
    /// A libpq service file of root's with a section `[nexy]`; empty for the local server, which knows the account `postgres` by its number.
    pub service: String,
}

/// The version that an artifact itself holds.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ArtifactVersion {
    /// How much it counts when it cannot be read.
    pub when_unknown: Severity,
}

/// Who signs artifacts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Signature {
    /// Ed25519 keys in base64, several during a rotation; with none, signatures are not looked at.
    pub public_keys: Vec<String>,
}

/// The Azure subscription.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Azure {
    /// Id or name; without it any enabled one will do.
    pub subscription: Option<String>,
}

/// Base URLs of the server, without a trailing slash.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Endpoints {
    /// The main server, as seen on the VM.
    pub local_server: String,
    /// The update server, as seen on the VM.
    pub local_updates: String,
    /// Everything, as seen by clients.
    pub public: String,
}

/// What the server's environment file must hold.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ConfigEnv {
    /// Keys that need a real value.
    pub required: Vec<RequiredKey>,
}

/// A key that needs a real value, perhaps only under conditions.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct RequiredKey {
    /// Its name.
    pub key: String,
    /// It is needed only while all of these hold.
    #[serde(default)]
    pub when: Vec<Condition>,
}

/// Another key has a certain value; letter case does not matter.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    /// The other key.
    pub key: String,
    /// The value it must have.
    pub value: String,
}

/// One place that holds the version. Exactly one of `whole`, `line`, `pointer` and `plist` is given.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct VersionPlace {
    /// The file, relative to the workspace.
    pub file: String,
    /// The file holds the version and nothing else.
    #[serde(default)]
    pub whole: bool,
    /// Lines that hold this text, with `{version}` standing for the version.
    pub line: Option<String>,
    /// How many lines match; needed with `line`.
    pub count: Option<usize>,
    /// JSON pointer to a string.
    pub pointer: Option<String>,
    /// Key of a property list in XML, such as `CFBundleVersion`.
    pub plist: Option<String>,
    /// A workspace without the file, or a file without the key, is right as well.
    #[serde(default)]
    pub optional: bool,
}

/// Names of the past.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Legacy {
    /// Azure resource groups.
    pub resource_groups: Vec<String>,
    /// Azure VM names.
    pub vms: Vec<String>,
    /// Host names.
    pub hosts: Vec<String>,
    /// Paths of the workspace that may speak of the past; `/` at the end stands for all below.
    pub not_scanned: Vec<String>,
}

/// What a first manifest says beside the facts of the artifact.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ManifestDefaults {
    /// Processor architectures.
    pub arch: String,
    /// Oldest system that it runs on.
    pub min_os: String,
    /// Whether clients must update.
    pub critical: bool,
    /// Whether clients install without asking.
    pub auto_install: bool,
}

/// Bounds, waits and ages; each name ends with its unit.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Largest artifact, in bytes (GitHub takes less than 2 GiB).
    pub artifact_max_bytes: u64,
    /// Oldest report that a publication may stand on, in seconds.
    pub report_max_age_s: i64,
    /// How far two clocks may differ, in seconds.
    pub clock_skew_s: i64,
    /// Oldest restore drill, in days.
    pub restore_drill_max_days: u32,
    /// Pause between two changes on GitHub, in milliseconds.
    pub mutation_pause_ms: u64,
    /// Longest wait for a connection, in seconds.
    pub connect_timeout_s: u64,
    /// Longest silence in the middle of a transfer, in seconds.
    pub stall_timeout_s: u64,
    /// Longest small request from start to end, in seconds.
    pub request_timeout_s: u64,
    /// A transfer may take its size divided by this, on top of `request_timeout_s`, in bytes a second.
    pub slowest_transfer_bytes_per_s: u64,
    /// Longest time that one run waits in all before it asks again, and that its requests take in all, transfers of artifacts not
    /// counted, in seconds.
    pub retry_total_s: u64,
    /// Longest wait until the public URL shows the new bytes, in seconds.
    pub public_url_wait_s: u64,
    /// Longest run of one `az` command, in seconds.
    pub az_timeout_s: u64,
    /// Pause before the one retry after Azure's conflict, in seconds.
    pub az_conflict_wait_s: u64,
    /// Longest time that one gate may take to answer, in seconds.
    pub gate_timeout_s: u64,
    /// Requests to GitHub's API that must be left before a publication.
    pub github_requests_min: u64,
    /// Longest time that a cache may keep what the public server says, in seconds: so much later a rollback reaches clients.
    pub cache_max_age_s: u64,
    /// Room that a checkout with a new venv needs, in bytes.
    pub checkout_free_bytes: u64,
}

impl Limits {
    /// Longest transfer of this many bytes.
    pub fn transfer_timeout(&self, bytes: u64) -> Duration {
        Duration::from_secs(self.request_timeout_s + bytes / self.slowest_transfer_bytes_per_s.max(1))
    }
}
