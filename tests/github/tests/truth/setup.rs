//! What the tests need from elsewhere; where it cannot be had, they say loudly that they were skipped.

use assert_cmd::{Command, assert::Assert};
use nexy_standin::skip::{self, Need};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// Where this is set, as in CI, nothing may be skipped.
const SKIP_NOTHING: &str = "NEXY_SKIP_NOTHING";

/// Whether a program is on `PATH`; without it the test is skipped, where that is allowed.
pub(crate) fn has_program(test: &str, name: &str) -> bool {
    let found = skip::has_program(test, name, name);
    if !found {
        is_allowed(test, name);
    }
    found
}

/// Stops the test where nothing may be skipped.
fn is_allowed(test: &str, because: &str) {
    assert!(std::env::var_os(SKIP_NOTHING).is_none(), "{test} was skipped although {SKIP_NOTHING} is set: {because}");
}

/// A file of what GitHub publishes, fetched once for all tests; none when it cannot be fetched.
pub(crate) fn published(test: &str, file: &str) -> Option<String> {
    static FOLDER: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    match FOLDER.get_or_init(fetch) {
        Ok(folder) => {
            let file = folder.join(file);
            Some(fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display())))
        }
        Err(because) => {
            is_allowed(test, because);
            skip::skipped(test, because, Need::Other("npm (sudo apt-get install npm) and the registry that it fetches from"));
            None
        }
    }
}

fn fetch() -> Result<PathBuf, String> {
    let test = std::env::current_exe().unwrap();
    let folder = test.ancestors().nth(3).unwrap().join("github");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("setup.sh");
    let output = Command::new("/bin/sh").arg(script).arg(&folder).output().unwrap();
    if output.status.code() == Some(69) {
        return Err(format!("tests/github/setup.sh: {}", String::from_utf8_lossy(&output.stderr).trim()));
    }
    // Another code: the packages are not the pinned ones, or the script is wrong.
    Assert::new(output).append_context("command", "tests/github/setup.sh").success();
    Ok(folder)
}
