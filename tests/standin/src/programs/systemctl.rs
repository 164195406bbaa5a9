//! `systemctl` of systemd 252, for the units of `units.json`.

use super::{Said, write_journal};
use crate::nexy::running::Vm;
use crate::{clock, disk};
use serde_json::{Value, json};
use std::path::Path;

/// Plays one call of `systemctl`.
pub(super) fn play(state: &Path, arguments: &[String]) -> Said {
    let file = state.join("units.json");
    let mut units = disk::read_json(&file).unwrap_or_else(|| json!({}));
    if units["no_systemd"] == true {
        return Said::error(
            1,
            "System has not been booted with systemd as init system (PID 1). Can't operate.\nFailed to connect to bus: Host is down",
        );
    }
    let call = match Call::read(arguments) {
        Ok(call) => call,
        Err(said) => return said,
    };
    let known = units.get(&call.unit).is_some();
    match call.verb.as_str() {
        "daemon-reload" => {
            for (_, unit) in units.as_object_mut().unwrap().iter_mut() {
                if unit.is_object() {
                    unit["NeedDaemonReload"] = json!("no");
                }
            }
            disk::write_json(&file, &units);
            Said::default()
        }
        "show" => show(&units[&call.unit], &call),
        "show-environment" if call.unit.is_empty() => Said::ok(environment(&units)),
        "unset-environment" if !call.unit.is_empty() => {
            let name = format!("{}=", call.unit.trim_end_matches(".service"));
            if let Some(lines) = units[ENVIRONMENT].as_array_mut() {
                lines.retain(|line| line.as_str().is_none_or(|line| !line.starts_with(&name)));
            }
            disk::write_json(&file, &units);
            Said::default()
        }
        "show-environment" => Said::error(1, "Too many arguments."),
        "unset-environment" => Said::error(1, "Too few arguments."),
        "restart" if known => {
            restart(state, &mut units[&call.unit]);
            disk::write_json(&file, &units);
            Said::default()
        }
        "restart" => Said::error(5, format!("Failed to restart {0}: Unit {0} not found.", call.unit)),
        other => untaught(other),
    }
}

/// The manager's own environment, beside the units.
const ENVIRONMENT: &str = "environment";

/// Values with anything that a shell would take otherwise are quoted, as systemd 252 does it.
fn environment(units: &Value) -> String {
    let line = |line: &Value| {
        let (name, value) = line.as_str().unwrap_or_default().split_once('=').unwrap();
        let is_plain = !value.contains(|c: char| c.is_whitespace() || "\"'\\`$*?[()<>|&;!".contains(c));
        if is_plain {
            return format!("{name}={value}\n");
        }
        let quoted = value.replace('\\', r"\\").replace('\'', r"\'").replace('\n', r"\n").replace('\t', r"\t");
        format!("{name}=$'{quoted}'\n")
    };
    units[ENVIRONMENT].as_array().into_iter().flatten().map(line).collect()
}

fn untaught(what: &str) -> Said {
    Said::error(1, format!("systemctl of the stand-in was never taught {what:?}"))
}

/// What was asked.
#[derive(Default)]
struct Call {
    verb: String,
    unit: String,
    properties: Vec<String>,
    value_only: bool,
}

impl Call {
    fn read(arguments: &[String]) -> Result<Self, Said> {
        let mut call = Self::default();
        let mut words = Vec::new();
        let mut rest = arguments.iter();
        while let Some(argument) = rest.next() {
            let listed = argument.strip_prefix("--property=").or_else(|| argument.strip_prefix("-p").filter(|rest| !rest.is_empty()));
            match argument.as_str() {
                "--value" => call.value_only = true,
                "--no-pager" | "--full" | "-l" | "--" => {}
                "-p" | "--property" | "-P" => {
                    call.value_only |= argument == "-P";
                    let names = rest.next().ok_or_else(|| untaught(argument))?;
                    call.add(names);
                }
                _ if listed.is_some() => call.add(listed.unwrap_or_default()),
                other if other.starts_with('-') => return Err(untaught(other)),
                word => words.push(word.to_owned()),
            }
        }
        let mut words = words.into_iter();
        call.verb = words.next().unwrap_or_default();
        call.unit = words.next().unwrap_or_default();
        if !call.unit.is_empty() && !call.unit.contains('.') {
            call.unit.push_str(".service");
        }
        match words.next() {
            None => Ok(call),
            Some(second) => Err(untaught(&format!("a second unit: {second}"))),
        }
    }

    fn add(&mut self, names: &str) {
        self.properties.extend(names.split(',').map(str::to_owned));
    }
}

/// Properties come in the manager's order, not in the order asked for.
fn show(unit: &Value, call: &Call) -> Said {
    if call.unit.is_empty() {
        return untaught("show without a unit");
    }
    let unknown = json!({
        "MainPID": "0", "NRestarts": "0", "LoadState": "not-found", "ActiveState": "inactive",
        "SubState": "dead", "Result": "success", "FragmentPath": "", "DropInPaths": "", "NeedDaemonReload": "no",
        "InvocationID": "", "UnitFileState": "",
    });
    let unit = if unit.is_object() { unit } else { &unknown };
    let mut text = String::new();
    for (key, value) in unit.as_object().unwrap() {
        let is_property = key.starts_with(|first: char| first.is_ascii_uppercase());
        if !is_property {
            continue;
        }
        let shown = if key == "ExecStart" { vec!["ExecStart", "ExecStartEx"] } else { vec![key.as_str()] };
        for key in shown.into_iter().filter(|key| call.properties.is_empty() || call.properties.iter().any(|asked| asked == key)) {
            for line in values(key, value) {
                if !call.value_only {
                    text.push_str(&format!("{key}="));
                }
                text.push_str(&format!("{line}\n"));
            }
        }
    }
    Said::ok(text)
}

fn values(key: &str, value: &Value) -> Vec<String> {
    let lines = match value {
        Value::Array(items) => items.clone(),
        other => vec![other.clone()],
    };
    let lines = lines.iter().map(|line| match line {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    });
    if !key.starts_with("ExecStart") {
        return lines.collect();
    }
    lines.map(|command| loaded_command(key, &command)).collect()
}

/// A command as the manager has loaded it: what stands before the program has become flags, which only `ExecStartEx` tells.
fn loaded_command(key: &str, command: &str) -> String {
    let line = command.trim_start_matches(['-', '@', ':', '+', '!']);
    let prefix = &command[..command.len() - line.len()];
    let (program, argv) = match (prefix.contains('@'), line.split_once(' ')) {
        (true, Some((program, rest))) => (program, rest),
        (_, words) => (words.map_or(line, |(program, _)| program), line),
    };
    let flags = [
        ("ignore-failure", prefix.contains('-')),
        ("privileged", prefix.contains('+')),
        ("no-setuid", prefix.matches('!').count() == 1),
        ("ambient", prefix.matches('!').count() == 2),
        ("no-env-expand", prefix.contains(':')),
    ];
    let flags: Vec<&str> = flags.iter().filter(|(_, is_set)| *is_set).map(|(flag, _)| *flag).collect();
    let kind = match key {
        "ExecStart" => format!("ignore_errors={}", if prefix.contains('-') { "yes" } else { "no" }),
        _ => format!("flags={}", flags.join(" ")),
    };
    format!("{{ path={program} ; argv[]={argv} ; {kind} ; start_time=[n/a] ; stop_time=[n/a] ; pid=0 ; code=(null) ; status=0/0 }}")
}

/// When it was started, and the first line that it wrote into the journal.
pub(crate) fn started(state: &Path, unit: &mut Value) {
    unit["ExecMainStartTimestamp"] = json!(clock::systemd(clock::now_seconds()));
    write_journal(state, unit["InvocationID"].as_str().unwrap(), "INFO - the server is ready");
}

/// A good start.
fn restart(state: &Path, unit: &mut Value) {
    let before = unit["InvocationID"].as_str().unwrap_or_default().to_owned();
    let invocation = disk::sha256(format!("after {before}").as_bytes())[..32].to_owned();
    let process = unit["MainPID"].as_str().unwrap_or("0");
    let process = process.parse::<u64>().unwrap_or(0) + 1;
    unit["InvocationID"] = json!(invocation);
    unit["MainPID"] = json!(process.to_string());
    unit["ActiveState"] = json!("active");
    unit["SubState"] = json!("running");
    unit["NRestarts"] = json!("0");
    started(state, unit);
    if let Some(vm) = Vm::read(state) {
        vm.start(&json!(invocation));
    }
}
