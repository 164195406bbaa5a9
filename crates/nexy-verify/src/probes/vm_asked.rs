//! Whether the VM itself has been asked, and has said yes: what only it can see is never taken for granted from here.

use crate::{
    context::Context,
    probe::{Answer, Explain, Probe},
};
use nexy_contract::{
    Fix, Report, Timestamp, Verdict,
    fix::{command, note},
    record::Kind,
    target_file::Limits,
    text,
};
use nexy_outside::{clock, fs::files};

/// The row of the table.
pub(crate) const PROBE: Probe = Probe {
    id: "vm-asked",
    asks: "Has the VM itself said in the last minutes that code, dependencies, service, journal, manifests and backups are right?",
    profiles: &["done"],
    advice_in: &[],
    runbook: "S0 §6, S2 §6.6, S2 §6.7",
    explain: Explain {
        symptom: "A release is called done from the laptop, while the VM has the tag half checked out, dies and is restarted, or has had no backup for weeks.",
        check: "Reads what scripts/vm.sh has brought from the VM into releases/VERSION/: vm-gates.json (nexy-gate hard db) and vm-service.json (nexy-verify local). Both must pass and be younger than limits.report_max_age_s. In an update of the artifacts alone the code may be older, so that only backups, service and manifests are asked about.",
        fix: &[note("This asks the VM, keeps its answers, and asks the rest:"), command("make done")],
        verify: &[command("make done")],
    },
    check,
};

/// What is asked on the VM: file, tool, and the words that are asked; these are the words of scripts/done.sh.
type Question = (&'static str, &'static str, &'static str);
const WITH_CODE: [Question; 2] = [("vm-gates.json", "nexy-gate", "hard db"), ("vm-service.json", "nexy-verify", "local")];
const OF_AN_UPDATE: [Question; 2] = [
    ("vm-gates.json", "nexy-gate", "db"),
    ("vm-service.json", "nexy-verify", "unit-active journal-clean local-updates manifest-pair local-feed"),
];
/// Such a report has at most 3 KiB.
const MAX_BYTES: u64 = 1 << 20;

fn check(context: &Context) -> Answer {
    let workspace = &context.workspace;
    let version = match context.code() {
        Ok((version, _)) => *version,
        Err(not_known) => return not_known.answer("a version to ask the VM about"),
    };
    let is_update = context.record.as_ref().is_some_and(|record| record.kind == Kind::Update);
    let questions = if is_update { OF_AN_UPDATE } else { WITH_CODE };
    let answers = questions.map(|question| {
        let path = format!("releases/{version}/{}", question.0);
        let report = match files::read(&workspace.path(&path), MAX_BYTES) {
            Ok(bytes) => Report::read(&bytes).map(Some).map_err(|error| format!("{path}: {error}")),
            Err(error) if error.is_missing() => Ok(None),
            Err(error) => Err(error.to_string()),
        };
        (question, report)
    });
    judge(&version.tag(), &answers, clock::now(), &workspace.target.limits)
}

fn judge(tag: &str, answers: &[(Question, Result<Option<Report>, String>)], now: Timestamp, limits: &Limits) -> Answer {
    let wanted = "the VM's own yes, of the last minutes";
    let make_done = Fix::note("only the VM can see that; this asks it, keeps its answers and asks the rest:").then_command("make done");
    let mut yes = Vec::new();
    let mut unknown = None;
    for ((_, tool, words), report) in answers {
        let profile = words.replace(' ', "+");
        let report = match report {
            Ok(Some(report)) if report.by == *tool && report.profile == profile => report,
            Err(because) => {
                unknown.get_or_insert(because.clone());
                continue;
            }
            Ok(_) => {
                unknown.get_or_insert(format!("the VM was not asked: {tool} {words}"));
                continue;
            }
        };
        let age_s = now.as_second() - report.at.as_second();
        if age_s > limits.report_max_age_s || age_s < -limits.clock_skew_s {
            unknown.get_or_insert(format!("the VM was asked at {}: {tool} {words}", report.at));
        } else if report.verdict == Verdict::Pass {
            yes.push(format!("{tool} {words}: pass at {}", report.at));
        } else {
            let others = report.findings.iter().filter(|finding| finding.verdict != Verdict::Pass);
            let ids: Vec<String> = others.map(|finding| text::excerpt(&finding.id, 60)).collect();
            let found = format!("the VM says {} to {tool} {words}: {}", report.verdict.word(), ids.join(", "));
            let option = if *tool == "nexy-gate" { "--tag" } else { "--expect" };
            let fix = Fix::note("this says what is wrong there, and what to do:")
                .then_command(format!("scripts/vm.sh {tool} {words} {option} {tag}"))
                .then_note("then:")
                .then_command("make done");
            match report.verdict {
                Verdict::Fail => return Answer::fail(found, wanted, fix),
                _ => unknown.get_or_insert(found),
            };
        }
    }
    match unknown {
        Some(because) => Answer::unknown(because, wanted, make_done),
        None => Answer::pass(yes.join("; ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nexy_contract::Target;

    #[test]
    fn only_two_fresh_yeses_of_the_vm_itself_are_a_yes() {
        let limits = Target::parse(include_str!("../../../../nexy.toml")).expect("the committed nexy.toml").limits;
        let now = Timestamp::from_second(10_000).expect("a moment");
        let report = |by: &str, profile: &str, age_s: i64, verdict: Verdict| {
            let answer = match verdict {
                Verdict::Pass => Answer::pass("it is so"),
                Verdict::Fail => Answer::fail("it is not", "it", Fix::note("mend it")),
                Verdict::Unknown => Answer::unknown("no answer", "it", Fix::note("look")),
            };
            let at = Timestamp::from_second(10_000 - age_s).expect("a moment");
            let finding = answer.finding("python-deps", "S0", std::time::Duration::ZERO);
            Ok(Some(Report::new(by, profile, at, Vec::new(), vec![finding])))
        };
        use Verdict::{Fail, Pass, Unknown};
        let local = |age_s, verdict| report("nexy-verify", "local", age_s, verdict);
        let hard = |age_s, verdict| report("nexy-gate", "hard+db", age_s, verdict);
        for (gates, service, verdict, found) in [
            (hard(60, Pass), local(30, Pass), Pass, "nexy-gate hard db: pass at "),
            (hard(901, Pass), local(30, Pass), Unknown, "the VM was asked at "),
            (hard(-121, Pass), local(30, Pass), Unknown, "the VM was asked at "),
            (Ok(None), local(30, Pass), Unknown, "the VM was not asked: nexy-gate hard db"),
            (report("nexy-gate", "hard", 60, Pass), local(30, Pass), Unknown, "the VM was not asked: nexy-gate hard db"),
            (Err("vm-gates.json: cut".to_owned()), local(30, Fail), Fail, "the VM says fail to nexy-verify local: python-deps"),
            (hard(60, Unknown), local(30, Pass), Unknown, "the VM says unknown to nexy-gate hard db: python-deps"),
            (Ok(None), Ok(None), Unknown, "the VM was not asked"),
        ] {
            let answers = [(WITH_CODE[0], gates), (WITH_CODE[1], service)];
            let answer = judge("v2.0.0.4", &answers, now, &limits);
            assert!(answer.verdict == verdict && answer.found.contains(found), "{found}: {answer:?}");
            assert!(verdict == Pass || answer.fix.text().ends_with("make done"), "{answer:?}");
        }
    }
}
