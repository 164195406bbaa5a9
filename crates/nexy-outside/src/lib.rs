//! All access to files, network, programs and clock. A function looks or acts and says what happened; the tool that called it
//! decides what that means, with the pure rules of `nexy-contract`.
//!
//! | folder | what it may touch | what it may decide |
//! |---|---|---|
//! | `frame` | standard streams, the command line, `nexy.toml`, VERSION | the form of output, and which record may be acted upon |
//! | `fs` | files, folders, locks, accounts | nothing; it refuses what is no regular file, or larger than its bound |
//! | `net` | HTTP, GitHub, Gemini, the token | which redirect is followed, and which origin gets the token |
//! | `programs` | child processes: git, az, systemctl, hdiutil, setpriv | their environment, deadline and output bound |

#![allow(
    clippy::must_use_candidate,
    clippy::missing_errors_doc,
    reason = "the type or the sentence names the error; types whose loss would hide a fault are marked `must_use`; a question that is asked in vain changes nothing"
)]

pub mod clock;
pub mod environment;
pub mod frame;
pub mod fs;
pub mod net;
pub mod programs;

pub use frame::{
    options::{Common, Format},
    workspace::Workspace,
};
pub use net::secret::Secret;
