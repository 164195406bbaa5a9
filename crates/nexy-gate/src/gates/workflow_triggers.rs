//! A push that touches the server starts the workflow that deploys it, signed in, and never beside another run.

mod pull_request;
mod sign_in;

use crate::formats::workflow::{Because, Job, Run, Tri, Workflow, is_shared_group, push, yaml};
use crate::gate::prelude::*;
use crate::observed::git_files::Tracked;
use nexy_outside::{Workspace, fs::files};
use sign_in::{SignIn, sign_in};

pub(crate) const GATE: Gate = Gate {
    id: "workflow-triggers",
    asks: "Does a push of the server's code start the workflow that deploys it, with its secret, and one run at a time?",
    profiles: &["pre-production", "before-deploy"],
    runbook: "S0 §2, S1 §2",
    at: Machine::Laptop,
    takes: Takes::Outside,
    explain: Explain {
        symptom: "A push is there and no deploy begins; or two deploys run at once; or a pull request deploys.",
        check: "Reads workflow.file as YAML: its push filters for workflow.branch and for the files of [layout], the jobs that the \
                deploying job needs, the sign-in before `az` is used and the workflow.secret that it is given, the concurrency group; \
                HEAD's message for what switches workflows off; and every workflow for a deploy on pull_request, also in the workflows and \
                actions of this repository that it calls. A workflow of another repository is not read.",
        fix: &[note("Change the lines that the finding names, commit and push.")],
        verify: &[command("nexy-gate workflow-triggers"), note("Then look at the Actions page of the repository after a push.")],
    },
    check: |context| check(context).unwrap_or_else(|answer| answer),
    repair: None,
};

const MAX_BYTES: u64 = 1 << 20;

/// A workflow as it stands in the workspace or in the commit.
struct File {
    path: String,
    /// Its text; `None` when it does not exist; or the reason why it cannot be read.
    text: Result<Option<String>, String>,
}

fn check(context: &Context) -> Result<Answer, Answer> {
    let workspace = &context.workspace;
    let target = &workspace.target;
    let tracked = Tracked::of(workspace, context.commit(), &expected(target))?;
    let is_tracked = tracked.files.iter().any(|file| file.path == target.workflow.file);
    Ok(judge(target, is_tracked, tracked.message().as_deref(), &look(workspace, &tracked)))
}

/// In the workspace, or in the commit that is asked about: the workflow that deploys, those that stand beside it, and the actions of this repository.
fn look(workspace: &Workspace, tracked: &Tracked) -> Vec<File> {
    let own = &workspace.target.workflow.file;
    let is_read =
        |path: &&String| *path != own && (is_workflow(own, path) || path.ends_with("/action.yml") || path.ends_with("/action.yaml"));
    let paths = std::iter::once(own).chain(tracked.files.iter().map(|file| &file.path).filter(is_read));
    let here = |path: &str| files::read_text_if_there(&workspace.path(path), MAX_BYTES).map_err(|error| error.because());
    let read = |path: &String| tracked.committed(path).unwrap_or_else(|| here(path));
    paths.map(|path| File { path: path.clone(), text: read(path) }).collect()
}

/// Whether a file is a workflow: one of YAML in the folder of our own.
fn is_workflow(own: &str, path: &str) -> bool {
    let folder = |path: &str| path.rsplit_once('/').map_or("", |(folder, _)| folder).to_owned();
    folder(path) == folder(own) && (path.ends_with(".yml") || path.ends_with(".yaml"))
}

fn expected(target: &Target) -> String {
    format!(
        "{}: a push of {} that touches {} or {} starts it, it signs in with secrets.{} before it uses az, and has a concurrency group",
        target.workflow.file, target.workflow.branch, target.layout.entry_point, target.layout.requirements, target.workflow.secret
    )
}

fn judge(target: &Target, is_tracked: bool, message: Result<&str, &String>, files: &[File]) -> Answer {
    let mut builder = AnswerBuilder::default();
    for (index, file) in files.iter().enumerate() {
        let (is_own, shown, word) = (index == 0, excerpt(&file.path, 120), shell_word(&file.path));
        match &file.text {
            // An action matters only where a pull request calls it.
            _ if !is_own && !is_workflow(&files[0].path, &file.path) => {}
            // A workflow that no pull request starts cannot deploy one, whatever else it says.
            Ok(Some(text)) if is_own || text.contains("pull_request") => {
                if is_own && !is_tracked {
                    let found = format!("{shown} is not tracked, so GitHub does not have it");
                    builder.fail(found, Fix::command(format!("git add -- {word}")));
                }
                match yaml(text).as_ref().map_err(Clone::clone).and_then(Workflow::read) {
                    Ok(workflow) => {
                        if is_own {
                            judge_own(target, &shown, &workflow, &mut builder);
                        }
                        pull_request::judge(&shown, &workflow, files, &mut builder);
                    }
                    Err((verdict, because)) => {
                        let verdict = if is_own { verdict } else { Tri::Unknown };
                        tell(&mut builder, (verdict, format!("{shown}: {because}")), Fix::note(format!("Write it plainly in {shown}.")));
                    }
                }
            }
            Ok(None) if is_own => {
                let fix = Fix::command(format!("git log --oneline --diff-filter=D -- {word}"))
                    .then_note("Check the file out of the commit before the first of these.");
                builder.fail(format!("{shown} does not exist"), fix);
            }
            Ok(_) => {}
            Err(because) => builder.unknown(format!("{shown} cannot be read: {because}"), Fix::command(format!("ls -l {word}"))),
        }
    }
    judge_message(message, &mut builder);
    builder.answer(expected(target))
}

/// What GitHub obeys in the message of the commit that is pushed.
fn judge_message(message: Result<&str, &String>, builder: &mut AnswerBuilder) {
    let message = match message {
        Ok(message) => message.to_lowercase(),
        Err(because) => return builder.unknown(format!("the message of HEAD cannot be read: {because}"), Fix::command("git log -1")),
    };
    let marks = ["[skip ci]", "[ci skip]", "[no ci]", "[skip actions]", "[actions skip]"];
    let mark = marks.into_iter().find(|mark| message.contains(mark));
    let trailer = message.lines().any(|line| line.split_whitespace().collect::<String>() == "skip-checks:true");
    if let Some(mark) = mark.or(trailer.then_some("skip-checks: true")) {
        let amend = format!("Take `{mark}` out of the message; if the commit is pushed already, push another one behind it.");
        let found = format!("the message of HEAD says `{mark}`, so its push starts no workflow");
        builder.fail(found, Fix::command("git commit --amend").then_note(amend));
    }
}

/// Lines of YAML under what they are for.
fn lines(title: String, yaml: &str) -> Fix {
    yaml.lines().fold(Fix::note(title), |fix, line| fix.then_note(line.to_owned()))
}

/// Puts a verdict and its reason into the builder; a yes needs no words.
fn tell(builder: &mut AnswerBuilder, (verdict, found): Because, fix: Fix) {
    match verdict {
        Tri::Yes => {}
        Tri::No => builder.fail(found, fix),
        Tri::Unknown => builder.unknown(found, fix),
    }
}

fn judge_own(target: &Target, shown: &str, workflow: &Workflow<'_>, builder: &mut AnswerBuilder) {
    let (rules, layout) = (&target.workflow, &target.layout);
    for file in [&layout.entry_point, &layout.requirements] {
        if let Err((verdict, because)) = push::starts(&workflow.events, &rules.branch, file) {
            let folder = file.split_once('/').map_or_else(|| file.clone(), |(folder, _)| format!("{folder}/**"));
            let plain = format!("on:\n  push:\n    branches: [{}]\n    paths: ['{folder}']", rules.branch);
            tell(builder, (verdict, format!("{shown}: {because}")), lines(format!("The plain form, in {shown}:"), &plain));
        }
    }
    let run = Run { event: "push", branch: Some(&rules.branch) };
    let runs = match workflow.jobs_that_run(run) {
        Ok(runs) => runs,
        Err((_, because)) => return builder.fail(format!("{shown}: {because}"), Fix::note(format!("Correct `needs` in {shown}."))),
    };
    let deploying: Vec<(&Job<'_>, SignIn)> =
        workflow.jobs.iter().filter_map(|job| Some((job, sign_in(workflow, job, run, &rules.secret)?))).collect();
    if deploying.is_empty() {
        let found = format!("cannot determine whether {shown} deploys: no step of its own speaks to Azure");
        return builder.unknown(found, Fix::command(format!("grep -n 'uses:\\|run:' {}", shell_word(&rules.file))));
    }
    for (job, sign_in) in deploying {
        let name = excerpt(job.name, 60);
        let mut tell = |verdict: Tri, no: &str, unknown: &str, fix: Fix| {
            tell(builder, (verdict, format!("{shown}: the job {name} {}", if verdict == Tri::No { no } else { unknown })), fix);
        };
        let on_branch = format!("    if: github.ref == 'refs/heads/{}'", rules.branch);
        let login = format!("      - uses: azure/login@v2\n        with:\n          creds: ${{{{ secrets.{} }}}}", rules.secret);
        tell(
            runs.get(job.name).copied().unwrap_or(Tri::Unknown),
            "does not run for a push: its `if`, or that of a job that it needs, leaves it out",
            "runs for a push only under a condition that is not known here",
            lines(format!("Write the `if` of {name}, and of what it needs, plainly in {shown}:"), &on_branch),
        );
        tell(
            sign_in.is_done,
            "uses Azure without having signed in",
            "signs in only under a condition, or in an action, that is not known here",
            lines(format!("The first step of {name} in {shown}, without an `if`:"), &login),
        );
        if sign_in.is_done != Tri::No {
            let no = format!("signs in with something else than secrets.{}", rules.secret);
            let unknown = format!("signs in with an expression: cannot determine whether it is secrets.{}", rules.secret);
            tell(sign_in.has_secret, &no, &unknown, lines(format!("The sign-in of {name}, in {shown}:"), &login));
        }
        let group = "concurrency:\n  group: deploy\n  cancel-in-progress: false";
        let shared = [workflow.group, job.group].map(|group| group.map_or(Tri::No, is_shared_group));
        let no = match workflow.group.or(job.group) {
            None => "has no concurrency group, so two deploys can run at once",
            Some(_) => "has a concurrency group of its own for every run, commit or person, so two deploys can run at once",
        };
        let unknown = "has a concurrency group of which is not known here whether all pushes share it";
        tell(shared[0].or(shared[1]), no, unknown, lines(format!("A group of one name, in {shown}:"), group));
        if job.has_matrix && shared[1] != Tri::Yes {
            let fix = Fix::note(format!("Take the matrix out of {name} in {shown}, or add `max-parallel: 1` to its strategy."));
            tell(Tri::Unknown, "", "deploys several times at once by its `strategy.matrix`", fix);
        }
    }
    builder.pass(format!("{shown} is started by a push of {} and deploys alone and signed in", rules.branch));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{says, target};
    use Verdict::{Fail, Pass, Unknown};

    const GOOD: &str = "\
name: deploy
on:
  push:
    branches: [main]
    paths: ['server/**']
concurrency:
  group: deploy
jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
  deploy:
    needs: test
    runs-on: ubuntu-latest
    steps:
      - uses: azure/login@v2
        with:
          creds: ${{ secrets.AZURE_CREDENTIALS }}
      - run: az vm list
";

    fn file(name: &str, text: &str) -> File {
        File { path: format!(".github/workflows/{name}"), text: Ok(Some(text.to_owned())) }
    }

    fn asked(files: &[File]) -> Answer {
        judge(&target(), true, Ok("Release 2.0.0.4"), files)
    }

    #[test]
    fn the_good_workflow_passes_in_every_line_end_and_with_aliases() {
        let aliases = GOOD.replacen("ubuntu-latest", "&host ubuntu-latest", 1).replacen("runs-on: ubuntu-latest", "runs-on: *host", 1);
        for text in [GOOD, &GOOD.replace('\n', "\r\n"), &format!("\u{feff}{GOOD}"), &aliases] {
            let answer = asked(&[file("deploy.yml", text)]);
            assert_eq!(answer, Answer::pass(".github/workflows/deploy.yml is started by a push of main and deploys alone and signed in"));
        }
    }

    #[test]
    fn every_way_to_miss_a_deploy_is_told() {
        for (from, to, verdict, found) in [
            ("branches: [main]", "branches: [develop]", Fail, "its `branches` leave it out"),
            ("['server/**']", "['server/**.py']", Fail, "touches server/requirements.txt does not start it"),
            ("branches: [main]", "branch: [main]", Unknown, "`branch` of `on.push` is not known here"),
            ("needs: test", "needs: tests", Fail, "needs tests, which does not exist, so GitHub refuses the file"),
            ("  test:\n", "  test:\n    if: github.event_name == 'pull_request'\n", Fail, "the job deploy does not run for a push"),
            ("  test:\n", "  test:\n    if: inputs.test\n", Unknown, "runs for a push only under a condition"),
            ("needs: test", "if: inputs.deploy", Unknown, "runs for a push only under a condition"),
            ("      - uses: azure/login@v2\n", "      - uses: azure/login@v2\n        if: inputs.x\n", Unknown, "signs in only under"),
            ("secrets.AZURE_CREDENTIALS", "secrets.AZURE_CREDS", Fail, "signs in with something else than secrets.AZURE_CREDENTIALS"),
            ("creds: ${{ secrets.AZURE_CREDENTIALS }}", "creds: x # ${{ secrets.AZURE_CREDENTIALS }}", Fail, "something else"),
            ("secrets.AZURE_CREDENTIALS", "vars.X || secrets.AZURE_CREDENTIALS", Unknown, "signs in with an expression"),
            ("concurrency:\n  group: deploy\n", "", Fail, "has no concurrency group"),
            ("- uses: azure/login@v2", "- uses: actions/setup-node@v4", Fail, "the job deploy uses Azure without having signed in"),
            ("group: deploy", "group: deploy-${{ github.event.head_commit.id }}", Fail, "a concurrency group of its own for every run"),
            ("group: deploy", "cancel-in-progress: true", Fail, "a concurrency group of its own"),
            ("group: deploy", "group: deploy-${{ vars.X }}", Unknown, "not known here whether all pushes share it"),
            ("needs: test", "strategy: {matrix: {vm: [a, b]}}", Unknown, "several times at once"),
            ("- run: az vm list", "- run: bash deploy.sh", Unknown, "cannot determine whether"),
            ("on:\n", "on: [\n", Unknown, "line "),
            ("  deploy:\n", "  test:\n", Unknown, "has the key `test` twice"),
        ] {
            assert!(GOOD.contains(from), "{from}");
            says(&asked(&[file("deploy.yml", &GOOD.replacen(from, to, 1))]), verdict, found);
        }
    }

    #[test]
    fn a_group_of_the_job_keeps_runs_apart_as_well() {
        let without = GOOD.replace("concurrency:\n  group: deploy\n", "");
        let of_job = without.replace("    needs: test\n", "    needs: test\n    concurrency: deploy\n    strategy: {matrix: {vm: [a]}}\n");
        says(&asked(&[file("deploy.yml", &of_job)]), Pass, "");
        let one_leg = GOOD.replace("needs: test", "strategy: {max-parallel: 1, matrix: {vm: [a, b]}}");
        says(&asked(&[file("deploy.yml", &one_leg)]), Pass, "");
    }

    #[test]
    fn a_message_that_switches_workflows_off_is_a_no() {
        let said = |message: Result<&str, &String>| judge(&target(), true, message, &[file("deploy.yml", GOOD)]);
        for mark in ["[skip ci]", "[ci skip]", "[no ci]", "[skip actions]", "[actions skip]", "[Skip CI]"] {
            says(&said(Ok(&format!("Release\n\nsome words {mark}\n"))), Fail, &mark.to_lowercase());
        }
        for trailer in ["skip-checks: true", "skip-checks:true"] {
            says(&said(Ok(&format!("Release\n\n\n{trailer}\n"))), Fail, "`skip-checks: true`");
        }
        for message in ["skip ci", "[skip]", "about skip-checks: true here", ""] {
            says(&said(Ok(message)), Pass, "");
        }
        says(&said(Err(&"no commit".to_owned())), Unknown, "HEAD cannot be read: no commit");
    }

    #[test]
    fn no_workflow_deploys_on_a_pull_request() {
        let other = GOOD.replace("  push:\n", "  pull_request:\n");
        for (from, to, verdict, found) in [
            ("", "", Fail, "b.yml: the job deploy deploys on pull_request"),
            ("    needs: test\n", "    if: github.event_name == 'push'\n", Pass, ""),
            ("  test:\n", "  test:\n    if: github.event_name == 'push'\n", Pass, ""),
            ("    needs: test\n", "    if: inputs.x\n", Unknown, "cannot determine whether the job deploy deploys on pull_request"),
            ("  pull_request:", "  pull_request: [", Unknown, "b.yml: line "),
            ("needs: test", "needs: tests", Pass, ""),
        ] {
            says(&asked(&[file("a.yml", GOOD), file("b.yml", &other.replacen(from, to, 1))]), verdict, found);
        }
        says(&asked(&[file("a.yml", &GOOD.replace("  push:\n", "  pull_request_target:\n  push:\n"))]), Fail, "on pull_request_target");
    }

    #[test]
    fn what_a_pull_request_calls_is_followed() {
        let caller = |job: &str| format!("on: pull_request\njobs:\n  test:\n    {job}\n");
        let call = |path: &str, more: &str| caller(&format!("uses: {path}\n    {more}"));
        let step = |path: &str| caller(&format!("runs-on: x\n    steps: [{{uses: actions/checkout@v4}}, {{uses: {path}}}]"));
        let called = GOOD.replace("  push:\n", "  workflow_call:\n");
        let action = |step: &str| format!("runs:\n  using: composite\n  steps: [{{{step}}}]\n");
        let secrets = "secrets: inherit";
        for (text, verdict, found) in [
            (call("./.github/workflows/c.yml", secrets), Fail, "b.yml: the job test deploys on pull_request, by .github/workflows/c.yml"),
            (call("./.github/workflows/c.yml", "if: github.event_name == 'push'"), Pass, ""),
            (call("./.github/workflows/c.yml", "if: inputs.x"), Unknown, "whether the job test deploys on pull_request, by"),
            (call("./.github/workflows/chain.yml", secrets), Fail, "deploys on pull_request, by"),
            (call("./.github/workflows/circle.yml", secrets), Unknown, "circle.yml calls too many others"),
            (call("./.github/workflows/d.yml", secrets), Unknown, ".github/workflows/d.yml is not a tracked file"),
            (call("./.github/workflows/guarded.yml", secrets), Pass, ""),
            (call("./.github/workflows/odd.yml", secrets), Unknown, ".github/workflows/odd.yml: "),
            (call("x/y/.github/workflows/z.yml@v1", secrets), Unknown, "x/y/.github/workflows/z.yml@v1 is of another repository"),
            (call("x/y/.github/workflows/z.yml@v1", "secrets: {a: b}"), Unknown, "and is given secrets"),
            (call("x/y/.github/workflows/z.yml@v1", ""), Pass, ""),
            (step("./.github/actions/deploy"), Fail, "deploys on pull_request, by .github/actions/deploy"),
            (step("./.github/actions/deploy/"), Fail, "deploys on pull_request, by"),
            (step("./.github/actions/chain"), Fail, "deploys on pull_request, by"),
            (step("./.github/actions/plain"), Pass, ""),
            (step("./.github/actions/node"), Unknown, "is no action that is made of steps"),
            (step("./.github/actions/none"), Unknown, ".github/actions/none is not a tracked action"),
            (step("./.github/actions/hidden"), Unknown, "permission denied"),
            (step("./.github/actions/deploy, if: github.event_name == 'push'"), Pass, ""),
            (step("some/action@v1"), Pass, ""),
        ] {
            let of_action = |name: &str, text: &str| File { path: format!(".github/actions/{name}"), text: Ok(Some(text.to_owned())) };
            let files = [
                file("a.yml", GOOD),
                file("b.yml", &text),
                file("c.yml", &called),
                file("chain.yml", "on: workflow_call\njobs: {j: {uses: ./.github/workflows/c.yml}}"),
                file("circle.yml", "on: workflow_call\njobs: {j: {uses: ./.github/workflows/circle.yml}}"),
                file("guarded.yml", &called.replace("    needs: test\n", "    if: github.event_name == 'push'\n")),
                file("odd.yml", "on: [\n"),
                of_action("deploy/action.yml", &action("uses: azure/CLI@v1")),
                of_action("chain/action.yaml", &action("uses: ./.github/actions/deploy")),
                of_action("plain/action.yml", &action("run: 'echo pull_request', shell: sh")),
                of_action("node/action.yml", "runs: {using: node20, main: x.js}"),
                File { path: ".github/actions/hidden/action.yml".to_owned(), text: Err("permission denied".to_owned()) },
            ];
            says(&asked(&files), verdict, found);
        }
    }

    #[test]
    fn a_workflow_that_is_missing_untracked_or_unreadable_does_not_pass() {
        let with = |text| [File { path: "a.yml".to_owned(), text }];
        says(&asked(&with(Ok(None))), Fail, "a.yml does not exist");
        says(&asked(&with(Err("it is no UTF-8".to_owned()))), Unknown, "a.yml cannot be read: it is no UTF-8");
        says(&judge(&target(), false, Ok(""), &[file("a.yml", GOOD)]), Fail, "is not tracked, so GitHub does not have it");
    }
}
