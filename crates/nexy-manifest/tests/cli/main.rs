//! `nexy-manifest` as a black box: the real binary against stand-ins.
#![expect(clippy::expect_used, clippy::disallowed_methods, reason = "test support: a broken world must stop the test loudly")]

mod check;
mod crash;
mod delivery;
mod install;
mod published;
mod push;
mod refusals;
mod service_user;
mod write;
