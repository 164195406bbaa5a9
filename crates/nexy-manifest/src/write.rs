//! `write`: the workspace's manifests, from what the record says is live and from nothing else (S2 §4.1).

use crate::transaction;
use nexy_contract::{
    Exit, Fix, Problem, Record, Sha256Digest,
    manifest::{self, ManifestFacts, Move},
    record::{ManifestFile, PUBLICATION, ROLLBACK},
    target::ArtifactRow,
    text::shell_word,
};
use nexy_outside::{
    Common, Workspace,
    acting::{self, Deed},
    clock, files, live, manifests, owned_version,
};

pub(crate) const TOOL: &str = "nexy-manifest";
pub(crate) const BY: &str = "nexy-manifest write";

pub(crate) fn run(workspace: &Workspace, dry_run: bool, common: &Common) -> Result<Exit, Problem> {
    acting::act(TOOL, BY, workspace, common, |record| {
        write(workspace, record, dry_run, common).unwrap_or_else(|problem| {
            let acted = matches!(problem.exit, Exit::PutBack | Exit::NeedsPerson);
            Deed::failed(&problem, acted)
        })
    })
}

fn write(workspace: &Workspace, record: &mut Record, dry_run: bool, common: &Common) -> Result<Deed, Problem> {
    let target = &workspace.target;
    let back = is_rollback(record)?;
    // After a rollback the workspace is still at the version that was taken back.
    if !back {
        owned_version::must_be(workspace, record.version)?;
    }
    let Some(row) = target.feed_artifact() else {
        return Err(Problem::new(
            Exit::BadTarget,
            "no manifest is written",
            "nexy.toml has no artifact with `feed = true`",
            "correct nexy.toml",
        ));
    };
    let Some(facts) = facts(record, row, &target.public_url(row), &target.signature.public_keys)? else {
        return Ok(Deed::done(format!("the manifest stays as it is: {} was not part of this release", row.name), false));
    };
    let announced = live::length(target, row)?;
    if announced != facts.size_bytes {
        return Err(Problem::new(
            Exit::No,
            "no manifest is written",
            format!("{} serves {announced} bytes now, the record says {}", facts.url, facts.size_bytes),
            "somebody changed the channel meanwhile: nexy-publish show, then publish again",
        ));
    }
    // Nobody may change between the look and the writing what the new text is made from.
    let lock = if dry_run { None } else { Some(transaction::lock(workspace)?) };
    let old = current(workspace, &facts, back)?;
    let text = manifest::next(old.as_deref(), &facts, &target.manifest_defaults, clock::now()).map_err(|error| {
        Problem::new(
            Exit::No,
            "cannot change the manifest",
            error.to_string(),
            "restore the manifest from git, then run the same command again",
        )
    })?;
    let Some(lock) = lock else {
        let planned = target
            .layout
            .manifest_dirs
            .iter()
            .map(|folder| format!("write version {} into {folder}/manifest.json and its versioned copy", facts.version))
            .collect();
        return Ok(Deed { planned, ..Deed::done("dry run: nothing was written", false) });
    };
    let written = transaction::replace_all(workspace, &lock, &text, facts.version)?;
    for path in &written.replaced {
        common.note(&format!("Manifest updated at {}", path.display()));
    }
    for path in &written.removed {
        common.note(&format!("removed the older copy {path}"));
    }
    record.manifests = written
        .files
        .iter()
        .filter(|(path, _)| path.ends_with("/manifest.json"))
        .map(|(path, sha256)| ManifestFile { path: path.clone(), sha256: *sha256, version: facts.version, delivered: None, window_s: None })
        .collect();
    let verb = if written.changed() { "wrote" } else { "nothing to change:" };
    let mut message = format!("{verb} {} manifest files at version {}", written.files.len(), facts.version);
    if let Some(before) =
        old.and_then(|text| ManifestFacts::read(&text).ok()).map(|read| read.version).filter(|before| *before > facts.version)
    {
        message += &format!("; clients that already have {before} stay there until a higher version comes");
    }
    let deed = Deed::done(message, written.changed());
    Ok(Deed { next: Fix::note("deliver them to the VM:").then_command("scripts/manifest_to_vm.sh -"), ..deed })
}

/// Whether what the record says is live is what users were taken back to.
fn is_rollback(record: &Record) -> Result<bool, Problem> {
    match record.outcomes.iter().rev().find(|outcome| [PUBLICATION, ROLLBACK].contains(&outcome.by.as_str())) {
        Some(outcome) => Ok(outcome.by == ROLLBACK),
        None => Err(Problem::new(
            Exit::No,
            "no manifest is written",
            "the record holds no publication",
            "publish first: … | nexy-publish - | nexy-manifest write -",
        )),
    }
}

/// The signature of these bytes, when the publication has checked it against a key that still counts; one of other bytes is
/// none.
fn confirmed_signature(record: &Record, row: &ArtifactRow, sha256: Sha256Digest, keys: &[String]) -> String {
    let carried = record.signature(&row.name, sha256);
    carried
        .filter(|carried| carried.confirmed_by.as_ref().is_some_and(|key| keys.contains(key)))
        .map(|carried| carried.ed25519)
        .unwrap_or_default()
}

/// What the record says is live under the feed's name; `None` when that artifact is not part of the release.
fn facts(record: &Record, row: &ArtifactRow, url: &str, keys: &[String]) -> Result<Option<ManifestFacts>, Problem> {
    let Some(artifact) = record.artifacts.iter().find(|artifact| artifact.name == row.name) else {
        return Ok(None);
    };
    let refuse = |because: String| {
        Problem::new(
            Exit::No,
            "no manifest is written",
            because,
            "publish again: nexy-version record | nexy-gate before-publish - | nexy-publish - | nexy-manifest write -",
        )
    };
    let live = artifact.live.as_ref().ok_or_else(|| refuse(format!("the record does not say what is live as {}", row.name)))?;
    if live.sha256 != artifact.sha256 || live.size_bytes != artifact.size_bytes {
        return Err(refuse(format!(
            "what is live as {} ({}) is not what left the inbox ({})",
            row.name,
            live.sha256.short(),
            artifact.sha256.short()
        )));
    }
    let signature = confirmed_signature(record, row, live.sha256, keys);
    if live.url != url {
        return Err(refuse(format!("the record says {} is live at {}, nexy.toml says {url}", row.name, live.url)));
    }
    Ok(Some(ManifestFacts {
        version: record.version,
        url: live.url.clone(),
        size_bytes: live.size_bytes,
        sha256: live.sha256,
        kind: row.kind.word().to_owned(),
        ed25519: signature,
    }))
}

/// The text to start from: the first manifest that is there. A torn pair is mended by writing both, but the version rule
/// must hold for every one that clients may have got, since it may have moved after the gates looked.
fn current(workspace: &Workspace, facts: &ManifestFacts, back: bool) -> Result<Option<String>, Problem> {
    let found = manifests::read_all(workspace)
        .map_err(|error: files::FileError| error.problem(Exit::CouldNotLook, "make it readable, then run the same command again"))?;
    for (path, text) in found.iter().filter_map(|manifest| Some((&manifest.path, manifest.text.as_deref()?))) {
        let read = ManifestFacts::read(text).map_err(|error| {
            Problem::new(
                Exit::No,
                format!("cannot change the manifest {path}"),
                error.to_string(),
                format!("restore the manifest (git log -p -- {}), then run the same command again", shell_word(path)),
            )
        })?;
        let moved = ManifestFacts::judge_move(Some(&read), facts.version, facts.sha256);
        if back && matches!(moved, Move::Backward { .. }) {
            continue;
        }
        if let Some(because) = moved.refusal(facts.version) {
            return Err(Problem::new(
                Exit::No,
                "no manifest is written",
                format!("{path}: {because}"),
                "give the release a version above the manifest's: nexy-version set X.Y.Z.W, build it, and publish again",
            ));
        }
    }
    Ok(found.into_iter().find_map(|manifest| manifest.text))
}
