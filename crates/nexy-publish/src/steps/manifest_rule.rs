//! The rule of the manifests: bytes that the workspace's manifests could never announce to clients do not go live (S3 §1).

use nexy_contract::{
    Exit, Fix, Problem, Record, ReleaseVersion, Sha256Digest,
    manifest::{ManifestFacts, Move},
    text::shell_word,
};
use nexy_outside::{Workspace, frame::manifests};

/// Checks version and bytes of the record against every manifest of the workspace. The gates check the same, but with
/// `--ungated` they were perhaps not asked, and clients refuse a download that no manifest announces.
pub(crate) fn check_publication(workspace: &Workspace, record: &Record) -> Result<(), Problem> {
    let feed = workspace.target.feed_artifact();
    let Some(artifact) = record.artifacts.iter().find(|artifact| feed.is_some_and(|row| row.name == artifact.name)) else {
        return Ok(());
    };
    each(workspace, "nothing is published", |path, facts| {
        match ManifestFacts::judge_move(Some(facts), record.version, artifact.sha256).refusal(record.version) {
            Some(because) => Err(Problem::new(
                Exit::No,
                "nothing is published",
                format!("{path}: {because}"),
                Fix::note("new bytes need a version above the manifest's, and a new version needs new bytes:")
                    .then_command("nexy-version set X.Y.Z.W")
                    .then_note("build it, then run the whole pipeline again"),
            )),
            None => Ok(()),
        }
    })
}

/// Checks that the manifests can follow a rollback to this version and these bytes; a lower version is allowed here.
pub(crate) fn check_rollback(workspace: &Workspace, version: ReleaseVersion, sha256: Sha256Digest) -> Result<(), Problem> {
    each(workspace, "nothing is rolled back", |path, facts| {
        let because = match ManifestFacts::judge_move(Some(facts), version, sha256) {
            Move::First | Move::Forward(_) | Move::Same | Move::Backward(_) => return Ok(()),
            Move::SameBytesNewVersion(from) => format!("it knows these bytes as {from}, not as {version}"),
            Move::SameVersionNewBytes => format!("it knows {version} with other bytes ({})", facts.sha256.short()),
        };
        Err(Problem::new(
            Exit::No,
            "nothing is rolled back",
            format!("{path}: {because}, so no manifest could follow"),
            Fix::note("say the version of these bytes with --to-version, or go back to other bytes with --artifact FILE; look with:")
                .then_command("nexy-manifest show")
                .then_command("nexy-publish show"),
        ))
    })
}

/// Judges every manifest that exists in the workspace.
fn each(workspace: &Workspace, what: &str, judge: impl Fn(&str, &ManifestFacts) -> Result<(), Problem>) -> Result<(), Problem> {
    let found = manifests::read_all(workspace)
        .map_err(|error| error.problem(Exit::CouldNotLook, Fix::note("make it readable, then run the whole pipeline again")))?;
    for (path, text) in found.iter().filter_map(|manifest| Some((&manifest.path, manifest.bytes.as_deref()?))) {
        let facts = ManifestFacts::read(text).map_err(|error| {
            Problem::new(
                Exit::No,
                what,
                format!("{path}: {error}"),
                Fix::note("restore the manifest from git, then run the whole pipeline again:")
                    .then_command(format!("git log -p -- {}", shell_word(path))),
            )
        })?;
        judge(path, &facts)?;
    }
    Ok(())
}
