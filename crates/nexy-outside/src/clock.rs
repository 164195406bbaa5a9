//! The one door to the time of day.

use nexy_contract::Timestamp;
use std::time::Duration;

/// The present moment, cut to whole milliseconds so that documents stay readable.
#[must_use]
pub fn now() -> Timestamp {
    let now = Timestamp::now();
    Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now)
}

/// Does nothing for a while.
pub fn pause(duration: Duration) {
    if !duration.is_zero() {
        std::thread::sleep(duration);
    }
}
