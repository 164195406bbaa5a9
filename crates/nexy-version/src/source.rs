//! Where `check` reads: the files of the workspace, or those of a commit, which is not checked out.

use nexy_contract::{
    Exit, Fix, Problem, ReleaseVersion,
    text::{excerpt, shell_word},
    version_places,
};
use nexy_outside::{
    Workspace,
    frame::version_file::{self, MAX_BYTES},
    fs::files,
    programs::git::{
        FETCH_ABSENT, Git, GitError,
        shelf::{Held, Shelf},
    },
};

/// One of the two.
pub(crate) enum Source<'a> {
    /// The files as they are.
    Files(&'a Workspace),
    /// The files of a commit, and what names it.
    Commit(Shelf<'a>, &'a str),
}

/// Why a file was not read, and what to do about it.
pub(crate) type Unread = (String, Fix);

impl<'a> Source<'a> {
    /// The commit that a tag, a branch or another name leads to. Of a tag and a branch of the same name the tag is meant.
    pub(crate) fn commit(git: &'a Git, name: &'a str, workspace: &Workspace) -> Result<Self, Problem> {
        let what = || format!("cannot read {}", excerpt(name, 60));
        let look = || -> Result<Option<Shelf<'a>>, GitError> {
            let names = [format!("refs/tags/{name}^{{commit}}"), format!("{name}^{{commit}}")];
            // What begins with a dash would be an option.
            for full in names.iter().filter(|full| !full.starts_with('-')) {
                if let Some(commit) = git.object(full)? {
                    return Shelf::of(git, &commit).map(Some);
                }
            }
            Ok(None)
        };
        match look() {
            Ok(Some(shelf)) => Ok(Self::Commit(shelf, name)),
            Ok(None) => {
                let remote = shell_word(&workspace.target.remotes.workspace);
                let fix = Fix::note("see what is there, or fetch it:").then_command(format!("git fetch {remote} --tags"));
                Err(Problem::new(Exit::CouldNotLook, what(), "there is no such tag, branch or commit here", fix))
            }
            Err(error) => Err(Problem::new(Exit::CouldNotLook, what(), error.to_string(), git_fix(&error))),
        }
    }

    /// What stands at a path, relative to the workspace.
    pub(crate) fn read(&self, path: &str) -> Result<Held, Unread> {
        match self {
            Self::Files(workspace) => match files::read_text_if_there(&workspace.path(path), MAX_BYTES) {
                Ok(text) => Ok(text.map_or(Held::Missing, Held::Text)),
                Err(error) => Err((error.to_string(), Fix::note("make it readable, then run the same command again"))),
            },
            Self::Commit(shelf, _) => shelf.read(path).map_err(|error| (error.to_string(), git_fix(&error))),
        }
    }

    /// The version that every place should hold: that of a release's tag, else that of VERSION.
    pub(crate) fn version(&self, workspace: &Workspace) -> Result<ReleaseVersion, Problem> {
        let Self::Commit(_, name) = self else { return version_file::must_read(workspace) };
        if let Some(version) = name.strip_prefix('v').and_then(|version| version.parse().ok()) {
            return Ok(version);
        }
        let file = &workspace.target.layout.version_file;
        let owner = workspace.target.version_places.iter().find(|place| place.whole && place.file == *file);
        let because = match self.read(file) {
            Ok(Held::Text(text)) => match owner.map(|owner| version_places::read(owner, &text)) {
                Some(Ok(spots)) if !spots.is_empty() => return Ok(spots[0].version),
                Some(Err(error)) => error.to_string(),
                _ => "it is in no row of version_places".to_owned(),
            },
            Ok(Held::Missing) => "there is no such file".to_owned(),
            Ok(Held::NoText(because)) => because.to_owned(),
            Err((because, fix)) => return Err(Problem::new(Exit::CouldNotLook, format!("cannot read {file} at {name}"), because, fix)),
        };
        let fix = Fix::note("name the tag of a release, such as v2.0.0.4: then its own version counts");
        Err(Problem::new(Exit::No, format!("cannot tell the version from {file} at {}", excerpt(name, 60)), because, fix))
    }

    /// What to do about a place that holds something else than `version`.
    pub(crate) fn set(&self, version: ReleaseVersion) -> Fix {
        match self {
            Self::Files(_) => Fix::command(format!("nexy-version set {version}")),
            Self::Commit(..) => Fix::note("a tag that others may have is never moved; the next version gets it right:")
                .then_command("nexy-version set X.Y.Z.W"),
        }
    }
}

fn git_fix(error: &GitError) -> Fix {
    match error {
        GitError::Absent(..) => Fix::note("fetch what is missing:").then_command(format!("git {FETCH_ABSENT}")),
        _ => Fix::note("see in the workspace what git says:").then_command("git status"),
    }
}
