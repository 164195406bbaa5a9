//! The expected version and artifacts: from the record of the release, or from the workspace.

use nexy_contract::{
    Fix, Record, ReleaseVersion, Sha256Digest,
    appcast::Announced,
    check::Answer,
    manifest::ManifestFacts,
    record::{Artifact, Live},
};
use nexy_outside::{
    Workspace,
    frame::manifests::{self, FoundManifest},
    frame::version_file::{self, NoVersion},
    net::http::HttpError,
};

/// A value, and the words for where it stands; or why it is not known.
pub(crate) type Expected<T> = Result<T, NotKnown>;

/// Why it is not known what to expect, or what is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NotKnown {
    /// What was found instead.
    pub(crate) because: String,
    /// What to do.
    pub(crate) fix: Fix,
}

impl NotKnown {
    /// The answer of a probe that could not look, or has nothing to compare with.
    pub(crate) fn answer(&self, wanted: impl Into<String>) -> Answer {
        Answer::unknown(&self.because, wanted, &self.fix)
    }
}

impl From<HttpError> for NotKnown {
    fn from(error: HttpError) -> Self {
        Self { because: error.said, fix: error.fix }
    }
}

/// The version of the code that should run, and where it stands: `the record`, `VERSION`.
pub(crate) type Code = (ReleaseVersion, String);

/// What the manifests should make the world see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Manifest {
    /// The version that is announced to clients.
    pub(crate) version: ReleaseVersion,
    /// Where clients download.
    pub(crate) url: String,
    /// How many bytes they get.
    pub(crate) size_bytes: u64,
    /// The digest of these bytes.
    pub(crate) sha256: Sha256Digest,
    /// Where it stands: `the record`, a path.
    pub(crate) origin: String,
}

impl Manifest {
    /// What the feed must say.
    pub(crate) fn announced(&self) -> Announced<'_> {
        Announced { version: self.version, url: &self.url, size_bytes: self.size_bytes }
    }

    fn is_of_the_bytes_of(&self, other: &Self) -> bool {
        self.url == other.url && self.size_bytes == other.size_bytes && self.sha256 == other.sha256
    }
}

/// The version of the code: that of the record, else the one that a person has named, else that of the workspace (on the
/// VM: of the checkout).
pub(crate) fn code(workspace: &Workspace, record: Option<&Record>, named: Option<ReleaseVersion>) -> Expected<Code> {
    if let Some(version) = named {
        return Ok((version, EXPECT.to_owned()));
    }
    if let Some(record) = record {
        return Ok((record.version, "the record".to_owned()));
    }
    let not_known = |error: NoVersion| NotKnown { because: error.because().to_owned(), fix: Fix::command("nexy-version check") };
    let version = version_file::read(workspace).map_err(not_known)?;
    Ok((version, workspace.target.layout.version_file.clone()))
}

/// Where a version stands that a person has named.
const EXPECT: &str = "--expect";

/// The manifest: what the record has published, else the manifests of the workspace, which must agree. The version that a
/// person has named stands above theirs.
pub(crate) fn manifest(workspace: &Workspace, record: Option<&Record>, named: Option<ReleaseVersion>) -> Expected<Manifest> {
    let manifest = match record {
        Some(record) if !record.manifests.is_empty() => {
            let feed = workspace.target.feed_artifact().map(|row| row.name.as_str()).unwrap_or_default();
            of_record(record, feed)
        }
        _ => {
            let found = manifests::read_all(workspace)
                .map_err(|error| NotKnown { because: error.to_string(), fix: Fix::command("nexy-manifest check") })?;
            of_workspace(&found)
        }
    }?;
    Ok(match named {
        Some(version) => Manifest { version, origin: format!("{EXPECT}, the bytes from {}", manifest.origin), ..manifest },
        None => manifest,
    })
}

/// Downloads that must hold exactly these bytes: those of the record, and the one of the manifest. One URL stands there
/// twice when record and manifest contradict each other.
pub(crate) fn downloads(record: Option<&Record>, manifest: &Expected<Manifest>) -> Expected<Vec<Manifest>> {
    let of_artifacts = |record: &Record| record.artifacts.iter().filter_map(|row| of_artifact(row, record.version)).collect();
    let mut downloads: Vec<Manifest> = record.map(of_artifacts).unwrap_or_default();
    let of_record = !downloads.is_empty() && record.is_some_and(|record| record.manifests.is_empty());
    match manifest {
        Ok(manifest) if !downloads.iter().any(|download| download.is_of_the_bytes_of(manifest)) => downloads.push(manifest.clone()),
        Ok(_) => {}
        // A package alone leaves the manifests as they are, so they are nothing that this record must answer for.
        Err(_) if of_record => {}
        Err(not_known) => return Err(not_known.clone()),
    }
    Ok(downloads)
}

fn of_artifact(artifact: &Artifact, version: ReleaseVersion) -> Option<Manifest> {
    let Live { url, size_bytes, sha256, .. } = artifact.live.as_ref()?;
    Some(Manifest { version, url: url.clone(), size_bytes: *size_bytes, sha256: *sha256, origin: "the record".to_owned() })
}

fn of_record(record: &Record, feed: &str) -> Expected<Manifest> {
    let not_known = |because: String| {
        Err(NotKnown { because, fix: Fix::note("start again from `nexy-version record`, up to `nexy-manifest write -`") })
    };
    let Some(version) = record.manifests.first().map(|manifest| manifest.version) else {
        return not_known("the record names no manifest".to_owned());
    };
    if let Some(other) = record.manifests.iter().find(|manifest| manifest.version != version) {
        return not_known(format!("the record names manifests of {version} and of {}", other.version));
    }
    let artifact = record.artifacts.iter().find(|artifact| artifact.name == feed);
    match artifact.and_then(|artifact| of_artifact(artifact, version)) {
        Some(live) => Ok(live),
        None => not_known(format!("the record names manifests, but not what is live as {feed}")),
    }
}

fn of_workspace(found: &[FoundManifest]) -> Expected<Manifest> {
    let not_known = |because: String| Err(NotKnown { because, fix: Fix::command("nexy-manifest check") });
    let mut read: Vec<(&str, ManifestFacts)> = Vec::new();
    for FoundManifest { path, bytes } in found {
        let Some(bytes) = bytes else {
            return not_known(format!("there is no {path}"));
        };
        match ManifestFacts::read(bytes) {
            Ok(facts) => read.push((path, facts)),
            Err(error) => return not_known(format!("{path} {error}")),
        }
    }
    let Some((path, facts)) = read.first() else {
        return not_known("nexy.toml names no manifest folder".to_owned());
    };
    if let Some((other, _)) = read.iter().find(|(_, other)| other != facts) {
        return not_known(format!("{path} and {other} contradict each other"));
    }
    Ok(Manifest {
        version: facts.version,
        url: facts.url.clone(),
        size_bytes: facts.size_bytes,
        sha256: facts.sha256,
        origin: (*path).to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHA: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    fn found(path: &str, version: &str) -> FoundManifest {
        let text = format!(
            r#"{{"version":"{version}","build":"{version}","artifact":{{"type":"dmg","url":"https://h/Nexy.dmg","size":7,"sha256":"{SHA}"}}}}"#
        );
        FoundManifest { path: path.to_owned(), bytes: Some(text.into_bytes()) }
    }

    #[test]
    fn the_manifests_of_the_workspace_count_when_they_agree() {
        let manifest = of_workspace(&[found("a", "2.0.0.3"), found("b", "2.0.0.3")]).expect("they agree");
        assert_eq!((manifest.version.to_string().as_str(), manifest.size_bytes, manifest.origin.as_str()), ("2.0.0.3", 7, "a"));
    }

    #[test]
    fn manifests_that_are_missing_broken_or_different_say_nothing() {
        let none = FoundManifest { path: "b".to_owned(), bytes: None };
        let broken = FoundManifest { path: "b".to_owned(), bytes: Some(b"{".to_vec()) };
        for (second, because) in [(none, "there is no b"), (broken, "b is no JSON"), (found("b", "2.0.0.4"), "a and b contradict")] {
            let not_known = of_workspace(&[found("a", "2.0.0.3"), second]).expect_err(because);
            assert!(not_known.because.contains(because), "{}", not_known.because);
            assert_eq!(not_known.fix, Fix::command("nexy-manifest check"));
        }
        assert!(of_workspace(&[]).is_err());
    }
}
