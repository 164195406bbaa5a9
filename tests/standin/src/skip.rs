//! Tests that cannot run here: each says so, with the reason and what would let it run; `make test` counts them at its end.

use std::fmt::{self, Display};
use std::fs::OpenOptions;
use std::io::Write as _;

/// The file that collects one line for each test that was skipped; the Makefile sets it.
const COLLECTED_IN: &str = "NEXY_SKIPPED";

/// What would let a test run here.
#[derive(Clone, Copy, Debug)]
pub enum Need<'a> {
    /// The rights of root: real owners, other accounts, mounts.
    Root,
    /// A package of Debian.
    Package(&'a str),
    /// Anything else, as words that stand behind "needs".
    Other(&'a str),
}

impl Display for Need<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => write!(formatter, "root"),
            Self::Package(name) => write!(formatter, "{name} (sudo apt-get install {name})"),
            Self::Other(words) => write!(formatter, "{words}"),
        }
    }
}

/// Set where everything is installed: nothing may be skipped there.
const NOTHING: &str = "NEXY_SKIP_NOTHING";

/// Says that a test, or a part of it, is skipped.
///
/// # Panics
/// Where nothing may be skipped.
pub fn skipped(test: &str, because: &str, need: Need<'_>) {
    assert!(std::env::var_os(NOTHING).is_none(), "{NOTHING} is set, and {test} cannot run: {because}; it needs {need}");
    // Not by `eprintln!`: the test harness shows what that prints only when the test fails.
    std::io::stderr().write_all(format!("\nSKIPPED {test}: {because}; needs {need}\n").as_bytes()).unwrap();
    if let Some(file) = std::env::var_os(COLLECTED_IN) {
        let line = format!("{need}\t{test}: {}\n", because.replace('\n', " "));
        let mut file = OpenOptions::new().append(true).create(true).open(&file).unwrap();
        // One write, so that lines of tests that run at once stay whole.
        file.write_all(line.as_bytes()).unwrap();
    }
}

/// Whether a program is on `PATH`; without it the test is skipped.
#[must_use]
pub fn has_program(test: &str, name: &str, package: &str) -> bool {
    let found = std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()).any(|folder| folder.join(name).is_file());
    if !found {
        skipped(test, &format!("{name} is not on PATH"), Need::Package(package));
    }
    found
}
