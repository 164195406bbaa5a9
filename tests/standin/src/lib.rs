//! Stand-ins for GitHub, its storage host, the Nexy server and the programs of the VM.
//!
//! Doubles stand at the real border only: the tools are pointed here by `nexy.toml` and `PATH`,
//! as any user may point them. No production type is imported.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "test support: a broken double must stop the test loudly"
)]

pub mod artifact;
pub mod client;
mod clock;
mod connection;
pub mod crash;
mod disk;
pub mod error_responses;
mod exchange;
mod fault;
mod gemini;
mod github;
mod hold;
pub mod hostile;
mod http;
pub mod leak_scan;
mod listener;
mod nexy;
pub mod package;
pub mod printed_commands;
pub mod programs;
mod request_log;
mod seed;
pub mod skip;
mod standin;
mod state;
mod tokens;
pub mod world;

pub use exchange::Exchange;
pub use fault::{Fault, Reply};
pub use gemini::Model;
pub use github::{AssetInfo, ScriptedRun};
pub use hold::Hold;
pub use listener::Listener;
pub use request_log::RequestLine;
pub use seed::ReleaseOptions;
pub use standin::{GithubUrls, Standin, TOKEN};
