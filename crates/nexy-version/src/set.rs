//! The story of `set`: writes a version into every place, or into none.
//!
//! All files are written beside the old ones before the first one is renamed, VERSION last. A run that is killed leaves such files,
//! so that `check` and the next `set` notice it; every file is the old one or the new one at any moment.

use crate::{changes, downgrade};
use nexy_contract::{
    Exit, Fix, Problem, ReleaseVersion,
    text::{printable, shell_word},
    version_places,
};
use nexy_outside::{
    Common, Workspace,
    frame::{stdio, version_file::MAX_BYTES},
    fs::files::{self, FileError},
};
use std::{collections::BTreeSet, path::PathBuf};

/// What was asked for.
pub(crate) struct Wish<'a> {
    pub(crate) version: ReleaseVersion,
    pub(crate) dry_run: bool,
    pub(crate) diff: bool,
    /// Why the version may be lower than another one.
    pub(crate) allow_downgrade: Option<&'a str>,
}

/// One file with its old and new text.
struct Change {
    file: String,
    old: String,
    new: String,
    /// Its places by name, with what each holds; nothing where an optional one is absent.
    places: Vec<(String, Vec<ReleaseVersion>)>,
}

impl Change {
    fn is_one(&self) -> bool {
        self.old != self.new
    }
}

pub(crate) fn run(workspace: &Workspace, wish: &Wish<'_>, common: &Common) -> Result<Exit, Problem> {
    let lock = files::lock_folder(&workspace.root)
        .map_err(|error| error.problem(Exit::CouldNotLook, Fix::note("check the permissions of the workspace")))?;
    let Some(_lock) = lock else {
        let fix = Fix::note("wait until it has ended, then run the same command again");
        return Err(Problem::new(Exit::Busy, "cannot set the version", "another nexy-version is at work in this workspace", fix));
    };
    let changes = plan(workspace, wish.version)?;
    let changed: Vec<&Change> = changes.iter().filter(|change| change.is_one()).collect();
    if !changed.is_empty() {
        downgrade::refuse(workspace, wish.version, wish.allow_downgrade, common)?;
        warn_of_local_changes(workspace, wish.version, &changed, common);
    }
    if !wish.dry_run {
        folders(workspace).iter().try_for_each(|folder| files::remove_staged(folder)).map_err(|error| unchanged(&error))?;
        write(workspace, &changed)?;
    }
    tell(&changes, wish, common);
    let document = if wish.diff { changed.iter().copied().map(difference).collect() } else { format!("{}\n", wish.version) };
    stdio::write_document(document.as_bytes())?;
    Ok(Exit::Yes)
}

fn tell(changes: &[Change], wish: &Wish<'_>, common: &Common) {
    let version = wish.version;
    let verb = if wish.dry_run { "would set" } else { "set" };
    for (place, held) in changes.iter().flat_map(|change| &change.places) {
        let old: BTreeSet<String> = held.iter().map(ToString::to_string).collect();
        let old = old.into_iter().collect::<Vec<_>>().join(", ");
        common.note(&match (held.is_empty(), held.iter().all(|held| *held == version)) {
            (true, _) => format!("{:<9} {place}", "absent"),
            (false, true) => format!("{:<9} {version}  {place}", "already"),
            (false, false) => format!("{verb:<9} {old} -> {version}  {place}"),
        });
    }
    if !wish.dry_run && changes.iter().any(Change::is_one) {
        common.note("next: make tag");
    }
}

/// The new text of every file, in the order of nexy.toml. VERSION comes last, so that after an interrupted run it still holds the
/// old version, and the next check notices.
fn plan(workspace: &Workspace, version: ReleaseVersion) -> Result<Vec<Change>, Problem> {
    let mut changes: Vec<Change> = Vec::new();
    for place in &workspace.target.version_places {
        let path = workspace.path(&place.file);
        let shown = path.display().to_string();
        let index = match changes.iter().position(|change| change.file == place.file) {
            Some(index) => index,
            None => {
                let old = match files::read_text_if_there(&path, MAX_BYTES) {
                    Ok(None) if place.optional => {
                        let places = vec![(version_places::name(place), Vec::new())];
                        changes.push(Change { file: place.file.clone(), old: String::new(), new: String::new(), places });
                        continue;
                    }
                    // A rename would put a file in place of the link.
                    Ok(Some(_)) if path.is_symlink() => {
                        let fix = Fix::note("nothing was changed; name the file that it leads to in version_places of nexy.toml");
                        return Err(Problem::new(Exit::No, format!("cannot set the version in {shown}"), "it is a link", fix));
                    }
                    old => old.and_then(|old| old.ok_or_else(|| FileError::missing("read", &path))),
                };
                let old = old.map_err(|error| {
                    error.problem(
                        Exit::No,
                        Fix::note("nothing was changed; restore the file, or take it out of version_places in nexy.toml:")
                            .then_command(format!("git checkout -- {}", shell_word(&shown))),
                    )
                })?;
                changes.push(Change { file: place.file.clone(), new: old.clone(), old, places: Vec::new() });
                changes.len() - 1
            }
        };
        let change = &mut changes[index];
        let found = version_places::read(place, &change.old);
        let new = version_places::replaced(place, &change.new, version);
        let (spots, new) = found.and_then(|found| Ok((found, new?))).map_err(|error| {
            let fix = Fix::note(format!("nothing was changed; correct {shown} or its row in nexy.toml"));
            Problem::new(Exit::No, format!("cannot set the version in {shown}"), error.to_string(), fix)
        })?;
        change.new = new;
        change.places.push((version_places::name(place), spots.iter().map(|spot| spot.version).collect()));
    }
    changes.sort_by_key(|change| change.file == workspace.target.layout.version_file);
    Ok(changes)
}

/// Where files are written beside the old ones. Those of the manifests belong to another tool.
pub(crate) fn folders(workspace: &Workspace) -> BTreeSet<PathBuf> {
    let target = &workspace.target;
    let folders = target.version_places.iter().map(|place| place.file.rsplit_once('/').map_or("", |(folder, _)| folder));
    folders.filter(|folder| !target.layout.manifest_dirs.iter().any(|dir| dir == folder)).map(|folder| workspace.path(folder)).collect()
}

/// Writes and syncs all files under temporary names before the first one is replaced.
fn write(workspace: &Workspace, changes: &[&Change]) -> Result<(), Problem> {
    let mut staged = Vec::new();
    for change in changes {
        staged.push(files::stage(&workspace.path(&change.file), change.new.as_bytes()).map_err(|error| unchanged(&error))?);
    }
    for (index, file) in staged.into_iter().enumerate() {
        file.commit().map_err(|error| put_back(workspace, &changes[..=index], &error))?;
    }
    Ok(())
}

fn unchanged(error: &FileError) -> Problem {
    let fix = "nothing was changed; check permissions and space on the disk, then run the same command again";
    error.problem(Exit::CouldNotLook, Fix::note(fix))
}

/// Gives the files that were replaced their old text again. The last one may not have been replaced.
fn put_back(workspace: &Workspace, changes: &[&Change], error: &FileError) -> Problem {
    let is_new = |change: &&&Change| !files::read(&workspace.path(&change.file), MAX_BYTES).is_ok_and(|now| now == change.old.as_bytes());
    let back = changes.iter().filter(is_new).try_for_each(|change| files::replace(&workspace.path(&change.file), change.old.as_bytes()));
    match back {
        Ok(()) => {
            let fix = "every file holds again what it held; see what is special about this one, then run the same command again";
            error.problem(Exit::PutBack, Fix::note(fix))
        }
        Err(second) => {
            let fix =
                Fix::note("free space on the disk or correct the permissions, then run the same command again; it finishes what was begun");
            Problem::new(Exit::NeedsPerson, format!("some places are new and some old: {error}"), second.to_string(), fix)
        }
    }
}

/// Says which of the files to be changed differ from HEAD in more than their version.
fn warn_of_local_changes(workspace: &Workspace, version: ReleaseVersion, changed: &[&Change], common: &Common) {
    match changes::look(workspace, version) {
        Ok(found) => {
            let more = found.more.iter().filter(|(file, _)| changed.iter().any(|change| change.file == *file));
            let words: Vec<_> = more.map(|(file, _)| shell_word(file)).collect();
            if !words.is_empty() {
                common.note(&format!("there are local changes beside the version, which stay: git diff HEAD -- {}", words.join(" ")));
            }
        }
        Err(problem) => common.note(&format!("cannot determine whether there are local changes: {}", problem.message())),
    }
}

/// The lines that differ, as `diff -U0` prints them; a version never adds or takes away a line.
fn difference(change: &Change) -> String {
    let mut shown = format!("--- a/{0}\n+++ b/{0}\n", change.file);
    let line = |text: &str| text.split('\t').map(printable).collect::<Vec<_>>().join("\t");
    for (index, (old, new)) in change.old.lines().zip(change.new.lines()).enumerate().filter(|(_, (old, new))| old != new) {
        shown += &format!("@@ -{0} +{0} @@\n-{1}\n+{2}\n", index + 1, line(old), line(new));
    }
    shown
}
