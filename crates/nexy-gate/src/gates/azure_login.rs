//! There is a login to Azure, with a subscription that works and is the right one.

use crate::gate::prelude::*;
use crate::observed::azure::{self, LOGIN, Silence};
use nexy_contract::target_file::Limits;
use serde::Deserialize;
use std::time::Duration;

pub(crate) const GATE: Gate = Gate {
    id: "azure-login",
    asks: "Is there a login to Azure, with the right subscription, and is that in use?",
    profiles: &["pre-production", "before-deploy"],
    runbook: "S0 §1, S1 §1",
    at: Machine::Laptop,
    takes: Takes::Outside,
    explain: Explain {
        symptom: "Every command for the VM ends with an error of login or subscription; or the VM is stopped, since the subscription is not paid.",
        check: "az account show: the state must be Enabled, and id or name that of azure.subscription if nexy.toml names one. It answers from \
                the last login; whether that login still works, azure-vm sees.",
        fix: &[
            command("az login"),
            command("az account set --subscription NAME"),
            note("A subscription in another state is a matter for its owner."),
        ],
        verify: &[command("az account show"), command("nexy-gate azure-login azure-vm")],
    },
    check,
    repair: None,
};

const AGAIN: &str = "nexy-gate azure-login";

/// The account as `az` shows it.
#[derive(Debug, Deserialize)]
struct Account {
    id: String,
    name: String,
    state: String,
    #[serde(default)]
    user: Option<User>,
}

/// The account of the login.
#[derive(Debug, Deserialize)]
struct User {
    #[serde(default)]
    name: String,
}

fn check(context: &Context) -> Answer {
    let target = &context.workspace.target;
    judge(target, azure::ask(&["account", "show"], deadline(&target.limits)))
}

/// Within the gate's own time, so that a person hears what was waited for.
fn deadline(limits: &Limits) -> Duration {
    Duration::from_secs(limits.az_timeout_s).min(Duration::from_secs(limits.gate_timeout_s) * 3 / 4)
}

fn judge(target: &Target, asked: Result<Account, Silence>) -> Answer {
    let wanted = target.azure.subscription.as_deref();
    let expected = match wanted {
        Some(subscription) => format!("a login with the subscription {subscription}, Enabled"),
        None => "a login with an Enabled subscription".to_owned(),
    };
    let account = match asked {
        Ok(account) => account,
        Err(silence) => return silence.answer(target, "the subscription", expected, AGAIN),
    };
    let shown = excerpt(&account.name, 80);
    if let Some(wanted) = wanted
        && ![&account.id, &account.name].iter().any(|known| known.eq_ignore_ascii_case(wanted))
    {
        let found = format!("the subscription in use is {shown}, not {wanted}");
        let fix = Fix::command(format!("az account set --subscription {}", shell_word(wanted))).then_command(AGAIN);
        return Answer::fail(found, expected, fix);
    }
    let owner = || {
        Fix::note("The subscription's owner settles that in the portal. Then read the state anew:").then_command(LOGIN).then_command(AGAIN)
    };
    match account.state.as_str() {
        "Enabled" => {
            let user = account.user.map(|user| excerpt(&user.name, 80)).filter(|name| !name.is_empty());
            Answer::pass(format!("{} uses the subscription {shown}, Enabled", user.unwrap_or_else(|| "an unnamed account".to_owned())))
        }
        "Warned" | "PastDue" => Answer::fail(
            format!("the subscription {shown} is {}: a payment is missing, and Azure will stop the VM", account.state),
            expected,
            owner(),
        ),
        "Disabled" | "Deleted" | "Expired" => Answer::fail(
            format!(
                "the subscription {shown} is {}: Azure lets nothing in it be changed, and has stopped or will stop the VM",
                account.state
            ),
            expected,
            owner(),
        ),
        other => Answer::unknown(
            format!("the subscription {shown} is in the state `{}`, which is not known here", excerpt(other, 40)),
            expected,
            Fix::commands(["az account list --all -o table", AGAIN]),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::says;

    fn asked(subscription: Option<&str>, state: &str) -> Answer {
        let mut target = crate::tests::target();
        target.azure.subscription = subscription.map(str::to_owned);
        let account =
            serde_json::json!({"id": "1-2", "name": "Main\u{1b}[2J", "state": state, "tenantId": "9-9", "user": {"name": "p@example.org"}});
        judge(&target, Ok(serde_json::from_value(account).expect("what az prints")))
    }

    #[test]
    fn an_enabled_subscription_passes_whoever_it_is_unless_one_is_named() {
        for subscription in [None, Some("1-2"), Some("main\u{1b}[2j")] {
            let answer = asked(subscription, "Enabled");
            assert_eq!(answer, Answer::pass("p@example.org uses the subscription Main\\x1b[2J, Enabled"), "{subscription:?}");
        }
        let answer = asked(Some("the other one"), "Enabled");
        assert_eq!(answer.verdict, Verdict::Fail);
        assert!(answer.fix.text().starts_with("az account set --subscription 'the other one'\n"), "{}", answer.fix);
    }

    #[test]
    fn other_states_fail_and_unheard_of_ones_are_unknown() {
        for state in ["Warned", "PastDue", "Disabled", "Deleted", "Expired"] {
            let answer = asked(None, state);
            says(&answer, Verdict::Fail, state);
            assert!(!answer.found.contains("9-9"), "{answer:?}");
        }
        for state in ["", "enabled", "Frozen"] {
            assert_eq!(asked(None, state).verdict, Verdict::Unknown, "{state}");
        }
    }

    #[test]
    fn no_login_fails_and_no_answer_is_unknown() {
        let target = crate::tests::target();
        let answer = judge(&target, Err(Silence::NotLoggedIn));
        assert_eq!((answer.verdict, answer.fix.text().as_str()), (Verdict::Fail, "az login\nnexy-gate azure-login"));
        assert_eq!(judge(&target, Err(Silence::Unknown("a".into(), Fix::command("b")))).verdict, Verdict::Unknown);
    }
}
