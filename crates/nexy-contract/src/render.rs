//! A report as people and test harnesses read it: text blocks and TAP lines.

use crate::{Finding, Report, Severity, Verdict, text::printable};
use std::fmt::Write as _;

/// The block of lines for one finding: one line on a pass; found, expected, command and rulebook section otherwise.
#[must_use]
pub fn finding_block(finding: &Finding, width: usize, coloured: bool) -> String {
    let word = match (finding.verdict, finding.severity) {
        (Verdict::Pass, _) => "pass",
        (Verdict::Fail, Severity::Gate) => "FAIL",
        (Verdict::Fail, Severity::Advice) => "advice",
        (Verdict::Unknown, Severity::Gate) => "UNKNOWN",
        (Verdict::Unknown, Severity::Advice) => "unsure",
    };
    let colour = match (coloured, finding.verdict, finding.severity) {
        (false, ..) => None,
        (true, Verdict::Pass, _) => Some("32"),
        (true, _, Severity::Advice) => Some("36"),
        (true, Verdict::Fail, _) => Some("31"),
        (true, Verdict::Unknown, _) => Some("33"),
    };
    let padded = format!("{word:<7}");
    let word = colour.map_or(padded.clone(), |code| format!("\u{1b}[{code}m{padded}\u{1b}[0m"));
    let mut block = format!("{word} {:<width$}  {}", finding.id, printable(&finding.found));
    if finding.verdict != Verdict::Pass {
        for (label, value) in [("expected", &finding.expected), ("type", &finding.fix), ("rulebook", &finding.runbook)] {
            if !value.is_empty() {
                let _ = write!(block, "\n          {label:<9} {}", printable(value));
            }
        }
    }
    block
}

/// All blocks of a report, and its verdict on the last line.
#[must_use]
pub fn text(report: &Report, coloured: bool) -> String {
    let width = id_width(report);
    let mut lines: Vec<String> = report.findings.iter().map(|finding| finding_block(finding, width, coloured)).collect();
    lines.push(summary(report));
    lines.join("\n") + "\n"
}

/// The verdict in one line: `nexy-gate hard: fail (3 of 4 pass)`.
#[must_use]
pub fn summary(report: &Report) -> String {
    let decisive: Vec<&Finding> = report.findings.iter().filter(|finding| finding.severity == Severity::Gate).collect();
    let passed = decisive.iter().filter(|finding| finding.verdict == Verdict::Pass).count();
    format!("{} {}: {} ({passed} of {} pass)", report.by, report.profile, report.verdict.word(), decisive.len())
}

/// The Test Anything Protocol: advice is `# TODO`, so that a harness does not fail on it.
#[must_use]
pub fn tap(report: &Report) -> String {
    let mut lines = format!("TAP version 13\n1..{}\n", report.findings.len());
    for (index, finding) in report.findings.iter().enumerate() {
        let ok = if finding.verdict == Verdict::Pass { "ok" } else { "not ok" };
        let mark = if finding.severity == Severity::Advice && finding.verdict != Verdict::Pass { " # TODO advice" } else { "" };
        let _ = writeln!(lines, "{ok} {} - {}{mark}", index + 1, finding.id);
        for (label, value) in
            [("found", &finding.found), ("expected", &finding.expected), ("type", &finding.fix), ("rulebook", &finding.runbook)]
        {
            if finding.verdict != Verdict::Pass && !value.is_empty() {
                let _ = writeln!(lines, "# {label}: {}", printable(value));
            }
        }
        if finding.verdict == Verdict::Unknown {
            lines.push_str("# could not look, so the answer is unknown\n");
        }
    }
    lines
}

/// Longer ids stand out of the column; the screen is for what was found.
const WIDEST_COLUMN: usize = 28;

/// The widest id, so that the columns line up; a few very long ones do not push all others to the right.
#[must_use]
pub fn id_width(report: &Report) -> usize {
    report.findings.iter().map(|finding| finding.id.chars().count()).max().unwrap_or(0).min(WIDEST_COLUMN)
}
