//! Retries: which refusals pass by themselves, how long a run waits, and when it gives up. Every retry is recorded.

use nexy_contract::record::Retry;
use nexy_outside::{
    clock,
    frame::stdio,
    net::github::{GithubError, Kind},
};
use std::{
    cell::{Cell, RefCell},
    time::{Duration, Instant},
};

/// How often one request is made in all.
const ATTEMPTS: u32 = 4;
/// GitHub asks for at least this wait after a secondary limit that names no time.
const AFTER_LIMIT: Duration = Duration::from_secs(60);
/// A swap, and the way back from it, may wait at least this long in all.
const WHILE_SWAPPING: Duration = Duration::from_secs(30);

/// The retries of this run, the time of its last change, and how much waiting is left.
#[derive(Debug)]
pub(crate) struct RetryBudget {
    retries: RefCell<Vec<Retry>>,
    last_change: Cell<Option<Instant>>,
    between_changes: Duration,
    waited: Cell<Duration>,
    most: Duration,
    /// Waiting time beyond `most`, once a swap is about to begin.
    extension: Cell<Duration>,
    /// Until the first change, no wait may end after this moment, because the gates' report is too old then.
    report_valid_until: Cell<Option<Instant>>,
}

impl RetryBudget {
    pub(crate) fn new(mutation_pause_ms: u64, retry_total_s: u64) -> Self {
        Self {
            retries: RefCell::default(),
            last_change: Cell::default(),
            between_changes: Duration::from_millis(mutation_pause_ms),
            waited: Cell::default(),
            most: Duration::from_secs(retry_total_s),
            extension: Cell::default(),
            report_valid_until: Cell::default(),
        }
    }

    /// Limits waits to the time for which the gates' report is still valid.
    pub(crate) fn limit_to_report(&self, left: Option<Duration>) {
        self.report_valid_until.set(left.map(|left| Instant::now() + left));
    }

    /// Extends the budget for a swap: users may be without a download, so a few more retries are allowed whatever was used.
    pub(crate) fn extend_for_swap(&self) {
        self.extension.set(self.waited.get().saturating_add(WHILE_SWAPPING).saturating_sub(self.most));
    }

    /// The retries so far.
    pub(crate) fn retries(&self) -> Vec<Retry> {
        self.retries.borrow().clone()
    }

    /// Makes a request that changes nothing, again while its refusal is one that passes.
    pub(crate) fn read<T>(&self, request: impl Fn() -> Result<T, GithubError>) -> Result<T, GithubError> {
        let mut attempt = 1;
        loop {
            match request() {
                Ok(answer) => return Ok(answer),
                Err(error) => self.wait(error, attempt)?,
            }
            attempt += 1;
        }
    }

    /// Waits before the next attempt.
    ///
    /// # Errors
    /// The refusal itself, when it does not pass, or not in time.
    pub(crate) fn wait(&self, mut error: GithubError, attempt: u32) -> Result<(), GithubError> {
        if !error.kind.is_passing() || attempt >= ATTEMPTS {
            return Err(error);
        }
        let wait = delay(&error, attempt);
        if let Some(too_long) = self.too_long(wait) {
            error.because = format!("{}; {too_long}", error.because);
            return Err(error);
        }
        self.record_and_wait(&error, wait);
        Ok(())
    }

    /// Why a wait is too long, if it is.
    fn too_long(&self, wait: Duration) -> Option<String> {
        let seconds = wait.as_secs();
        let expires = self.report_valid_until.get().filter(|_| self.last_change.get().is_none());
        if self.waited.get().saturating_add(wait) > self.most.saturating_add(self.extension.get()) {
            Some(format!("a retry makes sense in {seconds} s, limits.retry_total_s allows {} s", self.most.as_secs()))
        } else if expires.is_some_and(|expires| Instant::now() + wait > expires) {
            Some(format!("a retry makes sense in {seconds} s, and by then the gates' report is too old: ask them again after that"))
        } else {
            None
        }
    }

    /// Records a retry, says so, and waits.
    pub(crate) fn record_and_wait(&self, error: &GithubError, wait: Duration) {
        let waited_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
        stdio::note(&format!("nexy-publish: retry in {waited_ms} ms: {}: {}", error.call, error.because));
        self.retries.borrow_mut().push(Retry { request: error.call.clone(), because: error.because.clone(), waited_ms });
        self.waited.set(self.waited.get() + wait);
        clock::pause(wait);
    }

    /// Waits until GitHub's pause between two changes is over; the change must follow at once.
    pub(crate) fn pause_before_change(&self) {
        if let Some(last) = self.last_change.get() {
            clock::pause(self.between_changes.saturating_sub(last.elapsed()));
        }
    }

    /// Notes that a change was sent. The second rename of a swap, and each change that undoes a swap, does not wait for an
    /// earlier one.
    pub(crate) fn note_change(&self) {
        self.last_change.set(Some(Instant::now()));
    }
}

/// How long to wait: what GitHub asks for, else a minute after a limit and half a second after anything else, doubling.
pub(crate) fn delay(error: &GithubError, attempt: u32) -> Duration {
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
        GithubError { call: "GET x".into(), kind, because: "no".into(), request_id: None, retry_after_s, fix: None }
    }

    #[test]
    fn githubs_own_delay_counts_and_a_limit_without_one_doubles_from_a_minute() {
        let waits = |error: &GithubError| [1, 2, 3].map(|attempt| delay(error, attempt).as_millis());
        assert_eq!(waits(&refusal(Kind::RateLimited, Some(7))), [7000; 3]);
        assert_eq!(waits(&refusal(Kind::RateLimited, None)), [60_000, 120_000, 240_000]);
        assert_eq!(waits(&refusal(Kind::Server, None)), [500, 1000, 2000]);
    }

    #[test]
    fn waiting_is_bounded_in_all_and_by_the_age_of_the_report_until_the_first_change() {
        let said = |budget: &RetryBudget| budget.wait(refusal(Kind::RateLimited, Some(30)), 1).err().map(|error| error.because);
        assert!(said(&RetryBudget::new(0, 29)).is_some_and(|because| because.contains("limits.retry_total_s allows 29 s")));
        let limited = RetryBudget::new(0, 600);
        limited.limit_to_report(Some(Duration::from_secs(20)));
        assert!(said(&limited).is_some_and(|because| because.contains("the gates' report is too old")));
        // After the first change the age of the report does not matter any more.
        limited.note_change();
        limited.waited.set(Duration::from_secs(590));
        assert!(said(&limited).is_some_and(|because| because.contains("limits.retry_total_s")));
        // A swap has some more budget, and not without end.
        limited.extend_for_swap();
        limited.waited.set(Duration::from_secs(591));
        assert!(said(&limited).is_some());
    }

    #[test]
    fn refusals_that_do_not_pass_and_the_last_attempt_are_returned() {
        let budget = RetryBudget::new(0, 600);
        assert!(budget.wait(refusal(Kind::Forbidden, None), 1).is_err());
        assert!(budget.wait(refusal(Kind::Server, Some(0)), ATTEMPTS).is_err());
        assert!(budget.wait(refusal(Kind::Server, Some(0)), 1).is_ok());
        assert_eq!(budget.retries().len(), 1);
    }
}
