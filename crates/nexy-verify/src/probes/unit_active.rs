//! Whether the service runs, and is not dying and being restarted behind a momentary "active".

use crate::{
    context::{Context, ProcessIdentity},
    probe::{Answer, Explain, Probe},
    service,
};
use nexy_contract::{
    Fix, Timestamp,
    fix::{command, note},
    text,
};
use nexy_outside::{
    clock,
    programs::{journal, systemd},
};
use std::collections::BTreeMap;

/// The row of the table.
pub(crate) const PROBE: Probe = Probe {
    id: "unit-active",
    asks: "Does the service run, and does it stay the same process?",
    profiles: &["local"],
    advice_in: &[],
    runbook: "S0 §4.1, S1 §5",
    explain: Explain {
        symptom: "A process that dies seconds after its start is \"active\" for a moment, and is restarted again and again.",
        check: "systemctl show --property=LoadState,ActiveState,SubState,Result,NRestarts,MainPID,InvocationID UNIT, at least twice: for five seconds, or as long as --stable says, process, invocation and count of restarts must not change. A process that systemd itself has started again in the last 10 minutes, or the third one of the last hour, is a no; after a restart by hand the count begins anew.",
        fix: &[
            note("Read why it ended:"),
            command("journalctl -u \"$(nexy-version show service.unit)\" -n 50 --no-pager"),
            note("Mend that. If it failed, systemd may refuse to start it until its count of starts is forgotten:"),
            command("sudo systemctl reset-failed \"$(nexy-version show service.unit)\""),
            note("Then restart it:"),
            command("sudo nexy-gate hard && sudo systemctl restart \"$(nexy-version show service.unit)\""),
        ],
        verify: &[command("nexy-verify local --wait 90s --stable 10s")],
    },
    check,
};

const PROPERTIES: [&str; 8] =
    ["LoadState", "ActiveState", "SubState", "Result", "NRestarts", "MainPID", "InvocationID", "ExecMainStartTimestamp"];
/// A service that systemd had to start again is not known to stay before it has lived so long.
const TRUSTED_AFTER_S: i64 = 600;
/// So many restarts within an hour are no accident.
const TOO_MANY: usize = 3;
/// The manager notes a restart right before it starts the process, in the same second or the one before; longer ago it was another start.
const STARTED_AFTER_S: i64 = 1;

/// What the journal says about the restarts of the last hour, and what time it is.
struct Lately {
    restarts: Result<Vec<Timestamp>, journal::JournalError>,
    now: Timestamp,
}

fn check(context: &Context) -> Answer {
    let unit = &context.workspace.target.service.unit;
    match systemd::show(unit, &PROPERTIES) {
        Ok(properties) => {
            let was_restarted = properties.get("NRestarts").is_some_and(|count| count != "0");
            let restarts = if was_restarted { journal::restarts_of_last_hour(unit) } else { Ok(Vec::new()) };
            let lately = Lately { restarts, now: clock::now() };
            let (answer, seen) = judge(unit, &properties, &lately, context.expected_process.get());
            context.seen.set(seen);
            answer
        }
        Err(error) => Answer::unknown(
            error.to_string(),
            format!("{unit} is loaded, active and running"),
            Fix::note("ask on the VM:").then_command("scripts/vm.sh nexy-verify unit-active"),
        ),
    }
}

/// Judges what the service manager has loaded; also says which life of the service was seen.
fn judge(
    unit: &str,
    properties: &BTreeMap<String, String>,
    lately: &Lately,
    expected_process: Option<ProcessIdentity>,
) -> (Answer, Option<ProcessIdentity>) {
    let wanted = format!("{unit} is loaded, active and running");
    let mut read = [""; PROPERTIES.len()];
    for (value, name) in read.iter_mut().zip(PROPERTIES) {
        match properties.get(name) {
            Some(found) => *value = found,
            None => {
                let found = format!("systemctl says nothing about {name} of {unit}");
                return (Answer::unknown(found, wanted, service::status(unit)), None);
            }
        }
    }
    let [load, active, sub, result, restarts, process, invocation, started] = read;
    let word = text::shell_word(unit);
    let restart = service::restart(unit);
    if load == "masked" {
        // Unmasking takes away the link by which a boot starts it.
        let unmask = Fix::commands([format!("sudo systemctl unmask {word}"), format!("sudo systemctl enable {word}"), restart]);
        return (Answer::fail(format!("{unit} is masked, so systemd never starts it"), wanted, unmask), None);
    }
    if load != "loaded" {
        let found = format!("{unit} is {}", text::excerpt(load, 40));
        let compare = Fix::note("compare with service.unit of nexy.toml").then_command("sudo nexy-gate exec-start");
        return (Answer::fail(found, wanted, Fix::command(format!("systemctl cat {word}")).then(compare)), None);
    }
    let mend = service::journal(unit).then_note("mend what it says, then:");
    // After a start limit, which `Result` often does not name, systemd refuses to start it for a while. The count of restarts goes, too.
    let mend = if active == "failed" || restarts != "0" { mend.then_command(format!("sudo systemctl reset-failed {word}")) } else { mend };
    let mend = mend.then_command(restart);
    if active != "active" || sub != "running" {
        let mut found = format!("{unit} is {} ({})", text::excerpt(active, 40), text::excerpt(sub, 40));
        if result != "success" {
            found.push_str(&format!(", result {}, restarted {} times by systemd", text::excerpt(result, 40), text::excerpt(restarts, 20)));
        }
        return (Answer::fail(found, wanted, mend), None);
    }
    let invocation_id = u128::from_str_radix(invocation, 16);
    let (Ok(process), Ok(restarts), Ok(invocation)) = (process.parse::<u32>(), restarts.parse::<u32>(), invocation_id) else {
        let [process, restarts, invocation] = [process, restarts, invocation].map(|value| text::excerpt(value, 40));
        let found = format!("{unit} is active, but MainPID is `{process}`, NRestarts `{restarts}` and InvocationID `{invocation}`");
        return (Answer::unknown(found, wanted, service::status(unit)), None);
    };
    if process == 0 {
        return (Answer::fail(format!("{unit} is active without a process"), wanted, mend), None);
    }
    let seen = ProcessIdentity { process, restarts, invocation };
    if let Some(found) = systemd::moment(started).and_then(|started| dies_again_and_again(unit, restarts, started, lately)) {
        return (Answer::fail(found, "a process that lives longer than a few minutes", mend), Some(seen));
    }
    match expected_process {
        Some(before) if before != seen => {
            let found = format!(
                "{unit} was process {} with {} restarts, now it is process {process} with {restarts}",
                before.process, before.restarts
            );
            (Answer::fail(found, "the same process all the time", mend), Some(seen))
        }
        _ => (Answer::pass(format!("{unit} runs as process {process}, restarted {restarts} times by systemd")), Some(seen)),
    }
}

/// Between two deaths a service is well, however long they are apart. A start by hand leaves the count as it was where it came while
/// systemd waited with the next one, so that the journal decides whether this process was started by hand.
fn dies_again_and_again(unit: &str, restarts: u32, started: Timestamp, lately: &Lately) -> Option<String> {
    let seconds = |from: Timestamp, to: Timestamp| to.as_second() - from.as_second();
    let by_itself = |at: &Timestamp| (0..=STARTED_AFTER_S).contains(&seconds(*at, started));
    let count = match &lately.restarts {
        Ok(known) if !known.is_empty() => known.iter().any(by_itself).then_some(known.len())?,
        // The journal holds less than an hour, cannot be read, or nothing happened in this hour.
        _ => 0,
    };
    let age = seconds(started, lately.now);
    (restarts > 0 && (age < TRUSTED_AFTER_S || count >= TOO_MANY)).then(|| {
        let counted = if count > 0 { format!(", {count} times within the last hour") } else { String::new() };
        format!("{unit} was restarted {restarts} times by systemd{counted}; the last time {age} s ago")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use nexy_contract::Verdict;

    fn unit(changes: &[(&str, &str)]) -> BTreeMap<String, String> {
        let good = [
            ("LoadState", "loaded"),
            ("ActiveState", "active"),
            ("SubState", "running"),
            ("Result", "success"),
            ("NRestarts", "0"),
            ("MainPID", "4242"),
            ("InvocationID", "0123456789abcdef0123456789abcdef"),
            ("ExecMainStartTimestamp", "Sun 2026-02-22 10:00:00 UTC"),
        ];
        good.iter().chain(changes).map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    const STARTED: i64 = 1_771_754_400;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).expect("a moment")
    }

    /// The service has run for a day.
    fn judge(
        unit: &str,
        properties: &BTreeMap<String, String>,
        expected_process: Option<ProcessIdentity>,
    ) -> (Answer, Option<ProcessIdentity>) {
        super::judge(unit, properties, &Lately { restarts: Ok(Vec::new()), now: at(STARTED + 86400) }, expected_process)
    }

    fn verdict(changes: &[(&str, &str)]) -> Verdict {
        judge("x.service", &unit(changes), None).0.verdict
    }

    #[test]
    fn a_service_that_dies_more_seldom_than_it_is_looked_at_is_found_by_its_restarts() {
        // Seconds: when systemd started it again, before the process began; how long the process lives by now.
        for (count, restarts, age, verdict) in [
            ("0", Some(&[][..]), 1, Verdict::Pass),
            ("1", Some(&[0]), 9, Verdict::Fail),
            ("1", Some(&[1]), 599, Verdict::Fail),
            ("1", Some(&[0]), 600, Verdict::Pass),
            ("9", Some(&[2400, 1200, 0]), 1100, Verdict::Fail),
            ("9", Some(&[1200, 0]), 1100, Verdict::Pass),
            ("9", None, 9, Verdict::Fail),
            ("9", Some(&[]), 9, Verdict::Fail),
            ("9", None, 3600, Verdict::Pass),
            // While systemd waited with the next start, a person has started it.
            ("9", Some(&[40, 30, 20, 10]), 9, Verdict::Pass),
        ] {
            let restarts = match restarts {
                Some(before) => Ok(before.iter().map(|seconds| at(STARTED - seconds)).collect()),
                None => Err(journal::JournalError::Strange),
            };
            let lately = Lately { restarts, now: at(STARTED + age) };
            let answer = super::judge("x.service", &unit(&[("NRestarts", count)]), &lately, None).0;
            assert_eq!(answer.verdict, verdict, "{count} {age}: {}", answer.found);
        }
        let lately = Lately { restarts: Ok(vec![at(STARTED - 60), at(STARTED)]), now: at(STARTED + 23) };
        assert_eq!(
            super::judge("x.service", &unit(&[("NRestarts", "2")]), &lately, None).0.found,
            "x.service was restarted 2 times by systemd, 2 times within the last hour; the last time 23 s ago"
        );
    }

    #[test]
    fn only_loaded_active_and_running_with_a_process_passes() {
        assert_eq!(verdict(&[]), Verdict::Pass);
        let wrong: [(&str, &[&str]); 4] = [
            ("LoadState", &["not-found", "masked", ""]),
            ("ActiveState", &["activating", "inactive", "failed", "reloading"]),
            ("SubState", &["auto-restart", "exited"]),
            ("MainPID", &["0"]),
        ];
        for (name, values) in wrong {
            for value in values {
                assert_eq!(verdict(&[(name, *value)]), Verdict::Fail, "{name} {value}");
            }
        }
    }

    #[test]
    fn a_unit_that_is_not_loaded_is_shown_with_its_files() {
        let answer = judge("x.service", &unit(&[("LoadState", "not-found")]), None).0;
        assert!(answer.found == "x.service is not-found" && answer.fix.text().starts_with("systemctl cat x.service"), "{answer:?}");
    }

    #[test]
    fn what_the_manager_does_not_say_is_unknown() {
        for name in PROPERTIES {
            let mut properties = unit(&[]);
            properties.remove(name);
            assert_eq!(judge("x.service", &properties, None).0.verdict, Verdict::Unknown, "{name}");
        }
        assert_eq!(verdict(&[("NRestarts", "")]), Verdict::Unknown);
        assert_eq!(verdict(&[("MainPID", "[not set]")]), Verdict::Unknown);
        assert_eq!(judge("x.service", &BTreeMap::new(), None).0.verdict, Verdict::Unknown);
    }

    #[test]
    fn another_process_or_another_restart_is_no_stable_service() {
        let (_, seen) = judge("x.service", &unit(&[]), None);
        assert!(judge("x.service", &unit(&[]), seen).0.passes());
        for change in [("MainPID", "4243"), ("NRestarts", "1"), ("InvocationID", "1123456789abcdef0123456789abcdef")] {
            assert_eq!(judge("x.service", &unit(&[change]), seen).0.verdict, Verdict::Fail, "{change:?}");
            assert!(judge("x.service", &unit(&[change]), None).0.passes(), "{change:?}");
        }
        assert_eq!(verdict(&[("InvocationID", "")]), Verdict::Unknown);
    }

    #[test]
    fn what_systemd_has_given_up_or_masked_is_told_with_what_makes_it_start_again() {
        let answer = |changes: &[(&str, &str)]| judge("x.service", &unit(changes), None).0;
        let failed = answer(&[("ActiveState", "failed"), ("SubState", "failed"), ("Result", "start-limit-hit"), ("NRestarts", "5")]);
        assert_eq!(failed.found, "x.service is failed (failed), result start-limit-hit, restarted 5 times by systemd");
        let lines: Vec<&str> = failed.fix.lines().iter().map(nexy_contract::fix::FixLine::text).collect();
        assert_eq!(lines[2..], ["sudo systemctl reset-failed x.service", "sudo nexy-gate hard && sudo systemctl restart x.service"]);
        assert!(answer(&[("LoadState", "masked")]).fix.text().starts_with("sudo systemctl unmask x.service"));
    }
}
