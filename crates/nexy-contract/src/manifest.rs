//! The pure rules of the update manifest: what it must say, when its version may move, and what the next one looks like.

use crate::{ReleaseVersion, Sha256Digest, Timestamp, platform, target_file::ManifestDefaults, text};
use serde_json::{Map, Value, json};

mod edit;
pub mod one_artifact;
pub mod rule;

/// What a manifest says about the artifact that clients download.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManifestFacts {
    /// The version that clients compare with their own; `build` is the same text.
    pub version: ReleaseVersion,
    /// Where clients download.
    pub url: String,
    /// Length that clients check, in bytes.
    pub size_bytes: u64,
    /// Digest of the artifact.
    pub sha256: Sha256Digest,
    /// Word for the kind of file: `dmg`.
    pub kind: String,
    /// Base64 of an Ed25519 signature; empty when there is none.
    pub ed25519: String,
}

/// Why a text is no manifest that clients can be given.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ManifestError(String);

impl ManifestError {
    fn not_json(because: impl std::fmt::Display) -> Self {
        Self(format!("is no JSON object: {because}"))
    }

    /// A field, by its path, is missing or of the wrong kind.
    fn field(field: &str, wanted: &str, found: &str) -> Self {
        Self(format!("`{field}` should be {wanted}, it is {found}"))
    }
}

/// What the artifact and the manifest together mean for a publication.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Move {
    /// There is no manifest yet.
    First,
    /// Both bytes and version are new; the version that clients have.
    Forward(ReleaseVersion),
    /// Both are what the manifest says: nothing to do, or to finish.
    Same,
    /// The bytes are those of the manifest, which names this other version: clients would update to them again and again.
    SameBytesNewVersion(ReleaseVersion),
    /// The version is that of the manifest with other bytes: clients that have it would never update.
    SameVersionNewBytes,
    /// The version is older than this one of the manifest.
    Backward(ReleaseVersion),
}

impl Move {
    /// Why `version` must not be announced; `None` when it may.
    pub fn refusal(&self, version: ReleaseVersion) -> Option<String> {
        match self {
            Self::First | Self::Forward(_) | Self::Same => None,
            Self::SameBytesNewVersion(from) => {
                Some(format!("these bytes are announced as {from} already; as {version} clients would update to them again and again"))
            }
            Self::SameVersionNewBytes => {
                Some(format!("version {version} is announced with other bytes already; clients that have it would never update"))
            }
            Self::Backward(from) => Some(format!("the manifest says {from}, which is newer than {version}")),
        }
    }
}

impl ManifestFacts {
    /// Reads a manifest; unknown fields are fine, a wrong known one is not.
    /// Errors: [`ManifestError`] names the first field that clients would stumble over.
    pub fn read(manifest: impl AsRef<[u8]>) -> Result<Self, ManifestError> {
        let object = object(manifest.as_ref())?;
        let version_text = string("version", object.get("version"))?;
        let build = string("build", object.get("build"))?;
        let found = || text::excerpt(&version_text, 40);
        let version = version_text.parse().map_err(|_| ManifestError::field("version", "four numbers X.Y.Z.W", &found()))?;
        if build != version_text {
            let both = format!("`build` is `{}` but `version` is `{version_text}`", text::excerpt(&build, 40));
            return Err(ManifestError(format!("{both}; clients compare only `build`, so both must be the same text")));
        }
        let artifact = object.get("artifact");
        let artifact =
            artifact.and_then(Value::as_object).ok_or_else(|| ManifestError::field("artifact", "an object", &kind_of(artifact)))?;
        let sha256 = string("artifact.sha256", artifact.get("sha256"))?;
        let digits = "64 lower-case hexadecimal digits";
        let sha256 = sha256.parse().map_err(|_| ManifestError::field("artifact.sha256", digits, &text::excerpt(&sha256, 70)))?;
        let size = artifact.get("size");
        let size_bytes = size.and_then(Value::as_u64).filter(|size| *size > 0).ok_or_else(|| {
            ManifestError::field("artifact.size", "a whole number above zero (clients skip the check at zero)", &kind_of(size))
        })?;
        Ok(Self {
            version,
            url: string("artifact.url", artifact.get("url"))?,
            size_bytes,
            sha256,
            kind: string("artifact.type", artifact.get("type"))?,
            ed25519: artifact.get("ed25519").and_then(Value::as_str).unwrap_or_default().to_owned(),
        })
    }

    /// The one version rule: version and bytes move together, forward, or not at all (incidents 1, 28 and 46).
    pub fn judge_move(manifest: Option<&Self>, version: ReleaseVersion, sha256: Sha256Digest) -> Move {
        let Some(manifest) = manifest else {
            return Move::First;
        };
        let from = manifest.version;
        match (version == from, sha256 == manifest.sha256) {
            (true, true) => Move::Same,
            (true, false) => Move::SameVersionNewBytes,
            (false, true) => Move::SameBytesNewVersion(from),
            (false, false) if version > from => Move::Forward(from),
            (false, false) => Move::Backward(from),
        }
    }
}

/// The text of the next manifest.
///
/// Only values change; order, indentation, line ends and fields that this code does not know stay byte for byte. Of the fields that have
/// a default, those that keep the rule stay. A signature comes from `facts` or is empty, because only a publication verifies one.
/// When nothing that clients see would change, the old text comes back byte for byte, and so does its date.
/// Errors: [`ManifestError`] when `old` is no JSON object; fix or remove it by hand, so that nothing in it is lost
/// silently.
pub fn next(old: Option<&str>, facts: &ManifestFacts, defaults: &ManifestDefaults, now: Timestamp) -> Result<String, ManifestError> {
    let rule = rule::Rule { url: &facts.url, kind: &facts.kind, latest: now };
    if let Some(text) = old
        && ManifestFacts::read(text).as_ref() == Ok(facts)
        && rule.faults(text.as_bytes()).is_empty()
    {
        return Ok(text.to_owned());
    }
    let before = old.map(|text| object(text.as_bytes())).transpose()?.unwrap_or_default();
    let had = before.get("artifact").and_then(Value::as_object).cloned().unwrap_or_default();
    let mut artifact: Members =
        vec![("type", json!(facts.kind)), ("url", json!(facts.url)), ("size", json!(facts.size_bytes)), ("sha256", json!(facts.sha256))];
    unless_right(&mut artifact, &had, "arch", |value| value.as_str().is_some_and(platform::is_arch), json!(defaults.arch));
    unless_right(&mut artifact, &had, "min_os", |value| value.as_str().is_some_and(platform::is_min_os), json!(defaults.min_os));
    artifact.push(("ed25519", json!(facts.ed25519)));
    let mut members: Members = vec![("version", json!(facts.version)), ("build", json!(facts.version))];
    if old.is_none() {
        members.push(("artifact", artifact.iter().cloned().map(|(name, value)| (name.to_owned(), value)).collect()));
    }
    unless_right(&mut members, &before, "critical", Value::is_boolean, json!(defaults.critical));
    unless_right(&mut members, &before, "auto_install", Value::is_boolean, json!(defaults.auto_install));
    members.extend([("notes_url", json!(facts.url)), ("release_date", json!(now.to_string()))]);
    let Some(text) = old else {
        let manifest: Map<String, Value> = members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        return Ok(serde_json::to_string_pretty(&manifest).map_err(ManifestError::not_json)? + "\n");
    };
    let artifact = edit::with(edit::member(text, "artifact").filter(|_| !had.is_empty()).unwrap_or("{}"), &spelled(artifact));
    let artifact = ("artifact", artifact.map_err(ManifestError::not_json)?);
    edit::with(text, &[vec![artifact], spelled(members)].concat()).map_err(ManifestError::not_json)
}

/// Names and values, in the order in which a new manifest has them.
type Members = Vec<(&'static str, Value)>;

/// Sets a member to its default, unless it has a value that is right and stays.
fn unless_right(members: &mut Members, old: &Map<String, Value>, name: &'static str, is_right: fn(&Value) -> bool, default: Value) {
    if !old.get(name).is_some_and(is_right) {
        members.push((name, default));
    }
}

fn spelled(members: Members) -> Vec<(&'static str, String)> {
    members.into_iter().map(|(name, value)| (name, value.to_string())).collect()
}

fn object(manifest: &[u8]) -> Result<Map<String, Value>, ManifestError> {
    let text = std::str::from_utf8(manifest).map_err(|error| ManifestError::not_json(format!("it is no UTF-8: {error}")))?;
    if text.starts_with('\u{feff}') {
        return Err(ManifestError::not_json("it starts with a byte order mark"));
    }
    match serde_json::from_str(text) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(other) => Err(ManifestError::not_json(format!("it is {}", kind_of(Some(&other))))),
        Err(error) => Err(ManifestError::not_json(error)),
    }
}

fn string(field: &str, value: Option<&Value>) -> Result<String, ManifestError> {
    match value {
        Some(Value::String(text)) if !text.is_empty() => Ok(text.clone()),
        other => Err(ManifestError::field(field, "a text", &kind_of(other))),
    }
}

fn kind_of(value: Option<&Value>) -> String {
    match value {
        None => "missing".to_owned(),
        Some(Value::Null) => "null".to_owned(),
        Some(Value::Bool(_)) => "true or false".to_owned(),
        Some(Value::Number(number)) => format!("the number {number}"),
        Some(Value::String(text)) if text.is_empty() => "an empty text".to_owned(),
        Some(Value::String(text)) => format!("the text `{}`", text::excerpt(text, 40)),
        Some(Value::Array(_)) => "a list".to_owned(),
        Some(Value::Object(_)) => "an object".to_owned(),
    }
}

#[cfg(test)]
mod tests;
