//! `nexy-version` as a black box.

mod checking;
mod finding_the_target;
mod recording;
mod setting;
mod showing;
