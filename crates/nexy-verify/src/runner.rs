//! Runs every probe, also after one has failed, and repeats those that have not passed until `--wait` ends.

use crate::{
    context::Context,
    probe::{Answer, TOOL},
    schedule::{Schedule, Step, Waiting},
    selection::{Chosen, Selection},
};
use nexy_contract::{Finding, Report, Severity, Timestamp, Verdict};
use nexy_outside::{Common, clock, frame::stdio};
use std::time::{Duration, Instant};

/// The probe whose first right answer ends the window in which users see old words about new bytes.
const FEED: &str = "feed";

/// The probe whose one look says too little: between two deaths a service that dies again and again is well.
const SERVICE: &str = "unit-active";
/// What a service writes first tells little of it: it is read again at the end of the span in which the service must stay, and it is
/// long, so that it is read no more often than that.
const JOURNAL: &str = "journal-clean";
/// How long the service must stay the same process, if a person names no span.
const STEADY: Duration = Duration::from_secs(5);

/// What a run has brought.
#[derive(Debug)]
pub(crate) struct Asked {
    /// The answers.
    pub(crate) report: Report,
    /// Since when the feed has been seen to be right.
    pub(crate) feed_right_at: Option<Timestamp>,
}

/// The last answer of one probe.
struct Last {
    answer: Answer,
    elapsed: Duration,
    /// How often it was asked.
    attempts: u32,
    right_since: Option<Timestamp>,
}

/// Asks what decides until it passes or the time is over, then once what only informs, and puts the answers together.
pub(crate) fn ask_all(selection: &Selection, context: &Context, waiting: &Waiting, common: &Common) -> Asked {
    let started = Instant::now();
    if !waiting.wait.is_zero() {
        context.deadline.set(Some(started + waiting.wait + waiting.stable.unwrap_or_default()));
    }
    context.http.extend_run(waiting.wait + waiting.stable.unwrap_or_default());
    let mut last: Vec<Option<Last>> = selection.probes.iter().map(|_| None).collect();
    let of =
        |severity: Severity| -> Vec<usize> { (0..selection.probes.len()).filter(|index| selection.probes[*index].1 == severity).collect() };
    let deciding = of(Severity::Gate);
    let is_service = |index: usize| selection.probes[index].0.id == SERVICE;
    let row = |index: &usize| match selection.probes[*index].0 {
        probe if probe.id == SERVICE => (probe.interval(), STEADY),
        probe if probe.id == JOURNAL => (STEADY, STEADY),
        probe => (probe.interval(), Duration::ZERO),
    };
    let mut schedule = Schedule::new(deciding.iter().map(row), *waiting);
    let mut line = Line { is_shown: !common.quiet && stdio::stderr_is_terminal(), is_drawn: false };
    loop {
        match schedule.next(started.elapsed()) {
            Step::Done => break,
            Step::Pause(pause) => {
                let open = deciding.iter().enumerate().filter(|(row, _)| schedule.is_open(*row));
                let ids: Vec<&str> = open.map(|(_, index)| selection.probes[*index].0.id).collect();
                line.draw(&waits_for(&ids, started.elapsed(), schedule.until()));
                clock::pause(pause);
            }
            Step::Ask(row) => {
                context.expected_process.set(if schedule.is_steady() { context.seen.get() } else { None });
                let (index, asked) = (deciding[row], started.elapsed());
                line.clear();
                ask(selection.probes[index], context, &mut last[index], common, !waiting.wait.is_zero());
                let passed = last[index].as_ref().is_some_and(|last| last.answer.passes());
                schedule.answered(row, passed, asked, started.elapsed());
            }
        }
    }
    line.clear();
    // Where something else is wrong there was no span in which all was right: the service is looked at twice all the same.
    let service = deciding.iter().copied().find(|index| is_service(*index) && !schedule.is_steady());
    if let Some(index) = service.filter(|index| last[*index].as_ref().is_some_and(|last| last.answer.passes())) {
        let span = waiting.stable.unwrap_or(STEADY).min(STEADY);
        clock::pause(if waiting.wait.is_zero() { span.saturating_sub(started.elapsed()) } else { span });
        context.expected_process.set(context.seen.get());
        ask(selection.probes[index], context, &mut last[index], common, false);
    }
    for index in of(Severity::Advice) {
        ask(selection.probes[index], context, &mut last[index], common, false);
    }
    let feed = selection.probes.iter().position(|(probe, _)| probe.id == FEED);
    let feed_right_at = feed.and_then(|index| last[index].as_ref()?.right_since);
    let findings = selection.probes.iter().zip(last).filter_map(|(chosen, last)| Some(finding(*chosen, last?))).collect();
    Asked { report: Report::new(TOOL, &selection.profile, clock::now(), Vec::new(), findings), feed_right_at }
}

/// Asks one probe; while waiting, a person hears of every answer that is not the one before.
fn ask((probe, _): Chosen, context: &Context, last: &mut Option<Last>, common: &Common, aloud: bool) {
    let started = Instant::now();
    let answer = (probe.check)(context);
    let elapsed = started.elapsed();
    let before = last.take();
    let before_attempts = before.as_ref().map_or(0, |before| before.attempts);
    let news = before.as_ref().is_none_or(|before| before.answer != answer);
    if aloud && news && (before.is_some() || !answer.passes()) {
        let word = if answer.passes() { "passes now" } else { "not yet" };
        common.note(&format!("{TOOL}: {word}: {}: {}", probe.id, nexy_contract::text::printable(&answer.found)));
    }
    let right_since = (answer.verdict == Verdict::Pass).then(|| before.and_then(|before| before.right_since).unwrap_or_else(clock::now));
    let attempts = before_attempts + 1;
    *last = Some(Last { answer, elapsed, attempts, right_since });
}

fn finding((probe, severity): Chosen, mut last: Last) -> Finding {
    if last.attempts > 1 {
        last.answer.found.push_str(&format!("; asked {} times", last.attempts));
    }
    last.answer.counting(severity).finding(probe.id, probe.runbook, last.elapsed)
}

/// The last line of a terminal, drawn while nothing else happens.
struct Line {
    is_shown: bool,
    is_drawn: bool,
}

impl Line {
    fn draw(&mut self, words: &str) {
        if self.is_shown {
            self.is_drawn = true;
            stdio::draw(words);
        }
    }

    fn clear(&mut self) {
        if std::mem::take(&mut self.is_drawn) {
            stdio::draw("");
        }
    }
}

/// What is waited for, in less than 80 columns: some terminals wrap a line that reaches the last one.
fn waits_for(ids: &[&str], elapsed: Duration, until: Duration) -> String {
    let time = format!(" ({} of {} s)", elapsed.as_secs(), until.as_secs());
    let words: String = format!("waiting for {}", ids.join(", ")).chars().take(79 - time.len().min(79)).collect();
    words + &time
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_reads_what_is_waited_for_and_how_long_already_in_one_line() {
        let second = Duration::from_secs;
        assert_eq!(waits_for(&["feed", "public-updates"], second(12), second(120)), "waiting for feed, public-updates (12 of 120 s)");
        let long = waits_for(&["local-updates"; 20], second(12), second(120));
        assert!(long.chars().count() == 79 && long.ends_with(" (12 of 120 s)"), "{long}");
    }
}
