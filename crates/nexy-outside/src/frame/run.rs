//! The frame of every tool: run it, tell its problem, end with its exit code, and turn a panic into exit 70.

use crate::{frame::stdio, net::token};
use nexy_contract::{Exit, Problem, text};
use rustix::process::{Resource, Rlimit, setrlimit};
use std::process::ExitCode;

/// Runs a tool's story and ends the process the way the exit table says.
pub fn main(tool: &'static str, story: impl FnOnce() -> Result<Exit, Problem>) -> ExitCode {
    report_panics_as_bugs(tool);
    keep_memory_private();
    token::keep_secret();
    match story() {
        Ok(exit) => exit.into(),
        Err(problem) => {
            tell(tool, &problem);
            problem.exit.into()
        }
    }
}

/// A crash leaves no file with the token in it, and no other process of the account reads it from the memory. Where the system
/// refuses this, the tool works all the same.
fn keep_memory_private() {
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
}

/// Prints a problem: what, because, and what to do, prefixed by the tool's name.
pub fn tell(tool: &str, problem: &Problem) {
    stdio::note(&format!("{tool}: {problem}"));
}

/// Prints clap's own message and ends as clap says: 0 for help and version, 2 for a wrong command line.
pub fn usage(error: &clap::Error) -> Exit {
    let text = error.render().to_string();
    if error.use_stderr() {
        stdio::note(text.trim_end());
        return Exit::Usage;
    }
    match stdio::write_document(text.as_bytes()) {
        Ok(()) => Exit::Yes,
        Err(problem) => problem.exit,
    }
}

fn report_panics_as_bugs(tool: &'static str) {
    std::panic::set_hook(Box::new(move |panic| {
        let message = panic
            .payload()
            .downcast_ref::<&str>()
            .map(ToString::to_string)
            .or_else(|| panic.payload().downcast_ref::<String>().cloned())
            .unwrap_or_default();
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        stdio::note(&format!(
            "{tool}: this is a bug in the tool, at {place}: {}\n  do: report it with the command line; believe nothing that this run has said",
            text::printable(&message)
        ));
        #[expect(clippy::exit, reason = "a panic must end with the code of the exit table, also when panics abort")]
        std::process::exit(i32::from(Exit::Bug.code()));
    }));
}
