//! `nexy-version` as a black box.
#![expect(clippy::disallowed_methods, reason = "test support: a broken scene must stop the test loudly")]

mod checking;
mod finding_the_target;
mod recording;
mod setting;
mod showing;
