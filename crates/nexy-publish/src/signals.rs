//! Ctrl-C and other ending signals: they wait while a swap runs, because users have no download between its two renames.

use signal_hook::{
    consts::{SIGHUP, SIGINT, SIGTERM},
    flag,
};
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

/// Decides whether the signals that end a program do so now, or are remembered until later.
#[derive(Debug)]
pub(crate) struct Signals {
    may_end: Arc<AtomicBool>,
    asked_to_stop: Arc<AtomicBool>,
}

impl Signals {
    /// Watches the signals; they still end the program at once.
    pub(crate) fn watch() -> Self {
        let signals = Self { may_end: Arc::new(AtomicBool::new(true)), asked_to_stop: Arc::default() };
        for signal in [SIGINT, SIGTERM, SIGHUP] {
            // A signal that cannot be watched keeps its default action, as in every other program.
            let _ = flag::register_conditional_default(signal, Arc::clone(&signals.may_end));
            let _ = flag::register(signal, Arc::clone(&signals.asked_to_stop));
        }
        signals
    }

    /// From now on signals are only remembered.
    pub(crate) fn defer(&self) {
        self.may_end.store(false, Ordering::SeqCst);
    }

    /// Signals end the program again.
    pub(crate) fn allow(&self) {
        self.may_end.store(true, Ordering::SeqCst);
    }

    /// Whether a signal came while signals were only remembered.
    pub(crate) fn asked_to_stop(&self) -> bool {
        self.asked_to_stop.load(Ordering::SeqCst)
    }
}
