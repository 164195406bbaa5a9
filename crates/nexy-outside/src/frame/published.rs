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
    check::Answer,
    manifest::{
        ManifestFacts,
        one_artifact::{self, Known, Origin, Pair},
    },
    record::{Outcome, PUBLICATION, ROLLBACK},
};

/// Where `make release` keeps its records.
const RELEASES: &str = "releases";
/// A record is some hundred kilobytes at most.
const MAX_RECORD_BYTES: u64 = 4 << 20;
/// A release makes about ten files.
const MAX_FILES: usize = 5000;
/// Commits of the manifest that are looked at.
const MAX_COMMITS: u32 = 200;

const EXPECTED: &str = "one version for these bytes, and these bytes for this version, for ever";

/// What is known of the pairs that were announced.
#[derive(Debug, Default)]
pub struct Evidence {
    /// The pairs.
    pub known: Vec<Known>,
    /// What a person should know besides.
    pub remark: Option<String>,
    /// Why git's history of the manifest is not among them.
    pub unread: Option<String>,
    /// Why the label of the live asset is not among them.
    pub not_asked: Option<Problem>,
}

impl Evidence {
    /// Looks at the workspace, then at the label of the live asset, unless a record proves already that this pair was delivered.
    pub fn look(workspace: &Workspace, pair: Pair, of_input: Option<Known>, token: impl FnOnce() -> Option<Secret>) -> Self {
        let mut evidence = Self::of_workspace(workspace);
        evidence.known.extend(of_input);
        let Some(row) = workspace.target.feed_artifact().filter(|_| !one_artifact::is_delivered(pair, &evidence.known)) else {
            return evidence;
        };
        match live_asset::listed(&workspace.target, row, token()) {
            Ok(asset) => evidence.add(asset.as_ref()),
            Err(problem) => evidence.not_asked = Some(problem),
        }
        evidence
    }

    /// What the workspace alone knows: every pair that was published, and what manifests in git say.
    pub fn of_workspace(workspace: &Workspace) -> Self {
        let records = records(workspace);
        let past = history(workspace, records.iter().map(|(at, _)| *at).min());
        let unread = past.as_ref().err().map(ToString::to_string).filter(|_| is_here(workspace));
        let known = records.into_iter().map(|(_, known)| known).chain(past.unwrap_or_default()).collect();
        Self { known, unread, ..Self::default() }
    }

    /// Adds what the label of the live asset says.
    pub fn add(&mut self, asset: Option<&LiveAsset>) {
        let Some(LiveAsset { sha256: Some(sha256), version, .. }) = asset else { return };
        match version {
            Some(version) => self.known.push(Known { pair: Pair { version: *version, sha256: *sha256 }, origin: Origin::Label }),
            None => self.remark = Some("the label of the live asset names no version".to_owned()),
        }
    }

    /// Judges the pair that is, or is about to become, current.
    pub fn judge(&self, pair: Pair) -> Answer {
        match (one_artifact::judge(pair, &self.known), &self.not_asked) {
            (Err(contradiction), _) => Answer::fail(&contradiction.said, EXPECTED, contradiction.fix()),
            (Ok(_), _) if self.unread.is_some() => {
                let because = self.unread.as_deref().unwrap_or_default();
                let look = Fix::note("see in the workspace what git says:").then_command("git log -1");
                Answer::unknown(format!("not compared with the manifests of before: {because}"), EXPECTED, look)
            }
            (Ok(_), Some(problem)) => {
                let found = format!("not compared with the label of the live asset: {}", problem.message());
                Answer::unknown(found, EXPECTED, &problem.fix)
            }
            (Ok(advice), None) => {
                let mut said = vec![format!("nothing that was published contradicts {} {}", pair.version, pair.sha256.short())];
                said.extend(self.remark.iter().cloned());
                // One of the past is enough to make a person look.
                said.extend(advice.into_iter().take(1).map(|past| format!("before these tools published: {past}")));
                Answer::pass(said.join("; "))
            }
        }
    }
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

fn records(workspace: &Workspace) -> Vec<(Timestamp, Known)> {
    let feed = workspace.target.feed_artifact().map(|row| row.name.as_str()).unwrap_or_default();
    if !is_here(workspace) {
        return Vec::new();
    }
    let mut folders = vec![RELEASES.to_owned()];
    let mut found = Vec::new();
    let mut looked_at = 0;
    while let Some(folder) = folders.pop() {
        let depth = folder.matches('/').count();
        for name in files::list(&workspace.path(&folder)).ok().flatten().unwrap_or_default() {
            let path = format!("{folder}/{name}");
            looked_at += 1;
            if looked_at > MAX_FILES {
                return found;
            }
            if depth > 0 && name.ends_with(".json") {
                let bytes = files::read(&workspace.path(&path), MAX_RECORD_BYTES).unwrap_or_default();
                found.extend(Record::read(&bytes).ok().and_then(|record| of_record(&record, feed, &path)));
            } else if depth < 2 {
                folders.push(path);
            }
        }
    }
    found
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
