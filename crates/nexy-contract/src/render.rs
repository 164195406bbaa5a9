//! A report as people and test harnesses read it: text blocks and TAP lines.

use crate::{
    Finding, Fix, Report, Severity, Verdict,
    fix::{FixLine, Layout},
    text::{excerpt, printable},
    wrap,
};
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

/// The verdict in one line: `nexy-gate hard: fail (3 of 4 pass)`.
pub fn summary(report: &Report) -> String {
    let decisive: Vec<&Finding> = report.findings.iter().filter(|finding| finding.severity == Severity::Gate).collect();
    let passed = decisive.iter().filter(|finding| finding.verdict == Verdict::Pass).count();
    format!("{} {}: {} ({passed} of {} pass)", report.by, report.profile, report.verdict.word(), decisive.len())
}

/// A report for places that bring back little: what does not pass comes first, passes lose their words, and long words are cut
/// until the compact JSON has at most `max_bytes`. A fix that has no room gives way to the command that prints it on the VM.
/// The verdict stays what it was.
/// Errors: only if a value cannot be spelled in JSON, which would be a bug.
pub fn brief_json(report: &Report, max_bytes: usize) -> Result<String, serde_json::Error> {
    let mut brief = report.clone();
    brief.findings.sort_by_key(|finding| match (finding.verdict, finding.severity) {
        (Verdict::Fail, Severity::Gate) => 0,
        (Verdict::Unknown, Severity::Gate) => 1,
        (Verdict::Fail | Verdict::Unknown, Severity::Advice) => 2,
        (Verdict::Pass, _) => 3,
    });
    for finding in brief.findings.iter_mut().filter(|finding| finding.verdict == Verdict::Pass) {
        finding.found.clear();
        finding.expected.clear();
    }
    let json = |brief: &Report| Ok::<_, serde_json::Error>(serde_json::to_string(brief)? + "\n");
    let by = brief.by.clone();
    for longest in [400, 200, 100, 50] {
        if json(&brief)?.len() <= max_bytes {
            break;
        }
        for finding in &mut brief.findings {
            for words in [&mut finding.found, &mut finding.expected] {
                *words = excerpt(words, longest);
            }
            let elsewhere = on_the_vm(&by, &finding.id);
            finding.fix = finding.fix.lines().iter().map(|line| shorter(line, longest, &elsewhere)).collect();
        }
    }
    // The longest fix gives way first; then, from the end, what was expected, what was found, and where the fix is read.
    while json(&brief)?.len() > max_bytes {
        let elsewhere = |finding: &Finding| Fix::from(on_the_vm(&by, &finding.id));
        let whole = brief.findings.iter_mut().filter(|finding| !finding.fix.is_empty() && finding.fix != elsewhere(finding));
        if let Some(finding) = whole.max_by_key(|finding| finding.fix.text().len()) {
            finding.fix = elsewhere(finding);
        } else if let Some(finding) = brief.findings.iter_mut().rev().find(|finding| !finding.expected.is_empty()) {
            finding.expected.clear();
        } else if let Some(finding) = brief.findings.iter_mut().rev().find(|finding| finding.found.chars().count() > FEW_WORDS + 1) {
            finding.found = excerpt(&finding.found, FEW_WORDS);
        } else if let Some(finding) = brief.findings.iter_mut().rev().find(|finding| !finding.fix.is_empty()) {
            finding.fix = Fix::none();
        } else {
            break;
        }
    }
    json(&brief)
}

/// So many characters of what was found stay in the briefest report.
const FEW_WORDS: usize = 16;

/// Where a person reads a fix that a brief report leaves off.
fn on_the_vm(by: &str, id: &str) -> FixLine {
    FixLine::Note(format!("on the VM, type: sudo {by} {id}").into())
}

/// The same line in fewer characters. A command is whole or it gives way: half of one must not be typed.
fn shorter(line: &FixLine, longest: usize, elsewhere: &FixLine) -> FixLine {
    match line {
        FixLine::Command(text) if text.chars().count() > longest => elsewhere.clone(),
        FixLine::Note(text) if line != elsewhere => FixLine::Note(excerpt(text, longest).into()),
        FixLine::Command(_) | FixLine::Note(_) => line.clone(),
    }
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
    use crate::{Timestamp, check::Answer};
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
    fn a_harness_gets_every_line_of_a_fix_as_a_comment() {
        let mut no = finding(1, Verdict::Fail, "no");
        no.fix = Fix::note("read this").then_command("sudo x");
        let report = Report::new("nexy-gate", "hard", Timestamp::UNIX_EPOCH, Vec::new(), vec![no]);
        let tap = tap(&report);
        assert!(tap.contains("# do: read this\n# type: sudo x\n"), "{tap}");
        assert!(tap.lines().skip(2).all(|line| line.starts_with("not ok") || line.starts_with("# ")), "{tap}");
    }

    #[test]
    fn a_brief_report_fits_says_what_fails_first_and_keeps_its_verdict() {
        let words = "Many words, \"quoted\" and повторённые. ".repeat(20);
        let mut findings: Vec<Finding> = (0..6).map(|id| finding(id, Verdict::Pass, &words)).collect();
        findings.push(finding(6, Verdict::Unknown, &words));
        findings.push(finding(7, Verdict::Fail, &words));
        findings.push(finding(8, Verdict::Fail, &words));
        let report = Report::new("nexy-gate", "hard", Timestamp::UNIX_EPOCH, Vec::new(), findings);
        let json = brief_json(&report, 3072).expect("JSON");
        assert!(json.len() <= 3072, "{} bytes", json.len());
        let brief = Report::read(json.as_bytes()).expect("a report");
        assert_eq!(brief.verdict, Verdict::Fail);
        let order: Vec<Verdict> = brief.findings.iter().map(|finding| finding.verdict).collect();
        assert_eq!(order[..3], [Verdict::Fail, Verdict::Fail, Verdict::Unknown]);
        assert_eq!(order.len(), 9);
    }

    #[test]
    fn fixes_without_room_say_where_they_are_read_and_no_command_is_cut() {
        let typed = |number: usize| format!("sudo chown -h root:server /srv/voice-assistant/server/updates/{number:060}");
        let failing = |id| {
            let mut no = finding(id, Verdict::Fail, &"many words ".repeat(60));
            no.fix = Fix::commands((0..3).map(|number| typed(number + id))).then_note("and many words ".repeat(9));
            no
        };
        // More than any profile has gates on the VM; only the last of so many lose even that.
        let many = Report::new("nexy-gate", "hard", Timestamp::UNIX_EPOCH, Vec::new(), (0..18).map(failing).collect());
        assert!(brief_json(&many, 3072).expect("JSON").len() <= 3072);
        let report = Report::new("nexy-gate", "hard", Timestamp::UNIX_EPOCH, Vec::new(), (0..12).map(failing).collect());
        let json = brief_json(&report, 3072).expect("JSON");
        assert!(json.len() <= 3072, "{} bytes", json.len());
        let brief = Report::read(json.as_bytes()).expect("a report");
        assert_eq!((brief.verdict, brief.findings.len()), (Verdict::Fail, 12));
        for (finding, whole) in brief.findings.iter().zip(&report.findings) {
            assert!(!finding.fix.is_empty(), "{finding:?}");
            for line in finding.fix.lines() {
                let is_kept = whole.fix.lines().contains(line);
                assert!(!line.is_command() || is_kept, "{line:?}");
                assert!(
                    is_kept || line.text().contains(&format!("sudo nexy-gate {}", finding.id)) || line.text().ends_with('…'),
                    "{line:?}"
                );
            }
        }
    }

    #[test]
    fn a_short_report_keeps_every_word_of_what_does_not_pass() {
        let report = Report::new("nexy-gate", "hard", Timestamp::UNIX_EPOCH, Vec::new(), vec![finding(1, Verdict::Fail, "all of it")]);
        let brief = Report::read(brief_json(&report, 3072).expect("JSON").as_bytes()).expect("a report");
        assert_eq!(brief.findings, report.findings);
    }
}
