//! The files that systemd makes a unit of: load path, aliases and drop-in folders of systemd.unit(5). The running machine and
//! the tree of another machine are looked at alike.

use nexy_contract::text::excerpt;
use nexy_outside::fs::{
    files,
    permissions::{self, Kind},
    root_fs::RootFs,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

/// Where units stand, the folder that wins first.
const FOLDERS: [&str; 13] = [
    "/etc/systemd/system.control",
    "/run/systemd/system.control",
    "/run/systemd/transient",
    "/run/systemd/generator.early",
    "/etc/systemd/system",
    "/etc/systemd/system.attached",
    "/run/systemd/system",
    "/run/systemd/system.attached",
    "/run/systemd/generator",
    "/usr/local/lib/systemd/system",
    "/lib/systemd/system",
    "/usr/lib/systemd/system",
    "/run/systemd/generator.late",
];

/// Where the manager's own configuration stands, the folder that wins first.
const MANAGER_FOLDERS: [&str; 5] = ["/etc/systemd", "/run/systemd", "/usr/local/lib/systemd", "/usr/lib/systemd", "/lib/systemd"];

const MAX_BYTES: u64 = 1 << 20;
/// Aliases of aliases that are followed.
const MAX_ALIASES: usize = 8;

/// The files of which the next reload makes the unit.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct OnDisk {
    /// The main file; `None` when there is none, or when it is masked.
    pub(crate) main: Option<String>,
    /// The drop-ins in the order in which they apply, those that mask another one too.
    pub(crate) drop_ins: Vec<String>,
}

/// Finds the main file and the drop-ins of a unit.
///
/// # Errors
/// Why it cannot be determined, in words.
pub(crate) fn find(tree: &RootFs, unit: &str) -> Result<OnDisk, String> {
    let aliases = Aliases::read(tree, unit)?;
    let id = aliases.resolve(unit);
    let mut folders: Vec<String> = Vec::new();
    for name in aliases.names(&id, unit) {
        let below = drop_in_folders(&name);
        folders.extend(FOLDERS.iter().flat_map(|folder| below.iter().map(move |below| format!("{folder}/{below}"))));
    }
    let of_type = format!("{}.d", suffix(unit).trim_start_matches('.'));
    folders.extend(FOLDERS.iter().map(|folder| format!("{folder}/{of_type}")));
    Ok(OnDisk { main: main_file(tree, &id)?, drop_ins: drop_ins(tree, &folders)? })
}

/// The manager's own configuration files, in the order in which they apply.
///
/// # Errors
/// As [`find`].
pub(crate) fn of_manager(tree: &RootFs) -> Result<Vec<String>, String> {
    let mut paths = Vec::new();
    for path in MANAGER_FOLDERS.map(|folder| format!("{folder}/system.conf")) {
        if read(tree, &path)?.is_some() {
            paths.push(path);
            break;
        }
    }
    paths.extend(drop_ins(tree, &MANAGER_FOLDERS.map(|folder| format!("{folder}/system.conf.d")))?);
    Ok(paths)
}

/// The drop-ins that the next reload adds to those that the manager has `loaded`. The manager does not notice them itself when
/// their folder is new: `NeedDaemonReload` stays `no` (measured with systemd 252).
///
/// # Errors
/// As [`find`].
pub(crate) fn unread(tree: &RootFs, unit: &str, loaded: &[String]) -> Result<Vec<String>, String> {
    let loaded: BTreeSet<String> = loaded.iter().map(|path| real_folder(tree, path)).collect();
    let mut unread = Vec::new();
    for path in find(tree, unit)?.drop_ins {
        // An empty file, and a link to the null device, does something only where it hides another drop-in.
        let hides = || loaded.iter().any(|known| file_name(known) == file_name(&path));
        if !loaded.contains(&path) && (hides() || read(tree, &path)?.is_some_and(|text| !text.is_empty())) {
            unread.push(path);
        }
    }
    Ok(unread)
}

/// Reads one of these files; `None` when it is none that systemd reads: it does not exist, or is a device or a folder.
///
/// # Errors
/// As [`find`].
pub(crate) fn read(tree: &RootFs, path: &str) -> Result<Option<String>, String> {
    let missing = |error: files::FileError| if error.is_missing() { Ok(None) } else { Err(hidden(path, &error.because())) };
    match permissions::look_in(tree, Path::new(path)) {
        Ok(found) if found.kind != Kind::File => return Ok(None),
        Ok(_) => {}
        Err(error) => return missing(error),
    }
    match tree.find(Path::new(path)).and_then(|place| files::read(&place, MAX_BYTES)) {
        Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
        Err(error) => missing(error),
    }
}

fn hidden(path: &str, because: &str) -> String {
    format!("cannot determine which files the unit is made of: {}: {because}", excerpt(path, 300))
}

/// The first file of the name, or of its template. A link that leads nowhere, or to the null device, hides those behind it.
fn main_file(tree: &RootFs, id: &str) -> Result<Option<String>, String> {
    for name in [Some(id.to_owned()), template_of(id)].into_iter().flatten() {
        for path in FOLDERS.map(|folder| format!("{folder}/{name}")) {
            match permissions::look_in(tree, Path::new(&path)) {
                Ok(found) if found.kind == Kind::File => return Ok(Some(path)),
                Ok(found) if found.kind == Kind::Folder => {}
                Ok(_) => return Ok(None),
                Err(error) if !error.is_missing() => return Err(hidden(&path, &error.because())),
                Err(_) if tree.is_link(Path::new(&path)).unwrap_or(false) => return Ok(None),
                Err(_) => {}
            }
        }
    }
    Ok(None)
}

/// Of several drop-ins of one name the one in the first folder counts, whatever it is.
fn drop_ins(tree: &RootFs, folders: &[String]) -> Result<Vec<String>, String> {
    let mut found: BTreeMap<String, String> = BTreeMap::new();
    for folder in folders {
        for name in names_in(tree, folder)?.into_iter().filter(|name| name.ends_with(".conf") && !name.starts_with('.')) {
            let path = real_folder(tree, &format!("{folder}/{name}"));
            found.entry(name).or_insert(path);
        }
    }
    Ok(found.into_values().collect())
}

fn names_in(tree: &RootFs, folder: &str) -> Result<Vec<String>, String> {
    match tree.find(Path::new(folder)).and_then(|place| files::list(&place)) {
        Ok(names) => Ok(names.unwrap_or_default()),
        Err(error) if error.is_missing() || error.source.kind() == std::io::ErrorKind::NotADirectory => Ok(Vec::new()),
        Err(error) => Err(hidden(folder, &error.because())),
    }
}

/// The path with the links of its folder followed, as the manager names drop-ins: `/lib` leads to `/usr/lib`.
fn real_folder(tree: &RootFs, path: &str) -> String {
    let Some((folder, name)) = path.rsplit_once('/') else { return path.to_owned() };
    tree.walk(Path::new(folder)).map_or_else(|_| path.to_owned(), |walk| tree.name(&walk.end).join(name).display().to_string())
}

fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or_default()
}

fn suffix(unit: &str) -> &str {
    unit.rfind('.').map_or("", |dot| &unit[dot..])
}

/// The template of an instance: `a@.service` of `a@b.service`.
fn template_of(unit: &str) -> Option<String> {
    let (prefix, instance) = unit.strip_suffix(suffix(unit))?.split_once('@')?;
    (!instance.is_empty()).then(|| format!("{prefix}@{}", suffix(unit)))
}

/// The drop-in folders of one name, the one that wins first: its own, its template's, and one for every dash in it.
fn drop_in_folders(unit: &str) -> Vec<String> {
    let mut folders = vec![format!("{unit}.d")];
    folders.extend(template_of(unit).iter().flat_map(|template| drop_in_folders(template)));
    let stem = unit.strip_suffix(suffix(unit)).unwrap_or(unit);
    let (prefix, instance) = stem.split_once('@').map_or((stem, ""), |(prefix, instance)| (prefix, instance));
    let shorter = prefix.strip_suffix('-').unwrap_or(prefix).rfind('-').filter(|dash| *dash > 0).map(|dash| &prefix[..=dash]);
    if let Some(shorter) = shorter {
        let instance = if instance.is_empty() { String::new() } else { format!("@{instance}") };
        folders.extend(drop_in_folders(&format!("{shorter}{instance}{}", suffix(unit))));
    }
    folders
}

/// Every name of the unit's type on the load path; a link to another one of them is an alias.
struct Aliases(BTreeMap<String, Option<String>>);

impl Aliases {
    fn read(tree: &RootFs, unit: &str) -> Result<Self, String> {
        let places: BTreeSet<PathBuf> = FOLDERS.iter().filter_map(|folder| Some(tree.walk(Path::new(folder)).ok()?.end)).collect();
        let target = |path: &str| {
            let end = tree.walk(Path::new(path)).ok()?.end;
            let name = end.file_name()?.to_str()?.to_owned();
            (places.contains(end.parent()?) && name != file_name(path) && suffix(&name) == suffix(unit)).then_some(name)
        };
        let mut aliases = BTreeMap::new();
        for folder in FOLDERS {
            for name in names_in(tree, folder)?.into_iter().filter(|name| suffix(name) == suffix(unit)) {
                let path = format!("{folder}/{name}");
                aliases.entry(name).or_insert_with(|| tree.is_link(Path::new(&path)).unwrap_or(false).then(|| target(&path)).flatten());
            }
        }
        Ok(Self(aliases))
    }

    /// The name that the links of a name lead to; an alias of a template is one of all its instances.
    fn resolve(&self, unit: &str) -> String {
        let mut name = unit.to_owned();
        for _ in 0..MAX_ALIASES {
            let template = template_of(&name).filter(|_| !self.0.contains_key(&name));
            let Some(Some(target)) = self.0.get(template.as_ref().unwrap_or(&name)) else { break };
            name = of_instance(target, &name);
        }
        name
    }

    /// All names of a unit: the one that counts first.
    fn names(&self, id: &str, unit: &str) -> Vec<String> {
        let mut names = vec![id.to_owned()];
        let all = self.0.keys().map(|name| of_instance(name, id)).chain([unit.to_owned()]);
        for name in all.filter(|name| self.resolve(name) == id) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }
}

/// A template's name with the instance of another unit; any other name as it is.
fn of_instance(name: &str, unit: &str) -> String {
    let instance = unit.strip_suffix(suffix(unit)).and_then(|stem| Some(stem.split_once('@')?.1)).unwrap_or_default();
    name.replacen("@.", &format!("@{instance}."), 1)
}

#[cfg(test)]
mod tests;
