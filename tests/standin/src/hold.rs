//! A request that waits in the stand-in until a test lets it go, so that others can act meanwhile.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// A request is held no longer than this, so that a test that never lets it go does not hang.
const LONGEST: Duration = Duration::from_secs(60);

/// The place where one request waits; clones are the same place.
#[derive(Debug, Clone, Default)]
pub struct Hold {
    place: Arc<(Mutex<Progress>, Condvar)>,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Progress {
    #[default]
    NotReached,
    Waiting,
    LetGo,
}

impl PartialEq for Hold {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.place, &other.place)
    }
}

impl Hold {
    /// Waits until the request is here; false when none came in that time.
    #[must_use]
    pub fn is_reached_within(&self, time: Duration) -> bool {
        let (state, changed) = &*self.place;
        let reached = changed.wait_timeout_while(locked(state), time, |state| *state == Progress::NotReached);
        *reached.unwrap_or_else(PoisonError::into_inner).0 != Progress::NotReached
    }

    /// Lets the request go on, also one that comes later.
    pub fn let_go(&self) {
        self.change(Progress::LetGo);
    }

    /// The request is here, and waits.
    pub(crate) fn wait(&self) {
        let (state, changed) = &*self.place;
        if *locked(state) == Progress::NotReached {
            self.change(Progress::Waiting);
        }
        let _late = changed.wait_timeout_while(locked(state), LONGEST, |state| *state != Progress::LetGo);
    }

    fn change(&self, to: Progress) {
        let (state, changed) = &*self.place;
        *locked(state) = to;
        changed.notify_all();
    }
}

fn locked(state: &Mutex<Progress>) -> MutexGuard<'_, Progress> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}
