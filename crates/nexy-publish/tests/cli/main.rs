//! `nexy-publish` as a black box: the real binary against a strict stand-in for GitHub.
#![expect(clippy::expect_used, reason = "test support: a broken scene must stop the test loudly")]

mod crashes;
mod faults;
mod plans;
mod publishing;
mod refusals;
mod scene;
mod secrets;
mod show;
mod swaps;
mod undelivered;
