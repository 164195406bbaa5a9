//! The proof that a publication cannot lose the download: every fault, every crash and every race at every request,
//! compared with one written model (`model.rs`) and the same invariants (`invariants.rs`).
#![expect(clippy::expect_used, clippy::panic, reason = "test support: a broken world must stop the test loudly")]

mod case;
mod crashes;
mod fault_cases;
mod faults;
mod harness;
mod invariants;
mod manual_changes;
mod model;
mod pairs;
mod parallel;
mod printed_commands;
mod races;
mod requests;
mod second_publisher;
mod verbs;
