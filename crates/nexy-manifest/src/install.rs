//! The story of `install`, on the VM: puts a manifest into the checkout, and reads what the update server announces then.

use crate::{
    place::{self, Placed},
    served_feed, transaction,
};
use nexy_contract::{
    Exit, Fix, Problem,
    delivery::{Delivery, SCHEMA},
    manifest::ManifestFacts,
};
use nexy_outside::{
    Common, Workspace, clock,
    frame::{options, stdio},
    fs::files,
    net::public_length,
};
use std::path::Path;

pub(crate) fn run(workspace: &Workspace, manifest: &Path, common: &Common) -> Result<Exit, Problem> {
    let text = files::read_text(manifest, transaction::MAX_BYTES).map_err(|error| error.problem(Exit::CouldNotLook, deliver_again()))?;
    let facts = judge(workspace, manifest, &text)?;
    if !workspace.root.is_dir() {
        let because = format!("the checkout {} does not exist", workspace.root.display());
        let fix = Fix::note("deploy the code first (S3 §2.3), or correct vm.checkout in nexy.toml");
        return Err(Problem::new(Exit::CouldNotLook, "cannot install the manifest", because, fix));
    }
    let changed = match place::with_owners_rights(workspace, &text, &facts, common)? {
        Placed::Done { changed } => changed,
        Placed::Stopped(exit) => return Ok(exit),
    };
    let files = place::read_back(workspace, &text, &facts)?;
    let served = served_feed::read(workspace, &facts)?;
    let delivery = Delivery {
        schema: SCHEMA.to_owned(),
        at: clock::now(),
        version: facts.version,
        changed,
        files,
        served_version: served.version,
        served_length: served.length_bytes,
    };
    match stdio::write_document(options::json(&delivery)?.as_bytes()) {
        Ok(()) => Ok(Exit::Yes),
        Err(problem) if delivery.changed => Err(Problem::new(
            Exit::NeedsPerson,
            format!("the manifest of {} is installed, but the answer was not delivered", facts.version),
            problem.because,
            deliver_again().then_note("what is installed already stays"),
        )),
        Err(problem) => Err(problem),
    }
}

fn deliver_again() -> Fix {
    Fix::note("deliver it again on the laptop, with the release record on standard input:").then_command("scripts/manifest_to_vm.sh -")
}

/// Refuses a manifest that clients could not follow: it must be correct in itself, name the fixed URL, and have the length that
/// the URL serves now.
fn judge(workspace: &Workspace, path: &Path, text: &str) -> Result<ManifestFacts, Problem> {
    let refuse = |because: String| {
        let fix = Fix::note("write and deliver it again on the laptop, with the release record on standard input:")
            .then_command("nexy-manifest write - | scripts/manifest_to_vm.sh -");
        Problem::new(Exit::No, format!("{} is not installed", path.display()), because, fix)
    };
    let facts = ManifestFacts::read(text).map_err(|error| refuse(error.to_string()))?;
    let row = workspace.target.feed_artifact().ok_or_else(|| {
        let fix = Fix::note("correct nexy.toml");
        Problem::new(Exit::BadTarget, "no manifest is installed", "nexy.toml has no artifact with `feed = true`", fix)
    })?;
    let url = workspace.target.public_url(row);
    if facts.url != url || facts.kind != row.kind.word() {
        return Err(refuse(format!("it sends clients to {} ({}), nexy.toml says {url} ({})", facts.url, facts.kind, row.kind.word())));
    }
    let length = public_length::length(&workspace.target, row)?;
    if length != facts.size_bytes {
        return Err(refuse(format!("it announces {} bytes, {url} serves {length}", facts.size_bytes)));
    }
    Ok(facts)
}
