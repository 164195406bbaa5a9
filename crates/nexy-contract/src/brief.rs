//! A report for places that bring back little, such as Azure's run-command: never larger than its bound, whatever the report is.

use crate::{Finding, Fix, Report, Severity, Verdict, fix::FixLine, text::printable};

/// So many bytes of what was found and of what was expected stay, at most.
const WORDS: usize = 400;
/// An id or a rulebook section is never longer; only a made-up one is.
const NAME: usize = 60;

/// The same report with what does not pass first: failures, then unknowns, then advice.
pub fn ordered(report: &Report) -> Report {
    let mut ordered = report.clone();
    ordered.findings.sort_by_key(|finding| match (finding.verdict, finding.severity) {
        (Verdict::Fail, Severity::Gate) => 0,
        (Verdict::Unknown, Severity::Gate) => 1,
        (Verdict::Fail | Verdict::Unknown, Severity::Advice) => 2,
        (Verdict::Pass, _) => 3,
    });
    ordered
}

/// The report in compact JSON of at most `max_bytes` bytes, of which it needs 1500. What fits stays whole. Else passes become a
/// count; words are cut at a word's end, with `…`; a fix without room gives way to the command that prints it on the VM; and the
/// findings that have no room at all are counted, the least important first. The verdict stays what it was.
/// Errors: only if a value cannot be spelled in JSON, which would be a bug.
pub fn json(report: &Report, max_bytes: usize) -> Result<String, serde_json::Error> {
    let whole = ordered(report);
    let fits = |report: &Report| Ok::<_, serde_json::Error>(spelled(report)?.len() <= max_bytes);
    if fits(&whole)? {
        return spelled(&whole);
    }
    let (passes, others): (Vec<&Finding>, Vec<&Finding>) = whole.findings.iter().partition(|finding| finding.verdict == Verdict::Pass);
    let with = |shown: Vec<Finding>| {
        let counted = [count("passes", &passes), count("left-out", &others[shown.len()..])].into_iter().flatten();
        let findings = shown.into_iter().chain(counted).collect();
        Report { by: hard(&report.by, NAME), profile: fit(&report.profile, WORDS / 2), subjects: Vec::new(), findings, ..report.clone() }
    };
    let bare = |longest: usize| -> Vec<Finding> { others.iter().map(|finding| bare(&report.by, finding, longest)).collect() };
    let mut shown = bare(0);
    for longest in [WORDS, 200, 100, 50, 16] {
        if fits(&with(bare(longest)))? {
            shown = bare(longest);
            break;
        }
    }
    for last in (0..shown.len()).rev() {
        if fits(&with(shown.clone()))? {
            break;
        }
        shown[last].fix = Fix::none();
    }
    while !fits(&with(shown.clone()))? && shown.pop().is_some() {}
    // What room is left goes to the fixes, then to what was expected, then to what was found.
    let more: [fn(&Finding, &mut Finding, usize); 3] = [
        |whole, finding, _| finding.fix = whole.fix.clone(),
        |whole, finding, longest| finding.expected = fit(&whole.expected, longest),
        |whole, finding, longest| finding.found = fit(&whole.found, longest),
    ];
    for add in more {
        for (place, whole) in others.iter().enumerate().take(shown.len()) {
            for longest in [usize::MAX, WORDS, 200, 100] {
                let before = shown[place].clone();
                add(whole, &mut shown[place], longest);
                if shown[place].found.len() >= before.found.len() && fits(&with(shown.clone()))? {
                    break;
                }
                shown[place] = before;
            }
        }
    }
    spelled(&with(shown))
}

fn spelled(report: &Report) -> Result<String, serde_json::Error> {
    Ok(serde_json::to_string(report)? + "\n")
}

/// A finding with so many bytes of what was found, and where the rest is read.
fn bare(by: &str, finding: &Finding, longest: usize) -> Finding {
    let id = hard(&finding.id, NAME);
    let fix = FixLine::Note(format!("on the VM, type: sudo {} {id}", hard(by, NAME)).into());
    Finding {
        found: fit(&finding.found, longest),
        expected: String::new(),
        fix: fix.into(),
        runbook: hard(&finding.runbook, NAME),
        id,
        ..finding.clone()
    }
}

/// Findings as their number and their names, with the verdict that they have together.
fn count(id: &str, findings: &[&Finding]) -> Option<Finding> {
    let first = findings.first()?;
    let gates = || findings.iter().filter(|finding| finding.severity == Severity::Gate);
    let severity = if gates().next().is_some() { Severity::Gate } else { Severity::Advice };
    let worst = gates().chain(findings.iter()).find(|finding| finding.verdict == Verdict::Fail && finding.severity == severity);
    let verdict = worst.unwrap_or(first).verdict;
    let word = if verdict == Verdict::Pass { "pass" } else { "more do not pass" };
    let names: Vec<String> = findings.iter().map(|finding| hard(&finding.id, NAME)).collect();
    Some(Finding {
        id: id.to_owned(),
        verdict,
        severity,
        found: fit(&format!("{} {word}: {}", findings.len(), names.join(", ")), WORDS / 2),
        expected: String::new(),
        fix: Fix::none(),
        runbook: String::new(),
        elapsed_ms: 0,
    })
}

/// As much of a text as has at most so many bytes in JSON, cut at a word's end, with `…`.
fn fit(text: &str, most: usize) -> String {
    let safe = printable(text);
    if bytes_in_json(&safe) <= most {
        return safe;
    }
    let head = hard(&safe, most.saturating_sub("…".len()));
    let head = head.rfind(' ').map_or("", |blank| head[..blank].trim_end());
    if most < "…".len() { String::new() } else { format!("{head}…") }
}

/// The first so many bytes of a text, as JSON spells it.
fn hard(text: &str, most: usize) -> String {
    let mut used = 0;
    let safe = printable(text);
    let kept = |character: &char| {
        used += bytes_in_json(character.encode_utf8(&mut [0; 4]));
        used <= most
    };
    safe.chars().take_while(kept).collect()
}

fn bytes_in_json(text: &str) -> usize {
    text.chars().map(|character| if matches!(character, '"' | '\\') { 2 } else { character.len_utf8() }).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Timestamp, check::Answer};
    use proptest::prelude::*;
    use std::time::Duration;

    fn finding(id: usize, verdict: Verdict, words: &str) -> Finding {
        let answer = Answer { verdict, ..Answer::fail(words, words, Fix::note(words.to_owned())) };
        answer.finding(format!("a-rather-long-question-{id}"), "S0 §1.1", Duration::from_millis(12))
    }

    #[test]
    fn a_brief_report_fits_says_what_fails_first_and_keeps_its_verdict() {
        let words = "Many words, \"quoted\" and повторённые. ".repeat(20);
        let mut findings: Vec<Finding> = (0..6).map(|id| finding(id, Verdict::Pass, &words)).collect();
        findings.push(finding(6, Verdict::Unknown, &words));
        findings.push(finding(7, Verdict::Fail, &words));
        findings.push(finding(8, Verdict::Fail, &words));
        let report = Report::new("nexy-gate", "hard", Timestamp::UNIX_EPOCH, Vec::new(), findings);
        let json = json(&report, 3072).expect("JSON");
        assert!(json.len() <= 3072, "{} bytes", json.len());
        let brief = Report::read(json.as_bytes()).expect("a report");
        assert_eq!(brief.verdict, Verdict::Fail);
        let order: Vec<Verdict> = brief.findings.iter().map(|finding| finding.verdict).collect();
        assert_eq!(order[..3], [Verdict::Fail, Verdict::Fail, Verdict::Unknown]);
        assert_eq!(order[3..], [Verdict::Pass]);
        assert!(brief.findings[3].found.starts_with("6 pass: a-rather-long-question-0, "), "{:?}", brief.findings[3]);
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
        assert!(json(&many, 3072).expect("JSON").len() <= 3072);
        let report = Report::new("nexy-gate", "hard", Timestamp::UNIX_EPOCH, Vec::new(), (0..12).map(failing).collect());
        let json = json(&report, 3072).expect("JSON");
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
        let brief = Report::read(json(&report, 3072).expect("JSON").as_bytes()).expect("a report");
        assert_eq!(brief.findings, report.findings);
    }

    fn arbitrary() -> impl Strategy<Value = Report> {
        let verdict = prop_oneof![Just(Verdict::Pass), Just(Verdict::Fail), Just(Verdict::Unknown)];
        let severity = prop_oneof![3 => Just(Severity::Gate), 1 => Just(Severity::Advice)];
        let words = || prop_oneof![Just(String::new()), "[a-z ]{0,600}", "\\PC{0,300}", "[\u{0}-\u{1f}\"\\\\]{0,300}"];
        let fix = prop::collection::vec((any::<bool>(), words()), 0..5);
        let one = (verdict, severity, words(), words(), fix, "\\PC{0,90}");
        (prop::collection::vec(one, 0..40), "\\PC{0,300}", "\\PC{0,90}").prop_map(|(all, profile, by)| {
            let finding = |(number, (verdict, severity, found, expected, lines, runbook)): (usize, _)| {
                let lines: Vec<(bool, String)> = lines;
                let line = |(typed, text): (bool, String)| if typed { FixLine::Command(text.into()) } else { FixLine::Note(text.into()) };
                Finding {
                    id: format!("question-{number}"),
                    verdict,
                    severity,
                    found,
                    expected,
                    fix: lines.into_iter().map(line).collect(),
                    runbook,
                    elapsed_ms: u64::MAX,
                }
            };
            Report::new(&by, &profile, Timestamp::UNIX_EPOCH, Vec::new(), all.into_iter().enumerate().map(finding).collect())
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]
        #[test]
        fn whatever_the_report_says_it_fits_keeps_its_verdict_and_names_the_first_failures(report in arbitrary(), bound in 1500_usize..4000) {
            let json = json(&report, bound).expect("JSON");
            prop_assert!(json.len() <= bound, "{} of {bound}", json.len());
            let brief = Report::read(json.as_bytes()).expect("a report");
            prop_assert_eq!(brief.verdict, report.verdict);
            let first = ordered(&report).findings.into_iter().next().filter(|first| first.verdict != Verdict::Pass);
            if let Some(first) = first {
                prop_assert_eq!(&brief.findings[0].id, &first.id);
                prop_assert_eq!(brief.findings[0].verdict, first.verdict);
            }
            for finding in &brief.findings {
                let Some(whole) = report.findings.iter().find(|whole| whole.id == finding.id) else { continue };
                for line in finding.fix.lines().iter().filter(|line| line.is_command()) {
                    prop_assert!(whole.fix.lines().contains(line), "half a command: {line:?}");
                }
                if let Some(kept) = finding.found.strip_suffix('…').filter(|_| !whole.found.ends_with('…')) {
                    let rest = printable(&whole.found).strip_prefix(kept).map(str::to_owned);
                    prop_assert!(rest.is_some_and(|rest| kept.is_empty() || rest.starts_with(' ')), "cut in a word: {kept:?}");
                }
            }
        }
    }
}
