//! What `checkout-state` looks at: HEAD, index and files, and what git was in the middle of.

use super::Facts;
use crate::observed::repository::Repository;
use nexy_outside::{
    fs::{files::FileError, permissions},
    programs::git::GitError,
};
use std::path::Path;

/// What git leaves behind while something is unfinished, what that is, and the command that leaves it.
const UNFINISHED: &[(&str, &str, &str)] = &[
    ("MERGE_HEAD", "merge", "merge --abort"),
    ("rebase-merge", "rebase", "rebase --abort"),
    ("rebase-apply/applying", "mailbox", "am --abort"),
    ("rebase-apply/rebasing", "rebase", "rebase --abort"),
    ("CHERRY_PICK_HEAD", "cherry-pick", "cherry-pick --abort"),
    ("REVERT_HEAD", "revert", "revert --abort"),
    ("BISECT_LOG", "bisect", "bisect reset"),
];

pub(super) fn look(repository: &Repository) -> Result<Facts, GitError> {
    let git = &repository.git;
    let (folder, _) = git.folders()?;
    let mut unfinished = Vec::new();
    for (name, what, leave) in UNFINISHED {
        if exists(&folder.join(name))? {
            unfinished.push((*what, *leave));
        }
    }
    let submodules: Vec<String> = git.index()?.into_iter().filter(|entry| entry.mode == "160000").map(|entry| entry.path).collect();
    let mut empty_submodules = Vec::new();
    // The submodules that were never brought here: their folders are empty, and git says nothing.
    for path in &submodules {
        if !exists(&git.folder().join(path).join(".git"))? {
            empty_submodules.push(path.clone());
        }
    }
    let settings = git.settings()?;
    let modes = settings.iter().rfind(|setting| setting.key == "core.filemode");
    Ok(Facts {
        head: git.object("HEAD^{commit}")?,
        changes: git.changes()?,
        strays: git.strays()?,
        hidden: git.hidden()?,
        pointers: git.pointers()?,
        submodules,
        empty_submodules,
        unfinished,
        ignores_modes: modes.and_then(|setting| setting.value.as_deref()).is_some_and(|value| !value.eq_ignore_ascii_case("true")),
    })
}

fn exists(path: &Path) -> Result<bool, FileError> {
    match permissions::is_link(path) {
        Ok(_) => Ok(true),
        Err(error) if error.is_missing() => Ok(false),
        Err(error) => Err(error),
    }
}
