//! Whether what a pull request starts deploys, by itself or by what it calls: it may come from a fork.

use super::{File, lines, sign_in};
use crate::formats::workflow::{Because, Does, Job, Run, Step, Tri, Workflow, composite_steps, yaml};
use crate::formats::yaml::Node;
use crate::gate::prelude::*;

/// So many calls within calls are followed.
const MAX_CALLS: usize = 8;

/// Judges one workflow; `files` holds what it may call.
pub(super) fn judge(shown: &str, workflow: &Workflow<'_>, files: &[File], builder: &mut AnswerBuilder) {
    for (event, _) in workflow.events.iter().filter(|(event, _)| *event == "pull_request" || *event == "pull_request_target") {
        let calls = Calls { files, run: Run { event, branch: None } };
        for (name, (deploys, because)) in calls.jobs(workflow, MAX_CALLS) {
            let name = excerpt(name, 60);
            let fix = lines(format!("The job {name} in {shown}:"), "    if: github.event_name == 'push'");
            let what = format!("the job {name} deploys on {event}{because}");
            match deploys {
                Tri::No => {}
                Tri::Yes => builder.fail(format!("{shown}: {what}"), fix),
                Tri::Unknown => builder.unknown(format!("{shown}: cannot determine whether {what}"), fix),
            }
        }
    }
}

/// Follows what jobs and steps call. Each answer is whether it deploys, and words for behind that.
struct Calls<'a> {
    files: &'a [File],
    run: Run<'a>,
}

impl Calls<'_> {
    /// Every job of a workflow by its name.
    fn jobs<'w>(&self, workflow: &Workflow<'w>, left: usize) -> Vec<(&'w str, Because)> {
        // Needs that GitHub refuses start nothing.
        let Ok(runs) = workflow.jobs_that_run(self.run) else { return Vec::new() };
        let judged = workflow.jobs.iter().map(|job| {
            let (deploys, because) = self.job(workflow, job, left);
            (job.name, (deploys.and(runs.get(job.name).copied().unwrap_or(Tri::Unknown)), because))
        });
        judged.collect()
    }

    fn job(&self, workflow: &Workflow<'_>, job: &Job<'_>, left: usize) -> Because {
        if sign_in(workflow, job, self.run, "").is_some() {
            return (Tri::Yes, String::new());
        }
        let Some(called) = job.calls else { return self.steps(&job.steps, left) };
        match called.strip_prefix("./") {
            Some(path) => self.workflow(path, left),
            None if job.hands_secrets => {
                (Tri::Unknown, format!(": {} is of another repository, and is given secrets", excerpt(called, 120)))
            }
            None => no(),
        }
    }

    /// A workflow of this repository.
    fn workflow(&self, path: &str, left: usize) -> Because {
        let Some(file) = self.files.iter().find(|file| file.path == path) else {
            return (Tri::Unknown, format!(": {} is not a tracked file of the folder of workflows", excerpt(path, 120)));
        };
        self.read(file, left, |node| {
            let workflow = Workflow::read(node)?;
            Ok(first(self.jobs(&workflow, left - 1).into_iter().map(|(_, because)| because)))
        })
    }

    fn steps(&self, steps: &[Step<'_>], left: usize) -> Because {
        let judged = steps.iter().filter(|step| step.runs(self.run) != Tri::No).map(|step| match step.does {
            Does::Action(action) => action.strip_prefix("./").map_or_else(no, |path| self.action(path, left)),
            Does::Script(_) => no(),
        });
        first(judged)
    }

    /// An action of this repository.
    fn action(&self, path: &str, left: usize) -> Because {
        let folder = path.trim_end_matches('/');
        let names = ["action.yml", "action.yaml"].map(|name| format!("{folder}/{name}"));
        let Some(file) = names.iter().find_map(|name| self.files.iter().find(|file| file.path == *name)) else {
            return (Tri::Unknown, format!(": {} is not a tracked action", excerpt(folder, 120)));
        };
        self.read(file, left, |node| {
            let steps = composite_steps(node)?;
            let speaks = steps.iter().any(|step| step.runs(self.run) != Tri::No && sign_in::of_step(step).1);
            Ok(if speaks { (Tri::Yes, String::new()) } else { self.steps(&steps, left - 1) })
        })
    }

    /// What the content of a file says, with the name of the file; unknown when it cannot be read or is one call too many.
    fn read(&self, file: &File, left: usize, judge: impl FnOnce(&Node) -> Result<Because, Because>) -> Because {
        let shown = excerpt(&file.path, 120);
        let text = match &file.text {
            _ if left == 0 => return (Tri::Unknown, format!(": {shown} calls too many others")),
            Ok(Some(text)) => text,
            Ok(None) => return (Tri::Unknown, format!(": {shown} does not exist")),
            Err(because) => return (Tri::Unknown, format!(": {shown} cannot be read: {because}")),
        };
        match yaml(text).and_then(|node| judge(&node)) {
            Ok((Tri::Yes, _)) => (Tri::Yes, format!(", by {shown}")),
            Ok(because) => because,
            Err((_, because)) => (Tri::Unknown, format!(": {shown}: {because}")),
        }
    }
}

fn no() -> Because {
    (Tri::No, String::new())
}

/// The first that deploys, or else the first of which that is unknown.
fn first(judged: impl Iterator<Item = Because>) -> Because {
    judged.fold(no(), |so_far, next| match (so_far.0, next.0) {
        (Tri::Yes, _) | (Tri::Unknown, Tri::Unknown) | (_, Tri::No) => so_far,
        _ => next,
    })
}
