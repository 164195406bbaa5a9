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

/// Properties of a unit as `systemctl show` prints them; a property that comes several times, such as `ExecStart`, holds
/// one line for each. An unknown unit is no error: its `LoadState` is `not-found`.
///
/// # Errors
/// [`SystemdError`] when the manager cannot be asked.
pub fn show(unit: &str, properties: &[&str]) -> Result<BTreeMap<String, String>, SystemdError> {
    let wanted = format!("--property={}", properties.join(","));
    let ran = Run::new("systemctl", &["show", "--no-pager", &wanted, "--", unit]).timeout(Duration::from_secs(10)).run()?;
    if !ran.succeeded() {
        return Err(SystemdError::Refused { code: ran.code(), complaint: ran.complaint() });
    }
    Ok(properties_of(&ran.stdout_text()))
}

fn properties_of(text: &str) -> BTreeMap<String, String> {
    let mut found: BTreeMap<String, String> = BTreeMap::new();
    for (key, value) in text.lines().filter_map(|line| line.split_once('=')) {
        found
            .entry(key.to_owned())
            .and_modify(|lines| {
                lines.push('\n');
                lines.push_str(value);
            })
            .or_insert_with(|| value.to_owned());
    }
    found
}

#[cfg(test)]
mod tests {
    use super::properties_of;

    #[test]
    fn a_property_that_comes_twice_loses_nothing() {
        let found = properties_of("ExecStart={ a=1 }\nUser=\nExecStart={ b=2 }\n");
        assert_eq!(found["ExecStart"], "{ a=1 }\n{ b=2 }");
        assert_eq!(found["User"], "");
    }
}
