//! Everything that `tag-coherent` looks at, read from git's objects; nothing is checked out.

use super::{Facts, Head, Runtime};
use crate::formats::secrets::{self, Named};
use crate::gate::prelude::*;
use crate::observed::repository::{Repository, Tag};
use nexy_contract::version_places;
use nexy_outside::programs::git::{
    Entry, Git, GitError,
    shelf::{Held, MAX_BYTES, Shelf},
};
use std::collections::BTreeMap;

/// So many files are read to see whether they are keys; more of them are no keys, but a habit.
const KEYS_READ: usize = 200;

/// What was read of a file.
enum Content {
    Bytes(Vec<u8>),
    /// It is no file of its own, or larger than what is looked for.
    None,
    /// Too many were read before it.
    NotRead,
}

pub(super) fn look(context: &Context, repository: &Repository, tag: &Tag) -> Result<Facts, GitError> {
    let (target, git) = (&context.workspace.target, &repository.git);
    let shelf = Shelf::of(git, &tag.commit)?;
    let mut texts: BTreeMap<&str, Held> = BTreeMap::new();
    let files = target.version_places.iter().map(|place| &place.file).chain([&target.layout.version_file]);
    for file in files {
        if !texts.contains_key(file.as_str()) {
            texts.insert(file, shelf.read(file)?);
        }
    }
    let manifests = target.layout.manifest_dirs.iter().map(|folder| format!("{folder}/manifest.json"));
    let manifests = manifests.map(|path| Ok((shelf.read(&path)?, path))).collect::<Result<Vec<_>, GitError>>()?;
    let runtime = runtime(target, &shelf, git)?;
    Ok(Facts {
        version: texts.get(target.layout.version_file.as_str()).cloned().unwrap_or(Held::Missing),
        places: target
            .version_places
            .iter()
            .map(|place| (place.clone(), texts.get(place.file.as_str()).cloned().unwrap_or(Held::Missing)))
            .collect(),
        manifests: manifests.into_iter().map(|(held, path)| (path, held)).collect(),
        branches: branches(git, &tag.name)?,
        keys: find_keys(&shelf, tag, runtime.as_ref().map(|runtime| runtime.path.as_str()))?,
        runtime,
        files: shelf.entries.len(),
        left_out: if repository.side.is_vm { Vec::new() } else { left_out(target, git)? },
        head: if repository.side.is_vm { None } else { Some(head(target, git, tag, &shelf)?) },
    })
}

/// Branches of the tag's name, here and as they were seen on remotes.
fn branches(git: &Git, name: &str) -> Result<Vec<String>, GitError> {
    let found = git.refs(&[&format!("refs/heads/{name}"), &format!("refs/remotes/*/{name}")])?;
    Ok(found.into_iter().map(|found| found.name).collect())
}

/// The file of settings that the running server reads, when it stands in the checkout.
fn runtime(target: &Target, shelf: &Shelf<'_>, git: &Git) -> Result<Option<Runtime>, GitError> {
    let Some(path) = target.vm.config_env.strip_prefix(&target.vm.checkout).and_then(|path| path.strip_prefix('/')) else {
        return Ok(None);
    };
    // A checkout removes what HEAD and the index know and the new tree does not.
    let is_here = match git.object("HEAD^{commit}")? {
        Some(head) => git.is_in_index(path)? && git.tree(&head)?.iter().any(|entry| entry.path == path),
        None => false,
    };
    Ok(Some(Runtime { path: path.to_owned(), in_tag: shelf.entries.contains_key(path), is_here }))
}

fn find_keys(shelf: &Shelf<'_>, tag: &Tag, runtime: Option<&str>) -> Result<Vec<(String, &'static str)>, GitError> {
    let mut found = BTreeMap::new();
    let mut reads = 0;
    let mut read = |entry: &Entry, largest: u64| -> Result<Content, GitError> {
        reads += 1;
        if reads > KEYS_READ {
            return Ok(Content::NotRead);
        }
        let content = if entry.is_file() { shelf.git.blob(entry, largest)? } else { None };
        Ok(content.map_or(Content::None, Content::Bytes))
    };
    for (path, entry) in shelf.entries.iter().filter(|(path, _)| runtime != Some(path)) {
        let because = match secrets::named(path) {
            Named::Harmless => None,
            Named::Key(because) => Some(because),
            // A bundle of certificates is larger than any key.
            Named::Pem => match read(entry, MAX_BYTES)? {
                Content::Bytes(content) if secrets::is_public_pem(&content) => None,
                _ => Some("a key by its name, and not only certificates"),
            },
            Named::Settings => match read(entry, MAX_BYTES)? {
                Content::Bytes(content) if !secrets::has_values(&content) => None,
                _ => Some("settings with values"),
            },
        };
        if let Some(because) = because {
            found.insert(path.clone(), because);
        }
    }
    for path in shelf.git.holding(&tag.commit, secrets::KEY_MARKS)? {
        let Some(entry) = shelf.entries.get(&path).filter(|_| !found.contains_key(&path)) else { continue };
        match read(entry, secrets::KEY_BYTES)? {
            Content::Bytes(content) if secrets::holds_private_key(&content) => {
                found.insert(path, "it holds a private key");
            }
            Content::NotRead => {
                found.insert(path, "it speaks of private keys, as more files do than can be read");
            }
            _ => {}
        }
    }
    Ok(found.into_iter().collect())
}

/// Python files beside the entry point that git does not know and no `.gitignore` names.
fn left_out(target: &Target, git: &Git) -> Result<Vec<String>, GitError> {
    let folder = target.layout.entry_point.rsplit_once('/').map_or(String::new(), |(folder, _)| format!("{folder}/"));
    let is_runtime = |path: &str| target.layout.runtime_files.iter().any(|row| row.ends_with('/') && path.starts_with(row.as_str()));
    let strays = git.strays()?.paths.into_iter();
    Ok(strays.filter(|path| path.ends_with(".py") && path.starts_with(&folder) && !is_runtime(path)).collect())
}

/// How the workspace stands to the tag.
fn head(target: &Target, git: &Git, tag: &Tag, shelf: &Shelf<'_>) -> Result<Head, GitError> {
    let Some(head) = git.object("HEAD^{commit}")? else { return Ok(Head::Apart("an empty branch".to_owned())) };
    if head == tag.commit {
        return Ok(Head::Same);
    }
    if !tag.exists && git.is_ancestor(&head, &tag.commit)? {
        return Ok(Head::Ahead);
    }
    if !git.is_ancestor(&tag.commit, &head)? {
        return Ok(if git.is_shallow()? { Head::CutOff(head) } else { Head::Apart(head) });
    }
    let now = Shelf::of(git, &head)?;
    let mut moved = Vec::new();
    for place in &target.version_places {
        let (then_entry, now_entry) = (shelf.entries.get(&place.file), now.entries.get(&place.file));
        if then_entry.map(|entry| &entry.object) == now_entry.map(|entry| &entry.object) {
            continue;
        }
        let holds = |held: &Held| match held {
            Held::Text(text) => {
                version_places::read(place, text).ok().map(|spots| spots.iter().map(|spot| spot.version).collect::<Vec<_>>())
            }
            _ => None,
        };
        if holds(&shelf.read(&place.file)?) != holds(&now.read(&place.file)?) {
            moved.push(version_places::name(place));
        }
    }
    Ok(Head::Further { head, moved })
}
