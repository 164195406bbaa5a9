//! What is installed in a venv, by the metadata on disk: nothing of the venv is run for it.

use super::requirement::shared_spelling;
use nexy_outside::{files, ownership};
use std::path::Path;

/// Headers end long before this.
const HEAD_BYTES: u64 = 64 << 10;
const CONFIG_BYTES: u64 = 64 << 10;

/// A venv that was looked into.
#[derive(Clone, Debug, Default)]
pub(super) struct Venv {
    /// The version of its Python, as `pyvenv.cfg` names it.
    pub(super) python: String,
    pub(super) packages: Vec<Package>,
}

/// One package on disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Package {
    /// In the spelling that all spellings share.
    pub(super) name: String,
    /// As the metadata spells it; `None` when they cannot be read.
    pub(super) version: Option<String>,
}

/// Why there is nothing to judge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum NoVenv {
    /// It is not there, or broken.
    Wrong(String),
    /// Nobody can tell what it holds.
    Unsure(String),
}

/// Looks into the venv that this Python stands in.
pub(super) fn look(python: &Path) -> Result<Venv, NoVenv> {
    let unsure = |error: &dyn std::fmt::Display| NoVenv::Unsure(error.to_string());
    match ownership::look(python) {
        Ok(_) => {}
        Err(error) if error.is_missing() => return Err(NoVenv::Wrong(format!("there is no program {}", python.display()))),
        Err(error) => return Err(unsure(&error)),
    }
    let root = python.parent().and_then(Path::parent).unwrap_or(Path::new("/"));
    let config = root.join("pyvenv.cfg");
    let text = match files::read_head(&config, CONFIG_BYTES) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(error) if error.is_missing() => return Err(NoVenv::Unsure(format!("{} is no venv: it has no pyvenv.cfg", root.display()))),
        Err(error) => return Err(unsure(&error)),
    };
    let value = |key: &str| {
        text.lines().filter_map(|line| line.split_once('=')).find(|(name, _)| name.trim() == key).map(|(_, value)| value.trim())
    };
    if value("include-system-site-packages") != Some("false") {
        return Err(NoVenv::Unsure(format!("{} does not say that packages of the system are left out", config.display())));
    }
    let version = value("version").or_else(|| value("version_info")).unwrap_or_default();
    let mut numbers = version.split('.').filter(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()));
    let (Some(major), Some(minor)) = (numbers.next(), numbers.next()) else {
        return Err(NoVenv::Unsure(format!("{} does not name the version of its Python", config.display())));
    };
    let folder = root.join(format!("lib/python{major}.{minor}/site-packages"));
    let names = match files::list(&folder) {
        Ok(Some(names)) => names,
        Ok(None) => return Err(NoVenv::Wrong(format!("{} has no packages: there is no {}", root.display(), folder.display()))),
        Err(error) => return Err(unsure(&error)),
    };
    let packages = names.iter().filter_map(|name| package(&folder, name)).collect();
    Ok(Venv { python: version.to_owned(), packages })
}

fn package(folder: &Path, name: &str) -> Option<Package> {
    // What pip left of a broken uninstall begins with `~`; no reader takes it for a package.
    let (stem, file) = match (name.strip_suffix(".dist-info"), name.strip_suffix(".egg-info")) {
        (Some(stem), _) => (stem, folder.join(name).join("METADATA")),
        (None, Some(stem)) if folder.join(name).is_dir() => (stem, folder.join(name).join("PKG-INFO")),
        (None, Some(stem)) => (stem, folder.join(name)),
        (None, None) => return None,
    };
    if stem.starts_with('~') {
        return None;
    }
    let head = files::read_head(&file, HEAD_BYTES).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
    let (named, version) = headers(&head);
    let named = named.unwrap_or_else(|| stem.split('-').next().unwrap_or(stem).to_owned());
    Some(Package { name: shared_spelling(&named), version })
}

/// `Name` and `Version` of the headers; what stands behind the first empty line is prose.
fn headers(head: &str) -> (Option<String>, Option<String>) {
    let lines = || head.lines().take_while(|line| !line.trim().is_empty());
    let value = |key: &str| {
        lines()
            .filter_map(|line| line.split_once(':'))
            .find(|(name, _)| name.eq_ignore_ascii_case(key))
            .map(|(_, value)| value.trim().to_owned())
    };
    (value("Name"), value("Version"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_headers_count() {
        let head = "Metadata-Version: 2.1\nName: Foo\nVersion: 1.2\nSummary: Version: 9\n\nName: Bar\nVersion: 3\n";
        assert_eq!(headers(head), (Some("Foo".into()), Some("1.2".into())));
        assert_eq!(headers("Summary: x\n\nVersion: 3\n"), (None, None));
        assert_eq!(headers(""), (None, None));
    }
}
