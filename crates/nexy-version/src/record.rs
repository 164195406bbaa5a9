//! The story of `record`: begins a release record with version, target and the hashed artifacts of the inbox.

use crate::cli::Kind;
use nexy_contract::{
    Exit, Fix, Problem, Record,
    record::{self, Artifact},
    signature::{self, Carried},
};
use nexy_outside::{
    Workspace,
    frame::{options, stdio, version_file},
    fs::files::{self, OpenArtifact},
};

/// A signature is one short line.
const MAX_SIGNATURE_BYTES: u64 = 4096;

pub(crate) fn run(workspace: &Workspace, kind: Kind) -> Result<Exit, Problem> {
    let version = version_file::must_read(workspace)?;
    let artifacts = if kind == Kind::ServerOnly { Vec::new() } else { artifacts(workspace)? };
    let mut record = Record::new(version, workspace.target.identity(workspace.target_sha256), artifacts);
    record.kind = match kind {
        Kind::Release => record::Kind::Release,
        Kind::Update => record::Kind::Update,
        Kind::ServerOnly => record::Kind::ServerOnly,
    };
    for artifact in record.artifacts.clone() {
        let carried = signature_beside(workspace, &artifact)?;
        record.set_signature(&artifact.name, carried.as_ref());
    }
    let document = options::json(&record)?;
    stdio::write_document(document.as_bytes())?;
    Ok(Exit::Yes)
}

/// The signature beside an artifact, unverified: the publication verifies it.
fn signature_beside(workspace: &Workspace, artifact: &Artifact) -> Result<Option<Carried>, Problem> {
    for suffix in signature::SUFFIXES {
        let path = workspace.path(&workspace.target.layout.inbox).join(format!("{}{suffix}", artifact.name));
        let text = files::read_text_if_there(&path, MAX_SIGNATURE_BYTES).map_err(|error| {
            error.problem(
                Exit::CouldNotLook,
                Fix::note("put the signature itself there, or delete the file; then run the same command again"),
            )
        })?;
        // Any other content stays beside the artifact; the publication reads it too, and says what is wrong with it.
        if let Some(ed25519) = text.map(|text| text.trim().to_owned()).filter(|text| signature::signature(text).is_some()) {
            return Ok(Some(Carried { ed25519, sha256: artifact.sha256, confirmed_by: None }));
        }
    }
    Ok(None)
}

/// The artifacts of nexy.toml that are in the inbox. The gate `release-inbox` judges an empty inbox, and explains it.
fn artifacts(workspace: &Workspace) -> Result<Vec<Artifact>, Problem> {
    let mut artifacts = Vec::new();
    for row in &workspace.target.artifacts {
        let path = workspace.path(&workspace.target.layout.inbox).join(&row.name);
        let opened = match OpenArtifact::open(&path) {
            Ok(opened) => Ok(opened),
            Err(error) if error.is_missing() => continue,
            Err(error) => Err(error),
        };
        let hashed = opened.and_then(|mut artifact| Ok((artifact.size_bytes, artifact.hash()?)));
        let (size_bytes, sha256) = hashed.map_err(|error| {
            error.problem(
                Exit::CouldNotLook,
                Fix::note(format!("put the finished file itself at {}, readable, then run the same command again", path.display())),
            )
        })?;
        artifacts.push(Artifact { name: row.name.clone(), channel: row.channel.clone(), size_bytes, sha256, live: None });
    }
    Ok(artifacts)
}
