//! What the service manager has loaded; never what the unit's files say.

use crate::programs::{ProgramError, Ran, Run};
use nexy_contract::Timestamp;
use std::{collections::BTreeMap, time::Duration};

/// Why the manager's view is not known.
#[derive(Debug, thiserror::Error)]
pub enum SystemdError {
    /// The program did not run.
    #[error(transparent)]
    Program(#[from] ProgramError),
    /// It ran, and refused: its exit status, and what it said.
    #[error("systemctl ended with {0}: {1}")]
    Refused(i32, String),
    /// It printed something else than was asked for, in the line of this number.
    #[error("`systemctl show-environment` printed a line in a form that is not known (line {0})")]
    Strange(usize),
}

impl SystemdError {
    /// Whether this machine has no service manager of this kind, so that none gives anything to a service.
    pub fn is_no_manager(&self) -> bool {
        match self {
            Self::Program(error) => matches!(error, ProgramError::Missing(_)),
            Self::Refused(_, complaint) => complaint.contains("has not been booted with systemd"),
            Self::Strange(_) => false,
        }
    }
}

/// The variables that the manager gives to every service; `None` for a value that is printed in quotes.
pub type Environment = BTreeMap<String, Option<String>>;

/// Properties of a unit as `systemctl show` prints them; a property that comes several times, such as `ExecStart`, holds
/// one line for each. Times are UTC ([`moment`]). An unknown unit is no error: its `LoadState` is `not-found`.
/// Errors: [`SystemdError`] when the manager cannot be asked.
pub fn show(unit: &str, properties: &[&str]) -> Result<BTreeMap<String, String>, SystemdError> {
    let wanted = format!("--property={}", properties.join(","));
    Ok(properties_of(&ask(&["show", "--no-pager", &wanted, "--", unit])?.stdout_text()))
}

/// A time of [`show`], which is cut to whole seconds: `Sat 2026-02-22 10:00:00 UTC`. `None` for one that was never, and for another form.
pub fn moment(property: &str) -> Option<Timestamp> {
    let [_, date, time, "UTC"] = property.split(' ').collect::<Vec<_>>()[..] else { return None };
    format!("{date}T{time}Z").parse().ok()
}

/// The manager's own environment: what `systemctl set-environment` and `DefaultEnvironment=` have set.
/// Errors: [`SystemdError`] when the manager cannot be asked, or answers in a form that is not known.
pub fn environment() -> Result<Environment, SystemdError> {
    environment_of(&ask(&["show-environment", "--no-pager"])?.stdout_text())
}

fn ask(arguments: &[&str]) -> Result<Ran, SystemdError> {
    let ran = Run::new("systemctl", arguments).set("TZ", "UTC").timeout(Duration::from_secs(10)).run()?;
    if ran.succeeded() { Ok(ran) } else { Err(SystemdError::Refused(ran.code(), ran.complaint())) }
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

fn environment_of(text: &str) -> Result<Environment, SystemdError> {
    let variable = |(number, line): (usize, &str)| {
        let strange = SystemdError::Strange(number + 1);
        let is_name = |name: &str| !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        let Some((name, value)) = line.split_once('=').filter(|(name, _)| is_name(name)) else { return Err(strange) };
        let is_quoted = [("$'", "'"), ("\"", "\"")]
            .iter()
            .any(|(open, close)| value.strip_prefix(open).and_then(|rest| rest.strip_suffix(close)).is_some());
        if is_quoted {
            return Ok((name.to_owned(), None));
        }
        // The manager quotes a value with one of these.
        let is_plain = !value.contains(|c: char| c.is_whitespace() || c.is_control() || "\"'\\`$*?[()<>|&;!".contains(c));
        if is_plain { Ok((name.to_owned(), Some(value.to_owned()))) } else { Err(strange) }
    };
    text.lines().enumerate().map(variable).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_property_that_comes_twice_loses_nothing() {
        let found = properties_of("ExecStart={ a=1 }\nUser=\nExecStart={ b=2 }\n");
        assert_eq!(found["ExecStart"], "{ a=1 }\n{ b=2 }");
        assert_eq!(found["User"], "");
    }

    #[test]
    fn a_time_is_read_in_the_one_form_that_was_asked_for() {
        let second = |text| moment(text).map(Timestamp::as_second);
        assert_eq!(second("Sun 2026-02-22 10:00:01 UTC"), Some(1_771_754_401));
        for text in ["", "n/a", "Sun 2026-02-22 10:00:01 CET", "2026-02-22 10:00:01 UTC", "Sun 2026-02-30 10:00:01 UTC"] {
            assert_eq!(second(text), None, "{text}");
        }
    }

    #[test]
    fn the_managers_environment_is_read_in_the_form_of_systemd_252_and_no_other() {
        let found = environment_of("LANG=C.UTF-8\nE=\nW=a=b,c:/d+e-f@g%h~\nZ=#a\nA=$'b c'\nQ=$'it\\'s'\nO=\"b c\"\n").expect("it is read");
        let plain = |name: &str| found[name].as_deref();
        assert_eq!([plain("LANG"), plain("E"), plain("W"), plain("Z")], [Some("C.UTF-8"), Some(""), Some("a=b,c:/d+e-f@g%h~"), Some("#a")]);
        assert_eq!([plain("A"), plain("Q"), plain("O")], [None, None, None]);
        for text in ["A=b c\n", "ExecStart={ path=/a ; }\n", "no assignment\n", "=x\n", "A B=1\n", "A=it's\n"] {
            assert!(environment_of(text).is_err(), "{text}");
        }
        assert!(environment_of("").expect("nothing is set").is_empty());
    }

    #[test]
    fn a_machine_without_systemd_is_not_one_that_refuses() {
        let refused = |complaint: &str| SystemdError::Refused(1, complaint.to_owned());
        assert!(SystemdError::Program(ProgramError::Missing("systemctl".to_owned())).is_no_manager());
        assert!(refused("System has not been booted with systemd as init system (PID 1). Can't operate.").is_no_manager());
        assert!(!refused("Failed to connect to bus: Permission denied").is_no_manager());
    }
}
