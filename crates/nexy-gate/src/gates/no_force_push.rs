//! What would be pushed follows on what is there: no branch is rewritten, no tag is moved, and nothing is set up to do so.

mod look;
mod settings;

use crate::gate::prelude::*;
use crate::observed::remotes::url_of;
use crate::observed::repository::{Repository, short};
use nexy_contract::{ReleaseVersion, remote_refusal};
use nexy_outside::programs::git::GitError;

pub(crate) const GATE: Gate = Gate {
    id: "no-force-push",
    asks: "Does what would be pushed follow on what the remotes have, and is nothing set up to force it?",
    profiles: &["pre-production", "before-deploy"],
    runbook: "S0 §2, S3 §0",
    at: Machine::Laptop,
    takes: Takes::Outside,
    explain: Explain {
        symptom: "Commits of others are gone from the branch, or a tag means another commit on the VM than on GitHub: a push was made with \
                  --force.",
        check: "Asks the remotes (git ls-remote) for the branch and the tag: the branch there must be in the history of the one here, a tag \
                there must be the very object that is here. Looks for settings that force: `+` in remote.NAME.push, remote.NAME.mirror, and a \
                pre-push hook that git would pass over. What a person types or an alias holds is not read: the branch protection on GitHub \
                refuses it. Of the server's remote, which is fed by git subtree, only the tag is compared.",
        fix: &[
            command("git pull --no-rebase REMOTE BRANCH"),
            note(
                "Then push again without --force. A tag that others have is never moved: the next version gets its \
                     own.",
            ),
        ],
        verify: &[command("nexy-gate no-force-push")],
    },
    check: |context| ask(context).unwrap_or_else(|answer| answer),
    repair: None,
};

/// How what a remote has stands to what is here.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Branch {
    /// The remote has no such branch yet.
    New,
    /// It is in the history of the one here.
    Contained(String),
    /// It holds what the one here does not.
    Ahead(String),
    /// The history here was cut off when it was fetched, so the two cannot be compared.
    CutOff(String),
}

/// A remote's tag of the release's name: the object, and the commit that it leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
struct RemoteTag {
    object: String,
    commit: String,
}

/// What came of asking one remote.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Asked {
    Told {
        branch: Option<Branch>,
        tag: Option<RemoteTag>,
    },
    /// There is no such remote.
    Missing,
    /// Its URL holds a password, which git would show in the list of processes.
    HoldsSecret,
    /// What is fetched comes from elsewhere than what is pushed goes to.
    TwoPlaces,
    /// It did not answer; what was last seen of its branch.
    Silent {
        because: String,
        last_seen: Option<Branch>,
    },
}

/// Everything that was looked at.
#[derive(Clone, Debug)]
struct Facts {
    /// The branch that would be pushed, and its name on the remote; `None` when there is none.
    branch: Option<(String, String)>,
    tag: String,
    version: Option<ReleaseVersion>,
    /// The tag's object here, and its commit.
    local_tag: Option<RemoteTag>,
    workspace: Asked,
    server: Asked,
    /// What is set up to force, and the command that takes it away.
    forcing: Vec<(String, Fix)>,
}

fn ask(context: &Context) -> Result<Answer, Answer> {
    let repository = Repository::in_question(&context.workspace, &context.tree, GATE.id)?;
    let tag = context.tag().map_err(|error| {
        let fix = Fix::command(format!("nexy-gate {} --tag vX.Y.Z.W", GATE.id));
        Answer::unknown(format!("cannot determine which tag is meant: {}", error.because()), "a tag to look for", fix)
    })?;
    let facts = look::look(context, &repository, tag).map_err(|error: GitError| repository.unreadable(&error, GATE.id))?;
    Ok(judge(&context.workspace.target, &facts))
}

fn judge(target: &Target, facts: &Facts) -> Answer {
    let mut builder = AnswerBuilder::default();
    for (found, fix) in &facts.forcing {
        builder.fail(found, fix);
    }
    let (workspace, server) = (&target.remotes.workspace, &target.remotes.server);
    // What was seen the last time is enough for a no, and never for a yes.
    if let Asked::Silent { last_seen: seen @ Some(Branch::Ahead(_)), .. } = &facts.workspace {
        judge_branch(target, facts, seen.as_ref(), &mut builder);
    }
    if let Some((branch, tag)) = judge_asked(target, workspace, &target.repositories.workspace, &facts.workspace, &mut builder) {
        judge_branch(target, facts, branch, &mut builder);
        judge_tag(workspace, facts, tag, &mut builder);
    }
    if let Some((_, tag)) = judge_asked(target, server, &target.repositories.server, &facts.server, &mut builder) {
        judge_server(server, facts, tag, &mut builder);
    }
    builder.answer(format!("a branch and a tag that {workspace} and {server} take without force"))
}

/// What a remote told, unless it could not be asked; the reason is counted then.
fn judge_asked<'a>(
    target: &Target,
    remote: &str,
    repository: &str,
    asked: &'a Asked,
    builder: &mut AnswerBuilder,
) -> Option<(Option<&'a Branch>, Option<&'a RemoteTag>)> {
    let (name, url) = (shell_word(remote), shell_word(&url_of(target, repository)));
    match asked {
        Asked::Told { branch, tag } => return Some((branch.as_ref(), tag.as_ref())),
        Asked::Missing => builder.unknown(format!("there is no remote {remote}"), Fix::command(format!("git remote add {name} {url}"))),
        Asked::HoldsSecret => builder.unknown(
            format!("the URL of {remote} holds a password, which git would show to every account of this machine, so it was not asked"),
            Fix::command(format!("git config --replace-all remote.{name}.url {url}"))
                .then_note("if git asks for a password then: gh auth setup-git"),
        ),
        Asked::TwoPlaces => {
            builder.unknown(format!("{remote} fetches from one place and pushes to another"), Fix::command("nexy-gate git-remotes"));
        }
        Asked::Silent { because, .. } => {
            builder.unknown(
                format!("{remote} does not answer: {}", excerpt(because, 200)),
                remote_refusal::fix(because, &name, &url, &target.github.web_url).then_command("nexy-gate no-force-push"),
            );
        }
    }
    None
}

fn judge_branch(target: &Target, facts: &Facts, branch: Option<&Branch>, builder: &mut AnswerBuilder) {
    let remote = &target.remotes.workspace;
    let name = shell_word(remote);
    match (&facts.branch, branch) {
        (Some((local, there)), Some(Branch::New)) => builder.pass(format!("{remote} has no branch {there} yet, {local} is new")),
        (Some((local, there)), Some(Branch::Contained(commit))) => {
            builder.pass(format!("{remote}'s {there} ({}) is in the history of {local}", short(commit)));
        }
        (Some((local, there)), Some(Branch::Ahead(commit))) => builder.fail(
            format!("{remote}'s {there} ({}) is not in the history of {local}, so only force could push it", short(commit)),
            Fix::command(format!("git pull --no-rebase {name} {}", shell_word(there))),
        ),
        (Some((local, there)), Some(Branch::CutOff(commit))) => builder.unknown(
            format!("{remote}'s {there} ({}) is not in the part of {local}'s history that was fetched", short(commit)),
            Fix::command(format!("git fetch --unshallow {name}")),
        ),
        _ => builder.unknown(
            "no branch is checked out that could be pushed",
            Fix::command(format!("git switch {}", shell_word(&target.workflow.branch))),
        ),
    }
}

fn judge_tag(remote: &str, facts: &Facts, tag: Option<&RemoteTag>, builder: &mut AnswerBuilder) {
    let (name, tag_name) = (shell_word(remote), &facts.tag);
    match (&facts.local_tag, tag) {
        (_, None) => builder.pass(format!("{remote} has no {tag_name} yet")),
        (Some(here), Some(there)) if here.object == there.object => builder.pass(format!("{remote} has the same {tag_name}")),
        (Some(here), Some(there)) => {
            let next = facts.version.map_or_else(|| "X.Y.Z.W".to_owned(), |version| version.next().to_string());
            let word = shell_word(tag_name);
            builder.fail(
                format!(
                    "{remote} has {tag_name} as {}, here it is {}, so only force could push it",
                    short(&there.object),
                    short(&here.object)
                ),
                Fix::note("a tag that others have is never moved; give the release the next version:")
                    .then_command(format!("nexy-version set {next}"))
                    .then_note("or delete the tag that is only here by hand, and take theirs:")
                    .then_command(format!("git fetch {name} refs/tags/{word}:refs/tags/{word}")),
            );
        }
        (None, Some(there)) => {
            let word = shell_word(tag_name);
            builder.fail(
                format!("{remote} has {tag_name} ({}) already, and it is not here", short(&there.object)),
                Fix::command(format!("git fetch {name} refs/tags/{word}:refs/tags/{word}")),
            );
        }
    }
}

/// The server's tag stands on the split commit, which only git subtree could name; what can be seen is that it is not ours.
fn judge_server(remote: &str, facts: &Facts, tag: Option<&RemoteTag>, builder: &mut AnswerBuilder) {
    let name = &facts.tag;
    match (tag, &facts.local_tag) {
        (None, _) => builder.pass(format!("{remote} has no {name} yet; its branch, which git subtree feeds, was not compared")),
        (Some(there), Some(here)) if there.commit == here.commit => {
            let next = facts.version.map_or_else(|| "X.Y.Z.W".to_owned(), |version| version.next().to_string());
            builder.fail(
                format!("{remote}'s {name} is the workspace's own commit {}: the whole workspace was pushed there", short(&there.commit)),
                Fix::note("it stays there; the next version is tagged on the commit that git subtree splits off")
                    .then_command(format!("nexy-version set {next}")),
            );
        }
        (Some(there), _) => builder.pass(format!(
            "{remote} has {name} ({}) already, where it stays; whether it holds this version cannot be seen from here",
            short(&there.commit)
        )),
    }
}

#[cfg(test)]
mod tests;
