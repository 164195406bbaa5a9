//! The manager has loaded the unit that the release was made for, and what it starts is there.

mod paths;
mod repair;
mod unread;

use crate::{
    context::Context,
    gate::{Answer, Explain, Gate, Machine, Takes},
    loaded_command::{self, LoadedCommand},
    unit_drift::Drift,
    unit_repair::UnitFile,
};
use nexy_contract::{
    target::{Service, Target},
    text::excerpt,
};
use nexy_outside::{files, systemd};
use paths::Paths;
use std::{collections::BTreeMap, path::Path};

pub(crate) const GATE: Gate = Gate {
    id: "exec-start",
    asks: "Would the service manager start what the release expects, as the expected user, from the expected folder?",
    profiles: &["before-checkout", "hard"],
    runbook: "S0 §1.1, S1 §6.2",
    at: Machine::Vm,
    takes: Takes::RunningSystem,
    explain: Explain {
        symptom: "`can't open file` in the journal after a restart: command, working directory and layout have drifted apart.",
        check: "Asks the manager itself (systemctl show), not the unit's files: drop-ins override them. Command, user and working directory \
                must be those of [service] in nexy.toml, and nothing may wait for a reload. Program, script and working directory must be \
                there and within the user's reach; a Python interpreter is really started as that user, since a venv outlives the Python \
                that it was made of.",
        fix: "Set ExecStart, User and WorkingDirectory in the unit file, take them out of every drop-in, then\nsudo systemctl daemon-reload\n\
              The gate prints the commands, and --print-fix makes them a script; it never restarts anything.",
        verify: "sudo nexy-gate exec-start",
    },
    check,
    repair: Some(repair::repair),
};

const PROPERTIES: &[&str] = &["ExecStart", "User", "WorkingDirectory", "FragmentPath", "DropInPaths", "NeedDaemonReload", "LoadState"];
const UNIT_FILE_BYTES: u64 = 1 << 20;

pub(super) type Properties = BTreeMap<String, String>;

/// All that was looked at, as it was seen.
struct Seen {
    properties: Properties,
    unit_files: Vec<UnitFile>,
    paths: Paths,
    unread: Result<Vec<String>, String>,
}

impl Seen {
    fn facts<'a>(&'a self, target: &'a Target) -> Facts<'a> {
        Facts { target, properties: &self.properties, unit_files: &self.unit_files, paths: &self.paths, unread: &self.unread }
    }
}

/// What is judged.
struct Facts<'a> {
    target: &'a Target,
    properties: &'a Properties,
    unit_files: &'a [UnitFile],
    paths: &'a Paths,
    unread: &'a Result<Vec<String>, String>,
}

fn check(context: &Context) -> Answer {
    let target = &context.workspace.target;
    match look(target) {
        Ok(seen) => judge(&seen.facts(target)),
        Err(answer) => answer,
    }
}

/// Looks at everything, or answers why there is nothing to judge.
fn look(target: &Target) -> Result<Seen, Answer> {
    let unit = &target.service.unit;
    let properties = match systemd::show(unit, PROPERTIES) {
        Ok(properties) => properties,
        Err(error) => {
            return Err(Answer::unknown(error.to_string(), expected(&target.service), format!("look on the VM:\nsystemctl status {unit}")));
        }
    };
    let paths = paths::look(target, &properties);
    let unread = unread::look(unit, value(&properties, "DropInPaths"));
    Ok(Seen { unit_files: unit_files(&properties), properties, paths, unread })
}

/// The unit's main file and its drop-ins, in the order in which they count.
pub(super) fn unit_files(properties: &Properties) -> Vec<UnitFile> {
    let paths = [("FragmentPath", false), ("DropInPaths", true)];
    let named = paths.iter().flat_map(|(key, is_drop_in)| value(properties, key).split_whitespace().map(move |path| (path, *is_drop_in)));
    let read = |(path, is_drop_in): (&str, bool)| UnitFile {
        path: path.to_owned(),
        is_drop_in,
        text: files::read_text(Path::new(path), UNIT_FILE_BYTES).ok(),
    };
    named.map(read).collect()
}

fn judge(facts: &Facts<'_>) -> Answer {
    let service = &facts.target.service;
    let unit = &service.unit;
    match value(facts.properties, "LoadState") {
        "loaded" => {}
        "" => {
            return Answer::unknown(
                format!("the manager says nothing about {unit}"),
                expected(service),
                format!("systemctl status {unit}"),
            );
        }
        state => {
            let fix = match state {
                "masked" => format!("sudo systemctl unmask {unit}\nsudo nexy-gate exec-start"),
                "not-found" => {
                    format!(
                        "put the unit's file at /etc/systemd/system/{unit}, then\nsudo systemctl daemon-reload\nsudo nexy-gate exec-start"
                    )
                }
                _ => format!("systemd-analyze verify {unit}\nsudo systemctl daemon-reload\nsudo nexy-gate exec-start"),
            };
            return Answer::fail(format!("the manager's state of {unit} is {}", excerpt(state, 40)), expected(service), fix);
        }
    }
    let mut drift = Drift::default();
    judge_command(facts, &mut drift);
    for (key, wanted) in [("User", &service.user), ("WorkingDirectory", &service.working_directory)] {
        let found = value(facts.properties, key);
        if found != wanted {
            drift.value(facts.unit_files, key, wanted, &format!("{key} is `{}`", excerpt(found, 200)));
        }
    }
    match value(facts.properties, "NeedDaemonReload") {
        "no" => {}
        "yes" => drift.no("files of the unit have changed since the manager read them", None),
        _ => drift.blind("the manager does not say whether it must reload", &format!("systemctl status {unit}")),
    }
    match facts.unread {
        Ok(unread) if unread.is_empty() => {}
        Ok(unread) => drift.no(&format!("the manager has not read {}", excerpt(&unread.join(" "), 300)), None),
        Err(because) => drift.blind(because, "sudo nexy-gate exec-start"),
    }
    paths::judge(facts.target, facts.paths, &mut drift);
    let right = format!("{} would start `{}` as {}", service.unit, service.exec_start, service.user);
    drift.answer(facts.unit_files, right, expected(service))
}

fn judge_command(facts: &Facts<'_>, drift: &mut Drift) {
    let wanted = &facts.target.service.exec_start;
    let commands = commands(facts.properties);
    match commands.as_slice() {
        [Some(command)] => {
            let words: Vec<&str> = wanted.split(' ').collect();
            if command.words != words {
                drift.value(facts.unit_files, "ExecStart", wanted, &format!("ExecStart is `{}`", excerpt(&command.words.join(" "), 300)));
            } else if words.first().is_none_or(|program| *program != command.program) {
                let found = format!("ExecStart runs {} under another name", excerpt(&command.program, 200));
                drift.value(facts.unit_files, "ExecStart", wanted, &found);
            } else if command.ignores_errors {
                drift.value(facts.unit_files, "ExecStart", wanted, "ExecStart begins with `-`, so a failed start counts as a good one");
            }
        }
        [] => drift.value(facts.unit_files, "ExecStart", wanted, "ExecStart is not set"),
        [None] => drift
            .blind("the manager's ExecStart cannot be understood", &format!("systemctl show -p ExecStart {}", facts.target.service.unit)),
        several => drift.value(facts.unit_files, "ExecStart", wanted, &format!("ExecStart is set {} times", several.len())),
    }
}

fn expected(service: &Service) -> String {
    format!("ExecStart={}, User={}, WorkingDirectory={}", service.exec_start, service.user, service.working_directory)
}

pub(super) fn value<'a>(properties: &'a Properties, key: &str) -> &'a str {
    properties.get(key).map_or("", String::as_str)
}

/// Every ExecStart that is in effect; `None` for one in a form that is not known.
fn commands(properties: &Properties) -> Vec<Option<LoadedCommand>> {
    value(properties, "ExecStart").lines().map(loaded_command::read).collect()
}

#[cfg(test)]
mod tests;
