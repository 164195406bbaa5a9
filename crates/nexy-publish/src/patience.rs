//! Asking again: which refusals pass by themselves, how long to wait, and how often. Every repetition is written down.

use nexy_contract::record::Retry;
use nexy_outside::{
    clock,
    github::{GithubError, Kind},
    stdio,
};
use std::{
    cell::RefCell,
    time::{Duration, Instant},
};

/// How often a reading request is asked in all.
const ATTEMPTS: u32 = 3;
/// No single wait is longer than this; GitHub may ask for more, and then a person decides.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// What had to be asked again in this run, and when the last change was made.
#[derive(Debug)]
pub(crate) struct Patience {
    retries: RefCell<Vec<Retry>>,
    last_change: RefCell<Option<Instant>>,
    between_changes: Duration,
}

impl Patience {
    pub(crate) fn new(mutation_pause_ms: u64) -> Self {
        Self { retries: RefCell::default(), last_change: RefCell::default(), between_changes: Duration::from_millis(mutation_pause_ms) }
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
                Err(error) if attempt < ATTEMPTS && error.kind.is_passing() => match wait_for(&error, attempt) {
                    Some(wait) => self.again(&error, wait),
                    None => return Err(error),
                },
                answer => return answer,
            }
            attempt += 1;
        }
    }

    /// Writes a repetition down, says so, and waits.
    pub(crate) fn again(&self, error: &GithubError, wait: Duration) {
        let waited_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
        stdio::note(&format!("nexy-publish: asking again in {waited_ms} ms: {}: {}", error.call, error.because));
        self.retries.borrow_mut().push(Retry { request: error.call.clone(), because: error.because.clone(), waited_ms });
        clock::pause(wait);
    }

    /// Waits until GitHub's pause between two changes is over.
    pub(crate) fn before_change(&self) {
        if let Some(last) = *self.last_change.borrow() {
            clock::pause(self.between_changes.saturating_sub(last.elapsed()));
        }
        self.changed();
    }

    /// Notes a change that must not wait: the second rename of a swap, and everything that undoes one.
    pub(crate) fn changed(&self) {
        *self.last_change.borrow_mut() = Some(Instant::now());
    }
}

/// GitHub's own wish when it has one, else 0.5 s, doubling; `None` when GitHub wants more than a tool should sit through.
pub(crate) fn wait_for(error: &GithubError, attempt: u32) -> Option<Duration> {
    let wait = match (error.retry_after_s, error.kind) {
        (Some(seconds), _) => Duration::from_secs(seconds),
        (None, Kind::RateLimited) => LONGEST_WAIT,
        (None, _) => Duration::from_millis(500) * 2_u32.saturating_pow(attempt - 1),
    };
    (wait <= LONGEST_WAIT).then_some(wait)
}
