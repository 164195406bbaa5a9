//! The story of `push`: brings the manifest files, and nothing else of this clone, into the branch that is released from. The commit is
//! made upon what the remote has, so that neither local commits nor staged files go along; it is never forced.

mod remote;

use crate::{cli::TOOL, deliverable, transaction, write};
use nexy_contract::{
    Exit, Fix, Problem, Record, Sha256Digest,
    manifest::ManifestFacts,
    record::{PUSH, ROLLBACK, Reader},
};
use nexy_outside::{
    Common, Workspace,
    frame::record_io::{self, ActionOutcome},
    fs::files,
    programs::git::{Entry, FileChange},
};
use remote::{Remote, again};

/// So often a push is made again upon commits that others have pushed meanwhile.
const ATTEMPTS: usize = 5;

pub(crate) fn run(workspace: &Workspace, reads_record: bool, dry_run: bool, common: &Common) -> Result<Exit, Problem> {
    if reads_record {
        let reader = if dry_run { Reader::Plans(PUSH) } else { Reader::Acts(PUSH) };
        let failed = |problem: Problem| ActionOutcome::failed(&problem, false);
        return record_io::act(TOOL, reader, workspace, common, |record| {
            push(workspace, Some(record), dry_run, common).unwrap_or_else(failed)
        });
    }
    let outcome = push(workspace, None, dry_run, common)?;
    record_io::tell(TOOL, common, &outcome);
    Ok(outcome.exit)
}

fn push(workspace: &Workspace, record: Option<&Record>, dry_run: bool, common: &Common) -> Result<ActionOutcome, Problem> {
    if let Some(done) = record.map(nothing_to_push).transpose()?.flatten() {
        return Ok(done);
    }
    let remote = Remote::find(workspace)?;
    let ours = Ours::read(workspace, record, common)?;
    let message = ours.message(record);
    let object = remote.keep(&ours.text)?;
    let mut pushed: Option<Pushed> = None;
    for _ in 0..=ATTEMPTS {
        // Each look that follows a push also tells what came of it: the remote is believed, and not the push.
        let tip = remote.tip(pushed.is_some())?;
        if let Some(Pushed { upon, because, commit }) = &pushed {
            if tip == *commit {
                return Ok(remote.done(workspace, commit, &message, common));
            }
            if tip == *upon {
                let because =
                    because.clone().unwrap_or_else(|| "git says that it was pushed, and the remote has what it had before".to_owned());
                return Err(remote.refused(because, commit, &message));
            }
        }
        let changes = differences(&remote.tree(&tip)?, &ours.paths, &workspace.target.layout.manifest_dirs, &object);
        if changes.is_empty() {
            return match pushed {
                Some(pushed) if remote.is_in(&pushed.commit, &tip)? => Ok(remote.done(workspace, &pushed.commit, &message, common)),
                _ => Ok(remote.nothing_new(&tip)),
            };
        }
        if dry_run {
            let planned = vec![format!("push one commit to {}: {}", remote.shown(), shown(&changes))];
            return Ok(ActionOutcome { planned, ..ActionOutcome::done("dry run: nothing was pushed", false) });
        }
        if pushed.is_some() {
            common.note(&format!("{TOOL}: {} has moved meanwhile; the commit is made again upon it", remote.shown()));
            // Another release may have moved it.
            Ours::read(workspace, record, common)?;
        }
        let commit = remote.commit(&tip, &changes, &message)?;
        let because = remote.push(&commit);
        pushed = Some(Pushed { upon: tip, commit, because });
    }
    let because = format!("others have pushed to it during each of {ATTEMPTS} attempts");
    Err(Problem::new(Exit::Busy, format!("the manifests are not pushed to {}", remote.shown()), because, again()))
}

/// A push whose end is not yet known.
struct Pushed {
    /// The commit that the remote had.
    upon: String,
    /// The commit that was pushed.
    commit: String,
    /// Why git says that it was refused.
    because: Option<String>,
}

/// A record for which no manifest was written has none to push.
fn nothing_to_push(record: &Record) -> Result<Option<ActionOutcome>, Problem> {
    match record.latest_outcome(write::BY) {
        None => {
            let fix = Fix::note("write it first, with `nexy-manifest write -` before this command in the pipeline");
            Err(Problem::new(Exit::No, "nothing is pushed", "no manifest was written for this record", fix))
        }
        Some(outcome) if !outcome.planned.is_empty() => {
            let planned = vec!["push what would be written".to_owned()];
            Ok(Some(ActionOutcome { planned, ..ActionOutcome::done("dry run: nothing was pushed", false) }))
        }
        Some(_) if record.manifests.is_empty() => {
            Ok(Some(ActionOutcome::done("nothing to push: this release leaves the manifests as they are", false)))
        }
        Some(_) => Ok(None),
    }
}

/// The manifest files of this clone.
struct Ours {
    text: Vec<u8>,
    facts: ManifestFacts,
    /// Those that there are, from the workspace's root.
    paths: Vec<String>,
}

impl Ours {
    /// Reads them; they must be about what is live, and those of the record when there is one.
    fn read(workspace: &Workspace, record: Option<&Record>, common: &Common) -> Result<Self, Problem> {
        const NOTHING: &str = "nothing is pushed";
        let _lock = transaction::lock(workspace)?;
        let (text, facts) = deliverable::own(workspace, NOTHING, common)?;
        let sha256 = Sha256Digest::of(&text);
        if let Some(other) = record.and_then(|record| record.manifests.iter().find(|manifest| manifest.sha256 != sha256)) {
            let because = format!("{} is {} now, the record says {}", other.path, sha256.short(), other.sha256.short());
            let fix = Fix::note("write the manifests again from what is live:").then_command("make release");
            return Err(Problem::new(Exit::No, NOTHING, because, fix));
        }
        let mut paths = Vec::new();
        for path in transaction::names(workspace, facts.version) {
            match files::read(&workspace.path(&path), transaction::MAX_BYTES) {
                Ok(bytes) if bytes == text => paths.push(path),
                // A clone may have the manifest without its copy.
                Err(error) if error.is_missing() => {}
                Ok(_) => {
                    let fix = Fix::note("write the manifests again from what is live:").then_command("make manifest-sync");
                    return Err(Problem::new(Exit::No, NOTHING, format!("{path} is no copy of manifest.json"), fix));
                }
                Err(error) => return Err(error.problem(Exit::CouldNotLook, Fix::note("make it readable, then run the same command again"))),
            }
        }
        Ok(Self { text, facts, paths })
    }

    /// What the commit says.
    fn message(&self, record: Option<&Record>) -> String {
        let version = self.facts.version;
        match record.and_then(Record::last_swap).is_some_and(|swap| swap.by == ROLLBACK) {
            true => format!("Manifests after the rollback to v{version}"),
            false => format!("Manifests of v{version}"),
        }
    }
}

/// What a commit upon this tree changes so that it holds these files with this content, and no superseded copy beside them.
fn differences(tree: &[Entry], ours: &[String], folders: &[String], object: &str) -> Vec<FileChange> {
    let is_there = |path: &String| tree.iter().any(|entry| entry.path == *path && entry.object == object && entry.is_file());
    let new = ours.iter().filter(|path| !is_there(path)).map(|path| FileChange { path: path.clone(), object: Some(object.to_owned()) });
    let is_superseded = |entry: &&Entry| {
        let split = entry
            .path
            .rsplit_once('/')
            .is_some_and(|(folder, name)| folders.iter().any(|known| known == folder) && transaction::versioned(name).is_some());
        split && entry.object != object && !ours.contains(&entry.path)
    };
    let gone = tree.iter().filter(is_superseded).map(|entry| FileChange { path: entry.path.clone(), object: None });
    new.chain(gone).collect()
}

fn shown(changes: &[FileChange]) -> String {
    let one = |change: &FileChange| format!("{} {}", if change.object.is_some() { "write" } else { "remove" }, change.path);
    changes.iter().map(one).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commit_changes_the_manifests_and_superseded_copies_and_nothing_else() {
        let entry = |(path, object): &(&str, &str)| Entry { mode: "100644".into(), object: (*object).into(), path: (*path).into() };
        let folders = ["a".to_owned(), "b".to_owned()];
        let ours: Vec<String> =
            ["a/manifest_2.0.0.4.json", "b/manifest_2.0.0.4.json", "a/manifest.json", "b/manifest.json"].map(str::to_owned).into();
        let mut tree: Vec<Entry> = [
            ("a/manifest.json", "old"),
            ("a/manifest_2.0.0.3.json", "old"),
            ("a/manifest_beta.json", "old"),
            ("b/manifest.json", "new"),
            ("b/manifest_2.0.0.4.json", "old"),
            ("c/manifest_2.0.0.3.json", "old"),
            ("a/deep/manifest_2.0.0.3.json", "old"),
            ("VERSION", "old"),
        ]
        .iter()
        .map(entry)
        .collect();
        let told = |tree: &[Entry]| shown(&differences(tree, &ours, &folders, "new"));
        let all = "write a/manifest_2.0.0.4.json, write b/manifest_2.0.0.4.json, write a/manifest.json, remove a/manifest_2.0.0.3.json";
        assert_eq!(told(&tree), all);
        // A link that leads to the same content is no file.
        tree = ours.iter().map(|path| entry(&(path, "new"))).collect();
        assert_eq!(told(&tree), "");
        tree[2].mode = "120000".into();
        assert_eq!(told(&tree), "write a/manifest.json");
    }
}
