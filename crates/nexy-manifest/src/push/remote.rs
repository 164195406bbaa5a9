//! The remote that the manifests are pushed to: it must be the workspace's repository, and it says itself what it has.

use nexy_contract::{
    Exit, Fix, Problem, Target, Url, remote_refusal,
    remote_url::{self, Place},
    text::shell_word,
};
use nexy_outside::{
    Common, Workspace,
    frame::record_io::ActionOutcome,
    programs::git::{Entry, FETCH_ABSENT, FileChange, Git, GitError, RemoteUrl},
};
use std::time::Duration;

/// The rulebook's line (S2 §3 Phase 2 step 4).
const MARKER: &str = "Manifest changes pushed to remote";

/// A remote that was found right.
pub(super) struct Remote<'a> {
    target: &'a Target,
    git: Git,
    name: &'a str,
    branch: &'a str,
}

impl<'a> Remote<'a> {
    /// Finds the workspace's remote in its repository, and judges where it leads before anything is asked or sent.
    pub(super) fn find(workspace: &'a Workspace) -> Result<Self, Problem> {
        let target = &workspace.target;
        let place = workspace.root.display();
        let cannot = |error: &GitError| {
            let fix = Fix::note("git's own words stand above; see what it says of this folder:").then_command("git status");
            Problem::new(Exit::CouldNotLook, format!("cannot push the manifests of {place}"), error.to_string(), fix)
        };
        let Some(git) = Git::at(&workspace.root).map_err(|error| cannot(&error))? else {
            let url = shell_word(&format!("{}/{}.git", target.github.web_url, target.repositories.workspace));
            let fix = Fix::note("push them from a clone of the workspace:").then_command(format!("git clone {url}"));
            return Err(Problem::new(Exit::No, "nothing is pushed", format!("{place} is no git repository"), fix));
        };
        git.must_be_whole().map_err(|error| cannot(&error))?;
        let lines = git.remotes().map_err(|error| cannot(&error))?;
        judge(target, &lines)?;
        Ok(Self { target, git, name: &target.remotes.workspace, branch: &target.workflow.branch })
    }

    pub(super) fn shown(&self) -> String {
        format!("{} {}", self.name, self.branch)
    }

    fn full_branch(&self) -> String {
        format!("refs/heads/{}", self.branch)
    }

    /// The commit that the branch has there now, and everything that it holds, brought here.
    pub(super) fn tip(&self, after_a_push: bool) -> Result<String, Problem> {
        let (target, full) = (self.target, self.full_branch());
        let what = if after_a_push {
            format!("unknown whether {} has the manifests now", self.shown())
        } else {
            format!("the manifests are not pushed to {}", self.shown())
        };
        let silent = |error: &GitError| Problem::new(Exit::CouldNotLook, what.clone(), error.to_string(), self.advice(&error.to_string()));
        let timeout = Duration::from_secs(target.limits.connect_timeout_s + target.limits.stall_timeout_s);
        let told = self.git.ask_remote(self.name, &[&full], timeout).map_err(|error| silent(&error))?;
        let Some(tip) = told.into_iter().next().map(|found| found.object) else {
            let because = format!("{} has no branch {}", self.name, self.branch);
            let fix = Fix::note("correct workflow.branch in nexy.toml, or push that branch once, by hand; then:")
                .then_command("make manifest-push");
            return Err(Problem::new(Exit::No, what, because, fix));
        };
        if !self.git.has(&tip).map_err(|error| silent(&error))? {
            self.git.fetch(self.name, &full, self.transfer()).map_err(|error| silent(&error))?;
        }
        Ok(tip)
    }

    /// A push is a few kilobytes, but a fetch may bring all that was pushed since the last one.
    fn transfer(&self) -> Duration {
        Duration::from_secs(self.target.limits.retry_total_s)
    }

    /// Keeps the content of the manifests in this repository, and names its object.
    pub(super) fn keep(&self, text: &[u8]) -> Result<String, Problem> {
        self.git.keep(text).map_err(|error| self.unreadable(&error))
    }

    pub(super) fn tree(&self, commit: &str) -> Result<Vec<Entry>, Problem> {
        self.git.tree(commit).map_err(|error| self.unreadable(&error))
    }

    /// Whether the history of a commit holds another one.
    pub(super) fn is_in(&self, commit: &str, tip: &str) -> Result<bool, Problem> {
        self.git.is_ancestor(commit, tip).map_err(|error| self.unreadable(&error))
    }

    pub(super) fn commit(&self, upon: &str, changes: &[FileChange], message: &str) -> Result<String, Problem> {
        self.git.commit_upon(upon, changes, &format!("{message}\n")).map_err(|error| match self.git.knows_committer() {
            Ok(false) => self.nobody_commits(),
            _ => self.unreadable(&error),
        })
    }

    /// Pushes a commit; why that did not end well, in git's words. What really came of it, the remote tells.
    pub(super) fn push(&self, commit: &str) -> Option<String> {
        self.git.push(self.name, commit, &self.full_branch(), self.transfer()).unwrap_or_else(|error| Some(error.to_string()))
    }

    /// git would else take a name that it guesses from account and machine.
    fn nobody_commits(&self) -> Problem {
        let host = Url::parse(&self.target.github.web_url).map_or_else(String::new, |url| shell_word(url.host()));
        let of_github = |field: &str| format!("\"$(gh api user --hostname {host} --jq '{field}')\"");
        let fix = Fix::note("git takes both from its configuration; these are those of your account on GitHub:")
            .then_command(format!("git config user.name {}", of_github(".login")))
            .then_command(format!("git config user.email {}", of_github("\"\\(.id)+\\(.login)@users.noreply.github.com\"")))
            .then_command("make manifest-push");
        let because = "git is configured with no name and no address for a commit (user.name, user.email)";
        Problem::new(Exit::No, format!("the manifests are not pushed to {}", self.shown()), because, fix)
    }

    /// What to do about these words of git.
    fn advice(&self, because: &str) -> Fix {
        let (name, web) = (shell_word(self.name), &self.target.github.web_url);
        let url = shell_word(&format!("{web}/{}.git", self.target.repositories.workspace));
        remote_refusal::fix(because, &name, &url, web).then(again())
    }

    fn unreadable(&self, error: &GitError) -> Problem {
        let fix = match error {
            GitError::Absent(..) => Fix::note("fetch what is missing:").then_command(format!("git {FETCH_ABSENT}")),
            _ => Fix::note("git's own words stand above; see whether the repository is damaged:").then_command("git fsck"),
        };
        Problem::new(Exit::CouldNotLook, format!("the manifests are not pushed to {}", self.shown()), error.to_string(), fix.then(again()))
    }

    /// The remote has what it had before. The commit is in this repository, so that it can be pushed elsewhere.
    pub(super) fn refused(&self, because: String, commit: &str, message: &str) -> Problem {
        let what = format!("the manifests are not pushed: {} refuses them", self.shown());
        let fix = if remote_refusal::is_protected(&because) {
            let (name, base, repository) =
                (shell_word(self.name), shell_word(self.branch), shell_word(&self.target.repositories.workspace));
            let head = format!("manifests-{}", commit.get(..10).unwrap_or(commit));
            Fix::note("a rule of the branch refuses the push. Let an account that the rule lets through type `make manifest-push`, or propose the same commit for review:")
                .then_command(format!("git push {name} {commit}:refs/heads/{head}"))
                .then_command(format!("gh pr create --repo {repository} --base {base} --head {head} --title {} --body ''", shell_word(message)))
        } else {
            self.advice(&because)
        };
        Problem::new(Exit::No, what, because, fix)
    }

    /// The remote has the commit.
    pub(super) fn done(&self, workspace: &Workspace, commit: &str, message: &str, common: &Common) -> ActionOutcome {
        common.note(MARKER);
        // It is pushed, whatever this clone says of itself.
        let next = self.pull(&workspace.target.layout.manifest_dirs, commit, message).unwrap_or_else(|_| Fix::none());
        ActionOutcome { next, ..ActionOutcome::done(format!("pushed to {}: {message}", self.shown()), true) }
    }

    /// What brings the branch of this clone to the pushed commit: its files hold the same bytes, but git refuses to pull over files
    /// that it does not know yet.
    fn pull(&self, folders: &[String], commit: &str, message: &str) -> Result<Fix, GitError> {
        let (name, branch) = (shell_word(self.name), shell_word(self.branch));
        let folders = folders.iter().map(|folder| shell_word(folder)).collect::<Vec<_>>().join(" ");
        let Some(head) = self.git.object("HEAD^{commit}")? else { return Ok(Fix::none()) };
        if self.git.branch()?.as_deref() != Some(self.branch) {
            return Ok(Fix::note(format!("{branch} of this clone is not checked out; it stays behind until it is pulled")));
        }
        let add = format!("git add --all -- {folders}");
        if self.git.is_ancestor(&head, commit)? {
            let said = format!("{branch} of this clone is behind that commit; its files are the same, so this pull meets no conflict:");
            return Ok(Fix::note(said).then_command(add).then_command(format!("git pull --ff-only {name} {branch}")));
        }
        let said = format!("{branch} of this clone keeps its own commits; the files are the same, so this pull meets no conflict:");
        Ok(Fix::note(said)
            .then_command(add)
            .then_command(format!("git commit --message={} -- {folders}", shell_word(message)))
            .then_command(format!("git pull --no-rebase --no-edit {name} {branch}")))
    }

    pub(super) fn nothing_new(&self, tip: &str) -> ActionOutcome {
        let tip = tip.get(..10).unwrap_or(tip);
        ActionOutcome::done(format!("nothing to push: {} ({tip}) has these manifests", self.shown()), false)
    }
}

/// What to type after whatever was in the way.
pub(super) fn again() -> Fix {
    Fix::note("then try again; what is pushed already is not pushed twice:").then_command("make manifest-push")
}

/// Holds that what is pushed to the remote goes to the workspace's repository, as the gate `git-remotes` does, and that its URL gives no
/// secret to the list of processes.
fn judge(target: &Target, lines: &[RemoteUrl]) -> Result<(), Problem> {
    let (remote, repository) = (&target.remotes.workspace, &target.repositories.workspace);
    let refuse = |exit: Exit, because: String, gate: &'static str| {
        let fix = Fix::note("this says more, and what to type:").then_command(gate).then(again());
        Err(Problem::new(exit, "nothing is pushed", because, fix))
    };
    let here: Vec<&RemoteUrl> = lines.iter().filter(|line| line.remote == *remote).collect();
    if here.is_empty() {
        return refuse(Exit::No, format!("there is no remote {remote}"), "nexy-gate git-remotes");
    }
    let Some(web) = Url::parse(&target.github.web_url) else {
        let fix = Fix::note("correct github.web_url in nexy.toml");
        return Err(Problem::new(Exit::BadTarget, "nothing is pushed", "github.web_url is no URL", fix));
    };
    for line in here {
        let place: Place = remote_url::place(&line.url, &web);
        if remote_url::holds_secret(&line.url) {
            let because = format!("the URL of {remote} holds a password, which git would show to every account of this machine");
            return refuse(Exit::No, because, "nexy-gate no-force-push");
        }
        if !place.is(repository) {
            let exit = if place.may_be(repository) { Exit::CouldNotLook } else { Exit::No };
            return refuse(exit, format!("{remote} leads to {}, not to {repository}", place.shown()), "nexy-gate git-remotes");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_workspaces_own_repository_is_pushed_to() {
        let target = Target::parse(include_str!("../../../../nexy.toml")).expect("the committed nexy.toml");
        let line = |remote: &str, url: &str| RemoteUrl { remote: remote.to_owned(), url: url.to_owned(), is_push: true };
        let (web, right) = (&target.github.web_url, &target.repositories.workspace);
        let good = line("origin", &format!("{web}/{right}.git"));
        for (other, exit) in [
            (line("elsewhere", "https://h.example/a/b"), None),
            (line("origin", &format!("git@github.com:{right}.git")), None),
            (line("origin", &format!("{web}/{}.git", target.repositories.server)), Some(Exit::No)),
            (line("origin", &format!("{web}/{}", target.repositories.artifacts)), Some(Exit::No)),
            (line("origin", &format!("git@work:{right}.git")), Some(Exit::CouldNotLook)),
            (line("origin", &format!("https://me:s3cret@github.com/{right}.git")), Some(Exit::No)),
            (line("origin", "file:///srv/Nexy.git"), Some(Exit::No)),
        ] {
            let judged = judge(&target, &[good.clone(), other.clone()]);
            assert_eq!(judged.as_ref().err().map(|problem| problem.exit), exit, "{other:?}");
            assert!(!format!("{judged:?}").contains("s3cret"));
        }
        assert!(judge(&target, &[line("upstream", &good.url)]).is_err_and(|problem| problem.exit == Exit::No));
    }
}
