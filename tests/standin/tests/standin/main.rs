//! The stand-in itself: what it refuses, what it answers, and what its world looks like.
#![expect(clippy::unwrap_used, clippy::disallowed_methods, reason = "tests")]

mod claims;
mod client;
mod connections;
mod crash;
mod faults;
mod gemini;
mod github;
mod graphql;
mod listeners;
mod nexy;
mod releases;
mod world;
