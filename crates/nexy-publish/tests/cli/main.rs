//! `nexy-publish` as a black box: the real binary against a strict stand-in for GitHub.
#![expect(clippy::expect_used, reason = "test support: a broken world must stop the test loudly")]

mod allow_rolled_back;
mod changed_file;
mod clean;
mod contention;
mod crashes;
mod faults;
mod plans;
mod progress;
mod publishing;
mod rare_states;
mod refusals;
mod retries;
mod rollback;
mod secrets;
mod show;
mod signatures;
mod swaps;
mod undelivered;
