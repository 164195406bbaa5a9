//! The service comes back after a reboot. It is advice: nothing of a release depends on it.

use crate::gate::prelude::*;
use crate::systemd_unit::loaded::{Properties, value};
use nexy_contract::Severity;
use nexy_outside::programs::systemd;

pub(crate) const GATE: Gate = Gate {
    id: "unit-enabled",
    asks: "Does the service manager start the service again after a reboot?",
    profiles: &["hard"],
    runbook: "S0 §4.1",
    at: Machine::Vm,
    takes: Takes::RunningSystem,
    explain: Explain {
        symptom: "Everything passes, and after the next reboot of the VM the server does not run.",
        check: "Asks the manager for UnitFileState, WantedBy, RequiredBy and TriggeredBy. Whatever it finds is advice: it stops no release.",
        fix: &[
            note("Enable the unit; this starts and stops nothing:"),
            command("sudo systemctl enable \"$(nexy-version show service.unit)\""),
        ],
        verify: &[command("nexy-gate unit-enabled")],
    },
    check: |context| advice(check(context)),
    repair: None,
};

const PROPERTIES: [&str; 5] = ["LoadState", "UnitFileState", "WantedBy", "RequiredBy", "TriggeredBy"];

/// What is not right is told, and decides nothing.
fn advice(answer: Answer) -> Answer {
    if answer.verdict == Verdict::Pass { answer } else { answer.counting(Severity::Advice) }
}

fn check(context: &Context) -> Answer {
    let unit = &context.workspace.target.service.unit;
    match systemd::show(unit, &PROPERTIES) {
        Ok(properties) => judge(unit, &properties),
        Err(error) => {
            Answer::unknown(error.to_string(), expected(unit), Fix::command(format!("systemctl is-enabled {}", shell_word(unit))))
        }
    }
}

fn judge(unit: &str, properties: &Properties) -> Answer {
    let word = shell_word(unit);
    if value(properties, "LoadState") != "loaded" {
        let found = format!("cannot determine whether {unit} is enabled: it is not loaded");
        return Answer::unknown(found, expected(unit), Fix::command("sudo nexy-gate exec-start"));
    }
    let state = value(properties, "UnitFileState");
    let pulls = ["WantedBy", "RequiredBy", "TriggeredBy"].iter().any(|key| !value(properties, key).is_empty());
    match state {
        "enabled" | "alias" | "generated" => Answer::pass(format!("{unit} is {state}")),
        // The links of these are gone after a reboot.
        "enabled-runtime" | "linked-runtime" | "masked-runtime" | "transient" => not_enabled(unit, &word, state),
        "" => {
            let found = format!("the manager does not tell whether {unit} is enabled");
            Answer::unknown(found, expected(unit), Fix::command(format!("systemctl is-enabled {word}")))
        }
        _ if pulls => Answer::pass(format!("{unit} is {}, and another unit starts it", excerpt(state, 40))),
        _ => not_enabled(unit, &word, state),
    }
}

fn not_enabled(unit: &str, word: &str, state: &str) -> Answer {
    let found = format!("{unit} is {}, so it does not run after a reboot", excerpt(state, 40));
    Answer::fail(found, expected(unit), Fix::command(format!("sudo systemctl enable {word}")).then_command("nexy-gate unit-enabled"))
}

fn expected(unit: &str) -> String {
    format!("{unit} is enabled")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(changes: &[(&str, &str)]) -> Answer {
        let good = [("LoadState", "loaded"), ("UnitFileState", "enabled"), ("WantedBy", "multi-user.target")];
        let properties = good.iter().chain(changes).map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        advice(judge("a.service", &properties))
    }

    #[test]
    fn what_starts_at_a_boot_passes_and_what_does_not_is_advice() {
        assert_eq!((of(&[]).verdict, of(&[]).severity), (Verdict::Pass, Severity::Gate));
        assert!(of(&[("UnitFileState", "static")]).passes(), "another unit starts it");
        for state in ["disabled", "static", "linked", "indirect"] {
            let answer = of(&[("UnitFileState", state), ("WantedBy", "")]);
            assert_eq!((answer.verdict, answer.severity), (Verdict::Fail, Severity::Advice), "{state}");
            assert!(answer.found.contains(&format!("is {state}, so it does not run after a reboot")), "{}", answer.found);
        }
        assert_eq!(of(&[("UnitFileState", "enabled-runtime")]).verdict, Verdict::Fail);
        for change in [("UnitFileState", ""), ("LoadState", "not-found")] {
            assert_eq!((of(&[change]).verdict, of(&[change]).severity), (Verdict::Unknown, Severity::Advice), "{change:?}");
        }
    }
}
