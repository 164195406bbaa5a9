//! The reasons why the exit status of a remote script is not known, and the fix of each.

use super::Az;
use crate::{Exit, Fix, Problem, text};

/// Looks at the VM and changes nothing.
pub(super) const LOOK: &str = "scripts/vm.sh nexy-verify local";

/// Why nothing is known about a script, told apart by whether it can have run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Silence {
    /// Another run is under way; the script was not accepted.
    Conflict,
    /// `az` is not logged in; the script was not sent.
    NotLoggedIn,
    /// The login was refused or has ended, perhaps while `az` was already waiting for the script. Holds what `az` said.
    LoginEnded(String),
    /// There is no such group or machine; the script was not sent. Holds what `az` said.
    NotFound(String),
    /// The account may not do this; the script was not sent. Holds what `az` said.
    NotAllowed(String),
    /// The machine does not run. Holds what `az` said.
    NotRunning(String),
    /// `az` did not understand its command line; the script was not sent. Holds what `az` said.
    Usage(String),
    /// The agent was interrupted in the middle of the script.
    Unfinished,
    /// The script's output came back without its last line.
    NoSentinel,
    /// There is a sentinel, but with the nonce of another run.
    OtherRun,
    /// Something was printed after the sentinel.
    NotLast,
    /// The output holds the markers that separate the streams, so the beginning of each stream cannot be determined.
    Forged,
    /// The agent and the sentinel tell two ends.
    Contradiction,
    /// Anything else. Holds what `az` said.
    Other(String),
}

impl Silence {
    /// The problem to print; `vm` is the resource group and name of the machine, when they are known.
    pub fn problem(&self, vm: Option<(&str, &str)>) -> Problem {
        let machine = vm.map_or_else(
            || "az vm list --output table".to_owned(),
            |(group, name)| {
                format!("az vm show --resource-group {} --name {} --show-details", text::shell_word(group), text::shell_word(name))
            },
        );
        let not_sent = |because: &str, fix: Fix| Problem::new(Exit::CouldNotLook, "the script did not run on the VM", because, fix);
        let unknown = |because: &str, first: Fix| {
            let fix = first
                .then_note("the script may still be running: do not repeat one that changes things before you have looked:")
                .then_command(LOOK)
                .then_note("its log is in the folder nexy-runs below vm.log_dir of nexy.toml, on the VM");
            Problem::new(Exit::CouldNotLook, "how the script on the VM ended is not known", because, fix)
        };
        let in_doubt = |because: &str| unknown(because, Fix::none());
        match self {
            Self::Conflict => Problem::new(
                Exit::Busy,
                "the script did not run on the VM",
                "another run-command is in progress there, and Azure runs one at a time",
                Fix::note("wait until it has ended, then run the same command again (once is safe: this one was not accepted)"),
            ),
            Self::NotLoggedIn => not_sent("az is not logged in", Fix::command("az login")),
            Self::LoginEnded(said) => unknown(said, Fix::command("az login")),
            Self::NotFound(said) => not_sent(said, Fix::note("compare the names with nexy.toml:").then_command(machine)),
            Self::NotAllowed(said) => {
                not_sent(said, Fix::command("az account show").then_note("for another account:").then_command("az login"))
            }
            Self::NotRunning(said) => not_sent(said, Fix::note("look at its power state:").then_command(machine)),
            Self::Usage(said) => not_sent(said, Fix::note("perhaps this az is too old:").then_command("az upgrade")),
            Self::Unfinished => in_doubt("the VM says that its last script did not finish: it was restarted, or its agent was ended"),
            Self::NoSentinel => in_doubt("the script's output came back without its last line, so it was cut short or never began"),
            Self::OtherRun => in_doubt("the last line is the one of another run"),
            Self::NotLast => in_doubt("something was printed after the line that should be the last"),
            Self::Forged => in_doubt("the output holds lines that look like az's own markers, so it could say anything"),
            Self::Contradiction => in_doubt("Azure's agent says that the script ended in another way than its last line does"),
            Self::Other(said) => in_doubt(said),
        }
    }
}

/// What `az` complained about, when it brought no message of the VM.
pub(super) fn of(az: &Az<'_>, stderr: &str) -> Silence {
    let said = said(az, stderr);
    let has = |parts: &[&str]| parts.iter().any(|part| stderr.contains(part));
    // What a script has printed must not pass for az's own words: a wrong "not sent" would make the operator send it twice.
    let of_the_script = has(&["[stdout]", "[stderr]", "Enable failed"]) || !az.stdout.trim_ascii().is_empty() || az.exit == Some(0);
    if of_the_script {
        Silence::Other(said)
    } else if has(&["Run command extension execution is in progress"]) {
        Silence::Conflict
    } else if has(&["'az login' to setup account"]) {
        Silence::NotLoggedIn
    } else if has(&["az login"]) {
        Silence::LoginEnded(said)
    } else if has(&["(ResourceNotFound)", "(ResourceGroupNotFound)", "(SubscriptionNotFound)"]) {
        Silence::NotFound(said)
    } else if has(&["(AuthorizationFailed)", "(ReadOnlyDisabledSubscription)"]) {
        Silence::NotAllowed(said)
    } else if has(&["VM is not running", "requires the VM to be running", "requires the VM to be in a running state"]) {
        Silence::NotRunning(said)
    } else if az.exit == Some(2) {
        Silence::Usage(said)
    } else {
        Silence::Other(said)
    }
}

/// What `az` said, in one line.
fn said(az: &Az<'_>, stderr: &str) -> String {
    let first = stderr.lines().find(|line| !line.trim().is_empty()).map(|line| text::excerpt(line.trim(), 240));
    let ended = az.exit.map_or_else(String::new, |code| format!("az ended with {code}: "));
    let nothing =
        if az.stdout.trim_ascii().is_empty() { "az said nothing" } else { "az printed something else than a run-command's answer" };
    format!("{ended}{}", first.as_deref().unwrap_or(nothing))
}
