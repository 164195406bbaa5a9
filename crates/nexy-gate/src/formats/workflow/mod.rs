//! A GitHub Actions workflow, as far as a gate asks about it. What GitHub refuses to run is `Tri::No`, what is not known here
//! `Tri::Unknown`: the crate `github-actions-models` takes a misspelt `branch:` for no filter at all.

mod expression;
pub(crate) mod push;

use super::yaml::{Node, Value};
pub(crate) use expression::{Tri, condition, is_secret, is_shared_group};
use nexy_contract::text::excerpt;
use std::collections::BTreeMap;

/// Why something does not hold, or why it is unknown whether it does.
pub(crate) type Because = (Tri, String);

#[derive(Debug)]
pub(crate) struct Workflow<'a> {
    /// The events by name, each with what it is filtered by.
    pub(crate) events: Vec<(&'a str, Option<&'a Node>)>,
    pub(crate) env: &'a [(String, Node)],
    /// The concurrency group; empty when a concurrency has none.
    pub(crate) group: Option<&'a str>,
    pub(crate) jobs: Vec<Job<'a>>,
}

#[derive(Debug)]
pub(crate) struct Job<'a> {
    pub(crate) name: &'a str,
    condition: Option<&'a str>,
    needs: Vec<&'a str>,
    pub(crate) env: &'a [(String, Node)],
    pub(crate) group: Option<&'a str>,
    /// Whether several of it run at once.
    pub(crate) has_matrix: bool,
    /// None when it calls another workflow.
    pub(crate) steps: Vec<Step<'a>>,
    /// The workflow that it calls.
    pub(crate) calls: Option<&'a str>,
    /// Whether it hands secrets to that workflow.
    pub(crate) hands_secrets: bool,
}

#[derive(Debug)]
pub(crate) struct Step<'a> {
    condition: Option<&'a str>,
    pub(crate) env: &'a [(String, Node)],
    pub(crate) with: &'a [(String, Node)],
    pub(crate) does: Does<'a>,
}

#[derive(Debug)]
pub(crate) enum Does<'a> {
    Action(&'a str),
    Script(&'a str),
}

/// What starts the workflow.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Run<'a> {
    pub(crate) event: &'a str,
    /// The branch, where the event has one that is known.
    pub(crate) branch: Option<&'a str>,
}

impl Run<'_> {
    /// The value of a context, where it is known.
    pub(crate) fn value(&self, context: &str) -> Option<String> {
        match (context, self.branch) {
            ("github.event_name", _) => Some(self.event.to_owned()),
            ("github.ref" | "github.event.ref", Some(branch)) => Some(format!("refs/heads/{branch}")),
            ("github.ref_name", Some(branch)) => Some(branch.to_owned()),
            ("github.ref_type", Some(_)) => Some("branch".to_owned()),
            _ => None,
        }
    }
}

const WORKFLOW: &str = "name run-name on permissions env defaults concurrency jobs";
const JOB: &str = "name permissions needs if runs-on environment concurrency outputs env defaults steps timeout-minutes strategy \
                   continue-on-error container services uses with secrets";
const STEP: &str = "id if name uses run working-directory shell with env continue-on-error timeout-minutes";

impl<'a> Workflow<'a> {
    pub(crate) fn read(node: &'a Node) -> Result<Self, Because> {
        known(node, "the workflow", WORKFLOW)?;
        let on = node.get("on").ok_or_else(|| refused("has no `on`"))?;
        let events = match &on.value {
            Value::Map(events) => {
                events.iter().map(|(event, filters)| (event.as_str(), (filters.value != Value::Empty).then_some(filters))).collect()
            }
            _ => on.texts().ok_or_else(|| unknown("`on` names no events"))?.into_iter().map(|event| (event, None)).collect(),
        };
        let jobs = node.get("jobs").map(Node::entries).filter(|jobs| !jobs.is_empty()).ok_or_else(|| refused("has no `jobs`"))?;
        let jobs = jobs.iter().map(|(name, job)| Job::read(name, job)).collect::<Result<_, _>>()?;
        Ok(Self { events, env: map(node, "env")?, group: group(node)?, jobs })
    }

    /// Whether each job runs; an error when GitHub refuses the needs of one.
    pub(crate) fn jobs_that_run(&self, run: Run<'_>) -> Result<BTreeMap<&'a str, Tri>, Because> {
        if let Some((job, need)) = self.jobs.iter().find_map(|job| {
            let missing = |need: &&&str| !self.jobs.iter().any(|other| other.name == **need);
            job.needs.iter().find(missing).map(|need| (job.name, *need))
        }) {
            return Err(refused(&format!("the job {} needs {}, which does not exist", excerpt(job, 60), excerpt(need, 60))));
        }
        // For every job: whether it runs, and whether it and all that it needs run, directly or not.
        let mut judged: BTreeMap<&str, (Tri, Tri)> = BTreeMap::new();
        while judged.len() < self.jobs.len() {
            let is_next = |job: &&Job<'_>| !judged.contains_key(job.name) && job.needs.iter().all(|need| judged.contains_key(need));
            let Some(job) = self.jobs.iter().find(is_next) else { return Err(refused("its jobs need each other in a circle")) };
            let needed = job.needs.iter().filter_map(|need| judged.get(need)).fold(Tri::Yes, |so_far, (_, all)| so_far.and(*all));
            let value = |context: &str| match context.strip_prefix("needs.").and_then(|rest| rest.strip_suffix(".result")) {
                Some(need) => match judged.iter().find(|(name, _)| name.eq_ignore_ascii_case(need))?.1.0 {
                    Tri::Yes => Some("success".to_owned()),
                    Tri::No => Some("skipped".to_owned()),
                    Tri::Unknown => None,
                },
                None => run.value(context),
            };
            let runs = job.condition.map_or(needed, |text| condition(text, needed, &value));
            judged.insert(job.name, (runs, runs.and(needed)));
        }
        Ok(judged.into_iter().map(|(name, (runs, _))| (name, runs)).collect())
    }
}

impl<'a> Job<'a> {
    fn read(name: &'a str, job: &'a Node) -> Result<Self, Because> {
        let what = format!("the job {}", excerpt(name, 60));
        known(job, &what, JOB)?;
        if !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte)) {
            return Err(refused(&format!("{what} has a name of other characters than letters, digits, `_` and `-`")));
        }
        let has = |key: &str| job.get(key).is_some_and(|node| node.value != Value::Empty);
        match (has("runs-on"), has("uses")) {
            (true, true) => return Err(refused(&format!("{what} has both `runs-on` and `uses`"))),
            (false, false) => return Err(refused(&format!("{what} has neither `runs-on` nor `uses`"))),
            _ => {}
        }
        let steps = match job.get("steps").map(|node| &node.value) {
            Some(Value::List(steps)) if has("runs-on") => steps.iter().map(|step| Step::read(step, &what)).collect::<Result<_, _>>()?,
            None if has("uses") => Vec::new(),
            _ => return Err(refused(&format!("{what} has no `steps`, or has them beside `uses`"))),
        };
        let needs =
            job.get("needs").map_or(Some(Vec::new()), Node::texts).ok_or_else(|| unknown(&format!("{what}: `needs` lists no jobs")))?;
        let strategy = |key: &str| job.get("strategy").and_then(|strategy| strategy.get(key));
        let has_matrix = strategy("matrix").is_some() && strategy("max-parallel").and_then(Node::text) != Some("1");
        Ok(Self {
            name,
            condition: guard(job, &["secrets", "env"])?,
            needs,
            env: map(job, "env")?,
            group: group(job)?,
            has_matrix,
            steps,
            calls: text(job, "uses")?,
            hands_secrets: has("secrets"),
        })
    }
}

impl<'a> Step<'a> {
    /// Whether it runs, when all steps before it succeed.
    pub(crate) fn runs(&self, run: Run<'_>) -> Tri {
        self.condition.map_or(Tri::Yes, |text| condition(text, Tri::Yes, &|context| run.value(context)))
    }

    fn read(step: &'a Node, job: &str) -> Result<Self, Because> {
        known(step, &format!("a step of {job}"), STEP)?;
        let does = match (text(step, "uses")?, text(step, "run")?) {
            (Some(action), None) if !action.contains('@') && !action.starts_with("./") && !action.starts_with("docker://") => {
                return Err(refused(&format!("line {}: `{}` names no version (`@…`)", step.line, excerpt(action, 60))));
            }
            (Some(action), None) => Does::Action(action),
            (None, Some(script)) => Does::Script(script),
            _ => return Err(refused(&format!("line {}: a step of {job} has not exactly one of `uses` and `run`", step.line))),
        };
        Ok(Self { condition: guard(step, &["secrets"])?, env: map(step, "env")?, with: map(step, "with")?, does })
    }
}

/// Reads the YAML of a workflow or an action.
pub(crate) fn yaml(text: &str) -> Result<Node, Because> {
    Node::read(text).map_err(|because| unknown(&excerpt(&because, 200)))
}

/// The steps of an action that is made of steps; the reason when it is another one.
pub(crate) fn composite_steps(action: &Node) -> Result<Vec<Step<'_>>, Because> {
    let runs = action.get("runs");
    let using = runs.and_then(|runs| runs.get("using")).and_then(Node::text);
    match (using, runs.and_then(|runs| runs.get("steps")).map(|node| &node.value)) {
        (Some("composite"), Some(Value::List(steps))) => steps.iter().map(|step| Step::read(step, "the action")).collect(),
        _ => Err(unknown("is no action that is made of steps")),
    }
}

fn refused(because: &str) -> Because {
    (Tri::No, format!("{because}, so GitHub refuses the file"))
}

fn unknown(because: &str) -> Because {
    (Tri::Unknown, because.to_owned())
}

/// Holds that a node is a map of these keys and no others.
fn known(node: &Node, what: &str, keys: &str) -> Result<(), Because> {
    if !matches!(node.value, Value::Map(_)) {
        return Err(unknown(&format!("line {}: {what} is no map", node.line)));
    }
    match node.entries().iter().find(|(key, _)| !keys.split(' ').any(|known| known == key)) {
        Some((key, value)) => Err(unknown(&format!("line {}: `{}` of {what} is not known here", value.line, excerpt(key, 60)))),
        None => Ok(()),
    }
}

fn text<'a>(node: &'a Node, key: &str) -> Result<Option<&'a str>, Because> {
    node.get(key).map(|value| value.text().ok_or_else(|| unknown(&format!("line {}: `{key}` is no text", value.line)))).transpose()
}

/// The `if` of a job or step, which must not name these contexts.
fn guard<'a>(node: &'a Node, forbidden: &[&str]) -> Result<Option<&'a str>, Because> {
    let condition = text(node, "if")?;
    let is_of_path = |character: char| character.is_ascii_alphanumeric() || "_.".contains(character);
    let mut contexts = condition.unwrap_or_default().split(|character| !is_of_path(character)).filter_map(|path| path.split('.').next());
    match contexts.find_map(|context| forbidden.iter().find(|forbidden| forbidden.eq_ignore_ascii_case(context))) {
        Some(context) => Err(refused(&format!("line {}: an `if` names `{context}`, which is not there yet", node.line))),
        None => Ok(condition),
    }
}

fn map<'a>(node: &'a Node, key: &str) -> Result<&'a [(String, Node)], Because> {
    match node.get(key) {
        Some(value) if !matches!(value.value, Value::Map(_) | Value::Empty) => {
            Err(unknown(&format!("line {}: `{key}` is no map", value.line)))
        }
        value => Ok(value.map_or(&[], Node::entries)),
    }
}

fn group(node: &Node) -> Result<Option<&str>, Because> {
    let Some(concurrency) = node.get("concurrency") else { return Ok(None) };
    if concurrency.text().is_some() {
        return Ok(concurrency.text());
    }
    known(concurrency, "`concurrency`", "group cancel-in-progress")?;
    Ok(Some(text(concurrency, "group")?.unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jobs_that_run(jobs: &str) -> Result<Vec<(String, Tri)>, Because> {
        let node = Node::read(&format!("on: push\njobs: {{{jobs}}}")).expect("YAML");
        let run = Run { event: "push", branch: Some("main") };
        Ok(Workflow::read(&node)?.jobs_that_run(run)?.into_iter().map(|(name, runs)| (name.to_owned(), runs)).collect())
    }

    /// A job with this name, and something more.
    fn job(name: &str, more: &str) -> String {
        format!("{name}: {{runs-on: x, steps: [{{run: y}}], {more}}},")
    }

    #[test]
    fn a_job_runs_when_all_that_it_needs_do() {
        let skipped = job("a", "if: github.event_name == 'pull_request'");
        let unsure = job("a", "if: inputs.x");
        let call = "a: {uses: ./.github/workflows/test.yml},";
        for (jobs, expected) in [
            (job("a", "") + &job("z", "needs: a"), Tri::Yes),
            (job("z", "needs: [b, a]") + &job("b", "needs: a") + &job("a", ""), Tri::Yes),
            (format!("{call}{}", job("z", "needs: [a]")), Tri::Yes),
            (skipped.clone() + &job("z", ""), Tri::Yes),
            (skipped.clone() + &job("z", "needs: a"), Tri::No),
            (skipped.clone() + &job("b", "needs: a") + &job("z", "needs: b"), Tri::No),
            (skipped.clone() + &job("b", "needs: a, if: always()") + &job("z", "needs: b"), Tri::No),
            (skipped.clone() + &job("z", "needs: a, if: github.ref == 'refs/heads/main'"), Tri::No),
            (skipped.clone() + &job("z", "needs: a, if: success()"), Tri::No),
            (skipped.clone() + &job("z", "needs: a, if: always()"), Tri::Yes),
            (skipped.clone() + &job("z", "needs: a, if: '!cancelled()'"), Tri::Yes),
            (skipped.clone() + &job("z", "needs: a, if: always() && needs.a.result == 'skipped'"), Tri::Yes),
            (skipped + &job("z", "needs: a, if: always() && needs.a.result == 'success'"), Tri::No),
            (job("a", "") + &job("z", "needs: a, if: failure()"), Tri::No),
            (unsure.clone() + &job("z", "needs: a"), Tri::Unknown),
            (unsure.clone() + &job("z", "needs: a, if: always() && needs.a.result == 'success'"), Tri::Unknown),
            (unsure + &job("z", "needs: a, if: always()"), Tri::Yes),
        ] {
            let runs = jobs_that_run(&jobs).unwrap_or_else(|why| panic!("{jobs}: {why:?}"));
            assert_eq!(runs.last(), Some(&("z".to_owned(), expected)), "{jobs}");
        }
        let chain: String = (0..400).map(|n| job(&format!("j{n}"), &format!("needs: j{}", n + 1))).collect();
        assert!(jobs_that_run(&(chain + &job("j400", ""))).is_ok_and(|runs| runs.iter().all(|(_, runs)| *runs == Tri::Yes)));
    }

    #[test]
    fn what_github_refuses_is_a_no_and_what_is_not_known_is_unknown() {
        for (jobs, verdict, because) in [
            (job("z", "needs: tests"), Tri::No, "the job z needs tests, which does not exist"),
            (job("a", "needs: b") + &job("b", "needs: a"), Tri::No, "in a circle"),
            (job("a", "needs: a"), Tri::No, "in a circle"),
            (String::new(), Tri::No, "has no `jobs`"),
            ("z: {steps: [{run: y}]}".to_owned(), Tri::No, "has neither `runs-on` nor `uses`"),
            ("z: {runs-on: , steps: [{run: y}]}".to_owned(), Tri::No, "has neither `runs-on` nor `uses`"),
            ("z: {runs-on: x, uses: ./y.yml}".to_owned(), Tri::No, "has both `runs-on` and `uses`"),
            ("z: {runs-on: x}".to_owned(), Tri::No, "has no `steps`"),
            ("z: {runs-on: x, steps: [{name: y}]}".to_owned(), Tri::No, "not exactly one of `uses` and `run`"),
            ("z: {runs-on: x, steps: [{uses: y@v1, run: y}]}".to_owned(), Tri::No, "not exactly one of `uses` and `run`"),
            ("z: {runs-on: x, steps: [{uses: actions/checkout}]}".to_owned(), Tri::No, "`actions/checkout` names no version"),
            (job("z", "if: secrets.X != ''"), Tri::No, "an `if` names `secrets`"),
            (job("z", "if: env.X == 'y'"), Tri::No, "an `if` names `env`"),
            ("z: {runs-on: x, steps: [{run: y, if: '${{ Secrets.X }}'}]}".to_owned(), Tri::No, "an `if` names `secrets`"),
            (job("deploy server", ""), Tri::No, "other characters than letters"),
            ("z: {runs-on: x, steps: [run]}".to_owned(), Tri::Unknown, "is no map"),
            (job("z", "need: a"), Tri::Unknown, "`need` of the job z is not known"),
            (job("z", "needs: {a: b}"), Tri::Unknown, "`needs` lists no jobs"),
            (job("z", "concurrency: {name: b}"), Tri::Unknown, "`name` of `concurrency` is not known"),
            (job("z", "env: '${{ vars.X }}'"), Tri::Unknown, "`env` is no map"),
            ("z: [x]".to_owned(), Tri::Unknown, "the job z is no map"),
        ] {
            let (said, why) = jobs_that_run(&jobs).expect_err(&jobs);
            assert!(said == verdict && why.contains(because), "{jobs}: {said:?} {why}");
        }
    }
}
