//! Whether the run of the service that is at work now has said anything that is known to go wrong.

use crate::{
    context::Context,
    probe::{Answer, Explain, Probe},
    service,
};
use nexy_contract::{
    Fix, Timestamp,
    fix::{command, note},
    incidents::Matcher,
};
use nexy_outside::{
    clock,
    programs::{
        journal::{self, Entry},
        systemd,
    },
};

/// The row of the table.
pub(crate) const PROBE: Probe = Probe {
    id: "journal-clean",
    asks: "Has this run of the service written no traceback, nothing critical and no known incident into the journal?",
    profiles: &["local"],
    advice_in: &[],
    runbook: "S0 §5.2, S1 §5, §6, §6.3",
    explain: Explain {
        symptom: "The server says that it is well and answers no request: its key has expired, a table is missing, a file cannot be read. Only its journal says so.",
        check: "Reads journalctl _SYSTEMD_INVOCATION_ID=RUN, the newest 5000 entries, and judges those of the last 24 hours: a Python traceback, a CRITICAL or FATAL line and every symptom of runbook/incidents.toml is a no. Lines of level ERROR are counted and do not decide: one request may fail. No entry at all is unknown.",
        fix: &[
            note("On the VM, this names what is known, with the fix of each:"),
            command("sudo journalctl -u \"$(nexy-version show service.unit)\" --no-pager -o json | nexy-verify diagnose -"),
            note("Mend it, then restart; a new run has a journal of its own:"),
            command("sudo nexy-gate hard && sudo systemctl restart \"$(nexy-version show service.unit)\""),
        ],
        verify: &[command("nexy-verify local --wait 90s --stable 10s")],
    },
    check,
};

const WANTED: &str = "a journal without tracebacks, CRITICAL lines and known incidents";
/// What is older is history, and a restart only to forget it would be none of a repair.
const RECENT_S: i64 = 24 * 3600;
const TRACEBACK: &str = "Traceback (most recent call last)";

fn check(context: &Context) -> Answer {
    let unit = &context.workspace.target.service.unit;
    let unknown = |because: String| {
        let look = Fix::note("ask on the VM, as root:").then_command("scripts/vm.sh nexy-verify journal-clean");
        Answer::unknown(because, WANTED, look)
    };
    let run = match systemd::show(unit, &["InvocationID"]) {
        Ok(properties) => properties.get("InvocationID").and_then(|id| u128::from_str_radix(id, 16).ok()),
        Err(error) => return unknown(error.to_string()),
    };
    let Some(run) = run else {
        return Answer::unknown(
            format!("{unit} does not run, so there is no journal of its run"),
            WANTED,
            Fix::command("nexy-verify unit-active"),
        );
    };
    let entries = match journal::of_run(run) {
        Ok(entries) => entries,
        Err(error) => return unknown(error.to_string()),
    };
    match Matcher::known() {
        Ok(matcher) => judge(unit, run, &entries, clock::now(), &matcher),
        Err(because) => unknown(because),
    }
}

/// Lines of one kind: how they are named, how many there are, and when the first one was written.
struct Seen {
    what: String,
    count: u64,
    first: Timestamp,
}

impl Seen {
    fn words(&self) -> String {
        format!("{} ({}, first at {})", self.what, self.count, at_second(self.first))
    }
}

/// What a line holds never leaves the journal: only signatures that stand in our own files are named.
fn judge(unit: &str, run: u128, entries: &[Entry], now: Timestamp, matcher: &Matcher) -> Answer {
    let Some(oldest) = entries.first() else {
        let found = format!("the journal shows nothing of this run of {unit}: it cannot be read from here, or was emptied");
        return Answer::unknown(found, WANTED, Fix::command("sudo nexy-verify journal-clean").then(service::status(unit)));
    };
    let recent: Vec<&Entry> = entries.iter().filter(|entry| now.as_second() - entry.at.as_second() <= RECENT_S).collect();
    let of = |what: &str, is: &dyn Fn(&str) -> bool| -> Option<Seen> {
        let mut lines = recent.iter().filter(|entry| is(&String::from_utf8_lossy(&entry.message)));
        let first = lines.next()?.at;
        Some(Seen { what: what.to_owned(), count: 1 + lines.count() as u64, first })
    };
    // One line an entry, so that the number of a line leads back to its time.
    let log: Vec<u8> =
        recent.iter().flat_map(|entry| entry.message.iter().map(|byte| if *byte == b'\n' { b' ' } else { *byte }).chain([b'\n'])).collect();
    let scanned = matcher.scan_all(&log);
    let known = scanned.hits.iter().filter_map(|hit| {
        let first = recent.get(usize::try_from(hit.first_line).ok()?.checked_sub(1)?)?.at;
        Some(Seen { what: format!("`{}` of incident {}", hit.symptom, hit.id()), count: hit.count, first })
    });
    let mut wrong: Vec<Seen> = known.collect();
    wrong.extend(of("Python traceback", &|line| line.contains(TRACEBACK)));
    wrong.extend(of("CRITICAL or FATAL line", &|line| has_level(line, &["CRITICAL", "FATAL"])));
    let errors = of("ERROR line", &|line| has_level(line, &["ERROR"]));
    let since = at_second(recent.first().map_or(oldest.at, |entry| entry.at));
    let also = errors.map(|errors| format!("; {}", errors.words())).unwrap_or_default();
    let Some(first) = wrong.iter().map(|seen| seen.first).min() else {
        return Answer::pass(format!(
            "{} entries since {since} hold no traceback, nothing critical and no known incident{also}",
            recent.len()
        ));
    };
    let words: Vec<String> = wrong.iter().map(Seen::words).collect();
    let journal = format!("sudo journalctl _SYSTEMD_INVOCATION_ID={run:032x} --no-pager --since=@{}", first.as_second());
    let fix = Fix::note("on the VM, these show the lines, and what is known of them with the fix of each:")
        .then_command(format!("{journal} | head -n 60"))
        .then_command(format!("{journal} -o json | nexy-verify diagnose -"))
        .then_note("mend it, then restart: a new run has a journal of its own:")
        .then_command(service::restart(unit));
    Answer::fail(format!("the journal of this run holds {}{also}", words.join(", ")), WANTED, fix)
}

/// Whether one of these words stands alone in the line, as a logger writes its level: ` - ERROR - `, `ERROR:`, `[ERROR]`.
fn has_level(line: &str, levels: &[&str]) -> bool {
    line.split(|character: char| !character.is_ascii_alphanumeric() && character != '_').any(|word| levels.contains(&word))
}

fn at_second(moment: Timestamp) -> Timestamp {
    Timestamp::from_second(moment.as_second()).unwrap_or(moment)
}

#[cfg(test)]
mod tests {
    use super::*;
    use nexy_contract::Verdict;

    const NOW: i64 = 1_771_754_400;

    fn ask(lines: &[(i64, &str)]) -> Answer {
        let entry = |(age, line): &(i64, &str)| Entry {
            at: Timestamp::from_second(NOW - age).expect("a moment"),
            message: line.as_bytes().to_vec(),
        };
        let entries: Vec<Entry> = lines.iter().map(entry).collect();
        judge("x.service", 7, &entries, Timestamp::from_second(NOW).expect("a moment"), &Matcher::known().expect("the known incidents"))
    }

    #[test]
    fn tracebacks_critical_lines_and_known_incidents_of_the_last_day_are_a_no() {
        let ready = (90_000, "INFO - ready");
        for (line, found) in [
            ("Traceback (most recent call last):", "Python traceback (1, first at 2026-02-22T09:59:00Z)"),
            ("2026-02-22 09:59:00,123 - db - CRITICAL - no connection", "CRITICAL or FATAL line (1, "),
            ("[FATAL] cannot bind", "CRITICAL or FATAL line (1, "),
            ("ClientError: 400 API key expired. key=AIzaSySecret", "of incident "),
            ("PermissionError: [Errno 13] Permission denied: '/home/azureuser/voice-assistant/config.env'", "of incident "),
        ] {
            let answer = ask(&[ready, (60, line), (5, "INFO - GET /health 200")]);
            assert!(answer.verdict == Verdict::Fail && answer.found.contains(found), "{line}: {answer:?}");
            assert!(!format!("{answer:?}").contains("AIzaSySecret"), "{answer:?}");
            assert!(answer.fix.text().contains("--since=@1771754340 -o json | nexy-verify diagnose -"), "{answer:?}");
            assert_eq!(ask(&[(86_401, line), (5, "INFO - GET /health 200")]).verdict, Verdict::Pass, "{line}");
        }
    }

    #[test]
    fn lines_that_a_working_service_writes_pass_and_errors_are_counted() {
        let answer =
            ask(&[(90, "INFO - ready"), (60, "db - ERROR - timeout"), (30, "ERROR: timeout"), (5, "INFO - 0 ERRORS, GET /ERROR_page")]);
        assert_eq!(
            (answer.verdict, answer.found.as_str()),
            (
                Verdict::Pass,
                "4 entries since 2026-02-22T09:58:30Z hold no traceback, nothing critical and no known incident; ERROR line (2, first at 2026-02-22T09:59:00Z)"
            )
        );
    }

    #[test]
    fn a_journal_that_shows_nothing_is_unknown() {
        assert_eq!(ask(&[]).verdict, Verdict::Unknown);
    }
}
