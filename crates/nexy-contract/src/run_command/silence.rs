//! The problems to print when the exit status of a remote script is not known: told apart by whether it can have run.

use super::Az;
use crate::{
    Exit, Fix, Problem,
    azure::{self, Refusal},
    text,
};

/// Looks at the VM and changes nothing; for a script that installs something, another command shows whether it did.
pub const LOOK: &str = "scripts/vm.sh nexy-verify local";

const LOGIN: &str = "az login";
const NOT_RUN: &str = "the script did not run on the VM";

/// Resource group and name of the machine, when they are known.
pub type Machine<'a> = Option<(&'a str, &'a str)>;

/// The script may have run.
pub(super) fn in_doubt(because: &str, look: &str) -> Problem {
    in_doubt_after(because, Fix::none(), look)
}

fn in_doubt_after(because: &str, first: Fix, look: &str) -> Problem {
    let fix = first
        .then_note("the script may still be running: do not repeat one that changes things before you have looked:")
        .then_command(look.to_owned())
        .then_note("its log is in the folder nexy-runs below vm.log_dir of nexy.toml, on the VM");
    Problem::new(Exit::CouldNotLook, "how the script on the VM ended is not known", because, fix)
}

fn not_sent(because: &str, fix: Fix) -> Problem {
    Problem::new(Exit::CouldNotLook, NOT_RUN, because, fix)
}

/// What `az` complained about, when it brought no message of the VM.
pub(super) fn of(az: &Az<'_>, stderr: &str, machine: Machine<'_>, look: &str) -> Problem {
    let said = said(az, stderr);
    let has = |parts: &[&str]| parts.iter().any(|part| stderr.contains(part));
    let refusal = azure::refusal(stderr);
    // What a script has printed must not pass for az's own words: a wrong "not sent" would make the operator send it twice.
    let of_the_script = has(&["[stdout]", "[stderr]", "Enable failed"]) || !az.stdout.trim_ascii().is_empty() || az.exit == Some(0);
    if of_the_script {
        in_doubt(&said, look)
    } else if has(&["Run command extension execution is in progress"]) {
        let because = "another run-command is in progress there, and Azure runs one at a time";
        let fix = "wait until it has ended, then run the same command again (once is safe: this one was not accepted)";
        Problem::new(Exit::Busy, NOT_RUN, because, Fix::note(fix))
    } else if has(&["'az login' to setup account"]) {
        not_sent("az is not logged in", Fix::command(LOGIN))
    } else if let Some(Refusal::NotLoggedIn | Refusal::Network) = refusal {
        // The login may have ended, or the network, while `az` was already waiting for the script.
        in_doubt_after(&said, remedy(refusal, machine), look)
    } else if refusal.is_some() || az.exit == Some(2) {
        not_sent(&said, remedy(refusal, machine))
    } else if has(&["VM is not running", "requires the VM to be running", "requires the VM to be in a running state"]) {
        not_sent(&said, Fix::note("look at its power state:").then_command(show(machine)))
    } else {
        in_doubt(&said, look)
    }
}

/// Why nothing was sent: `az` did not answer a harmless question before.
pub fn before(az: &Az<'_>, machine: Machine<'_>) -> Problem {
    let stderr = String::from_utf8_lossy(az.stderr);
    let refusal = azure::refusal(&stderr);
    let fix = if refusal.is_none() && az.exit != Some(2) { Fix::command(show(machine)) } else { remedy(refusal, machine) };
    not_sent(&format!("nothing was sent: {}", said(az, &stderr)), fix.then_note("then run the same command again"))
}

/// What a person does about a refusal; one that is not known is put down to an old `az`.
fn remedy(refusal: Option<Refusal>, machine: Machine<'_>) -> Fix {
    match refusal {
        Some(Refusal::NotLoggedIn) => Fix::command(LOGIN),
        Some(Refusal::Network) => Fix::note("look at the network and the proxy:").then_command("curl -sSI https://management.azure.com"),
        Some(Refusal::NoGroup | Refusal::NoResource) => Fix::note("compare the names with nexy.toml:").then_command(show(machine)),
        Some(Refusal::Forbidden | Refusal::Disabled) => {
            Fix::command("az account show").then_note("for another account:").then_command(LOGIN)
        }
        None => Fix::note("perhaps this az is too old:").then_command("az upgrade"),
    }
}

/// Shows the machine, or all of them.
fn show(machine: Machine<'_>) -> String {
    machine.map_or_else(
        || "az vm list --output table".to_owned(),
        |(group, name)| format!("az vm show --resource-group {} --name {} --show-details", text::shell_word(group), text::shell_word(name)),
    )
}

/// What `az` said, in one line.
fn said(az: &Az<'_>, stderr: &str) -> String {
    let first = stderr.lines().find(|line| !line.trim().is_empty()).map(|line| text::excerpt(&azure::without_ids(line.trim()), 240));
    let ended = az.exit.map_or_else(String::new, |code| format!("az ended with {code}: "));
    let nothing =
        if az.stdout.trim_ascii().is_empty() { "az said nothing" } else { "az printed something else than a run-command's answer" };
    format!("{ended}{}", first.as_deref().unwrap_or(nothing))
}
