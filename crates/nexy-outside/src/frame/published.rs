//! Which versions went out with which bytes, as far as a workspace knows: the records below `releases/`, and git's history of the
//! manifest.

use crate::{
    Secret, Workspace,
    fs::files,
    net::live_asset::{self, LiveAsset},
    programs::git::{Git, GitError},
};
use nexy_contract::{
    Exit, Fix, Problem, Record, Timestamp,
    manifest::{
        ManifestFacts,
        one_artifact::{self, Evidence, Known, Origin, Pair},
    },
    record::{Outcome, PUBLICATION, ROLLBACK},
    text::shell_word,
};

/// Where `make release` keeps its records.
const RELEASES: &str = "releases";
/// A record is some hundred kilobytes at most.
const MAX_RECORD_BYTES: u64 = 4 << 20;
/// A release makes about ten files.
const MAX_FILES: usize = 5000;
/// Commits of the manifest that are looked at.
const MAX_COMMITS: u32 = 200;

/// Looks at the workspace, then at the label of the live asset, unless a record proves already that this pair was delivered.
pub fn look(workspace: &Workspace, pair: Pair, of_input: Option<Known>, token: impl FnOnce() -> Option<Secret>) -> Evidence {
    let mut evidence = of_workspace(workspace);
    evidence.known.extend(of_input);
    let Some(row) = workspace.target.feed_artifact().filter(|_| !one_artifact::is_delivered(pair, &evidence.known)) else {
        return evidence;
    };
    match live_asset::listed(&workspace.target, row, token()) {
        Ok(asset) => add(&mut evidence, asset.as_ref()),
        Err(problem) => evidence.not_seen = Some(label_not_seen(&problem)),
    }
    evidence
}

/// Adds what the label of the live asset says.
pub fn add(evidence: &mut Evidence, asset: Option<&LiveAsset>) {
    let Some(LiveAsset { sha256: Some(sha256), version, .. }) = asset else { return };
    match version {
        Some(version) => evidence.known.push(Known { pair: Pair { version: *version, sha256: *sha256 }, origin: Origin::Label }),
        None => evidence.remark = Some("the label of the live asset names no version".to_owned()),
    }
}

/// That the label could not be seen, for [`Evidence::not_seen`].
pub fn label_not_seen(problem: &Problem) -> (String, Fix) {
    (format!("the label of the live asset: {}", problem.message()), problem.fix.clone())
}

/// What the workspace alone knows: every pair that was published, and what manifests in git say.
pub fn of_workspace(workspace: &Workspace) -> Evidence {
    let mut not_seen = None;
    let records = records(workspace, &mut not_seen);
    let past = history(workspace, records.iter().map(|(at, _)| *at).min());
    let look = || Fix::note("see in the workspace what git says:").then_command("git log -1");
    let refused = past.as_ref().err().filter(|_| is_here(workspace)).map(|error| (format!("the manifests of before: {error}"), look()));
    let known = records.into_iter().map(|(_, known)| known).chain(past.unwrap_or_default()).collect();
    Evidence { known, not_seen: not_seen.or(refused), ..Evidence::default() }
}

/// Whether this is a workspace, and no checkout of the VM, whose owner could have put anything there.
fn is_here(workspace: &Workspace) -> bool {
    workspace.target_path.parent() == Some(workspace.root.as_path())
}

/// What the record of a publication or rollback proves, and when that was done; nothing when it did not come to its end.
pub fn of_record(record: &Record, feed: &str, path: &str) -> Option<(Timestamp, Known)> {
    let is_done = |outcome: &&Outcome| outcome.exit == Exit::Yes && outcome.planned.is_empty();
    let by = |name| record.latest_outcome(name).filter(is_done);
    let outcome = by(ROLLBACK).or_else(|| by(PUBLICATION))?;
    let live = record.artifacts.iter().find(|artifact| artifact.name == feed)?.live.as_ref()?;
    let pair = Pair { version: record.version, sha256: live.sha256 };
    Some((outcome.at, Known { pair, origin: Origin::Record(path.to_owned()) }))
}

/// What the records prove; `not_seen` gets the first that cannot be read. What a stage that failed has left behind is no record.
fn records(workspace: &Workspace, not_seen: &mut Option<(String, Fix)>) -> Vec<(Timestamp, Known)> {
    let feed = workspace.target.feed_artifact().map(|row| row.name.as_str()).unwrap_or_default();
    let mut found = Vec::new();
    if !is_here(workspace) {
        return found;
    }
    let mut hidden = |path: &str, because: &str| {
        let look = Fix::note("put it right, or take it out of releases/:").then_command(format!("ls -l {}", shell_word(path)));
        not_seen.get_or_insert_with(|| (format!("what was published before: {path}: {because}"), look));
    };
    let mut folders = vec![RELEASES.to_owned()];
    let mut looked_at = 0;
    while let Some(folder) = folders.pop() {
        let depth = folder.matches('/').count();
        let names = match files::list(&workspace.path(&folder)) {
            Ok(names) => names.unwrap_or_default(),
            // A file beside the folders of the versions.
            Err(error) if error.source.kind() == std::io::ErrorKind::NotADirectory => continue,
            Err(error) => {
                hidden(&folder, &error.because());
                continue;
            }
        };
        for name in names {
            let path = format!("{folder}/{name}");
            looked_at += 1;
            if looked_at > MAX_FILES {
                hidden(&folder, "there are more files than are read");
                return found;
            }
            if depth > 0 && is_record(&name) {
                match files::read(&workspace.path(&path), MAX_RECORD_BYTES).map(|bytes| Record::read(&bytes)) {
                    Ok(Ok(record)) => found.extend(of_record(&record, feed, &path)),
                    Ok(Err(error)) => hidden(&path, &error.to_string()),
                    Err(error) => hidden(&path, &error.because()),
                }
            } else if depth < 2 {
                folders.push(path);
            }
        }
    }
    found
}

/// `30-publish.json`, as a stage that was done has left it.
fn is_record(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_digit()) && name.ends_with(".json") && !name.ends_with(".failed.json")
}

fn history(workspace: &Workspace, since: Option<Timestamp>) -> Result<Vec<Known>, GitError> {
    let Some(folder) = workspace.target.layout.manifest_dirs.first() else { return Ok(Vec::new()) };
    let Some(git) = Git::at(&workspace.root)? else { return Ok(Vec::new()) };
    if git.object("HEAD^{commit}")?.is_none() {
        return Ok(Vec::new());
    }
    let past = git.history(&format!("{folder}/manifest.json"), MAX_COMMITS)?;
    let mut known: Vec<Known> = Vec::new();
    for file in past {
        let Ok(facts) = ManifestFacts::read(&file.content) else { continue };
        let pair = Pair { version: facts.version, sha256: facts.sha256 };
        let is_since = since.is_some_and(|since| file.at_s >= since.as_second());
        let origin = if is_since { Origin::Told(file.commit) } else { Origin::Earlier(file.commit) };
        known.push(Known { pair, origin });
    }
    Ok(known)
}

#[cfg(test)]
mod tests {
    use super::*;
    use nexy_contract::{
        ReleaseVersion, Sha256Digest,
        record::{Artifact, Live},
        target_file::{Repositories, TargetIdentity},
    };

    fn record(outcomes: &[(&str, Exit, bool)]) -> Record {
        let sha256 = Sha256Digest::of(b"b");
        let live = Live { url: String::new(), asset_id: 1, size_bytes: 1, sha256, previous: None, changed: true, swapped_at: None };
        let artifact = Artifact { name: "A.dmg".into(), channel: "Fixed".into(), size_bytes: 1, sha256, live: Some(live) };
        let repositories = Repositories { workspace: "o/w".into(), server: "o/s".into(), artifacts: "o/a".into() };
        let target = TargetIdentity { sha256, resource_group: "group".into(), vm: "vm".into(), host: "host".into(), repositories };
        let mut record = Record::new(ReleaseVersion::new([2, 0, 0, 7]), target, vec![artifact]);
        record.outcomes = outcomes
            .iter()
            .map(|(by, exit, is_plan)| {
                let outcome = Outcome::new(by, Timestamp::UNIX_EPOCH, *exit, "");
                Outcome { planned: is_plan.then(|| "upload".to_owned()).into_iter().collect(), ..outcome }
            })
            .collect();
        record
    }

    #[test]
    fn only_bytes_that_became_live_count() {
        for (outcomes, counts) in [
            (&[(PUBLICATION, Exit::Yes, false)][..], true),
            (&[(PUBLICATION, Exit::Yes, false), ("nexy-manifest write", Exit::No, false)], true),
            (&[(ROLLBACK, Exit::Yes, false)], true),
            (&[(PUBLICATION, Exit::Yes, true)], false),
            (&[(PUBLICATION, Exit::PutBack, false)], false),
            (&[], false),
        ] {
            assert_eq!(of_record(&record(outcomes), "A.dmg", "r").is_some(), counts, "{outcomes:?}");
        }
        let mut never_live = record(&[(PUBLICATION, Exit::Yes, false)]);
        assert_eq!(of_record(&never_live, "A.pkg", "r"), None);
        never_live.artifacts[0].live = None;
        assert_eq!(of_record(&never_live, "A.dmg", "r"), None);
    }
}
