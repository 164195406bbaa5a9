//! The repository that a gate looks into, the tag in question in it, and how git is typed there.

use super::remotes::url_of;
use nexy_contract::text::{excerpt, shell_word};
use nexy_contract::{Fix, ReleaseVersion, Target, check::Answer};
use nexy_outside::fs::accounts::{self, Accounts};
use nexy_outside::programs::git::{FETCH_ABSENT, Git, GitError};
use nexy_outside::{Workspace, frame::version_file::NoVersion, fs::root_fs::RootFs, programs::ProgramError};
use std::{os::unix::fs::MetadataExt as _, path::Path};

/// A repository, found and willing to answer.
pub(crate) struct Repository {
    /// The door to it.
    pub(crate) git: Git,
    /// Whose words and commands are meant.
    pub(crate) side: Side,
}

/// On which machine the repository stands, and how its commands begin there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Side {
    /// Whether it is the checkout on the VM, not the workspace.
    pub(crate) is_vm: bool,
    /// Its place in that machine's own words.
    pub(crate) shown: String,
    /// What a command that changes a file there begins with: nothing, or `sudo -u OWNER `.
    pub(crate) as_owner: String,
    /// How git is typed so that it works there: `git`, or `sudo -u OWNER git -C CHECKOUT`.
    pub(crate) git: String,
}

/// The tag in question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tag {
    /// Its name.
    pub(crate) name: String,
    /// The version that it stands for.
    pub(crate) version: ReleaseVersion,
    /// The commit that it leads to.
    pub(crate) commit: String,
    /// The object that it names: the commit, or the tag's own one.
    pub(crate) object: String,
    /// Whether it is there already; else the commit is asked about before it gets the tag.
    pub(crate) exists: bool,
}

/// A commit as people name it.
pub(crate) fn short(object: &str) -> &str {
    object.get(..10).unwrap_or(object)
}

impl Repository {
    /// The repository of a gate that any checkout can answer: the workspace, or the checkout of a mounted tree.
    pub(crate) fn in_question(workspace: &Workspace, tree: &RootFs, gate: &str) -> Result<Self, Answer> {
        let (root, target) = (&workspace.root, &workspace.target);
        if tree.is_here() && *root != Path::new(&target.vm.checkout) {
            let side = Side { is_vm: false, shown: root.display().to_string(), as_owner: String::new(), git: "git".to_owned() };
            return Self::open(target, root, side, gate);
        }
        Self::on_vm(target, tree, gate)
    }

    /// The checkout on the VM.
    pub(crate) fn on_vm(target: &Target, tree: &RootFs, gate: &str) -> Result<Self, Answer> {
        let shown = target.vm.checkout.clone();
        let look = || Fix::command(format!("sudo ls -ld {}", shell_word(&shown)));
        let folder = tree.find(Path::new(&shown)).map_err(|error| Answer::unknown(error.to_string(), EXPECTED, look()))?;
        let as_owner = as_user(owner(target, tree, &folder).as_deref());
        let git = format!("{as_owner}git -C {}", shell_word(&shown));
        Self::open(target, &folder, Side { is_vm: true, shown, as_owner, git }, gate)
    }

    fn open(target: &Target, folder: &Path, side: Side, gate: &str) -> Result<Self, Answer> {
        let git = match Git::at(folder) {
            Ok(Some(git)) => git,
            Ok(None) => return Err(absent(target, folder, &side)),
            Err(error) => return Err(unreadable(&error, &side, gate)),
        };
        match git.must_be_whole() {
            Ok(()) => Ok(Self { git, side }),
            Err(error) => Err(unreadable(&error, &side, gate)),
        }
    }

    /// An answer for what git would not tell.
    pub(crate) fn unreadable(&self, error: &GitError, gate: &str) -> Answer {
        unreadable(error, &self.side, gate)
    }

    /// The tag in question, with the commit that it leads to, or the one that is to get it; `name` is what names the tag.
    pub(crate) fn tag(&self, target: &Target, name: Result<String, NoVersion>, commit: Option<&str>, gate: &str) -> Result<Tag, Answer> {
        let name = name.map_err(|error| {
            let fix = Fix::command(format!("nexy-gate {gate} --tag vX.Y.Z.W"));
            Answer::unknown(format!("cannot determine which tag is meant: {}", error.because()), "a tag to look at", fix)
        })?;
        let Some(version) = name.strip_prefix('v').and_then(|version| version.parse().ok()) else {
            let found = format!("{} is no release's tag", excerpt(&name, 60));
            return Err(Answer::unknown(found, "v and four numbers", Fix::command("nexy-version record")));
        };
        let look = || -> Result<Result<Tag, Answer>, GitError> {
            if let Some(commit) = commit {
                let Some(commit) = self.git.object(&format!("{commit}^{{commit}}"))? else {
                    let fix = Fix::command(format!("{} rev-parse HEAD", self.side.git));
                    return Ok(Err(Answer::unknown(format!("there is no commit {commit} in {}", self.side.shown), "that commit", fix)));
                };
                return Ok(Ok(Tag { name: name.clone(), version, object: commit.clone(), commit, exists: false }));
            }
            let full = format!("refs/tags/{name}");
            let Some(object) = self.git.object(&full)? else { return Ok(Err(self.no_tag(target, &name, gate))) };
            let commit = self.git.object(&format!("{full}^{{}}"))?.ok_or(GitError::Odd("a tag that leads nowhere"))?;
            let kind = self.git.kind(&commit)?;
            let tag = Tag { name: name.clone(), version, commit, object, exists: true };
            if kind != "commit" {
                let found = format!("{name} leads to a {}, not to a commit", excerpt(&kind, 20));
                return Ok(Err(Answer::fail(found, "a tag of a commit", self.side.next_version(&tag, Fix::none()))));
            }
            Ok(Ok(tag))
        };
        look().unwrap_or_else(|error| Err(self.unreadable(&error, gate)))
    }

    fn no_tag(&self, target: &Target, name: &str, gate: &str) -> Answer {
        let Side { is_vm, shown, git, .. } = &self.side;
        let found = format!("there is no tag {name} in {shown}");
        if *is_vm {
            let remote = shell_word(&target.remotes.workspace);
            let fix = Fix::command(format!("{git} fetch {remote} refs/tags/{name}:refs/tags/{name}"))
                .then_command(format!("sudo nexy-gate {gate} --tag {name}"));
            return Answer::unknown(found, "the tag, fetched", fix);
        }
        Answer::fail(found, "a tag on the commit that is released", Fix::command("make tag"))
    }
}

const EXPECTED: &str = "a git repository that answers";

impl Side {
    /// What to do about a tag whose content is wrong: it stays, and the next version gets it right. A commit without the tag is
    /// followed by a better one.
    pub(crate) fn next_version(&self, tag: &Tag, correct: Fix) -> Fix {
        if !tag.exists {
            return correct.then_note("commit the correction, then:").then_command("make tag");
        }
        let (version, next) = (tag.version, tag.version.next());
        if self.is_vm {
            return Fix::note("on the laptop, in the workspace:")
                .then_command(format!("nexy-gate tag-coherent layout --tag v{version}"))
                .then_note("then deploy a tag that passes there");
        }
        correct
            .then_note("a tag that others may have is never moved; the next version gets it right")
            .then_command(format!("nexy-version set {next}"))
            .then_command(format!("git commit --all --message='Release v{next}'"))
            .then_command("make tag")
    }
}

/// Who owns the checkout; in a mounted tree this machine's names may be other people's.
fn owner(target: &Target, tree: &RootFs, folder: &Path) -> Option<String> {
    if !tree.is_here() {
        return Some(target.service.user.clone());
    }
    let uid = std::fs::metadata(folder).ok()?.uid();
    Some(Accounts::read().ok()?.user_name(uid))
}

/// What a command of the checkout's owner begins with.
fn as_user(owner: Option<&str>) -> String {
    match owner {
        Some("root") | None => "sudo ".to_owned(),
        Some(owner) => format!("sudo -u {} ", shell_word(owner)),
    }
}

fn absent(target: &Target, folder: &Path, side: &Side) -> Answer {
    let (url, place) = (shell_word(&url_of(target, &target.repositories.workspace)), shell_word(&side.shown));
    let user = shell_word(&target.service.user);
    let fix = match (side.is_vm, folder.exists()) {
        (false, _) => Fix::command(format!("git clone {url}")).then_note("work in the clone"),
        (true, false) => Fix::command(format!("sudo -u {user} git clone {url} {place}")),
        (true, true) => {
            let (git, remote) = (&side.git, shell_word(&target.remotes.workspace));
            Fix::commands([format!("{git} init"), format!("{git} remote add {remote} {url}"), format!("{git} fetch --tags {remote}")])
        }
    };
    Answer::fail(format!("{} is no git repository", side.shown), format!("a clone of {}", target.repositories.workspace), fix)
}

fn unreadable(error: &GitError, side: &Side, gate: &str) -> Answer {
    let place = shell_word(&side.shown);
    let is_root = accounts::is_root();
    let as_root = || Fix::command(format!("sudo nexy-gate {gate}"));
    let fix = match error {
        GitError::Program(ProgramError::Missing(program)) => Fix::note(format!("put {program} on PATH, then run the same command again")),
        GitError::Program(_) => Fix::note("see why it does not end:").then_command(format!("{} status", side.git)),
        GitError::File(_) if !is_root => as_root(),
        GitError::File(_) | GitError::NoAccount(..) => Fix::command(format!("sudo ls -ld {place} {place}/.git {place}/.git/config")),
        GitError::Refused(words) if words.contains("dubious ownership") && !is_root => as_root(),
        GitError::Refused(words) if words.contains("dubious ownership") => Fix::note("one account must own all of it; see who does:")
            .then_command(format!("sudo ls -ld {place} {place}/.git"))
            .then_command(format!("sudo chown -R --reference={place} {place}/.git")),
        GitError::Writable(path) => Fix::command(format!("sudo chmod go-w {}", shell_word(&path.display().to_string()))),
        GitError::Elsewhere(_) => Fix::command(format!("{} config --unset core.worktree", side.git)),
        GitError::Refused(_) => Fix::note("git's own words stand above; see whether the repository is damaged:")
            .then_command(format!("{} fsck", side.git))
            .then_note("when objects are missing or broken, make a new clone beside it"),
        GitError::Absent(..) => Fix::note("fetch what is missing:")
            .then_command(format!("{} {FETCH_ABSENT}", side.git))
            .then_command(format!("{}nexy-gate {gate}", if side.is_vm { "sudo " } else { "" })),
        GitError::Odd(_) => Fix::command(format!("{} fsck", side.git)),
    };
    Answer::unknown(error.to_string(), EXPECTED, fix)
}

/// So many paths are named; the rest is counted.
pub(crate) const SHOWN: usize = 10;

/// The first of a list, and how many more there are.
pub(crate) fn counted(shown: &[String]) -> String {
    let more = shown.len().saturating_sub(SHOWN);
    let tail = if more > 0 { format!(", and {more} more") } else { String::new() };
    shown.iter().take(SHOWN).map(String::as_str).collect::<Vec<_>>().join(", ") + &tail
}
