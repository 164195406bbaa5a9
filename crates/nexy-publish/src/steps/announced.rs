//! What clients have been told so far: bytes that could never be announced to them do not go live (S3 §1).

use nexy_contract::{Exit, Problem, Record, manifest::ManifestFacts, text::shell_word};
use nexy_outside::{Workspace, manifests};

/// Holds version and bytes of the record against every manifest of the workspace. The gates have asked the same, but
/// perhaps nobody asked them, and a manifest that cannot follow would leave clients with a download that they refuse.
pub(crate) fn look(workspace: &Workspace, record: &Record) -> Result<(), Problem> {
    let feed = workspace.target.feed_artifact();
    let Some(artifact) = record.artifacts.iter().find(|artifact| feed.is_some_and(|row| row.name == artifact.name)) else {
        return Ok(());
    };
    let found = manifests::read_all(workspace)
        .map_err(|error| error.problem(Exit::CouldNotLook, "make it readable, then run the whole pipeline again"))?;
    for (path, text) in found.iter().filter_map(|manifest| Some((&manifest.path, manifest.text.as_deref()?))) {
        let facts = ManifestFacts::read(text).map_err(|error| {
            Problem::new(
                Exit::No,
                "nothing is published",
                format!("{path}: {error}"),
                format!("restore the manifest (git log -p -- {}), then run the whole pipeline again", shell_word(path)),
            )
        })?;
        if let Some(because) = ManifestFacts::judge_move(Some(&facts), record.version, artifact.sha256).refusal(record.version) {
            return Err(Problem::new(
                Exit::No,
                "nothing is published",
                format!("{path}: {because}"),
                "new bytes need a version above the manifest's (nexy-version set X.Y.Z.W, then build it), and a new version needs new bytes; then run the whole pipeline again",
            ));
        }
    }
    Ok(())
}
