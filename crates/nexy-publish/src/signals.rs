//! Ctrl-C and other ending signals: they wait while a swap runs, because users have no download between its two renames. When
//! one ends the program, a person reads what users have.

use crate::cli::TOOL;
use nexy_contract::{Exit, Fix, Problem};
use nexy_outside::frame::{run, stdio};
use signal_hook::{
    consts::{SIGHUP, SIGINT, SIGTERM},
    iterator, low_level,
};
use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
};

/// Before a swap, and after one that was undone.
pub(crate) const AS_BEFORE: &str = "users have what they had";

/// Decides whether the signals that end a program do so now, or are remembered until later.
#[derive(Debug)]
pub(crate) struct Signals(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    may_end: bool,
    asked_to_stop: bool,
    users_have: &'static str,
}

impl Signals {
    /// Watches the signals; they still end the program at once.
    pub(crate) fn watch() -> Self {
        let state = Arc::new(Mutex::new(State { may_end: true, asked_to_stop: false, users_have: AS_BEFORE }));
        // A signal that cannot be watched keeps its default action, as in every other program.
        if let Ok(mut arriving) = iterator::Signals::new([SIGINT, SIGTERM, SIGHUP]) {
            let watched = Arc::clone(&state);
            thread::spawn(move || arriving.forever().for_each(|signal| arrived(&watched, signal)));
        }
        Self(state)
    }

    /// From now on signals are only remembered.
    pub(crate) fn defer(&self) {
        locked(&self.0).may_end = false;
    }

    /// Signals end the program again, and say what users have now.
    pub(crate) fn allow(&self, users_have: &'static str) {
        let mut state = locked(&self.0);
        (state.may_end, state.users_have) = (true, users_have);
    }

    /// Whether a signal came while signals were only remembered.
    pub(crate) fn asked_to_stop(&self) -> bool {
        locked(&self.0).asked_to_stop
    }
}

/// Holds the lock until the program has ended, so that no rename begins after the decision.
fn arrived(state: &Mutex<State>, signal: i32) {
    let mut state = locked(state);
    state.asked_to_stop = true;
    if state.may_end {
        if stdio::stderr_is_terminal() {
            stdio::draw("");
        }
        let fix = Fix::note("type the same command again: what was uploaded is used again");
        run::tell(TOOL, &Problem::new(Exit::CouldNotLook, "interrupted", state.users_have, fix));
        let _ = low_level::emulate_default_handler(signal);
    }
}

fn locked(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}
