//! `nexy-manifest` as a black box.
#![expect(clippy::expect_used, clippy::disallowed_methods, reason = "test support: a broken scene must stop the test loudly")]

mod checking;
mod delivering;
mod installing;
mod published;
mod refusals;
mod writing;
