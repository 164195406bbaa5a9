//! `install`, on the VM: a manifest into the checkout, and what the running update server makes of it.

use crate::{answer, transaction};
use nexy_contract::{
    Exit, Problem,
    delivery::{DeliveredFile, Delivery, SCHEMA},
    manifest::ManifestFacts,
};
use nexy_outside::{Common, Workspace, cli, clock, files, live, stdio};
use std::path::Path;

pub(crate) fn run(workspace: &Workspace, manifest: &Path, common: &Common) -> Result<Exit, Problem> {
    let text = files::read_text(manifest, transaction::MAX_BYTES)
        .map_err(|error| error.problem(Exit::CouldNotLook, "deliver it again: scripts/manifest_to_vm.sh -"))?;
    let facts = judge(workspace, manifest, &text)?;
    if !workspace.root.is_dir() {
        return Err(Problem::new(
            Exit::CouldNotLook,
            "cannot install the manifest",
            format!("the checkout {} does not exist", workspace.root.display()),
            "deploy the code first (S3 §2.3), or correct vm.checkout in nexy.toml",
        ));
    }
    let lock = transaction::lock(workspace)?;
    let written = transaction::replace_all(workspace, &lock, &text, facts.version)?;
    for path in &written.replaced {
        common.note(&format!("Manifest updated at {}", path.display()));
    }
    let served = answer::ask(workspace, &facts)?;
    let delivery = Delivery {
        schema: SCHEMA.to_owned(),
        at: clock::now(),
        version: facts.version,
        changed: written.changed(),
        files: written.files.into_iter().map(|(path, sha256)| DeliveredFile { path, sha256 }).collect(),
        served_version: served.version,
        served_length: served.length,
    };
    match stdio::write_document(cli::json(&delivery)?.as_bytes()) {
        Ok(()) => Ok(Exit::Yes),
        Err(problem) if delivery.changed => Err(Problem::new(
            Exit::NeedsPerson,
            format!("the manifest of {} is installed, but the answer was not delivered", facts.version),
            problem.because,
            "deliver it again: scripts/manifest_to_vm.sh -; what is installed already stays",
        )),
        Err(problem) => Err(problem),
    }
}

/// A manifest is installed only when clients could follow it: right in itself, on the fixed URL, with the length that the
/// URL serves at this moment.
fn judge(workspace: &Workspace, path: &Path, text: &str) -> Result<ManifestFacts, Problem> {
    let refuse = |because: String| {
        Problem::new(
            Exit::No,
            format!("{} is not installed", path.display()),
            because,
            "write and deliver it again from a release record: nexy-manifest write - | scripts/manifest_to_vm.sh -",
        )
    };
    let facts = ManifestFacts::read(text).map_err(|error| refuse(error.to_string()))?;
    let row = workspace.target.feed_artifact().ok_or_else(|| {
        Problem::new(Exit::BadTarget, "no manifest is installed", "nexy.toml has no artifact with `feed = true`", "correct nexy.toml")
    })?;
    let url = workspace.target.public_url(row);
    if facts.url != url || facts.kind != row.kind.word() {
        return Err(refuse(format!("it sends clients to {} ({}), nexy.toml says {url} ({})", facts.url, facts.kind, row.kind.word())));
    }
    let length = live::length(&workspace.target, row)?;
    if length != facts.size_bytes {
        return Err(refuse(format!("it announces {} bytes, {url} serves {length}", facts.size_bytes)));
    }
    Ok(facts)
}
