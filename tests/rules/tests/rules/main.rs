//! The rules of this repository, each with a test. A failing test names the file and what to change.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests read the repository and run the built tools; what goes wrong ends the test"
)]

mod dependencies;
mod diagnosis;
mod docs;
mod house;
mod incidents;
mod makefile;
mod module_graph;
mod modules;
mod portable;
mod readme;
mod repository;
mod rulebooks;
mod rust_text;
mod tables;
mod target_values;
mod third_party;
