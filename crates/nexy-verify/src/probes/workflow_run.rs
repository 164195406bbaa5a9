//! Whether the workflow that deploys ran for the commit of the release, and succeeded.

use crate::{
    context::Context,
    expected::NotKnown,
    probe::{Answer, Explain, Probe},
};
use nexy_contract::fix::{command, note};
use nexy_contract::{Fix, text};
use nexy_outside::{
    net::github::{Github, Kind, WorkflowRun},
    programs::git::Git,
};

/// The row of the table.
pub(crate) const PROBE: Probe = Probe {
    id: "workflow-run",
    asks: "Did the workflow that deploys run for the commit of this version, and succeed?",
    profiles: &["release", "done"],
    advice_in: &["release"],
    runbook: "S0 §2, S1 §2",
    explain: Explain {
        symptom: "A push is there, and the old code goes on running: the workflow did not start, or has failed, and no person looked at its page.",
        check: "Asks GitHub Actions for the runs of workflow.file in repositories.workspace for the commit of the version's tag; the newest that no pull request started must have succeeded. One that goes on is unknown. A private repository needs a token with `Actions: read`. With the record of an update alone or of a rollback, where no code moves, it only informs.",
        fix: &[
            note("See the runs and their logs, mend what they say, and start it again:"),
            command("gh run list --repo \"$(nexy-version show repositories.workspace)\" --limit 10"),
            note("No run at all: see why a push does not start it:"),
            command("nexy-gate workflow-triggers"),
        ],
        verify: &[command("nexy-verify workflow-run --wait 10m")],
    },
    check,
};

/// What runs are asked about.
struct Question {
    repository: String,
    /// The workflow's file, without its folder.
    file: String,
    tag: String,
    commit: String,
}

impl Question {
    fn wanted(&self) -> String {
        format!("a run of {} for {} ({}) that has succeeded", self.file, self.tag, self.commit.get(..12).unwrap_or(&self.commit))
    }

    fn list(&self) -> String {
        format!("gh run list --repo {} --commit {}", text::shell_word(&self.repository), text::shell_word(&self.commit))
    }
}

fn check(context: &Context) -> Answer {
    let question = match question(context) {
        Ok(question) => question,
        Err(not_known) => return not_known.answer("the commit of the version's tag, and a run of the workflow for it"),
    };
    let github = Github::new(&context.http, &context.workspace.target, context.token());
    let runs = github.workflow_runs(&question.repository, &question.file, &question.commit).map_err(|error| {
        let fix = match error.kind {
            Kind::NotFound | Kind::Forbidden => Fix::note(format!(
                "{} or its workflow {} is not there, or the token lacks `Actions: read` on it; see what the token may see:",
                question.repository, question.file
            ))
            .then_command(question.list()),
            _ => error.problem("").fix,
        };
        NotKnown { because: format!("GitHub does not show the runs of {}: {}", question.file, error.because), fix }
    });
    judge(&question, &runs)
}

fn question(context: &Context) -> Result<Question, NotKnown> {
    let target = &context.workspace.target;
    let tag = context.code().as_ref().map_err(Clone::clone)?.0.tag();
    let git = |error: nexy_outside::programs::git::GitError| NotKnown { because: error.to_string(), fix: Fix::command("git status") };
    let here = Git::at(&context.workspace.root).map_err(git)?;
    let commit = here.map(|git| git.object(&format!("refs/tags/{tag}^{{commit}}"))).transpose().map_err(git)?.flatten();
    let no_tag = || NotKnown {
        because: format!("there is no tag {tag} in this repository, so its commit is not known"),
        fix: Fix::command(format!("git fetch {} tag {tag}", text::shell_word(&target.remotes.workspace))),
    };
    let file = target.workflow.file.rsplit('/').next().unwrap_or_default().to_owned();
    Ok(Question { repository: target.repositories.workspace.clone(), file, commit: commit.ok_or_else(no_tag)?, tag })
}

fn judge(question: &Question, runs: &Result<Vec<WorkflowRun>, NotKnown>) -> Answer {
    let wanted = question.wanted();
    let runs = match runs {
        Ok(runs) => runs,
        Err(not_known) => return not_known.answer(wanted),
    };
    let of_commit = runs.iter().filter(|run| run.head_sha == question.commit && !run.event.starts_with("pull_request"));
    let Some(run) = of_commit.max_by_key(|run| (run.run_number, run.run_attempt)) else {
        let found = format!("{} has no run of {} for {}", question.repository, question.file, question.tag);
        let mend = Fix::note("when the commit was pushed a moment ago, wait; else see why a push does not start it:")
            .then_command("nexy-gate workflow-triggers")
            .then_command(question.list());
        return Answer::fail(found, wanted, mend);
    };
    let (status, url) = (run.status.as_deref().unwrap_or("in no known state"), text::excerpt(&run.html_url, 160));
    if status != "completed" {
        let status = text::excerpt(status, 40);
        let wait = Fix::note("wait for its end:").then_command("nexy-verify workflow-run --wait 10m");
        return Answer::unknown(format!("run {} of {} is {status}: {url}", run.run_number, question.file), wanted, wait);
    }
    let conclusion = text::excerpt(run.conclusion.as_deref().unwrap_or("without a conclusion"), 40);
    let found = format!("run {} of {} for {}: {conclusion}, {url}", run.run_number, question.file, question.tag);
    if conclusion == "success" {
        return Answer::pass(found);
    }
    let id = run.id;
    let repository = text::shell_word(&question.repository);
    let mend = Fix::note("see why, mend it, then start it again:")
        .then_command(format!("gh run view {id} --repo {repository} --log-failed"))
        .then_command(format!("gh run rerun {id} --repo {repository}"));
    Answer::fail(found, wanted, mend)
}

#[cfg(test)]
mod tests {
    use super::*;
    use nexy_contract::Verdict;

    fn question() -> Question {
        Question { repository: "o/n".to_owned(), file: "deploy.yml".to_owned(), tag: "v2.0.0.4".to_owned(), commit: "a".repeat(40) }
    }

    fn run(number: u64, event: &str, status: &str, conclusion: Option<&str>) -> WorkflowRun {
        WorkflowRun {
            id: 900 + number,
            run_number: number,
            run_attempt: 1,
            event: event.to_owned(),
            status: Some(status.to_owned()),
            conclusion: conclusion.map(str::to_owned),
            head_sha: "a".repeat(40),
            html_url: format!("https://github.test/o/n/actions/runs/{}", 900 + number),
        }
    }

    #[test]
    fn the_newest_run_of_the_commit_decides() {
        let good = || run(7, "push", "completed", Some("success"));
        let other = WorkflowRun { head_sha: "b".repeat(40), ..run(9, "push", "completed", Some("success")) };
        for (runs, verdict, said) in [
            (vec![good()], Verdict::Pass, "run 7 of deploy.yml for v2.0.0.4: success"),
            (
                vec![run(8, "workflow_dispatch", "completed", Some("success")), run(7, "push", "completed", Some("failure"))],
                Verdict::Pass,
                "run 8",
            ),
            (vec![run(8, "push", "completed", Some("failure")), good()], Verdict::Fail, "run 8 of deploy.yml for v2.0.0.4: failure"),
            (vec![good(), run(9, "pull_request", "completed", Some("failure"))], Verdict::Pass, "run 7"),
            (vec![run(8, "push", "in_progress", None), good()], Verdict::Unknown, "is in_progress"),
            (vec![run(8, "push", "queued", None)], Verdict::Unknown, "is queued"),
            (vec![run(8, "push", "completed", Some("cancelled"))], Verdict::Fail, "cancelled"),
            (vec![run(8, "push", "completed", Some("skipped"))], Verdict::Fail, "skipped"),
            (vec![run(8, "push", "completed", None)], Verdict::Fail, "without a conclusion"),
            (vec![other], Verdict::Fail, "o/n has no run of deploy.yml for v2.0.0.4"),
            (vec![], Verdict::Fail, "has no run"),
        ] {
            let answer = judge(&question(), &Ok(runs));
            assert_eq!(answer.verdict, verdict, "{said}");
            assert!(answer.found.contains(said), "{answer:?}");
        }
        let nothing = NotKnown { because: "HTTP 403".to_owned(), fix: Fix::note("use another token") };
        assert_eq!(judge(&question(), &Err(nothing)).verdict, Verdict::Unknown);
    }
}
