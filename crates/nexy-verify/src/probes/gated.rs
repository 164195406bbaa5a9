//! Whether what is live went through its gates: a person may publish without them in need, and that is not done.

use crate::{
    context::Context,
    probe::{Answer, Explain, Probe},
};
use nexy_contract::{
    Fix, Record, Verdict,
    before_publish::{BY, PROFILE},
    fix::{command, note},
    record::PUBLICATION,
    text,
};

/// The row of the table.
pub(crate) const PROBE: Probe = Probe {
    id: "gated",
    asks: "Was everything that was published judged by the gates before?",
    profiles: &["done"],
    advice_in: &[],
    runbook: "S3 §2, S1 §10",
    explain: Explain {
        symptom: "A release went out with --ungated in a hurry, and is later taken for one that had passed every gate.",
        check: "Reads the record: no outcome holds a reason for acting without a report, and a publication has the passing report of nexy-gate before-publish beside it.",
        fix: &[
            note("Ask the gates about the very same bytes; what is live already is not uploaded again:"),
            command("make publish && make release"),
        ],
        verify: &[command("make done")],
    },
    check: |context: &Context| judge(context.record.as_ref()),
};

fn judge(record: Option<&Record>) -> Answer {
    let wanted = "a publication behind a passing report of nexy-gate before-publish";
    let Some(record) = record else {
        return Answer::unknown("without a record it is not known what was judged before", wanted, Fix::command("make done"));
    };
    let mend = Fix::note("ask the gates about the very same bytes; what is live already is not uploaded again:")
        .then_command("make publish && make release");
    let reason = record.outcomes.iter().find_map(|outcome| Some((&outcome.by, outcome.ungated.as_ref()?)));
    if let Some((by, reason)) = reason {
        let found = format!("{by} acted without a report of the gates: {}", text::excerpt(reason, 200));
        return Answer::fail(found, wanted, mend);
    }
    if record.latest_outcome(PUBLICATION).is_none() {
        return Answer::pass("this record is of no publication");
    }
    match record.latest_report(BY, PROFILE) {
        Some(report) if report.verdict == Verdict::Pass => Answer::pass(format!("{BY} {PROFILE} passed at {}", report.at)),
        _ => Answer::fail(format!("the record holds no passing report of {BY} {PROFILE}"), wanted, mend),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nexy_contract::{
        Exit, ReleaseVersion, Report, Sha256Digest, Target, Timestamp,
        record::{Outcome, ROLLBACK},
    };
    use std::time::Duration;

    #[test]
    fn only_a_publication_behind_its_gates_is_done() {
        let target = Target::parse(include_str!("../../../../nexy.toml")).expect("the committed nexy.toml");
        let ask = |outcomes: &[(&str, Option<&str>)], is_judged: bool| {
            let mut record = Record::new(ReleaseVersion::new([2, 0, 0, 4]), target.identity(Sha256Digest::of(b"")), Vec::new());
            let outcome = |(by, ungated): &(&str, Option<&str>)| Outcome {
                ungated: ungated.map(str::to_owned),
                ..Outcome::new(by, Timestamp::UNIX_EPOCH, Exit::Yes, "done")
            };
            record.outcomes = outcomes.iter().map(outcome).collect();
            let finding = Answer::pass("it is so").finding("x", "S3", Duration::ZERO);
            if is_judged {
                record.reports.push(Report::new(BY, PROFILE, Timestamp::UNIX_EPOCH, Vec::new(), vec![finding]));
            }
            judge(Some(&record))
        };
        for (outcomes, is_judged, verdict, found) in [
            (&[(PUBLICATION, None)][..], true, Verdict::Pass, "nexy-gate before-publish passed at "),
            (&[(PUBLICATION, Some("users wait"))], true, Verdict::Fail, "without a report of the gates: users wait"),
            (&[(PUBLICATION, None)], false, Verdict::Fail, "holds no passing report"),
            (&[(ROLLBACK, None)], false, Verdict::Pass, "no publication"),
            (&[], false, Verdict::Pass, "no publication"),
        ] {
            let answer = ask(outcomes, is_judged);
            assert!(answer.verdict == verdict && answer.found.contains(found), "{outcomes:?}: {answer:?}");
        }
        assert_eq!(judge(None).verdict, Verdict::Unknown);
    }
}
