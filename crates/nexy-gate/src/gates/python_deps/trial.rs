//! What the service's own Python says, run as the service's user: pip about its packages, and imports of the stubs.

use crate::secret_class;
use nexy_outside::{
    accounts::Account,
    programs::{ProgramError, Run},
};
use std::{path::Path, time::Duration};

const PIP_PATIENCE: Duration = Duration::from_secs(45);
const IMPORT_PATIENCE: Duration = Duration::from_secs(25);
const TAIL_BYTES: usize = 16 << 10;
/// The last thing that a whole import says; a module that ends the program says nothing.
const IMPORTED: &str = "nexy-imported";
const IMPORT: &str =
    "import importlib, sys; sys.path.insert(0, sys.argv[1]); importlib.import_module(sys.argv[2]); print('\\nnexy-imported')";

/// Said of a venv that cannot be asked since it has no pip.
pub(super) const NO_PIP: &str = "the venv has no pip, so nobody checks its packages";

/// How it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Trial {
    Good,
    /// It refused, with its last words.
    Refused(String),
    /// It did not come to an answer, and why.
    NotTried(String),
}

/// `pip check`, which looks for what the packages themselves need.
pub(super) fn pip_check(python: &Path, account: &Account) -> Trial {
    let ran = run(python, account, &["-I", "-B", "-m", "pip", "--disable-pip-version-check", "check"], PIP_PATIENCE);
    match ran {
        Ok((0, _, _)) => Trial::Good,
        // It says on standard output what is wrong with the packages, and elsewhere what is wrong with itself.
        Ok((_, _, err)) if err.contains("No module named pip") => Trial::NotTried(NO_PIP.to_owned()),
        Ok((1, out, _)) if !out.trim().is_empty() => Trial::Refused(words(&out, 3)),
        Ok((code, out, err)) => {
            Trial::NotTried(format!("pip check ended with {code}: {}", words(if err.trim().is_empty() { &out } else { &err }, 1)))
        }
        Err(error) => Trial::NotTried(error.to_string()),
    }
}

/// Imports one module from its own folder.
pub(super) fn import(python: &Path, account: &Account, folder: &str, module: &str) -> Trial {
    match run(python, account, &["-I", "-B", "-c", IMPORT, folder, module], IMPORT_PATIENCE) {
        Ok((0, out, _)) if out.lines().next_back() == Some(IMPORTED) => Trial::Good,
        Ok((0, _, _)) => Trial::Refused("it ended the program".to_owned()),
        Ok((1, _, err)) if !err.trim().is_empty() => Trial::Refused(words(&err, 1)),
        Ok((code, _, err)) => Trial::NotTried(format!("python ended with {code}: {}", words(&err, 1))),
        Err(error) => Trial::NotTried(error.to_string()),
    }
}

fn run(python: &Path, account: &Account, arguments: &[&str], patience: Duration) -> Result<(i32, String, String), ProgramError> {
    let run = Run::new(&python.display().to_string(), arguments)
        .folder(Path::new("/"))
        .timeout(patience)
        .keep_tail(TAIL_BYTES)
        .as_account(account);
    let ran = run.run()?;
    Ok((ran.code(), ran.stdout_text(), String::from_utf8_lossy(&ran.stderr).into_owned()))
}

fn words(text: &str, count: usize) -> String {
    let said = secret_class::last_words(text, count);
    if said.is_empty() { "it said nothing".to_owned() } else { said.join(" / ") }
}
