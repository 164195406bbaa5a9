//! The story of `changes`: names the files in which the version, and nothing else, differs from HEAD. A release commits just these.

use nexy_contract::{Exit, Fix, Problem, ReleaseVersion, target_file::VersionPlace, text::shell_word, version_places};
use nexy_outside::{
    Workspace,
    frame::{
        stdio,
        version_file::{self, MAX_BYTES},
    },
    fs::files,
    programs::git::{Entry, Git, GitError},
};

/// How a file differs from HEAD.
#[derive(Debug, PartialEq, Eq)]
enum Change {
    Nothing,
    VersionAlone,
    More(&'static str),
}

/// Files in which nothing but the version differs from HEAD, and those in which more does, with how.
#[derive(Debug, Default)]
pub(crate) struct Changes<'a> {
    of_version: Vec<&'a str>,
    pub(crate) more: Vec<(&'a str, &'static str)>,
}

pub(crate) fn run(workspace: &Workspace) -> Result<Exit, Problem> {
    let Changes { of_version, more } = look(workspace, version_file::must_read(workspace)?)?;
    if more.is_empty() {
        let lines: String = of_version.iter().flat_map(|file| [file, "\n"]).collect();
        stdio::write_document(lines.as_bytes())?;
        return Ok(Exit::Yes);
    }
    let words = more.iter().map(|(file, _)| shell_word(file)).collect::<Vec<_>>().join(" ");
    let said = more.iter().map(|(file, how)| format!("{file} {how}")).collect::<Vec<_>>().join(", ");
    let fix = Fix::note("see what else stands there, then commit it yourself, the version with it, or take it back:")
        .then_command(format!("git status --short -- {words}"))
        .then_command(format!("git diff HEAD -- {words}"));
    Err(Problem::new(Exit::No, "cannot tell the version's own change from others", said, fix))
}

/// Compares every file of a version place with HEAD; each counts as if it held this version.
/// Errors: the problem to print: there is no HEAD, or a file cannot be read.
pub(crate) fn look(workspace: &Workspace, version: ReleaseVersion) -> Result<Changes<'_>, Problem> {
    let (git, tree) = head(workspace)?;
    let places = &workspace.target.version_places;
    let mut files: Vec<&str> = places.iter().map(|place| place.file.as_str()).collect();
    files.sort_unstable();
    files.dedup();
    let mut changes = Changes::default();
    for file in files {
        let here = files::read_text_if_there(&workspace.path(file), MAX_BYTES)
            .map_err(|error| error.problem(Exit::CouldNotLook, Fix::note("make it readable, then run the same command again")))?;
        let entry = tree.iter().find(|entry| entry.path == file);
        let committed = entry.map(|entry| git.blob(entry, MAX_BYTES)).transpose().map_err(|error| refused(&error))?.flatten();
        let committed = committed.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        let rows: Vec<&VersionPlace> = places.iter().filter(|place| place.file == file).collect();
        match judge(&rows, here.as_deref(), committed.as_deref(), version) {
            Change::Nothing => {}
            Change::VersionAlone => changes.of_version.push(file),
            Change::More(how) => changes.more.push((file, how)),
        }
    }
    Ok(changes)
}

/// git, and the files of HEAD.
fn head(workspace: &Workspace) -> Result<(Git, Vec<Entry>), Problem> {
    let look = || -> Result<Option<(Git, Vec<Entry>)>, GitError> {
        let Some(git) = Git::at(&workspace.root)? else { return Ok(None) };
        git.must_be_whole()?;
        let Some(head) = git.object("HEAD^{commit}")? else { return Ok(None) };
        let tree = git.tree(&head)?;
        Ok(Some((git, tree)))
    };
    let no_commit = || {
        let because = format!("{} is no git repository with a commit", workspace.root.display());
        Problem::new(Exit::No, "cannot compare with HEAD", because, Fix::note("work in a clone of the workspace's repository"))
    };
    look().map_err(|error| refused(&error))?.ok_or_else(no_commit)
}

fn refused(error: &GitError) -> Problem {
    Problem::new(Exit::CouldNotLook, "cannot compare with HEAD", error.to_string(), Fix::command("git status"))
}

fn judge(places: &[&VersionPlace], here: Option<&str>, committed: Option<&str>, version: ReleaseVersion) -> Change {
    let of_version = |text: &str| {
        let set = |text: String, place: &&VersionPlace| version_places::replaced(place, &text, version);
        places.iter().try_fold(text.to_owned(), set).ok()
    };
    match (here, committed) {
        (here, committed) if here == committed => Change::Nothing,
        (None, _) => Change::More("is in HEAD and not here"),
        (_, None) => Change::More("is not in HEAD"),
        (Some(here), Some(committed)) => match (of_version(here), of_version(committed)) {
            (Some(here), Some(committed)) if here == committed => Change::VersionAlone,
            _ => Change::More("has other edits than the version"),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edit_beside_the_version_is_more_than_the_version() {
        let row = |line: &str| VersionPlace { file: "f".into(), line: Some(line.into()), count: Some(1), ..VersionPlace::default() };
        let (version, build) = (row("version: {version}"), row("build: {version}"));
        let asked = |here, committed| judge(&[&version, &build], here, committed, ReleaseVersion::new([2, 0, 0, 5]));
        let old = "host: 10.0.0.1\nversion: 2.0.0.4\nbuild: 2.0.0.3\n";
        let new = "host: 10.0.0.1\nversion: 2.0.0.5\nbuild: 2.0.0.5\n";
        for (here, committed, change) in [
            (Some(old), Some(old), Change::Nothing),
            (None, None, Change::Nothing),
            (Some(new), Some(old), Change::VersionAlone),
            (Some(&new.replace("10.0.0.1", "10.0.0.2")), Some(old), Change::More("has other edits than the version")),
            (Some(&format!("{new}\n")), Some(old), Change::More("has other edits than the version")),
            (Some(&new.replace('\n', "\r\n")), Some(old), Change::More("has other edits than the version")),
            (Some(new), Some("version: '2.0.0.4'\n"), Change::More("has other edits than the version")),
            (Some(new), None, Change::More("is not in HEAD")),
            (None, Some(old), Change::More("is in HEAD and not here")),
        ] {
            assert_eq!(asked(here, committed), change, "{here:?} {committed:?}");
        }
    }
}
