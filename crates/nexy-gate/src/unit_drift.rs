//! What differs between the unit that the manager has loaded and the expected one, and the commands that mend it.

use crate::{
    gate::Answer,
    unit_repair::{self, UnitFile},
};
use nexy_contract::text::excerpt;

/// What was found so far.
#[derive(Debug, Default)]
pub(crate) struct Drift {
    bad: Vec<String>,
    blind: Vec<String>,
    commands: Vec<String>,
}

impl Drift {
    /// This is wrong; `command` mends it, if one can.
    pub(crate) fn no(&mut self, found: &str, command: Option<String>) {
        self.bad.push(found.to_owned());
        self.command(command);
    }

    /// A directive has another value than it should.
    pub(crate) fn value(&mut self, unit_files: &[UnitFile], directive: &str, wanted: &str, found: &str) {
        self.bad.push(found.to_owned());
        for command in unit_repair::commands(unit_files, directive, wanted) {
            self.command(Some(command));
        }
    }

    /// This could not be looked at; `command` looks closer.
    pub(crate) fn blind(&mut self, found: &str, command: &str) {
        self.blind.push(found.to_owned());
        self.command(Some(command.to_owned()));
    }

    /// Whether nothing was found so far.
    pub(crate) fn is_clean(&self) -> bool {
        self.bad.is_empty() && self.blind.is_empty()
    }

    /// One more command; each is said once.
    pub(crate) fn command(&mut self, command: Option<String>) {
        if let Some(command) = command.filter(|command| !self.commands.contains(command)) {
            self.commands.push(command);
        }
    }

    /// The answer over all of it; the commands end with a reload and the same question, and never with a restart.
    pub(crate) fn answer(mut self, unit_files: &[UnitFile], right: String, expected: String) -> Answer {
        if self.bad.is_empty() && self.blind.is_empty() {
            return Answer::pass(right);
        }
        let is_no = !self.bad.is_empty();
        if is_no {
            self.command(Some("sudo systemctl daemon-reload".to_owned()));
        }
        self.command(Some("sudo nexy-gate exec-start".to_owned()));
        let drop_ins: Vec<&str> = unit_files.iter().filter(|file| file.is_drop_in).map(|file| file.path.as_str()).collect();
        let mut found = self.bad;
        found.append(&mut self.blind);
        if !drop_ins.is_empty() {
            found.push(format!("drop-ins: {}", excerpt(&drop_ins.join(" "), 300)));
        }
        let answer = if is_no { Answer::fail } else { Answer::unknown };
        answer(found.join("; "), expected, self.commands.join("\n"))
    }
}
