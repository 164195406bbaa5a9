//! Replaces all manifest files as one: stages and syncs them, renames them in an order that the update server can read at every moment,
//! then removes older copies. A step that fails puts everything back. A run that is killed leaves whole files under every name, and the
//! next run finishes what it began.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use nexy_contract::{Exit, Fix, Problem, ReleaseVersion, Sha256Digest};
use nexy_outside::{
    Workspace,
    fs::files::{self, FileError, FolderLock},
};
use serde::{Deserialize, Serialize};

/// A manifest is about a kilobyte; a larger file is not one.
pub(crate) const MAX_BYTES: u64 = 1 << 20;

/// What a transaction did.
#[derive(Debug)]
pub(crate) struct Written {
    /// Every manifest file, relative to the workspace, with its digest as read back.
    pub(crate) files: Vec<(String, Sha256Digest)>,
    /// What is different now.
    pub(crate) changes: Changes,
}

/// The files that a transaction changes, in this order.
#[derive(Debug)]
pub(crate) struct Changes {
    /// Those that get the new text.
    pub(crate) replaced: Vec<Change>,
    /// Older versioned copies that go after that: the server would fall back to them.
    pub(crate) removed: Vec<Change>,
}

/// A file that was changed, and what it held before.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Change {
    /// Relative to the workspace.
    pub(crate) path: String,
    /// In base64; `None` when there was no such file.
    old: Option<String>,
}

impl Change {
    fn new(path: &str, old: Option<Vec<u8>>) -> Self {
        Self { path: path.to_owned(), old: old.map(|bytes| STANDARD.encode(bytes)) }
    }

    /// What the file held, or why that cannot be told.
    pub(crate) fn old(&self) -> Result<Option<Vec<u8>>, String> {
        self.old.as_ref().map(|text| STANDARD.decode(text).map_err(|error| error.to_string())).transpose()
    }

    fn put_back(&self, workspace: &Workspace) -> Result<(), String> {
        let path = workspace.path(&self.path);
        let done = match self.old()? {
            Some(old) => files::replace(&path, &old),
            None => files::remove(&path),
        };
        done.map_err(|error| error.to_string())
    }
}

/// Puts back what changes have replaced or removed, the last one first.
pub(crate) fn put_all_back(workspace: &Workspace, _lock: &Lock, changes: &[Change]) -> Result<(), String> {
    changes.iter().rev().try_for_each(|change| change.put_back(workspace))
}

/// The exclusive right to change the manifests of a workspace, until it is dropped or the process ends.
#[derive(Debug)]
pub(crate) struct Lock {
    _folders: Vec<FolderLock>,
}

/// Locks every manifest folder without waiting, makes those that are missing, and removes what a killed run has staged there.
pub(crate) fn lock(workspace: &Workspace) -> Result<Lock, Problem> {
    let mut locked = Vec::new();
    for folder in &workspace.target.layout.manifest_dirs {
        let path = workspace.path(folder);
        std::fs::create_dir_all(&path).map_err(|source| unchanged(&FileError { verb: "make the folder", path: path.clone(), source }))?;
        match files::lock_folder(&path).map_err(|error| unchanged(&error))? {
            Some(lock) => {
                files::remove_staged(&path).map_err(|error| unchanged(&error))?;
                locked.push(lock);
            }
            None => {
                let because = "another nexy-manifest is at work there";
                let fix = Fix::note("wait until it has ended, then run the same command again");
                return Err(Problem::new(Exit::Busy, format!("cannot write the manifests in {}", path.display()), because, fix));
            }
        }
    }
    Ok(Lock { _folders: locked })
}

/// Puts `text` into `manifest.json` and `manifest_<version>.json` of every manifest folder, and removes older versioned copies.
pub(crate) fn replace_all(workspace: &Workspace, lock: &Lock, text: &str, version: ReleaseVersion) -> Result<Written, Problem> {
    // Read before the first change: what cannot be read could not be put back.
    let changes = changes(workspace, text, version)?;
    let stage = |change: &Change| files::stage(&workspace.path(&change.path), text.as_bytes());
    let staged = changes.replaced.iter().map(stage).collect::<Result<Vec<_>, _>>().map_err(|error| unchanged(&error))?;
    let renames = staged.into_iter().zip(&changes.replaced).map(|(file, change)| (Some(file), change));
    let mut done: Vec<Change> = Vec::new();
    for (file, change) in renames.chain(changes.removed.iter().map(|change| (None, change))) {
        // Counted before the attempt, because a step whose folder cannot be synced may have happened.
        done.push(change.clone());
        let step = file.map_or_else(|| files::remove(&workspace.path(&change.path)), files::Staged::commit);
        step.map_err(|error| put_back(workspace, lock, &done, &error))?;
    }
    let files = read_back(workspace, &names(workspace, version), text)?;
    Ok(Written { files, changes })
}

/// What differs from a workspace whose manifests are this text; nothing is changed.
pub(crate) fn changes(workspace: &Workspace, text: &str, version: ReleaseVersion) -> Result<Changes, Problem> {
    let read = |path: &str| match files::read(&workspace.path(path), MAX_BYTES) {
        // A link that leads nowhere holds nothing.
        Err(error) if error.is_missing() => Ok(None),
        old => old.map(Some).map_err(|error| unchanged(&error)),
    };
    let (mut replaced, mut removed) = (Vec::new(), Vec::new());
    for path in names(workspace, version) {
        let old = read(&path)?;
        if old.as_deref() != Some(text.as_bytes()) {
            replaced.push(Change::new(&path, old));
        }
    }
    for folder in &workspace.target.layout.manifest_dirs {
        let names = files::list(&workspace.path(folder)).map_err(|error| unchanged(&error))?.unwrap_or_default();
        for name in names.iter().filter(|name| versioned(name).is_some_and(|named| named != version)) {
            let path = format!("{folder}/{name}");
            removed.push(Change::new(&path, read(&path)?));
        }
    }
    Ok(Changes { replaced, removed })
}

/// The manifest files of a version, in the order in which they are replaced: versioned copies come first, because clients are
/// served `manifest.json`.
pub(crate) fn names(workspace: &Workspace, version: ReleaseVersion) -> Vec<String> {
    let folders = &workspace.target.layout.manifest_dirs;
    let names = [format!("manifest_{version}.json"), "manifest.json".to_owned()];
    names.iter().flat_map(|name| folders.iter().map(move |folder| format!("{folder}/{name}"))).collect()
}

impl Changes {
    /// Whether everything is as it should be already.
    pub(crate) fn is_empty(&self) -> bool {
        self.replaced.is_empty() && self.removed.is_empty()
    }
}

fn unchanged(error: &FileError) -> Problem {
    let fix = "check permissions and space on the disk, then run the same command again; no manifest was changed";
    error.problem(Exit::CouldNotLook, Fix::note(fix))
}

fn put_back(workspace: &Workspace, lock: &Lock, done: &[Change], error: &FileError) -> Problem {
    match put_all_back(workspace, lock, done) {
        Ok(()) => {
            let fix = "the old manifests are back; check permissions and space on the disk, then run the same command again";
            error.problem(Exit::PutBack, Fix::note(fix))
        }
        Err(second) => Problem::new(
            Exit::NeedsPerson,
            format!("some manifests are new and some old: {error}"),
            second,
            Fix::note("free space on the disk, then run the same command again at once; it finishes what was begun"),
        ),
    }
}

/// The version in the name of a versioned copy; other files such as `manifest_beta.json` are none.
pub(crate) fn versioned(name: &str) -> Option<ReleaseVersion> {
    name.strip_prefix("manifest_")?.strip_suffix(".json")?.parse().ok()
}

fn read_back(workspace: &Workspace, names: &[String], text: &str) -> Result<Vec<(String, Sha256Digest)>, Problem> {
    let mut found = Vec::new();
    for name in names {
        let path = workspace.path(name);
        let bytes =
            files::read(&path, MAX_BYTES).map_err(|error| error.problem(Exit::NeedsPerson, Fix::note("run the same command again")))?;
        if bytes != text.as_bytes() {
            let because = "another program writes there";
            let fix = Fix::note("stop the other program, then run the same command again");
            return Err(Problem::new(Exit::NeedsPerson, format!("{} is not what was just written", path.display()), because, fix));
        }
        found.push((name.clone(), Sha256Digest::of(&bytes)));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use nexy_contract::{Target, text};
    use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

    #[test]
    fn only_versioned_copies_are_deleted() {
        assert!(versioned("manifest_1.6.1.36.json").is_some());
        for name in
            ["manifest.json", "manifest_beta.json", "manifest_1.6.json", "manifest_1.6.1.36.json.backup", "x_manifest_1.6.1.36.json"]
        {
            assert!(versioned(name).is_none(), "{name}");
        }
    }

    fn workspace(root: &std::path::Path) -> Workspace {
        let target = Target::parse(include_str!("../../../nexy.toml")).expect("the committed nexy.toml");
        Workspace { target, target_sha256: Sha256Digest::of(b""), target_path: root.join("nexy.toml"), root: root.to_path_buf() }
    }

    /// Every name that the server's pattern finds is a whole file at every moment, and `manifest.json` is always there.
    #[test]
    fn readers_see_a_whole_old_or_a_whole_new_file_while_it_is_written() {
        const WRITES: usize = 40;
        let root = tempfile::tempdir().expect("a folder");
        let workspace = workspace(root.path());
        let lock = lock(&workspace).expect("a lock");
        let versions = [ReleaseVersion::new([2, 0, 0, 3]), ReleaseVersion::new([2, 0, 0, 4])];
        // Longer than what one call to the system takes from a small buffer.
        let texts = versions.map(|version| format!("{version} {}", "x".repeat(70_000)));
        replace_all(&workspace, &lock, &texts[0], versions[0]).expect("the first");
        let (done, seen) = (AtomicBool::new(false), [AtomicU32::new(0), AtomicU32::new(0)]);
        let look = || {
            while !done.load(Ordering::SeqCst) {
                for folder in &workspace.target.layout.manifest_dirs {
                    let folder = workspace.path(folder);
                    let names = files::list(&folder).expect("a list").expect("a folder");
                    for name in names.iter().filter(|name| name.starts_with("manifest") && name.ends_with(".json")) {
                        match std::fs::read_to_string(folder.join(name)) {
                            Ok(found) => {
                                let which = texts.iter().position(|whole| *whole == found);
                                seen[which.unwrap_or_else(|| panic!("{name}: {}", text::excerpt(&found, 60)))]
                                    .fetch_add(1, Ordering::SeqCst);
                            }
                            Err(error) => assert!(versioned(name).is_some(), "{name}: {error}"),
                        }
                    }
                    assert!(folder.join("manifest.json").exists());
                }
            }
        };
        std::thread::scope(|scope| {
            let readers = [scope.spawn(look), scope.spawn(look)];
            let write = |turn: usize| replace_all(&workspace, &lock, &texts[turn % 2], versions[turn % 2]).map(drop);
            let written = (1..=WRITES).try_for_each(write);
            done.store(true, Ordering::SeqCst);
            written.expect("it is written");
            readers.into_iter().for_each(|reader| reader.join().expect("no reader saw anything else"));
        });
        assert!(seen.iter().all(|seen| seen.load(Ordering::SeqCst) > 0), "{seen:?}");
    }
}
