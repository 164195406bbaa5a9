//! Replaces all manifest files as one: stages and syncs them, renames them in an order that the update server can read at
//! every moment, and puts the old ones back when a rename fails.

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
    /// Those of them whose content has changed, in this order.
    pub(crate) replaced: Vec<Change>,
    /// Older versioned copies that were removed, after that.
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

/// Locks every manifest folder without waiting, and makes those that are missing.
pub(crate) fn lock(workspace: &Workspace) -> Result<Lock, Problem> {
    let mut locked = Vec::new();
    for folder in &workspace.target.layout.manifest_dirs {
        let path = workspace.path(folder);
        std::fs::create_dir_all(&path).map_err(|source| unchanged(&FileError { verb: "make the folder", path: path.clone(), source }))?;
        match files::lock_folder(&path).map_err(|error| unchanged(&error))? {
            Some(lock) => locked.push(lock),
            None => {
                let because = "another nexy-manifest is at work there";
                let fix = Fix::note("wait until it has ended, then run the same command again");
                return Err(Problem::new(Exit::Busy, format!("cannot write the manifests in {}", path.display()), because, fix));
            }
        }
    }
    Ok(Lock { _folders: locked })
}

/// Puts `text` into `manifest.json` and `manifest_<version>.json` of every manifest folder, and removes older versioned
/// copies, which the server would fall back to.
pub(crate) fn replace_all(workspace: &Workspace, lock: &Lock, text: &str, version: ReleaseVersion) -> Result<Written, Problem> {
    let names = names(workspace, version);
    // Read before the first change: what cannot be read could not be put back.
    let older = older(workspace, version).map_err(|error| unchanged(&error))?;
    let mut staged = Vec::new();
    for name in &names {
        let path = workspace.path(name);
        let old = match files::read(&path, MAX_BYTES) {
            Ok(old) => Some(old),
            Err(error) if error.is_missing() => None,
            Err(error) => return Err(unchanged(&error)),
        };
        if old.as_deref() != Some(text.as_bytes()) {
            let file = files::stage(&path, text.as_bytes()).map_err(|error| unchanged(&error))?;
            staged.push((file, Change::new(name, old)));
        }
    }
    let mut done: Vec<Change> = Vec::new();
    for (file, change) in staged {
        // Counted before the attempt, because a rename whose folder cannot be synced may have happened.
        done.push(change);
        file.commit().map_err(|error| put_back(workspace, lock, &done, &error))?;
    }
    let removed = remove(workspace, older).map_err(|error| {
        let fix = "delete it by hand, because the update server falls back to such copies; then run the same command again";
        error.problem(Exit::NeedsPerson, Fix::note(fix))
    })?;
    let files = read_back(workspace, &names, text)?;
    Ok(Written { files, replaced: done, removed })
}

/// The manifest files of a version, in the order in which they are replaced: versioned copies come first, because clients are
/// served `manifest.json`.
pub(crate) fn names(workspace: &Workspace, version: ReleaseVersion) -> Vec<String> {
    let folders = &workspace.target.layout.manifest_dirs;
    let names = [format!("manifest_{version}.json"), "manifest.json".to_owned()];
    names.iter().flat_map(|name| folders.iter().map(move |folder| format!("{folder}/{name}"))).collect()
}

impl Written {
    /// Whether anything is different now.
    pub(crate) fn changed(&self) -> bool {
        !self.replaced.is_empty() || !self.removed.is_empty()
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

/// Copies with another version in their name, and what they hold; other files such as `manifest_beta.json` are none.
fn older(workspace: &Workspace, version: ReleaseVersion) -> Result<Vec<Change>, FileError> {
    let mut older = Vec::new();
    for folder in &workspace.target.layout.manifest_dirs {
        for name in files::list(&workspace.path(folder))?.unwrap_or_default() {
            if versioned(&name).is_some_and(|named| named != version) {
                let path = format!("{folder}/{name}");
                let old = match files::read(&workspace.path(&path), MAX_BYTES) {
                    // A link that leads nowhere holds nothing.
                    Err(error) if error.is_missing() => None,
                    old => Some(old?),
                };
                older.push(Change::new(&path, old));
            }
        }
    }
    Ok(older)
}

fn remove(workspace: &Workspace, copies: Vec<Change>) -> Result<Vec<Change>, FileError> {
    copies.iter().try_for_each(|copy| files::remove(&workspace.path(&copy.path)))?;
    Ok(copies)
}

/// The version in the name of a versioned copy.
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
    use super::versioned;

    #[test]
    fn only_versioned_copies_are_deleted() {
        assert!(versioned("manifest_1.6.1.36.json").is_some());
        for name in
            ["manifest.json", "manifest_beta.json", "manifest_1.6.json", "manifest_1.6.1.36.json.backup", "x_manifest_1.6.1.36.json"]
        {
            assert!(versioned(name).is_none(), "{name}");
        }
    }
}
