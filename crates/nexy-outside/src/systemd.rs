//! What the service manager has loaded; never what the unit's files say.

use crate::programs::{ProgramError, Run};
use std::{collections::BTreeMap, time::Duration};

/// Why the manager's view is not known.
#[derive(Debug, thiserror::Error)]
pub enum SystemdError {
    /// The program did not run.
    #[error(transparent)]
    Program(#[from] ProgramError),
    /// It ran, and refused.
    #[error("systemctl ended with {code}: {complaint}")]
    Refused {
        /// Its exit status.
        code: i32,
        /// What it said.
        complaint: String,
    },
}

/// Properties of a unit as `systemctl show` prints them. An unknown unit is no error: its `LoadState` is `not-found`.
///
/// # Errors
/// [`SystemdError`] when the manager cannot be asked.
pub fn show(unit: &str, properties: &[&str]) -> Result<BTreeMap<String, String>, SystemdError> {
    let wanted = format!("--property={}", properties.join(","));
    let ran = Run::new("systemctl", &["show", "--no-pager", &wanted, "--", unit]).timeout(Duration::from_secs(10)).run()?;
    if !ran.succeeded() {
        return Err(SystemdError::Refused { code: ran.code(), complaint: ran.complaint() });
    }
    let text = ran.stdout_text();
    let pairs = text.lines().filter_map(|line| line.split_once('='));
    Ok(pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).collect())
}
