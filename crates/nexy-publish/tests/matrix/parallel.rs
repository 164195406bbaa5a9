//! Runs many cases at the same time, because nearly all of them wait most of the time. Every failure is reported.

use std::panic::{self, AssertUnwindSafe};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

/// Cases that run at the same time; each has a world of its own.
const AT_ONCE: usize = 32;

/// What is wrong with one case, in sentences; empty when nothing is.
pub(crate) type Wrong = Vec<String>;

/// Runs every case, and fails with a list of all violations.
///
/// # Panics
/// When there is no case at all, or something is wrong with one.
pub(crate) fn run<C: Sync>(cases: &[C], name: impl Fn(&C) -> String + Sync, judge: impl Fn(&C) -> Wrong + Sync) {
    assert!(!cases.is_empty(), "there is no case: nothing was proved");
    let next = AtomicUsize::new(0);
    let failures = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..AT_ONCE.min(cases.len()) {
            scope.spawn(|| {
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::SeqCst)) {
                    let wrong = panic::catch_unwind(AssertUnwindSafe(|| judge(case)))
                        .unwrap_or_else(|panic| vec![format!("it panicked: {}", message(panic.as_ref()))]);
                    if !wrong.is_empty() {
                        let text = format!("{}\n    {}", name(case), wrong.join("\n").replace('\n', "\n    "));
                        failures.lock().unwrap_or_else(PoisonError::into_inner).push(text);
                    }
                }
            });
        }
    });
    let failures = failures.into_inner().unwrap_or_else(PoisonError::into_inner);
    assert!(failures.is_empty(), "{} of {} cases are wrong:\n\n{}\n", failures.len(), cases.len(), failures.join("\n\n"));
}

fn message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned())).unwrap_or_else(|| "a panic without a message".to_owned())
}
