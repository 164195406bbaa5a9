//! Whether a job has signed in to Azure, with the right secret, before its first step that speaks to Azure.

use crate::formats::workflow::{Does, Job, Run, Step, Tri, Workflow, is_secret};
use std::collections::BTreeMap;

/// The sign-in that is in force where a job first speaks to Azure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SignIn {
    /// Whether there is one.
    pub(super) is_done: Tri,
    /// Whether it is given the secret.
    pub(super) has_secret: Tri,
}

/// Goes through the steps up to the first that speaks to Azure; `None` when none does.
pub(super) fn sign_in(workflow: &Workflow<'_>, job: &Job<'_>, run: Run<'_>, secret: &str) -> Option<SignIn> {
    let mut state = SignIn { is_done: Tri::No, has_secret: Tri::No };
    for (step, runs) in job.steps.iter().map(|step| (step, step.runs(run))).filter(|(_, runs)| *runs != Tri::No) {
        let (signs_in, speaks) = of_step(step);
        if signs_in != Tri::No {
            let given = given(workflow, job, step, secret);
            let is_done = runs.and(signs_in);
            state = match is_done {
                // A condition that is not known leaves two sign-ins that may be in force.
                Tri::Unknown if state.is_done != Tri::No && state.has_secret != given => SignIn { has_secret: Tri::Unknown, ..state },
                Tri::Unknown if state.is_done == Tri::Yes => state,
                _ => SignIn { is_done, has_secret: given },
            };
        }
        if speaks {
            return Some(state);
        }
    }
    None
}

/// The inputs of Azure's actions that take a secret.
const INPUTS: &[&str] = &["creds", "azureCredentials", "publish-profile", "client-id", "tenant-id", "subscription-id"];

/// Whether a step signs in, and whether it speaks to Azure.
pub(super) fn of_step(step: &Step<'_>) -> (Tri, bool) {
    let action = match step.does {
        Does::Action(action) => action,
        Does::Script(script) => return of_script(script),
    };
    let name = action.split('@').next().unwrap_or_default().to_ascii_lowercase();
    match name.as_str() {
        "azure/login" => (Tri::Yes, false),
        // Nothing here knows what it does.
        local if local.starts_with("./") => (Tri::Unknown, false),
        azure if azure.starts_with("azure/") => (step.with.iter().any(|(key, _)| INPUTS[..3].contains(&key.as_str())).into(), true),
        _ => (Tri::No, false),
    }
}

/// Whether a script signs in before anything else that it asks `az` for, and whether it asks for anything else.
fn of_script(script: &str) -> (Tri, bool) {
    const LOCAL: &[&str] = &["version", "--version", "logout", "config", "extension", "upgrade"];
    let mut signs_in = Tri::No;
    for line in script.lines().filter(|line| !line.trim_start().starts_with('#')) {
        let words = line.split(|character: char| character.is_whitespace() || "\"'`();|&=$".contains(character));
        let mut words = words.filter(|word| !word.is_empty());
        while words.any(|word| word == "az") {
            match words.next() {
                Some("login") => signs_in = Tri::Yes,
                Some(word) if LOCAL.contains(&word) => {}
                _ => return (signs_in, true),
            }
        }
    }
    (signs_in, false)
}

/// Whether the step itself is given the secret: by an input of the action, in the script, or in a variable that the script names.
fn given(workflow: &Workflow<'_>, job: &Job<'_>, step: &Step<'_>, secret: &str) -> Tri {
    let values: Vec<String> = match step.does {
        Does::Action(action) if action.starts_with("./") => return Tri::Unknown,
        Does::Action(_) => {
            let inputs = step.with.iter().filter(|(key, _)| INPUTS.contains(&key.as_str()));
            inputs.filter_map(|(_, value)| value.text().map(str::to_owned)).collect()
        }
        Does::Script(script) => {
            // What is nearer to the step covers what is farther.
            let all = workflow.env.iter().chain(job.env).chain(step.env);
            let env: BTreeMap<&str, &str> = all.filter_map(|(key, value)| Some((key.as_str(), value.text()?))).collect();
            let named = env.into_iter().filter(|(key, _)| script.contains(key)).map(|(_, value)| value.to_owned());
            let inline = script.split("${{").skip(1).filter_map(|rest| rest.split_once("}}"));
            named.chain(inline.map(|(body, _)| format!("${{{{{body}}}}}"))).collect()
        }
    };
    values.iter().fold(Tri::No, |so_far, value| so_far.or(is_secret(value, secret)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::yaml::Node;

    fn judged(steps: &str) -> Option<(Tri, Tri)> {
        let text = format!(
            "on: push\nenv: {{A: '${{{{ secrets.CREDS }}}}', B: '${{{{ secrets.CREDS }}}}'}}\njobs:\n  j:\n    runs-on: x\n    env: {{B: y}}\n    \
             steps:\n{steps}"
        );
        let node = Node::read(&text).expect("YAML");
        let workflow = Workflow::read(&node).expect("a workflow");
        let run = Run { event: "push", branch: Some("main") };
        sign_in(&workflow, &workflow.jobs[0], run, "CREDS").map(|state| (state.is_done, state.has_secret))
    }

    #[test]
    fn a_job_signs_in_before_it_asks_for_anything() {
        for (steps, expected) in [
            ("      - uses: azure/login@v2\n      - run: az vm list", Some(Tri::Yes)),
            ("      - uses: Azure/Login@v2\n      - uses: azure/CLI@v1\n        with: {inlineScript: x}", Some(Tri::Yes)),
            ("      - run: az login --service-principal -u $A\n      - run: az vm list", Some(Tri::Yes)),
            ("      - run: |\n          az login\n          az vm list", Some(Tri::Yes)),
            ("      - uses: azure/container-apps-deploy-action@v1\n        with: {azureCredentials: x}", Some(Tri::Yes)),
            ("      - run: az vm list\n      - uses: azure/login@v2", Some(Tri::No)),
            ("      - run: |\n          x=$(az vm list)\n          az login", Some(Tri::No)),
            ("      - uses: azure/CLI@v1\n        env: {AZURE_CLIENT_ID: x}", Some(Tri::No)),
            ("      - uses: azure/login@v2\n        if: false\n      - run: az vm list", Some(Tri::No)),
            ("      - uses: azure/login@v2\n        if: inputs.x\n      - run: az vm list", Some(Tri::Unknown)),
            ("      - uses: ./.github/actions/login\n      - run: az vm list", Some(Tri::Unknown)),
            ("      - run: '# az vm list'\n      - run: echo lazy az-x; az --version", None),
            ("      - uses: actions/checkout@v4", None),
            ("      - run: az vm list\n        if: failure()", None),
        ] {
            assert_eq!(judged(steps).map(|(is_done, _)| is_done), expected, "{steps}");
        }
    }

    #[test]
    fn the_secret_counts_only_where_the_sign_in_gets_it() {
        let login = |with: &str| format!("      - uses: azure/login@v2\n        {with}\n");
        let ours = login("with: {creds: '${{ secrets.CREDS }}'}");
        let other = login("with: {creds: '${{ secrets.OTHER }}'}");
        let script = |line: &str| format!("      - run: {line}\n");
        let no_more = ("", "");
        for (steps, (before, after), expected) in [
            (&ours, no_more, Tri::Yes),
            (&login("with: {client-id: '${{ fromJSON(secrets.CREDS).clientId }}'}"), no_more, Tri::Yes),
            (&script("az login -u $A"), no_more, Tri::Yes),
            (&script("az login -u '${{ secrets.CREDS }}'"), no_more, Tri::Yes),
            (&ours, (other.as_str(), ""), Tri::Yes),
            (&ours, ("", other.as_str()), Tri::No),
            (&other, ("", "        env: {A: '${{ secrets.CREDS }}'}\n"), Tri::No),
            (&login("with: {note: '${{ secrets.CREDS }}'}"), no_more, Tri::No),
            (&login("env: {A: '${{ secrets.CREDS }}'}"), no_more, Tri::No),
            (&script("az login -u x"), no_more, Tri::No),
            (&script("az login -u $B"), no_more, Tri::No),
            (&script("az login -u '${{ secrets.CREDS_OLD }}'"), no_more, Tri::No),
            (&login("with: {creds: '${{ env.A }}'}"), no_more, Tri::Unknown),
            (&login("with: {creds: '${{ secrets.OTHER || secrets.CREDS }}'}"), no_more, Tri::Unknown),
            (&ours, ("", "      - uses: azure/login@v2\n        if: inputs.x\n"), Tri::Unknown),
        ] {
            let steps = format!("{before}{steps}{after}      - run: az vm list\n");
            assert_eq!(judged(&steps).map(|(_, has_secret)| has_secret), Some(expected), "{steps}");
        }
    }
}
