//! Reuses a recent passing answer from the record.

use nexy_contract::{Record, Severity, Timestamp, Verdict, target_file::Limits};

/// How a reused answer begins. Such an answer is never reused itself, or it would stay recent for ever.
pub(crate) const PREFIX: &str = "the record says so since ";

/// Since when all of these ids pass, if the latest answer of this tool to each of them is a recent pass; the oldest of these
/// moments.
pub(crate) fn fresh_since(record: &Record, by: &str, ids: &[&str], now: Timestamp, limits: &Limits) -> Option<Timestamp> {
    ids.iter().map(|id| passed_at(record, by, id, now, limits)).collect::<Option<Vec<_>>>()?.into_iter().min()
}

fn passed_at(record: &Record, by: &str, id: &str, now: Timestamp, limits: &Limits) -> Option<Timestamp> {
    let answers = record.reports.iter().rev().filter(|report| report.by == by);
    let mut answers = answers.filter_map(|report| Some((report.at, report.findings.iter().find(|finding| finding.id == id)?)));
    let (at, finding) = answers.find(|(_, finding)| !finding.found.starts_with(PREFIX))?;
    let age_s = now.as_second() - at.as_second();
    let is_recent = age_s >= -limits.clock_skew_s && age_s <= limits.report_max_age_s;
    (is_recent && finding.verdict == Verdict::Pass && finding.severity == Severity::Gate).then_some(at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use nexy_contract::{Finding, Report, Target};

    const NOW: i64 = 1_800_000_000;

    fn report(by: &str, ago_s: i64, findings: &[(&str, Verdict, &str)]) -> Report {
        let finding = |(id, verdict, found): &(&str, Verdict, &str)| Finding {
            id: (*id).to_owned(),
            verdict: *verdict,
            severity: Severity::Gate,
            found: (*found).to_owned(),
            expected: String::new(),
            fix: nexy_contract::Fix::none(),
            runbook: String::new(),
            elapsed_ms: 0,
        };
        let at = Timestamp::from_second(NOW - ago_s).expect("a moment");
        Report::new(by, "profile", at, vec![], findings.iter().map(finding).collect())
    }

    fn asked(reports: Vec<Report>) -> Option<i64> {
        let mut record: Record =
            serde_json::from_str(include_str!("../../../../tests/documents/examples/nexy.release.1.json")).expect("the example record");
        record.reports = reports;
        let target = Target::parse(include_str!("../../../../nexy.toml")).expect("the committed nexy.toml");
        assert_eq!((target.limits.report_max_age_s, target.limits.clock_skew_s), (900, 120));
        let now = Timestamp::from_second(NOW).expect("a moment");
        fresh_since(&record, "tool", &["a", "b"], now, &target.limits).map(|at| NOW - at.as_second())
    }

    #[test]
    fn recent_passes_of_the_right_tool_count_and_the_oldest_says_since_when() {
        use Verdict::Pass;
        assert_eq!(asked(vec![report("tool", 30, &[("a", Pass, "")]), report("tool", 900, &[("b", Pass, "")])]), Some(900));
        assert_eq!(asked(vec![report("tool", -120, &[("a", Pass, ""), ("b", Pass, "")])]), Some(-120));
    }

    #[test]
    fn everything_else_is_asked_anew() {
        use Verdict::{Fail, Pass, Unknown};
        let both = |ago_s, verdict, found| report("tool", ago_s, &[("a", Pass, ""), ("b", verdict, found)]);
        for reports in [
            vec![],
            vec![report("other", 30, &[("a", Pass, ""), ("b", Pass, "")])],
            vec![report("tool", 30, &[("a", Pass, "")])],
            vec![both(901, Pass, "")],
            vec![both(-121, Pass, "")],
            vec![both(30, Unknown, "")],
            vec![both(300, Pass, ""), both(30, Fail, "")],
            vec![both(30, Pass, "the record says so since yesterday")],
        ] {
            assert_eq!(asked(reports.clone()), None, "{reports:#?}");
        }
    }

    #[test]
    fn a_reused_answer_is_no_source_and_does_not_hide_one() {
        let reused = report("tool", 30, &[("a", Verdict::Pass, "the record says so since x"), ("b", Verdict::Pass, "")]);
        let first = report("tool", 800, &[("a", Verdict::Pass, ""), ("b", Verdict::Pass, "")]);
        assert_eq!(asked(vec![first, reused]), Some(800));
    }
}
