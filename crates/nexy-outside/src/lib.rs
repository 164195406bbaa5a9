//! The only doors to the world: standard streams, HTTP, GitHub's wire calls, programs, files, clock. No decisions.
//!
//! A door looks or acts and says what happened. What that means is decided by the tool that asked, with the pure rules
//! of `nexy-contract`.

pub mod accounts;
pub mod acting;
pub mod azure;
pub mod cli;
pub mod clock;
pub mod disk_image;
pub mod environment;
pub mod files;
pub mod gemini;
pub mod git;
pub mod github;
pub mod http;
pub mod lines;
pub mod live;
pub mod manifests;
pub mod own_lock;
pub mod owned_version;
pub mod ownership;
pub mod programs;
pub mod secret;
pub mod space;
pub mod stdio;
pub mod systemd;
pub mod target_file;
pub mod token;
pub mod tool;
pub mod tree;
pub mod trial;

pub use cli::{Common, Format};
pub use secret::Secret;
pub use target_file::Workspace;
