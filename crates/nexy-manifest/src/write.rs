//! The story of `write`: writes the workspace's manifests from what the record says is live, and from nothing else (S2 §4.1).

use crate::{
    cli::TOOL,
    difference,
    transaction::{self, Changes},
};
use nexy_contract::{
    Exit, Fix, Problem, Record, Sha256Digest, Target,
    manifest::{self, ManifestFacts, Move, rule::Rule},
    record::{Artifact, ManifestFile, ROLLBACK, Reader},
    target_file::ArtifactRow,
    text::shell_word,
};
use nexy_outside::{
    Common, Workspace, clock,
    frame::manifests,
    frame::{
        record_io::{self, ActionOutcome},
        version_file,
    },
    fs::files,
    net::{live_asset, token},
};

pub(crate) const BY: &str = "nexy-manifest write";

pub(crate) fn run(workspace: &Workspace, dry_run: bool, common: &Common) -> Result<Exit, Problem> {
    let reader = if dry_run { Reader::Plans(BY) } else { Reader::Acts(BY) };
    record_io::act(TOOL, reader, workspace, common, |record| {
        write(workspace, record, dry_run, common).unwrap_or_else(|problem| {
            let acted = matches!(problem.exit, Exit::PutBack | Exit::NeedsPerson);
            ActionOutcome::failed(&problem, acted)
        })
    })
}

fn write(workspace: &Workspace, record: &mut Record, dry_run: bool, common: &Common) -> Result<ActionOutcome, Problem> {
    let target = &workspace.target;
    let back = is_rollback(record)?;
    // After a rollback VERSION still names the rolled-back version.
    if !back {
        version_file::ensure_is(workspace, record.version)?;
    }
    let Some(row) = target.feed_artifact() else {
        return Err(refused("nexy.toml has no artifact with `feed = true`", Fix::note("correct nexy.toml")).ending(Exit::BadTarget));
    };
    let Some(artifact) = record.artifacts.iter().find(|artifact| artifact.name == row.name) else {
        return Ok(ActionOutcome::done(format!("the manifest stays as it is: {} was not part of this release", row.name), false));
    };
    let is_planned = record.last_swap().is_some_and(|swap| !swap.planned.is_empty());
    if is_planned && back {
        let planned = vec!["write the manifest of the file that the rollback gives back".to_owned()];
        return Ok(ActionOutcome { planned, ..ActionOutcome::done(NOT_WRITTEN, false) });
    }
    let facts = if is_planned { facts_to_be(record, artifact, row, target) } else { facts(record, artifact, row, target)? };
    if !is_planned {
        ensure_served(workspace, row, &facts, common)?;
    }
    // The lock keeps the manifests unchanged between reading and writing them.
    let lock = if dry_run { None } else { Some(transaction::lock(workspace)?) };
    let old = current(workspace, &facts, back)?;
    let text = manifest::next(old.as_deref(), &facts, &target.manifest_defaults, clock::now()).map_err(|error| {
        let fix = Fix::note("restore the manifest from git, then run the same command again");
        Problem::new(Exit::No, "cannot change the manifest", error.to_string(), fix)
    })?;
    if let Some(fault) = Rule::new(target, &facts.url, row.kind.word(), clock::now()).faults(text.as_bytes()).into_iter().next() {
        return Err(refused(fault.said, Fix::note("correct nexy.toml, or that field by hand; then run the same command again")));
    }
    let Some(lock) = lock else {
        let planned = plan(&transaction::changes(workspace, &text, facts.version)?, &text, &facts);
        return Ok(ActionOutcome { planned, ..ActionOutcome::done(NOT_WRITTEN, false) });
    };
    let written = transaction::replace_all(workspace, &lock, &text, facts.version)?;
    let Changes { replaced, removed } = &written.changes;
    for change in replaced {
        common.note(&format!("Manifest updated at {}", workspace.path(&change.path).display()));
    }
    for change in removed {
        common.note(&format!("removed the older copy {}", change.path));
    }
    record.manifests = written
        .files
        .iter()
        .filter(|(path, _)| path.ends_with("/manifest.json"))
        .map(|(path, sha256)| ManifestFile { path: path.clone(), sha256: *sha256, version: facts.version, delivered: None, window_s: None })
        .collect();
    let changed = !written.changes.is_empty();
    let verb = if changed { "wrote" } else { "nothing to change:" };
    let mut message = format!("{verb} {} manifest files at version {}", written.files.len(), facts.version);
    if let Some(before) =
        old.and_then(|text| ManifestFacts::read(&text).ok()).map(|read| read.version).filter(|before| *before > facts.version)
    {
        message += &format!("; clients that already have {before} stay there until a higher version comes");
    }
    let done = ActionOutcome::done(message, changed);
    Ok(ActionOutcome { next: Fix::note("deliver them to the VM:").then_command("scripts/manifest_to_vm.sh -"), ..done })
}

const NOT_WRITTEN: &str = "dry run: nothing was written";

/// What would be done, file by file; a file that would be new says nothing of what it says.
fn plan(changes: &Changes, text: &str, facts: &ManifestFacts) -> Vec<String> {
    let replace = |change: &transaction::Change| match change.old() {
        Ok(Some(old)) => format!("change {}: {}", change.path, difference::between(&old, text.as_bytes())),
        _ => format!("write {} at version {}", change.path, facts.version),
    };
    let remove = |change: &transaction::Change| format!("remove {}", change.path);
    let planned: Vec<String> = changes.replaced.iter().map(replace).chain(changes.removed.iter().map(remove)).collect();
    if planned.is_empty() { vec![format!("leave the manifests as they are, at version {}", facts.version)] } else { planned }
}

/// Refuses what the public URL does not serve now.
fn ensure_served(workspace: &Workspace, row: &ArtifactRow, facts: &ManifestFacts, common: &Common) -> Result<(), Problem> {
    let target = &workspace.target;
    let announced = live_asset::length(target, row)?;
    let changed = || Fix::note("the channel has changed meanwhile: look at it, then publish again:").then_command("nexy-publish show");
    if announced != facts.size_bytes {
        return Err(refused(format!("{} serves {announced} bytes now, the record says {}", facts.url, facts.size_bytes), changed()));
    }
    let asset = live_asset::listed(target, row, token::find(target).ok().map(|token| token.secret)).ok().flatten();
    let served = live_asset::digest(target, row, announced, asset.as_ref(), common)?;
    if served != facts.sha256 {
        return Err(refused(format!("{} serves the bytes {served}, the record says {}", facts.url, facts.sha256), changed()));
    }
    Ok(())
}

/// Whether the record comes from a rollback.
fn is_rollback(record: &Record) -> Result<bool, Problem> {
    match record.last_swap() {
        Some(outcome) => Ok(outcome.by == ROLLBACK),
        None => {
            let fix = Fix::note("publish first, with `nexy-publish -` before this command in the pipeline");
            Err(refused("the record holds no publication", fix))
        }
    }
}

fn refused(because: impl Into<String>, fix: Fix) -> Problem {
    Problem::new(Exit::No, "no manifest is written", because, fix)
}

/// The signature of these bytes, when the publication has verified it with a key that nexy.toml still names.
fn confirmed_signature(record: &Record, row: &ArtifactRow, sha256: Sha256Digest, keys: &[String]) -> String {
    let carried = record.signature(&row.name, sha256);
    carried
        .filter(|carried| carried.confirmed_by.as_ref().is_some_and(|key| keys.contains(key)))
        .map(|carried| carried.ed25519)
        .unwrap_or_default()
}

/// What the record says is live as the artifact of the feed.
fn facts(record: &Record, artifact: &Artifact, row: &ArtifactRow, target: &Target) -> Result<ManifestFacts, Problem> {
    let refuse = |because: String| {
        let again = "nexy-version record | nexy-gate before-publish - | nexy-publish - | nexy-manifest write -";
        refused(because, Fix::note("publish again:").then_command(again))
    };
    let live = artifact.live.as_ref().ok_or_else(|| refuse(format!("the record does not say what is live as {}", row.name)))?;
    if live.sha256 != artifact.sha256 || live.size_bytes != artifact.size_bytes {
        let (is, was) = (live.sha256.short(), artifact.sha256.short());
        return Err(refuse(format!("what is live as {} ({is}) is not what left the inbox ({was})", row.name)));
    }
    let url = target.public_url(row);
    if live.url != url {
        return Err(refuse(format!("the record says {} is live at {}, nexy.toml says {url}", row.name, live.url)));
    }
    let ed25519 = confirmed_signature(record, row, live.sha256, &target.signature.public_keys);
    Ok(ManifestFacts { ed25519, ..facts_to_be(record, artifact, row, target) })
}

/// What a publication that was only planned would make live, if it confirms the signature beside it.
fn facts_to_be(record: &Record, artifact: &Artifact, row: &ArtifactRow, target: &Target) -> ManifestFacts {
    let keys = &target.signature.public_keys;
    let carried = record.signature(&row.name, artifact.sha256).filter(|_| !keys.is_empty());
    ManifestFacts {
        version: record.version,
        url: target.public_url(row),
        size_bytes: artifact.size_bytes,
        sha256: artifact.sha256,
        kind: row.kind.word().to_owned(),
        ed25519: carried.map(|carried| carried.ed25519).unwrap_or_default(),
    }
}

/// The text to start from: the first manifest that exists. Writing repairs manifests that differ, but the version rule must hold
/// for each of them, because clients may have got any, and they may have changed since the gates looked.
fn current(workspace: &Workspace, facts: &ManifestFacts, back: bool) -> Result<Option<String>, Problem> {
    let found = manifests::read_all(workspace).map_err(|error: files::FileError| {
        error.problem(Exit::CouldNotLook, Fix::note("make it readable, then run the same command again"))
    })?;
    for (path, bytes) in found.iter().filter_map(|manifest| Some((&manifest.path, manifest.bytes.as_deref()?))) {
        let read = ManifestFacts::read(bytes).map_err(|error| {
            let fix = Fix::note("restore the manifest from git, then run the same command again:")
                .then_command(format!("git log -p -- {}", shell_word(path)));
            Problem::new(Exit::No, format!("cannot change the manifest {path}"), error.to_string(), fix)
        })?;
        let moved = ManifestFacts::judge_move(Some(&read), facts.version, facts.sha256);
        if back && matches!(moved, Move::Backward(_)) {
            continue;
        }
        if let Some(because) = moved.refusal(facts.version) {
            let fix = Fix::note("give the release a version above the manifest's, build it, and publish again:");
            return Err(refused(format!("{path}: {because}"), fix.then_command("nexy-version set X.Y.Z.W")));
        }
    }
    // What was read as a manifest is UTF-8.
    Ok(found.into_iter().find_map(|manifest| String::from_utf8(manifest.bytes?).ok()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use nexy_contract::{ReleaseVersion, signature::Carried};

    #[test]
    fn a_signature_goes_on_only_for_these_bytes_and_with_a_key_that_has_confirmed_it() {
        let target = Target::parse(include_str!("../../../nexy.toml")).expect("the committed nexy.toml");
        let row = target.feed_artifact().expect("an artifact of the feed");
        let (bytes, others) = (Sha256Digest::of(b"bytes"), Sha256Digest::of(b"others"));
        for (sha256, confirmed_by, keys, goes_on) in [
            (bytes, Some("key"), &["key"][..], true),
            (bytes, Some("key"), &["new", "key"], true),
            (bytes, Some("old"), &["key"], false),
            (bytes, Some("key"), &[], false),
            (bytes, None, &["key"], false),
            (bytes, None, &[], false),
            (others, Some("key"), &["key"], false),
        ] {
            let mut record = Record::new(ReleaseVersion::new([2, 0, 0, 4]), target.identity(others), Vec::new());
            let carried = Carried { ed25519: "signature".to_owned(), sha256, confirmed_by: confirmed_by.map(str::to_owned) };
            record.set_signature(&row.name, Some(&carried));
            let keys: Vec<String> = keys.iter().map(ToString::to_string).collect();
            let signature = confirmed_signature(&record, row, bytes, &keys);
            assert_eq!(signature, if goes_on { "signature" } else { "" }, "{confirmed_by:?} {keys:?}");
        }
    }
}
