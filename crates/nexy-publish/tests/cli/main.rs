//! `nexy-publish` as a black box: the real binary against a strict stand-in for GitHub.
#![expect(clippy::expect_used, reason = "test support: a broken scene must stop the test loudly")]

mod again;
mod changing;
mod cleaning;
mod crashes;
mod faults;
mod machines;
mod plans;
mod progress;
mod publishing;
mod rare;
mod refusals;
mod retries;
mod rollback;
mod rollback_crashes;
mod scene;
mod secrets;
mod show;
mod signatures;
mod swaps;
mod undelivered;
