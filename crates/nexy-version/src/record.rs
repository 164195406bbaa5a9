//! `record`: the birth of a release record.

use crate::places;
use nexy_contract::{Exit, Problem, record};
use nexy_outside::{Workspace, cli, files::OpenArtifact, stdio};

pub(crate) fn run(workspace: &Workspace) -> Result<Exit, Problem> {
    let version = places::current(workspace)?;
    let record = record::Record {
        schema: record::SCHEMA.to_owned(),
        version,
        tag: version.tag(),
        target: workspace.target.identity(workspace.target_sha256),
        artifacts: artifacts(workspace)?,
        manifests: Vec::new(),
        reports: Vec::new(),
        outcomes: Vec::new(),
        ext: serde_json::Map::new(),
    };
    let document = cli::json(&record)?;
    stdio::write_document(document.as_bytes())?;
    Ok(Exit::Yes)
}

/// Whatever of the artifact table lies in the inbox. An empty inbox is for the gate `release-inbox` to judge, which says
/// more about it than this tool could.
fn artifacts(workspace: &Workspace) -> Result<Vec<record::Artifact>, Problem> {
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
                format!("put the finished file itself at {}, readable, then run the same command again", path.display()),
            )
        })?;
        artifacts.push(record::Artifact { name: row.name.clone(), channel: row.channel.clone(), size_bytes, sha256, live: None });
    }
    Ok(artifacts)
}
