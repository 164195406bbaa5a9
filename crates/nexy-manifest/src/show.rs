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
        .map(|manifest| match manifest.bytes.as_deref().map(ManifestFacts::read) {
            None => Shown { path: manifest.path, says: None, wrong: Some("it does not exist".to_owned()) },
            Some(Err(error)) => Shown { path: manifest.path, says: None, wrong: Some(error.to_string()) },
            Some(Ok(facts)) => {
                let says = Facts {
                    version: facts.version,
                    url: facts.url,
                    size_bytes: facts.size_bytes,
                    sha256: facts.sha256,
                    signed: !facts.ed25519.is_empty(),
                };
                Shown { path: manifest.path, says: Some(says), wrong: None }
            }
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

fn line(manifest: &Shown) -> String {
    match &manifest.says {
        Some(facts) => {
            format!("{}\n  {}  {} bytes  sha256 {}\n  {}\n", manifest.path, facts.version, facts.size_bytes, facts.sha256, facts.url)
        }
        None => format!("{}\n  {}\n", manifest.path, manifest.wrong.clone().unwrap_or_default()),
    }
}
