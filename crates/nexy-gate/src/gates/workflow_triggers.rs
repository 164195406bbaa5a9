//! A push that touches the server starts the workflow that deploys it, signed in, and never beside another run.

mod condition;
mod glob;
mod jobs;
mod push;
mod yaml;

use crate::{
    context::Context,
    gate::{Answer, Explain, Gate, Machine, Takes},
    tally::Tally,
    tracked::Tracked,
};
use condition::Holds;
use jobs::{Login, Started};
use nexy_contract::{
    Target,
    text::{excerpt, shell_word},
};
use nexy_outside::{Workspace, files};
use push::Starts;
use yaml::Node;

pub(crate) const GATE: Gate = Gate {
    id: "workflow-triggers",
    asks: "Does a push of the server's code start the workflow that deploys it, with its secret, and one run at a time?",
    profiles: &["pre-production", "before-deploy"],
    runbook: "S0 §2, S1 §2",
    at: Machine::Laptop,
    takes: Takes::Outside,
    explain: Explain {
        symptom: "A push is there and no deploy begins; or two deploys run at once; or a pull request deploys.",
        check: "Reads workflow.file as YAML: its push filters by GitHub's own pattern rules for workflow.branch and for the files of \
                [layout], the sign-in before `az` is used, workflow.secret in a step, a concurrency group; and every other workflow for \
                a deploy on pull_request.",
        fix: "Add the lines that the finding names to the workflow, commit and push.",
        verify: "nexy-gate workflow-triggers; then look at the Actions page of the repository after a push",
    },
    check,
    repair: None,
};

const MAX_BYTES: u64 = 1 << 20;

/// A workflow as it stands in the workspace.
struct File {
    path: String,
    text: Result<String, String>,
}

fn check(context: &Context) -> Answer {
    let workspace = &context.workspace;
    let target = &workspace.target;
    match Tracked::of(workspace, &expected(target)) {
        Ok(tracked) => judge(target, &tracked, &look(workspace, &tracked)),
        Err(answer) => answer,
    }
}

/// The workflow that deploys, and those that stand beside it.
fn look(workspace: &Workspace, tracked: &Tracked) -> Vec<File> {
    let own = &workspace.target.workflow.file;
    let is_beside = |path: &str| {
        let folder = own.rsplit_once('/').map_or("", |(folder, _)| folder);
        path.rsplit_once('/').map_or("", |(folder, _)| folder) == folder && (path.ends_with(".yml") || path.ends_with(".yaml"))
    };
    let paths = std::iter::once(own).chain(tracked.files.iter().map(|file| &file.path).filter(|path| *path != own && is_beside(path)));
    let read = |path: &String| {
        let text = match files::read_text_if_there(&workspace.path(path), MAX_BYTES) {
            Ok(Some(text)) => Ok(text),
            Ok(None) => Err("is not there".to_owned()),
            Err(error) => Err(format!("cannot be read: {}", error.because())),
        };
        File { path: path.clone(), text }
    };
    paths.map(read).collect()
}

fn expected(target: &Target) -> String {
    format!(
        "{}: a push of {} that touches {} or {} starts it, it signs in with secrets.{} before it uses az, and has a concurrency group",
        target.workflow.file, target.workflow.branch, target.layout.entry_point, target.layout.requirements, target.workflow.secret
    )
}

fn judge(target: &Target, tracked: &Tracked, files: &[File]) -> Answer {
    let mut tally = Tally::default();
    for (index, file) in files.iter().enumerate() {
        let is_own = index == 0;
        let shown = excerpt(&file.path, 120);
        let edit = format!("cat {}", shell_word(&file.path));
        match (&file.text, is_own) {
            (Err(because), true) if because == "is not there" => {
                tally.fail(
                    format!("{shown} is not there"),
                    format!(
                        "git log --oneline --diff-filter=D -- {0}\ngit checkout COMMIT^ -- {0}\nwith the commit that the first line names",
                        shell_word(&file.path)
                    ),
                );
            }
            (Err(because), _) => tally.unknown(format!("{shown} {because}"), format!("ls -l {}", shell_word(&file.path))),
            // A workflow that no pull request starts cannot deploy one, whatever else it says.
            (Ok(text), false) if !text.contains("pull_request") => {}
            (Ok(text), _) => match Node::read(text) {
                Err(because) => tally.unknown(format!("{shown} cannot be read surely: {}", excerpt(&because, 200)), edit),
                Ok(workflow) => {
                    if is_own {
                        judge_tracked(file, tracked, &mut tally);
                        judge_own(target, &shown, &workflow, &mut tally);
                    }
                    judge_pull_requests(&shown, &workflow, &mut tally);
                }
            },
        }
    }
    tally.answer(expected(target))
}

fn judge_tracked(file: &File, tracked: &Tracked, tally: &mut Tally) {
    if !tracked.files.iter().any(|known| known.path == file.path) {
        let word = shell_word(&file.path);
        tally.fail(format!("{} is not tracked, so GitHub does not have it", excerpt(&file.path, 120)), format!("git add -- {word}"));
    }
}

fn judge_own(target: &Target, shown: &str, workflow: &Node, tally: &mut Tally) {
    let (rules, layout) = (&target.workflow, &target.layout);
    let add = |lines: &str| format!("add to {shown}:\n{lines}");
    for file in [&layout.entry_point, &layout.requirements] {
        match push::starts(workflow, &rules.branch, file) {
            Starts::Yes => {}
            Starts::No(because, lines) => {
                tally.fail(format!("{shown}: {because}"), add(&lines.replace("BRANCH", &rules.branch)));
            }
            Starts::Unsure(because) => {
                tally.unknown(
                    format!("{shown}: {because}"),
                    format!("write the push filter of {shown} in a plain form:\non:\n  push:\n    branches: [{}]", rules.branch),
                );
            }
        }
    }
    let started = Started { event: "push", branch: Some(&rules.branch) };
    let (deploying, is_opaque) = jobs::deploying(workflow, started);
    if deploying.is_empty() {
        let because = if is_opaque { "hands its work to other workflows or actions" } else { "has no step that speaks to Azure" };
        tally.unknown(
            format!("{shown} {because}, so nobody can tell how it deploys"),
            format!("grep -n 'uses:\\|run:' {}", shell_word(&rules.file)),
        );
        return;
    }
    let login = format!("      - uses: azure/login@v2\n        with:\n          creds: ${{{{ secrets.{} }}}}", rules.secret);
    for job in &deploying {
        let name = excerpt(job.name, 60);
        match job.login {
            Login::Before => {}
            Login::Never => tally.fail(
                format!("{shown}: the job {name} uses Azure without having signed in"),
                format!("add to {shown}, as the first step of {name}:\n{login}"),
            ),
            Login::Perhaps => tally.unknown(
                format!("{shown}: the job {name} signs in only under a condition that is not known here"),
                format!("take the `if` of the sign-in out of {shown}"),
            ),
        }
        match job.runs {
            Holds::Yes => {}
            Holds::No => tally.fail(
                format!("{shown}: the job {name} does not run for a push"),
                format!("take the `if` of the job {name} out of {shown}"),
            ),
            Holds::Unsure => tally.unknown(
                format!("{shown}: the job {name} runs only under a condition that is not known here"),
                format!("write it in a plain form in {shown}:\n    if: github.ref == 'refs/heads/{}'", rules.branch),
            ),
        }
        if let Some(because) = jobs::ungrouped(workflow, job.job) {
            tally.fail(format!("{shown} {because}"), add("concurrency:\n  group: deploy\n  cancel-in-progress: false"));
        }
    }
    if !jobs::hands_on(workflow, &deploying, &rules.secret) {
        tally.fail(
            format!("{shown}: no step is given secrets.{}", rules.secret),
            format!("add to {shown}, as the first step that runs:\n{login}"),
        );
    }
    tally.pass(format!("{shown} is started by a push of {} and deploys alone and signed in", rules.branch));
}

/// What a stranger's pull request starts must not deploy.
fn judge_pull_requests(shown: &str, workflow: &Node, tally: &mut Tally) {
    let events = match push::events(workflow) {
        Ok(events) => events,
        // What `on` cannot say is told where the workflow itself is judged.
        Err(Starts::Unsure(because)) => {
            return tally.unknown(format!("{shown}: {because}"), format!("write `on` of {shown} in a plain form"));
        }
        Err(_) => return,
    };
    for (event, _) in events.iter().filter(|(event, _)| event == "pull_request" || event == "pull_request_target") {
        let (deploying, _) = jobs::deploying(workflow, Started { event, branch: None });
        for job in deploying {
            let name = excerpt(job.name, 60);
            let fix = format!("add to {shown}, to the job {name}:\n    if: github.event_name == 'push'");
            match job.runs {
                Holds::No => {}
                Holds::Yes => tally.fail(format!("{shown}: the job {name} deploys on {event}"), fix),
                Holds::Unsure => tally.unknown(format!("{shown}: nobody can tell whether the job {name} deploys on {event}"), fix),
            }
        }
    }
}
