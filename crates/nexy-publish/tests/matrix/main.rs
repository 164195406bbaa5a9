//! The proof that a publication cannot lose the download: every fault, every crash and every race at every request,
//! held against one written model (`model.rs`) and the same invariants (`invariants.rs`).
#![expect(clippy::expect_used, clippy::panic, reason = "test support: a broken scene must stop the test loudly")]

mod case;
mod crashes;
mod faults;
mod invariants;
mod kinds;
mod machine;
mod model;
mod pairs;
mod persons;
mod places;
mod pool;
mod races;
#[path = "../cli/scene.rs"]
#[allow(dead_code, reason = "the scene of the other black-box tests; this proof needs a part of it")]
mod scene;
mod site;
mod typed;
mod verbs;
