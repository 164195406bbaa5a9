//! Asking again: which refusals pass by themselves, how long to wait, and when it is too long. Every repetition is written down.

use nexy_contract::record::Retry;
use nexy_outside::{
    clock,
    github::{GithubError, Kind},
    stdio,
};
use std::{
    cell::{Cell, RefCell},
    time::{Duration, Instant},
};

/// How often one request is made in all.
const ATTEMPTS: u32 = 4;
/// GitHub asks for at least this much after a secondary limit that names no time.
const AFTER_LIMIT: Duration = Duration::from_secs(60);

/// So long a swap, and the way back from it, may wait in all at least.
const WHILE_SWAPPING: Duration = Duration::from_secs(30);

/// What had to be asked again in this run, when the last change was made, and how much waiting is left.
#[derive(Debug)]
pub(crate) struct Patience {
    retries: RefCell<Vec<Retry>>,
    last_change: Cell<Option<Instant>>,
    between_changes: Duration,
    waited: Cell<Duration>,
    most: Duration,
    /// What is left on top of that once something is about to be swapped.
    reserve: Cell<Duration>,
    /// Until the first change, no wait may reach beyond this: then what the gates have said is too old.
    stands_until: Option<Instant>,
}

impl Patience {
    pub(crate) fn new(mutation_pause_ms: u64, retry_total_s: u64) -> Self {
        Self {
            retries: RefCell::default(),
            last_change: Cell::default(),
            between_changes: Duration::from_millis(mutation_pause_ms),
            waited: Cell::default(),
            most: Duration::from_secs(retry_total_s),
            reserve: Cell::default(),
            stands_until: None,
        }
    }

    /// The same, when what it acts upon is only good for so long.
    pub(crate) fn standing_for(mut self, left: Option<Duration>) -> Self {
        self.stands_until = left.map(|left| Instant::now() + left);
        self
    }

    /// From here on users may be without a download: whatever was waited before, there is time to ask a few times more.
    pub(crate) fn swapping(&self) {
        self.reserve.set(self.waited.get().saturating_add(WHILE_SWAPPING).saturating_sub(self.most));
    }

    /// What was asked again so far.
    pub(crate) fn retries(&self) -> Vec<Retry> {
        self.retries.borrow().clone()
    }

    /// Asks a question that changes nothing, again while the refusal is one that passes.
    pub(crate) fn ask<T>(&self, question: impl Fn() -> Result<T, GithubError>) -> Result<T, GithubError> {
        let mut attempt = 1;
        loop {
            match question() {
                Ok(answer) => return Ok(answer),
                Err(error) => self.wait(error, attempt)?,
            }
            attempt += 1;
        }
    }

    /// Waits until it makes sense to ask again; a refusal that does not pass, or not in time, comes back.
    pub(crate) fn wait(&self, mut error: GithubError, attempt: u32) -> Result<(), GithubError> {
        if !error.kind.is_passing() || attempt >= ATTEMPTS {
            return Err(error);
        }
        let wait = wanted(&error, attempt);
        let too_long = if self.waited.get().saturating_add(wait) > self.most.saturating_add(self.reserve.get()) {
            Some(format!("asking again makes sense in {} s, limits.retry_total_s allows {} s", wait.as_secs(), self.most.as_secs()))
        } else if self.last_change.get().is_none() && self.stands_until.is_some_and(|end| Instant::now() + wait > end) {
            Some(format!(
                "asking again makes sense in {} s, and by then the gates' report is too old: ask them again after that",
                wait.as_secs()
            ))
        } else {
            None
        };
        if let Some(too_long) = too_long {
            error.because = format!("{}; {too_long}", error.because);
            return Err(error);
        }
        self.again(&error, wait);
        Ok(())
    }

    /// Writes a repetition down, says so, and waits.
    pub(crate) fn again(&self, error: &GithubError, wait: Duration) {
        let waited_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
        stdio::note(&format!("nexy-publish: asking again in {waited_ms} ms: {}: {}", error.call, error.because));
        self.retries.borrow_mut().push(Retry { request: error.call.clone(), because: error.because.clone(), waited_ms });
        self.waited.set(self.waited.get() + wait);
        clock::pause(wait);
    }

    /// Waits until GitHub's pause between two changes is over; then the change must follow.
    pub(crate) fn before_change(&self) {
        if let Some(last) = self.last_change.get() {
            clock::pause(self.between_changes.saturating_sub(last.elapsed()));
        }
    }

    /// Notes a change. The second rename of a swap, and all that undoes one, waits for none before it.
    pub(crate) fn changed(&self) {
        self.last_change.set(Some(Instant::now()));
    }
}

/// GitHub's own wish when it has one; else a minute after a limit and half a second after anything else, doubling.
pub(crate) fn wanted(error: &GithubError, attempt: u32) -> Duration {
    let doubled = 2_u32.saturating_pow(attempt - 1);
    match (error.retry_after_s, error.kind) {
        (Some(seconds), _) => Duration::from_secs(seconds),
        (None, Kind::RateLimited) => AFTER_LIMIT * doubled,
        (None, _) => Duration::from_millis(500) * doubled,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(kind: Kind, retry_after_s: Option<u64>) -> GithubError {
        GithubError { call: "GET x".into(), kind, because: "no".into(), request_id: None, retry_after_s }
    }

    #[test]
    fn githubs_wish_counts_and_a_limit_without_one_doubles_from_a_minute() {
        let waits = |error: &GithubError| [1, 2, 3].map(|attempt| wanted(error, attempt).as_millis());
        assert_eq!(waits(&refusal(Kind::RateLimited, Some(7))), [7000; 3]);
        assert_eq!(waits(&refusal(Kind::RateLimited, None)), [60_000, 120_000, 240_000]);
        assert_eq!(waits(&refusal(Kind::Server, None)), [500, 1000, 2000]);
    }

    #[test]
    fn waiting_is_bounded_in_all_and_by_what_the_report_allows_until_the_first_change() {
        let said = |patience: &Patience| patience.wait(refusal(Kind::RateLimited, Some(30)), 1).err().map(|error| error.because);
        assert!(said(&Patience::new(0, 29)).is_some_and(|because| because.contains("limits.retry_total_s allows 29 s")));
        let hurried = Patience::new(0, 600).standing_for(Some(Duration::from_secs(20)));
        assert!(said(&hurried).is_some_and(|because| because.contains("the gates' report is too old")));
        // Once something has changed, only finishing counts.
        hurried.changed();
        hurried.waited.set(Duration::from_secs(590));
        assert!(said(&hurried).is_some_and(|because| because.contains("limits.retry_total_s")));
        // A swap that has begun has some patience of its own, and no more.
        hurried.swapping();
        hurried.waited.set(Duration::from_secs(591));
        assert!(said(&hurried).is_some());
    }

    #[test]
    fn what_does_not_pass_and_what_was_asked_often_enough_comes_back() {
        let patience = Patience::new(0, 600);
        assert!(patience.wait(refusal(Kind::Forbidden, None), 1).is_err());
        assert!(patience.wait(refusal(Kind::Server, Some(0)), ATTEMPTS).is_err());
        assert!(patience.wait(refusal(Kind::Server, Some(0)), 1).is_ok());
        assert_eq!(patience.retries().len(), 1);
    }
}
