//! `nexy-version` as a black box.
#![expect(clippy::disallowed_methods, clippy::expect_used, reason = "test support: a broken world must stop the test loudly")]

mod check;
mod finding_the_target;
mod record;
mod set;
mod show;
