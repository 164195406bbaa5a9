//! Compares the imitated GitHub with GitHub's description, its recorded traffic and its own command line.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::disallowed_methods, reason = "tests")]

mod certificates;
mod command_line;
mod described;
mod description;
mod encrypted;
mod internet;
mod judge;
mod places;
mod recorded;
mod schema;
mod setup;
mod talk;
