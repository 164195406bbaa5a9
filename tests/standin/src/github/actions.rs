//! GitHub Actions: the runs of a workflow, for those who may see them.

use super::{accounts, answers, repository};
use crate::http::{Request, Response};
use crate::listener::Listener;
use crate::standin::Standin;
use crate::state::State;
use crate::tokens::Bearer;
use crate::{clock, disk};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// One run of a workflow, as a test scripts it.
#[derive(Debug, Clone, Deserialize, Serialize)]
pub struct ScriptedRun {
    /// The commit that it runs for.
    pub commit: String,
    /// What started it, such as `push`.
    pub event: String,
    /// Only `completed` has ended.
    pub status: String,
    /// How it ended.
    pub conclusion: Option<String>,
}

impl ScriptedRun {
    /// A run that a push started, and that has ended so.
    #[must_use]
    pub fn ended(commit: &str, conclusion: &str) -> Self {
        let conclusion = Some(conclusion.to_owned());
        Self { commit: commit.to_owned(), event: "push".to_owned(), status: "completed".to_owned(), conclusion }
    }
}

/// A workflow, and its runs from the oldest to the newest.
#[derive(Debug, Clone, Deserialize, Serialize)]
struct Workflow {
    repository: String,
    file: String,
    runs: Vec<ScriptedRun>,
}

impl Standin {
    /// Says which runs a workflow file of a repository has had, oldest first; without runs it exists all the same.
    pub fn set_workflow_runs(&self, repository: &str, file: &str, runs: &[ScriptedRun]) {
        let mut all = known(&self.state);
        all.retain(|one| one.repository != repository || one.file != file);
        all.push(Workflow { repository: repository.to_owned(), file: file.to_owned(), runs: runs.to_vec() });
        disk::write_json(&store(&self.state), &json!(all));
    }
}

fn store(state: &State) -> std::path::PathBuf {
    state.folder.join("workflows.json")
}

fn known(state: &State) -> Vec<Workflow> {
    disk::read_json(&store(state)).map(|value| serde_json::from_value(value).unwrap()).unwrap_or_default()
}

/// Answers the question for the runs of a workflow, which is named by its file.
pub(super) fn runs(state: &State, request: &Request, repository: &str, file: &str) -> Response {
    let bearer = state.tokens.bearer(request.header("authorization"));
    let account = answers::account(state);
    let is_hidden = account["private"] == true && bearer == Bearer::Anonymous;
    if is_hidden || !state.store().has_repository(repository) {
        return answers::not_found();
    }
    if account["sees_actions"] == false && bearer != Bearer::Anonymous {
        return answers::message(403, "Resource not accessible by personal access token")
            .with("X-Accepted-GitHub-Permissions", "actions=read");
    }
    let all = known(state);
    let Some(workflow) = all.iter().find(|one| one.repository == repository && one.file == file) else {
        return answers::not_found();
    };
    let is = |name: &str, value: &str| request.parameter(name).is_none_or(|wanted| wanted == value);
    let newest_first = workflow.runs.iter().enumerate().rev();
    let asked: Vec<_> = newest_first.filter(|(_, run)| is("head_sha", &run.commit) && is("event", &run.event)).collect();
    let number = |name: &str, default: usize| request.parameter(name).and_then(|text| text.parse().ok()).unwrap_or(default);
    let per_page = number("per_page", 30).clamp(1, 100);
    let page = asked.iter().skip((number("page", 1).max(1) - 1) * per_page).take(per_page);
    let shown: Vec<Value> = page.map(|(index, run)| shown(state, workflow, index + 1, run)).collect();
    Response::json(200, &json!({"total_count": asked.len(), "workflow_runs": shown}))
}

fn shown(state: &State, workflow: &Workflow, number: usize, run: &ScriptedRun) -> Value {
    let Workflow { repository, file, .. } = workflow;
    let id = 9_000_000 + number;
    let api = format!("{}/repos/{repository}", state.url(Listener::Api));
    let page = format!("{}/{repository}/actions/runs/{id}", state.url(Listener::Web));
    let own = format!("{api}/actions/runs/{id}");
    let now = clock::iso(state.store().now_seconds());
    let mut of = repository::shown(state, repository);
    of["private"] = json!(answers::account(state)["private"] == true);
    let person = json!({"name": "a person", "email": "person@example.test"});
    json!({
        "id": id,
        "name": "Deploy",
        "node_id": format!("WFR_{id:08x}"),
        "check_suite_id": id,
        "check_suite_node_id": format!("CS_{id:08x}"),
        "head_branch": "main",
        "head_sha": run.commit,
        "path": format!(".github/workflows/{file}"),
        "run_number": number,
        "run_attempt": 1,
        "event": run.event,
        "status": run.status,
        "conclusion": run.conclusion,
        "workflow_id": 1,
        "display_title": "a commit",
        "url": own,
        "html_url": page,
        "pull_requests": [],
        "created_at": now,
        "updated_at": now,
        "run_started_at": now,
        "actor": accounts::simple(state, accounts::LOGIN),
        "triggering_actor": accounts::simple(state, accounts::LOGIN),
        "jobs_url": format!("{own}/jobs"),
        "logs_url": format!("{own}/logs"),
        "check_suite_url": format!("{api}/check-suites/{id}"),
        "artifacts_url": format!("{own}/artifacts"),
        "cancel_url": format!("{own}/cancel"),
        "rerun_url": format!("{own}/rerun"),
        "workflow_url": format!("{api}/actions/workflows/1"),
        "head_commit": {
            "id": run.commit,
            "tree_id": run.commit,
            "message": "a commit",
            "timestamp": now,
            "author": person,
            "committer": person,
        },
        "repository": of,
        "head_repository": of,
    })
}
