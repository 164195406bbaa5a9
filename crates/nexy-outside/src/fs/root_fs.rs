//! The root of the file system that is judged: `/`, or a folder at which the root of another machine is mounted.

use crate::fs::files::FileError;
use std::{
    collections::VecDeque,
    ffi::OsString,
    io,
    path::{Component, Path, PathBuf},
};

/// Links that one path may lead through; the kernel allows as many.
const MAX_LINKS: usize = 40;

/// Where a machine's `/` is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RootFs {
    root: Option<PathBuf>,
}

/// The way to a path: places as this process finds them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResolvedPath {
    /// What the path leads to, whether or not it is there.
    pub end: PathBuf,
    /// Every folder in which a name was looked up, each once, in the order in which it was passed.
    pub folders: Vec<PathBuf>,
    /// Every link that was followed.
    pub links: Vec<PathBuf>,
}

impl RootFs {
    /// The machine that this process runs on.
    pub const fn here() -> Self {
        Self { root: None }
    }

    /// A mounted image or the root of a container.
    /// Errors: [`FileError`] when there is no such folder.
    pub fn at(root: &Path) -> Result<Self, FileError> {
        let failed = |source| FileError { verb: "look at", path: root.to_path_buf(), source };
        let real = std::fs::canonicalize(root).map_err(failed)?;
        if !std::fs::metadata(&real).map_err(failed)?.is_dir() {
            return Err(failed(io::ErrorKind::NotADirectory.into()));
        }
        Ok(Self { root: Some(real) })
    }

    /// Whether it is the machine that this process runs on, so that its programs and services can be asked.
    pub const fn is_here(&self) -> bool {
        self.root.is_none()
    }

    /// Where this process finds an absolute path of the machine. In a mounted tree links are followed here, since the
    /// kernel would follow an absolute one out of it; what does not exist stays as it is written.
    /// Errors: [`FileError`] for a path that leads in circles or through a folder that cannot be read.
    pub fn find(&self, path: &Path) -> Result<PathBuf, FileError> {
        if self.is_here() { Ok(path.to_path_buf()) } else { Ok(self.walk(path)?.end) }
    }

    /// Goes to an absolute path of the machine step by step, as the kernel does, through every link and chain of links.
    /// Errors: as [`RootFs::find`].
    pub fn walk(&self, path: &Path) -> Result<ResolvedPath, FileError> {
        let root = self.root.as_deref().unwrap_or(Path::new("/"));
        let failed = |source| FileError { verb: "look at", path: path.to_path_buf(), source };
        let mut ahead: VecDeque<OsString> = steps(path).collect();
        let mut found: Vec<OsString> = Vec::new();
        let (mut folders, mut links) = (Vec::new(), Vec::new());
        while let Some(step) = ahead.pop_front() {
            if step == ".." {
                found.pop();
                continue;
            }
            let folder = join(root, &found);
            if !folders.contains(&folder) {
                folders.push(folder);
            }
            found.push(step);
            let place = join(root, &found);
            match std::fs::symlink_metadata(&place) {
                Ok(metadata) if metadata.file_type().is_symlink() => {
                    if links.len() >= MAX_LINKS {
                        return Err(failed(io::Error::other("links lead in circles")));
                    }
                    let leads_to = std::fs::read_link(&place).map_err(failed)?;
                    links.push(place);
                    found.pop();
                    if leads_to.is_absolute() {
                        found.clear();
                    }
                    for step in steps(&leads_to).collect::<Vec<_>>().into_iter().rev() {
                        ahead.push_front(step);
                    }
                }
                Ok(_) => {}
                Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {}
                Err(error) => return Err(failed(error)),
            }
        }
        Ok(ResolvedPath { end: join(root, &found), folders, links })
    }

    /// Whether an absolute path of the machine is itself a link, wherever that leads.
    pub fn is_link(&self, path: &Path) -> Result<bool, FileError> {
        let place = match (path.parent(), path.file_name()) {
            (Some(parent), Some(name)) => self.find(parent)?.join(name),
            _ => self.find(path)?,
        };
        let metadata = std::fs::symlink_metadata(&place);
        Ok(metadata.map_err(|source| FileError { verb: "look at", path: path.to_path_buf(), source })?.file_type().is_symlink())
    }

    /// The machine's own name of a place that [`RootFs::find`] gave.
    pub fn name(&self, place: &Path) -> PathBuf {
        match &self.root {
            Some(root) => place.strip_prefix(root).map_or_else(|_| place.to_path_buf(), |rest| Path::new("/").join(rest)),
            None => place.to_path_buf(),
        }
    }
}

fn steps(path: &Path) -> impl Iterator<Item = OsString> + '_ {
    path.components().filter_map(|step| match step {
        Component::Normal(name) => Some(name.to_owned()),
        Component::ParentDir => Some("..".into()),
        Component::RootDir | Component::CurDir | Component::Prefix(_) => None,
    })
}

fn join(root: &Path, steps: &[OsString]) -> PathBuf {
    root.iter().chain(steps.iter().map(OsString::as_os_str)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    fn tree() -> (tempfile::TempDir, RootFs) {
        let folder = tempfile::tempdir().expect("a folder");
        for name in ["etc", "srv/app"] {
            std::fs::create_dir_all(folder.path().join(name)).expect("a folder");
        }
        let tree = RootFs::at(folder.path()).expect("it is there");
        (folder, tree)
    }

    fn found(tree: &RootFs, path: &str) -> String {
        tree.name(&tree.find(Path::new(path)).expect("it leads somewhere")).display().to_string()
    }

    #[test]
    fn no_link_leads_out_of_a_mounted_tree() {
        let (folder, tree) = tree();
        for (link, leads_to) in [("srv/absolute", "/etc"), ("srv/app/up", "../../../../../etc"), ("srv/chain", "app/up"), ("out", "/")] {
            symlink(leads_to, folder.path().join(link)).expect("a link");
        }
        for path in ["/srv/absolute/x", "/srv/app/up/x", "/srv/chain/x", "/out/etc/x", "/../../etc/x", "/etc/./x"] {
            assert_eq!(found(&tree, path), "/etc/x", "{path}");
        }
        assert_eq!(found(&tree, "/"), "/");
        assert!(tree.find(Path::new("/srv/absolute/x")).expect("a place").starts_with(folder.path().canonicalize().expect("it is there")));
    }

    #[test]
    fn a_circle_is_an_error_and_what_is_missing_stays_as_it_is_written() {
        let (folder, tree) = tree();
        symlink("b", folder.path().join("a")).expect("a link");
        symlink("/a", folder.path().join("b")).expect("a link");
        assert!(tree.find(Path::new("/a/x")).is_err());
        assert_eq!(found(&tree, "/nothing/here"), "/nothing/here");
    }

    #[test]
    fn every_folder_and_link_of_a_chain_is_passed_once() {
        let (folder, tree) = tree();
        for (link, leads_to) in [("srv/first", "/etc/second"), ("etc/second", "../srv/app/third"), ("srv/app/third", "/etc")] {
            symlink(leads_to, folder.path().join(link)).expect("a link");
        }
        let named = |places: &[PathBuf]| places.iter().map(|place| tree.name(place).display().to_string()).collect::<Vec<_>>();
        let walk = tree.walk(Path::new("/srv/first/file")).expect("it leads somewhere");
        assert_eq!(tree.name(&walk.end), Path::new("/etc/file"));
        assert_eq!(named(&walk.folders), ["/", "/srv", "/etc", "/srv/app"]);
        assert_eq!(named(&walk.links), ["/srv/first", "/etc/second", "/srv/app/third"]);
        assert!(tree.is_link(Path::new("/srv/first")).expect("it is there"));
        assert!(!tree.is_link(Path::new("/srv/app")).expect("it is there"));
        assert!(tree.is_link(Path::new("/srv/nothing")).is_err());
    }

    #[test]
    fn this_machine_needs_no_search_and_a_root_must_be_a_folder() {
        assert_eq!(RootFs::here().find(Path::new("/a/../b")).expect("as it is"), Path::new("/a/../b"));
        assert!(RootFs::at(Path::new("/nothing/here")).is_err());
        assert!(RootFs::at(Path::new("/dev/null")).is_err());
    }
}
