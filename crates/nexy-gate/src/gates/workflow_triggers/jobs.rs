//! What a workflow does: which of its jobs speak to Azure, and whether they have signed in by then.

use super::{
    condition::{Holds, holds},
    yaml::Node,
};

/// One event that a workflow may be started by.
#[derive(Clone, Copy, Debug)]
pub(super) struct Started<'a> {
    pub(super) event: &'a str,
    pub(super) branch: Option<&'a str>,
}

/// A job that speaks to Azure when the event has started it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Deploying<'a> {
    pub(super) name: &'a str,
    pub(super) job: &'a Node,
    pub(super) login: Login,
    /// Whether its condition lets it run.
    pub(super) runs: Holds,
}

/// Whether a job has signed in before it speaks to Azure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Login {
    Before,
    Never,
    /// Only under a condition that is not known here.
    Perhaps,
}

/// The jobs that speak to Azure, whatever they may run for, and whether there are jobs that nobody can look into.
pub(super) fn deploying<'a>(workflow: &'a Node, started: Started<'_>) -> (Vec<Deploying<'a>>, bool) {
    let mut found = Vec::new();
    let mut is_opaque = false;
    for (name, job) in workflow.get("jobs").map_or(&[][..], Node::entries) {
        is_opaque |= job.get("uses").is_some();
        let Some(Node::List(steps)) = job.get("steps") else { continue };
        is_opaque |= steps.iter().any(|step| step.get("uses").and_then(Node::text).is_some_and(|uses| uses.starts_with("./")));
        if let Some(login) = login(steps, started) {
            found.push(Deploying { name, job, login, runs: runs(job, started) });
        }
    }
    (found, is_opaque)
}

fn runs(node: &Node, started: Started<'_>) -> Holds {
    match node.get("if") {
        None => Holds::Yes,
        Some(Node::Scalar(condition)) => holds(condition, started.event, started.branch),
        Some(_) => Holds::Unsure,
    }
}

/// Goes through the steps up to the first that speaks to Azure; `None` when none does.
fn login(steps: &[Node], started: Started<'_>) -> Option<Login> {
    let mut login = Login::Never;
    for step in steps {
        let runs = runs(step, started);
        if runs == Holds::No {
            continue;
        }
        let (signs_in, speaks) = match (step.get("uses").and_then(Node::text), step.get("run").and_then(Node::text)) {
            (Some(action), _) => of_action(action, step.get("with")),
            (None, Some(script)) => of_script(script),
            (None, None) => (false, false),
        };
        if signs_in && login != Login::Before {
            login = if runs == Holds::Yes { Login::Before } else { Login::Perhaps };
        }
        if speaks {
            return Some(login);
        }
    }
    None
}

/// Whether an action signs in, and whether it speaks to Azure.
fn of_action(action: &str, with: Option<&Node>) -> (bool, bool) {
    let name = action.split('@').next().unwrap_or_default().to_ascii_lowercase();
    if !name.starts_with("azure/") {
        return (false, false);
    }
    if name == "azure/login" {
        return (true, false);
    }
    let own = ["creds", "azureCredentials", "publish-profile"];
    (own.iter().any(|key| with.is_some_and(|with| with.get(key).is_some())), true)
}

/// Whether a script signs in before anything else that it asks `az` for, and whether it asks for anything else.
fn of_script(script: &str) -> (bool, bool) {
    const ASKS_NOBODY: &[&str] = &["version", "--version", "logout", "config", "extension", "upgrade"];
    let mut signs_in = false;
    for line in script.lines().filter(|line| !line.trim_start().starts_with('#')) {
        let words: Vec<&str> = line.split(|character: char| character.is_whitespace() || "\"'`();|&=$".contains(character)).collect();
        for (at, _) in words.iter().enumerate().filter(|(_, word)| **word == "az") {
            match words[at + 1..].iter().find(|word| !word.is_empty()) {
                Some(&"login") => signs_in = true,
                Some(word) if ASKS_NOBODY.contains(word) => {}
                Some(_) | None => return (signs_in, true),
            }
        }
    }
    (signs_in, false)
}

/// Whether a secret is handed to a step, by the step itself or by what it inherits; a comment hands nothing to anybody.
pub(super) fn hands_on(workflow: &Node, jobs: &[Deploying<'_>], secret: &str) -> bool {
    let holds = |text: &str| names_secret(text, secret);
    let in_map = |node: &Node, key: &str| node.get(key).is_some_and(|map| map.any_text(&holds));
    in_map(workflow, "env")
        || jobs.iter().any(|deploying| {
            let steps = match deploying.job.get("steps") {
                Some(Node::List(steps)) => steps.as_slice(),
                _ => &[],
            };
            in_map(deploying.job, "env") || steps.iter().any(|step| in_map(step, "with") || in_map(step, "env"))
        })
}

/// `${{ secrets.NAME }}` or `${{ secrets['NAME'] }}`, and no longer name.
fn names_secret(text: &str, secret: &str) -> bool {
    text.split("${{").skip(1).filter_map(|rest| rest.split_once("}}")).any(|(expression, _)| {
        expression.match_indices("secrets").any(|(at, word)| {
            let rest = &expression[at + word.len()..];
            let name = rest.strip_prefix('.').or_else(|| rest.strip_prefix("['"));
            let after = name
                .and_then(|name| name.get(..secret.len()).filter(|head| head.eq_ignore_ascii_case(secret)).map(|_| &name[secret.len()..]));
            after.is_some_and(|after| !after.starts_with(|next: char| next.is_ascii_alphanumeric() || next == '_' || next == '-'))
        })
    })
}

/// Why two runs could be at work at once, or `None` when a group keeps them apart.
pub(super) fn ungrouped(workflow: &Node, job: &Node) -> Option<String> {
    let Some(concurrency) = workflow.get("concurrency").or_else(|| job.get("concurrency")) else {
        return Some("has no concurrency group, so two deploys can run at once".to_owned());
    };
    let group = concurrency.text().or_else(|| concurrency.get("group").and_then(Node::text)).unwrap_or_default();
    let every_run = ["github.run_id", "github.run_number", "github.run_attempt", "github.sha"];
    if group.trim().is_empty() {
        Some("has a concurrency without a group".to_owned())
    } else {
        every_run.iter().find(|word| group.contains(*word)).map(|word| format!("has a concurrency group of its own for every run ({word})"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PUSH: Started<'static> = Started { event: "push", branch: Some("main") };

    fn logins(steps: &str) -> Vec<Login> {
        let workflow = Node::read(&format!("jobs:\n  j:\n    steps:\n{steps}")).expect("YAML");
        deploying(&workflow, PUSH).0.iter().map(|deploying| deploying.login).collect()
    }

    #[test]
    fn a_job_signs_in_before_it_asks_for_anything() {
        for (steps, login) in [
            ("      - uses: azure/login@v2\n      - run: az vm list", Some(Login::Before)),
            ("      - uses: Azure/Login@v2\n      - uses: azure/CLI@v1\n        with: {inlineScript: x}", Some(Login::Before)),
            ("      - run: az login --service-principal -u $A\n      - run: az vm list", Some(Login::Before)),
            ("      - run: |\n          az login\n          az vm list", Some(Login::Before)),
            ("      - uses: azure/container-apps-deploy-action@v1\n        with: {azureCredentials: x}", Some(Login::Before)),
            ("      - run: az vm list\n      - uses: azure/login@v2", Some(Login::Never)),
            ("      - run: |\n          x=$(az vm list)\n          az login", Some(Login::Never)),
            ("      - uses: azure/CLI@v1\n        env: {AZURE_CLIENT_ID: x}", Some(Login::Never)),
            ("      - uses: azure/login@v2\n        if: false\n      - run: az vm list", Some(Login::Never)),
            ("      - uses: azure/login@v2\n        if: inputs.x\n      - run: az vm list", Some(Login::Perhaps)),
            ("      - run: '# az vm list'\n      - run: echo lazy az-x; az --version", None),
            ("      - uses: actions/checkout@v4", None),
            ("      - run: az vm list\n        if: false", None),
        ] {
            assert_eq!(logins(steps), login.into_iter().collect::<Vec<_>>(), "{steps}");
        }
    }

    #[test]
    fn a_secret_counts_only_by_its_whole_name_in_an_expression() {
        for text in ["${{ secrets.CREDS }}", "x ${{ secrets.creds }} y", "${{ secrets['CREDS'] }}", "${{ fromJSON(secrets.CREDS).x }}"] {
            assert!(names_secret(text, "CREDS"), "{text}");
        }
        for text in ["secrets.CREDS", "${{ secrets.CREDS_OLD }}", "${{ secrets.MY_CREDS }}", "${{ vars.CREDS }}", "${{ secrets.CREDS", ""] {
            assert!(!names_secret(text, "CREDS"), "{text}");
        }
    }

    #[test]
    fn a_group_keeps_runs_apart_unless_every_run_has_its_own() {
        let empty = Node::Map(Vec::new());
        let why = |text: &str| ungrouped(&Node::read(text).expect("YAML"), &empty);
        for text in ["concurrency: deploy", "concurrency: {group: deploy}", "concurrency: {group: 'deploy-${{ github.ref }}'}"] {
            assert_eq!(why(text), None, "{text}");
        }
        for text in ["name: x", "concurrency: {cancel-in-progress: true}", "concurrency: ''", "concurrency: 'd-${{ github.run_id }}'"] {
            assert!(why(text).is_some(), "{text}");
        }
        assert_eq!(ungrouped(&empty, &Node::read("concurrency: deploy").expect("YAML")), None);
    }
}
