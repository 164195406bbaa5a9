//! Asks `az`, and tells apart why it does not answer: no login, no right to look, no such thing, no network.

use nexy_contract::text::{excerpt, shell_word};
use nexy_contract::{Fix, Target, check::Answer};
use nexy_outside::programs::{ProgramError, azure};
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

/// Marks in what `az` says, and what they mean; the first that is found counts.
const MARKS: &[(&str, Silence)] = &[
    ("ReadOnlyDisabledSubscription", Silence::Disabled),
    ("DisabledSubscription", Silence::Disabled),
    ("SubscriptionNotFound", Silence::Disabled),
    ("AuthorizationFailed", Silence::Forbidden),
    ("ResourceGroupNotFound", Silence::NoGroup),
    ("ResourceNotFound", Silence::NoResource),
    ("AADSTS", Silence::NotLoggedIn),
    ("az login", Silence::NotLoggedIn),
    ("No subscription", Silence::NotLoggedIn),
];

/// Marks of a network that does not work. They come before all others: a request for a login that did not get through
/// names the login as well.
const NETWORK: &[&str] = &[
    "Max retries exceeded",
    "NameResolutionError",
    "Temporary failure in name resolution",
    "Name or service not known",
    "nodename nor servname",
    "getaddrinfo failed",
    "Failed to establish a new connection",
    "Connection aborted",
    "Connection refused",
    "Connection reset",
    "Network is unreachable",
    "timed out",
    "ProxyError",
    "SSLError",
    "Certificate verification failed",
    "CERTIFICATE_VERIFY_FAILED",
];

/// Asks `az` for a document.
pub(crate) fn ask<T: DeserializeOwned>(words: &[&str], timeout: Duration) -> Result<T, Silence> {
    let by_hand = format!("az {}", words.iter().map(|word| shell_word(word)).collect::<Vec<_>>().join(" "));
    let ran = azure::az(words, timeout).map_err(|error| not_run(&error, &by_hand, std::env::consts::OS))?;
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

fn not_run(error: &ProgramError, by_hand: &str, system: &str) -> Silence {
    let fix = match error {
        ProgramError::Missing(_) if system == "macos" => Fix::commands(["brew install azure-cli", LOGIN]),
        ProgramError::Missing(_) => Fix::commands(["sudo apt-get install azure-cli", LOGIN]),
        ProgramError::Failed(..) | ProgramError::Timeout { .. } | ProgramError::TooMuch(..) => Fix::command(by_hand.to_owned()),
    };
    Silence::Unknown(error.to_string(), fix)
}

/// Reads what `az` has printed for people.
fn silence(words: &str, code: i32, by_hand: &str) -> Silence {
    if NETWORK.iter().any(|mark| words.contains(mark)) {
        let fix = Fix::note("Look at the network and the proxy:").then_command("curl -sSI https://management.azure.com");
        return Silence::Unknown("`az` does not reach Azure".to_owned(), fix.then_command(by_hand.to_owned()));
    }
    if let Some((_, silence)) = MARKS.iter().find(|(mark, _)| words.contains(mark)) {
        return silence.clone();
    }
    let first = words.lines().find(|line| !line.trim().is_empty()).unwrap_or("it said nothing");
    let known = if code == 2 { "`az` does not understand what it is asked, so it may be an old one" } else { "`az` refuses" };
    Silence::Unknown(format!("{known}: {}", excerpt(&without_ids(first), 200)), Fix::command(by_hand.to_owned()).then_command("az upgrade"))
}

/// Ids of tenants, accounts and subscriptions say nothing to a reader, and stay private.
fn without_ids(text: &str) -> String {
    let is_id = |word: &str| word.len() == 36 && word.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
    let is_between = |character: char| !(character.is_ascii_alphanumeric() || character == '-');
    let shown = |piece: &str| {
        let word = piece.trim_end_matches(is_between);
        if is_id(word) { piece.replace(word, "…") } else { piece.to_owned() }
    };
    text.split_inclusive(is_between).map(shown).collect()
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
    fn what_az_says_is_told_apart() {
        let asked = |words: &str| silence(words, 1, "az x");
        for (words, wanted) in [
            ("ERROR: Please run 'az login' to setup account.", Silence::NotLoggedIn),
            ("ERROR: AADSTS700082: The refresh token has expired.\naz login --scope x", Silence::NotLoggedIn),
            ("ERROR: No subscription found. Run 'az account set' to select a subscription.", Silence::NotLoggedIn),
            ("ERROR: (AuthorizationFailed) The client 'a@b'", Silence::Forbidden),
            ("ERROR: (ReadOnlyDisabledSubscription) The subscription 'x' is disabled", Silence::Disabled),
            ("ERROR: (SubscriptionNotFound) The subscription 'x' could not be found.", Silence::Disabled),
            ("ERROR: (ResourceGroupNotFound) Resource group 'x' could not be found.", Silence::NoGroup),
            ("ERROR: (ResourceNotFound) The Resource 'x' was not found.", Silence::NoResource),
        ] {
            assert_eq!(asked(words), wanted, "{words}");
        }
    }

    #[test]
    fn a_network_that_fails_at_the_login_is_no_missing_login() {
        for words in [
            "ERROR: HTTPSConnectionPool(host='login.microsoftonline.com', port=443): Max retries exceeded with url: /x. Please run 'az login'",
            "ERROR: <urlopen error [Errno 8] nodename nor servname provided, or not known>",
            "ERROR: Certificate verification failed. This typically happens when using Azure CLI behind a proxy",
        ] {
            assert!(matches!(silence(words, 1, "az x"), Silence::Unknown(found, _) if found == "`az` does not reach Azure"), "{words}");
        }
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
    fn a_missing_az_is_installed_as_the_system_does_it() {
        for (system, wanted) in [("macos", "brew install azure-cli"), ("linux", "sudo apt-get install azure-cli")] {
            let silence = not_run(&ProgramError::Missing("az".into()), "az x", system);
            assert!(matches!(silence, Silence::Unknown(_, fix) if fix.text().starts_with(wanted)));
        }
    }
}
