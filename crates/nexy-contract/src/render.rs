//! A report as people and test harnesses read it: text blocks and TAP lines.

use crate::{Finding, Report, Severity, Verdict, fix::Layout, text::printable, wrap};
use std::fmt::Write as _;

/// What stands below a finding begins here.
const INDENT: usize = 10;

/// The block of lines for one finding: what was found; and, when it does not pass, what was expected, what to type and the
/// rulebook's section. It fits 80 columns, commands excepted, which stand alone on their lines.
pub fn finding_block(finding: &Finding, coloured: bool) -> String {
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
    let head = wrap::hanging(&format!("{word:<8}{}:", finding.id), INDENT, &printable(&finding.found));
    let mut block = match colour {
        Some(code) => head.replacen(word, &format!("\u{1b}[{code}m{word}\u{1b}[0m"), 1),
        None => head,
    };
    if finding.verdict != Verdict::Pass {
        let label = |label: &str| format!("{:8}{label}", "");
        let below = |name: &str, text: &str| format!("\n{}", wrap::hanging(&label(name), INDENT + 8, text));
        if !finding.expected.is_empty() {
            block += &below("expected", &printable(&finding.expected));
        }
        if !finding.fix.is_empty() {
            block += "\n";
            let layout = Layout { notes: &label("do"), notes_at: INDENT + 8, commands: &label("type"), commands_at: INDENT };
            block += &layout.show(finding.fix.lines());
        }
        block += &below("rulebook", &printable(&finding.runbook));
    }
    block
}

/// All blocks of a report, and its verdict on the last line.
pub fn text(report: &Report, coloured: bool) -> String {
    let mut lines: Vec<String> = report.findings.iter().map(|finding| finding_block(finding, coloured)).collect();
    lines.push(summary(report));
    lines.join("\n") + "\n"
}

/// The verdict in one line: `nexy-gate hard: fail (3 of 4 pass)`. Advice whose question could not be asked is counted too: a yes
/// that leaves something out must not read like one that does not.
pub fn summary(report: &Report) -> String {
    let decisive: Vec<&Finding> = report.findings.iter().filter(|finding| finding.severity == Severity::Gate).collect();
    let passed = decisive.iter().filter(|finding| finding.verdict == Verdict::Pass).count();
    let is_unsure = |finding: &&Finding| finding.severity == Severity::Advice && finding.verdict == Verdict::Unknown;
    let unsure = match report.findings.iter().filter(is_unsure).count() {
        0 => String::new(),
        count => format!(", {count} not looked at"),
    };
    format!("{} {}: {} ({passed} of {} pass{unsure})", report.by, report.profile, report.verdict.word(), decisive.len())
}

/// The Test Anything Protocol: advice is `# TODO`, so that a harness does not fail on it.
pub fn tap(report: &Report) -> String {
    let mut lines = format!("TAP version 13\n1..{}\n", report.findings.len());
    for (index, finding) in report.findings.iter().enumerate() {
        let ok = if finding.verdict == Verdict::Pass { "ok" } else { "not ok" };
        let mark = if finding.severity == Severity::Advice && finding.verdict != Verdict::Pass { " # TODO advice" } else { "" };
        let _ = writeln!(lines, "{ok} {} - {}{mark}", index + 1, finding.id);
        if finding.verdict != Verdict::Pass {
            let fix = finding.fix.lines().iter().map(|line| (if line.is_command() { "type" } else { "do" }, line.text()));
            let words = [("found", finding.found.as_str()), ("expected", finding.expected.as_str())];
            for (label, value) in words.into_iter().chain(fix).chain([("rulebook", finding.runbook.as_str())]) {
                if !value.is_empty() {
                    let _ = writeln!(lines, "# {label}: {}", printable(value));
                }
            }
        }
        if finding.verdict == Verdict::Unknown {
            lines.push_str("# could not look, so the answer is unknown\n");
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Fix, Timestamp, check::Answer};
    use std::time::Duration;

    fn finding(id: usize, verdict: Verdict, words: &str) -> Finding {
        let answer = Answer { verdict, ..Answer::fail(words, words, Fix::note(words.to_owned())) };
        answer.finding(format!("a-rather-long-question-{id}"), "S0 §1.1", Duration::from_millis(12))
    }

    #[test]
    fn what_people_read_fits_80_columns_and_a_command_stands_alone_and_whole() {
        let command = format!("sudo chown root:server {}", "/srv/a-long-folder".repeat(9));
        let mut no = finding(1, Verdict::Fail, &"many words ".repeat(30));
        no.fix = Fix::note(format!("read this first, {}", "carefully ".repeat(9)))
            .then_command(command.clone())
            .then_command("sudo nexy-gate x")
            .then_note("then look again");
        let yes = finding(2, Verdict::Pass, &"many words ".repeat(30));
        let report = Report::new("nexy-gate", "hard", Timestamp::UNIX_EPOCH, Vec::new(), vec![no, yes]);
        let text = text(&report, false);
        let lines: Vec<&str> = text.lines().collect();
        for line in lines.iter().filter(|line| line.trim() != command) {
            assert!(line.chars().count() <= wrap::COLUMNS, "{line}");
        }
        let place = lines.iter().position(|line| line.trim() == command).expect("the command, whole");
        assert_eq!((lines[place - 1].trim(), lines[place + 1].trim()), ("type", "sudo nexy-gate x"));
        assert!(lines.iter().any(|line| line.starts_with("        do        read this first")), "{text}");
        assert!(!text.lines().any(|line| line.ends_with(' ')), "{text}");
    }

    #[test]
    fn a_yes_that_leaves_something_out_says_so() {
        let of = |verdict| Finding { severity: Severity::Advice, ..finding(2, verdict, "words") };
        let report = |findings| Report::new("nexy-manifest", "check", Timestamp::UNIX_EPOCH, Vec::new(), findings);
        let pass = || finding(1, Verdict::Pass, "words");
        assert_eq!(summary(&report(vec![pass(), of(Verdict::Fail)])), "nexy-manifest check: pass (1 of 1 pass)");
        assert_eq!(summary(&report(vec![pass(), of(Verdict::Unknown)])), "nexy-manifest check: pass (1 of 1 pass, 1 not looked at)");
    }

    #[test]
    fn a_harness_gets_every_line_of_a_fix_as_a_comment() {
        let mut no = finding(1, Verdict::Fail, "no");
        no.fix = Fix::note("read this").then_command("sudo x");
        let report = Report::new("nexy-gate", "hard", Timestamp::UNIX_EPOCH, Vec::new(), vec![no]);
        let tap = tap(&report);
        assert!(tap.contains("# do: read this\n# type: sudo x\n"), "{tap}");
        assert!(tap.lines().skip(2).all(|line| line.starts_with("not ok") || line.starts_with("# ")), "{tap}");
    }
}
