//! The schedule of first and repeated probe runs; pure, with the time as a value, so that tests replay every run.

use std::time::Duration;

/// How long to go on asking.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Waiting {
    /// Until when what has not passed is asked again, from the start; zero asks everything once.
    pub(crate) wait: Duration,
    /// How long everything must stay right after it was right, if a person has named a span.
    pub(crate) stable: Option<Duration>,
}

/// What to do now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Ask the probe with this index.
    Ask(usize),
    /// Do nothing for this long.
    Pause(Duration),
    /// All is said.
    Done,
}

/// Where a run stands; all times count from its start.
#[derive(Clone, Debug)]
pub(crate) struct Schedule {
    rows: Vec<Row>,
    waiting: Waiting,
    phase: Phase,
}

#[derive(Clone, Copy, Debug)]
struct Row {
    interval: Duration,
    /// How long it must stay right after all were right; zero leaves it alone then.
    stable: Duration,
    due: Duration,
    asked: Option<Duration>,
    passed: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Some have not passed.
    Converging,
    /// All have passed, and must stay so until then.
    Steady { until: Duration },
}

impl Schedule {
    /// Everything is due at once. Of each row come the pause before it is asked again, and for how long it must stay right
    /// when a person has named no span.
    pub(crate) fn new(rows: impl IntoIterator<Item = (Duration, Duration)>, waiting: Waiting) -> Self {
        let row = |(interval, stable)| {
            let stable = waiting.stable.unwrap_or(stable);
            Row { interval, stable, due: Duration::ZERO, asked: None, passed: false }
        };
        Self { rows: rows.into_iter().map(row).collect(), waiting, phase: Phase::Converging }
    }

    /// Whether the span of `--stable` has begun.
    pub(crate) fn is_steady(&self) -> bool {
        matches!(self.phase, Phase::Steady { .. })
    }

    /// Whether this row is waited for: until it passes, or until the end of the span in which it must stay so.
    pub(crate) fn is_open(&self, index: usize) -> bool {
        let row = &self.rows[index];
        if self.is_steady() { !row.stable.is_zero() } else { !row.passed }
    }

    /// Until when is waited at most, from the start.
    pub(crate) fn until(&self) -> Duration {
        match self.phase {
            Phase::Converging => self.waiting.wait,
            Phase::Steady { until } => until,
        }
    }

    /// What to do at `now`.
    pub(crate) fn next(&mut self, now: Duration) -> Step {
        if self.phase == Phase::Converging && self.rows.iter().all(|row| row.passed) {
            let stable = self.rows.iter().map(|row| row.stable).max().unwrap_or_default();
            if stable.is_zero() {
                return Step::Done;
            }
            self.phase = Phase::Steady { until: now + stable };
            self.rows.iter_mut().for_each(|row| row.due = now + row.interval);
        }
        // At the end of a phase each open probe is asked once more.
        let end = self.until();
        let left = (0..self.rows.len())
            .filter(|index| self.is_open(*index))
            .filter(|index| self.rows[*index].asked.is_none_or(|asked| asked < end));
        let next = left.map(|index| (self.rows[index].due.min(end), index)).min();
        match next {
            None => Step::Done,
            Some((due, index)) if due <= now || self.rows[index].asked.is_none() => Step::Ask(index),
            Some((due, _)) => Step::Pause(due - now),
        }
    }

    /// Notes an answer: asked at `asked`, in at `now`.
    pub(crate) fn answered(&mut self, index: usize, passed: bool, asked: Duration, now: Duration) {
        let row = &mut self.rows[index];
        *row = Row { due: now + row.interval, asked: Some(asked), passed, ..*row };
        if !passed && self.is_steady() {
            self.phase = Phase::Converging;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: Duration = Duration::from_secs(1);

    /// Plays a run in which asking takes no time; `answer` says whether a probe passes at a time. Returns who was asked when.
    fn play(intervals: &[u32], wait: u32, stable: u32, answer: impl Fn(usize, u64) -> bool) -> Vec<(usize, u64)> {
        let waiting = Waiting { wait: S * wait, stable: Some(S * stable) };
        replay(Schedule::new(intervals.iter().map(|interval| (S * *interval, S)), waiting), answer)
    }

    fn replay(mut schedule: Schedule, answer: impl Fn(usize, u64) -> bool) -> Vec<(usize, u64)> {
        let (mut now, mut asked) = (Duration::ZERO, Vec::new());
        for _ in 0..1000 {
            match schedule.next(now) {
                Step::Ask(index) => {
                    asked.push((index, now.as_secs()));
                    schedule.answered(index, answer(index, now.as_secs()), now, now);
                }
                Step::Pause(pause) => {
                    assert!(!pause.is_zero(), "a pause of nothing would spin");
                    now += pause;
                }
                Step::Done => return asked,
            }
        }
        panic!("it never ends: {asked:?}");
    }

    #[test]
    fn without_a_wait_everything_is_asked_once() {
        assert_eq!(play(&[1, 2, 1], 0, 0, |_, _| false), [(0, 0), (1, 0), (2, 0)]);
        assert_eq!(play(&[], 5, 5, |_, _| false), []);
    }

    #[test]
    fn only_what_has_not_passed_is_asked_again_at_its_own_pace() {
        let asked = play(&[1, 2, 2], 60, 0, |index, now| index == 1 || now >= 4);
        assert_eq!(asked, [(0, 0), (1, 0), (2, 0), (0, 1), (0, 2), (2, 2), (0, 3), (0, 4), (2, 4)]);
    }

    #[test]
    fn the_deadline_has_a_last_look_and_then_it_is_over() {
        assert_eq!(play(&[2], 5, 0, |_, _| false), [(0, 0), (0, 2), (0, 4), (0, 5)]);
        assert_eq!(play(&[9], 5, 0, |_, now| now == 5), [(0, 0), (0, 5)]);
        assert_eq!(play(&[5], 5, 0, |_, _| false), [(0, 0), (0, 5)]);
    }

    #[test]
    fn everything_must_stay_right_for_the_whole_span() {
        assert_eq!(play(&[2, 9], 60, 5, |_, _| true), [(0, 0), (1, 0), (0, 2), (0, 4), (0, 5), (1, 5)]);
    }

    #[test]
    fn when_no_span_is_named_each_must_stay_right_for_its_own() {
        let spans = |wait: u32, answer: fn(usize, u64) -> bool| {
            replay(Schedule::new([(S * 2, S * 3), (S, Duration::ZERO)], Waiting { wait: S * wait, stable: None }), answer)
        };
        assert_eq!(spans(0, |_, _| true), [(0, 0), (1, 0), (0, 2), (0, 3)]);
        assert_eq!(spans(0, |index, now| index == 1 || now != 2), [(0, 0), (1, 0), (0, 2)]);
        assert_eq!(spans(0, |index, _| index == 0), [(0, 0), (1, 0)]);
        assert_eq!(spans(9, |index, now| index == 1 || now > 2), [(0, 0), (1, 0), (0, 2), (0, 4), (0, 6), (0, 7)]);
    }

    #[test]
    fn a_relapse_starts_the_span_anew() {
        let asked = play(&[1], 60, 3, |_, now| now != 2);
        assert_eq!(asked, (0..=6).map(|now| (0, now)).collect::<Vec<_>>());
    }

    #[test]
    fn a_relapse_after_the_deadline_is_the_end() {
        assert_eq!(play(&[1], 2, 9, |_, now| now < 4), [(0, 0), (0, 1), (0, 2), (0, 3), (0, 4)]);
    }

    #[test]
    fn a_slow_look_past_the_deadline_is_still_the_last_one() {
        let mut schedule = Schedule::new([(S, S), (S, S)], Waiting { wait: S * 3, stable: Some(Duration::ZERO) });
        assert_eq!(schedule.next(Duration::ZERO), Step::Ask(0));
        schedule.answered(0, false, Duration::ZERO, S * 10);
        assert_eq!(schedule.next(S * 10), Step::Ask(1), "each is asked at least once");
        schedule.answered(1, false, S * 10, S * 11);
        assert_eq!(schedule.next(S * 11), Step::Ask(0), "one last look");
        schedule.answered(0, false, S * 11, S * 12);
        assert_eq!(schedule.next(S * 12), Step::Done);
    }
}
