//! Asks `az`, and tells apart why it does not answer: no login, no right to look, no such thing, no network.

use nexy_contract::text::{excerpt, shell_word};
use nexy_contract::{
    Fix, Target,
    azure::{self, Refusal},
    check::Answer,
};
use nexy_outside::programs::{self, ProgramError};
use serde::de::DeserializeOwned;
use std::time::Duration;

/// What is typed to log in.
pub(crate) const LOGIN: &str = "az login";

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Silence {
    /// There is no login, or it is over.
    NotLoggedIn,
    /// The login may not look at this.
    Forbidden,
    /// The subscription is switched off, or gone.
    Disabled,
    /// There is no such resource group.
    NoGroup,
    /// There is no such resource.
    NoResource,
    /// Anything else: what a person reads, and the fix.
    Unknown(String, Fix),
}

/// Asks `az` for a document.
pub(crate) fn ask<T: DeserializeOwned>(words: &[&str], timeout: Duration) -> Result<T, Silence> {
    let by_hand = format!("az {}", words.iter().map(|word| shell_word(word)).collect::<Vec<_>>().join(" "));
    let ran = programs::azure::az(words, timeout).map_err(|error| not_run(&error, &by_hand))?;
    if !ran.succeeded() {
        return Err(silence(&String::from_utf8_lossy(&ran.stderr), ran.code(), &by_hand));
    }
    serde_json::from_slice(&ran.stdout).map_err(|_| {
        let said = if ran.stdout.trim_ascii().is_empty() { "nothing" } else { "something else" };
        Silence::Unknown(
            format!("`az` printed {said} in place of the document that was asked for"),
            Fix::commands([&*by_hand, "az upgrade"].map(str::to_owned)),
        )
    })
}

fn not_run(error: &ProgramError, by_hand: &str) -> Silence {
    let fix = match error {
        ProgramError::Missing(_) => Fix::note("install the Azure CLI: https://aka.ms/azure-cli").then_command(LOGIN),
        ProgramError::Failed(..) | ProgramError::Timeout { .. } | ProgramError::TooMuch(..) => Fix::command(by_hand.to_owned()),
    };
    Silence::Unknown(error.to_string(), fix)
}

/// Reads what `az` has printed for people.
fn silence(words: &str, code: i32, by_hand: &str) -> Silence {
    match azure::refusal(words) {
        Some(Refusal::Network) => {
            let fix = Fix::note("Look at the network and the proxy:").then_command("curl -sSI https://management.azure.com");
            return Silence::Unknown("`az` does not reach Azure".to_owned(), fix.then_command(by_hand.to_owned()));
        }
        Some(Refusal::NotLoggedIn) => return Silence::NotLoggedIn,
        Some(Refusal::Forbidden) => return Silence::Forbidden,
        Some(Refusal::Disabled) => return Silence::Disabled,
        Some(Refusal::NoGroup) => return Silence::NoGroup,
        Some(Refusal::NoResource) => return Silence::NoResource,
        None => {}
    }
    let first = words.lines().find(|line| !line.trim().is_empty()).unwrap_or("it said nothing");
    let known = if code == 2 { "`az` does not understand what it is asked, so it may be an old one" } else { "`az` refuses" };
    Silence::Unknown(
        format!("{known}: {}", excerpt(&azure::without_ids(first), 200)),
        Fix::command(by_hand.to_owned()).then_command("az upgrade"),
    )
}

impl Silence {
    /// The answer to a question that `az` was asked in vain; `what` was asked about, `expected` should have been found, in
    /// the subscription of `target` if it names one.
    pub(crate) fn answer(self, target: &Target, what: &str, expected: String, again: &'static str) -> Answer {
        match self {
            Self::NotLoggedIn => Answer::fail("there is no login to Azure here, or it is over", expected, Fix::commands([LOGIN, again])),
            Self::Forbidden => Answer::fail(
                format!("this login may not look at {what}"),
                expected,
                Fix::command(LOGIN)
                    .then_note(format!(
                        "or ask the subscription's owner for the roles Reader and Virtual Machine Contributor on {what}; then:"
                    ))
                    .then_command(again),
            ),
            Self::Disabled => Answer::fail(
                "the subscription is switched off, so Azure has stopped what runs in it or will",
                expected,
                Fix::command("az account list --all -o table")
                    .then_note("Pay or move: the subscription's owner does that in the portal; then:")
                    .then_command(again),
            ),
            Self::NoGroup => {
                Answer::fail(format!("the resource group of {what} is not in the subscription in use"), expected, elsewhere(target, again))
            }
            Self::NoResource => Answer::fail(format!("{what} is not in its resource group"), expected, elsewhere(target, again)),
            Self::Unknown(found, fix) => Answer::unknown(found, expected, fix),
        }
    }
}

fn elsewhere(target: &Target, again: &'static str) -> Fix {
    let set = match &target.azure.subscription {
        Some(subscription) => Fix::command(format!("az account set --subscription {}", shell_word(subscription))),
        None => Fix::note("Choose the subscription that has it:")
            .then_command("az account list --all -o table")
            .then_command("az account set --subscription NAME"),
    };
    set.then_command(again)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_that_fails_is_unknown_and_a_login_that_is_over_is_a_no() {
        let network = silence("ERROR: Max retries exceeded. Please run 'az login'", 1, "az x");
        assert!(matches!(network, Silence::Unknown(found, _) if found == "`az` does not reach Azure"));
        assert_eq!(silence("ERROR: (ExpiredAuthenticationToken) The access token", 1, "az x"), Silence::NotLoggedIn);
    }

    #[test]
    fn other_words_are_shown_without_ids_and_an_old_az_is_suspected() {
        let words = "\nERROR: tenant '0a1b2c3d-0000-1111-2222-333344445555' is\u{1b}[2J odd\nmore";
        let Silence::Unknown(found, fix) = silence(words, 1, "az x") else { panic!("it is unknown") };
        assert_eq!((found.as_str(), fix.text().as_str()), ("`az` refuses: ERROR: tenant '…' is\\x1b[2J odd", "az x\naz upgrade"));
        let old = silence("az: error: unrecognized arguments: --only-show-errors", 2, "az x");
        assert!(matches!(old, Silence::Unknown(found, _) if found.contains("an old one")));
    }

    #[test]
    fn a_missing_az_has_the_remedy_that_the_scripts_name() {
        let script = include_str!("../../../../scripts/lib.sh");
        let Silence::Unknown(_, fix) = not_run(&ProgramError::Missing("az".into()), "az x") else { panic!("it is unknown") };
        let lines: Vec<&str> = fix.lines().iter().map(nexy_contract::fix::FixLine::text).collect();
        assert!(script.contains(&format!("'{}, then type: {}'", lines[0], lines[1])), "{lines:?}");
    }
}
