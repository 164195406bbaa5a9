//! The story of `show`: prints what the manifests say, and judges nothing.

use nexy_contract::{Exit, Fix, Problem, ReleaseVersion, Sha256Digest, manifest::ManifestFacts};
use nexy_outside::{
    Common, Format, Workspace,
    frame::manifests,
    frame::{options, stdio},
};
use serde::Serialize;

#[derive(Serialize)]
struct Shown {
    path: String,
    /// Digest of the file itself, which tells whether a delivery has arrived.
    #[serde(skip_serializing_if = "Option::is_none")]
    file_sha256: Option<Sha256Digest>,
    #[serde(skip_serializing_if = "Option::is_none")]
    says: Option<Facts>,
    #[serde(skip_serializing_if = "Option::is_none")]
    wrong: Option<String>,
}

#[derive(Serialize)]
struct Facts {
    version: ReleaseVersion,
    url: String,
    size_bytes: u64,
    sha256: Sha256Digest,
    signed: bool,
}

pub(crate) fn run(workspace: &Workspace, common: &Common) -> Result<Exit, Problem> {
    let found = manifests::read_all(workspace)
        .map_err(|error| error.problem(Exit::CouldNotLook, Fix::note("make it readable, then run the same command again")))?;
    let shown: Vec<Shown> = found
        .into_iter()
        .map(|manifest| {
            let file_sha256 = manifest.bytes.as_deref().map(Sha256Digest::of);
            let (says, wrong) = match manifest.bytes.as_deref().map(ManifestFacts::read) {
                None => (None, Some("it does not exist".to_owned())),
                Some(Err(error)) => (None, Some(error.to_string())),
                Some(Ok(facts)) => (Some(says(facts)), None),
            };
            Shown { path: manifest.path, file_sha256, says, wrong }
        })
        .collect();
    let exit = if shown.iter().all(|manifest| manifest.says.is_some()) { Exit::Yes } else { Exit::No };
    let document = match common.format()? {
        Format::Json => options::json(&shown)?,
        Format::Text | Format::Tap => shown.iter().map(line).collect(),
    };
    stdio::write_document(document.as_bytes())?;
    Ok(exit)
}

fn says(facts: ManifestFacts) -> Facts {
    Facts { version: facts.version, url: facts.url, size_bytes: facts.size_bytes, sha256: facts.sha256, signed: !facts.ed25519.is_empty() }
}

fn line(manifest: &Shown) -> String {
    match &manifest.says {
        Some(facts) => {
            format!("{}\n  {}  {} bytes  sha256 {}\n  {}\n", manifest.path, facts.version, facts.size_bytes, facts.sha256, facts.url)
        }
        None => format!("{}\n  {}\n", manifest.path, manifest.wrong.clone().unwrap_or_default()),
    }
}
