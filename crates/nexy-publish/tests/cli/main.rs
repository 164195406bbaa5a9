//! `nexy-publish` as a black box: the real binary against a strict stand-in for GitHub.

mod crashes;
mod faults;
mod plans;
mod publishing;
mod refusals;
mod scene;
mod secrets;
mod show;
