//! `systemctl` of systemd 252, for the units of `units.json`.

use super::Said;
use crate::disk;
use crate::nexy::running::Vm;
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
        "is-active" => is_active(&units[&call.unit], call.quiet),
        "cat" if known => cat(&units[&call.unit]),
        "restart" if known => {
            let said = restart(state, &mut units, &call.unit);
            disk::write_json(&file, &units);
            said
        }
        "reset-failed" if known => {
            units[&call.unit]["refuses_starts"] = json!(false);
            disk::write_json(&file, &units);
            Said::default()
        }
        "cat" => Said::error(1, format!("No files found for {}.", call.unit)),
        "restart" | "reset-failed" => {
            let verb = &call.verb;
            Said::error(5, format!("Failed to {verb} {0}: Unit {0} not found.", call.unit))
        }
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
    quiet: bool,
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
                "-q" | "--quiet" => call.quiet = true,
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
        "SubState": "dead", "FragmentPath": "", "DropInPaths": "", "NeedDaemonReload": "no",
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

fn is_active(unit: &Value, quiet: bool) -> Said {
    let state = unit["ActiveState"].as_str().unwrap_or("inactive");
    let code = if state == "active" { 0 } else { 3 };
    let stdout = if quiet { String::new() } else { format!("{state}\n") };
    Said { code, stdout, stderr: String::new() }
}

fn cat(unit: &Value) -> Said {
    let text = |key: &str| unit[key].as_str().unwrap_or_default().to_owned();
    Said::ok(format!(
        "# {}\n[Service]\nUser={}\nWorkingDirectory={}\nExecStart={}\n",
        text("FragmentPath"),
        text("User"),
        text("WorkingDirectory"),
        text("ExecStart")
    ))
}

/// A start that is scripted in `on_restart`, or a good one.
fn restart(state: &Path, units: &mut Value, name: &str) -> Said {
    let unit = &mut units[name];
    if unit["refuses_starts"] == true {
        return Said::error(
            1,
            format!("Job for {name} failed.\nSee \"systemctl status {name}\" and \"journalctl -xeu {name}\" for details."),
        );
    }
    let before = unit["InvocationID"].as_str().unwrap_or_default().to_owned();
    let invocation = disk::sha256(format!("after {before}").as_bytes())[..32].to_owned();
    let process = unit["MainPID"].as_str().unwrap_or("0");
    let process = process.parse::<u64>().unwrap_or(0) + 1;
    unit["InvocationID"] = json!(invocation);
    unit["MainPID"] = json!(process.to_string());
    unit["ActiveState"] = json!("active");
    unit["SubState"] = json!("running");
    unit["NRestarts"] = json!("0");
    let scripted =
        unit["on_restart"].as_array_mut().filter(|starts| !starts.is_empty()).map(|starts| starts.remove(0)).unwrap_or_else(|| json!({}));
    if let Some(changes) = scripted["set"].as_object() {
        for (key, value) in changes {
            unit[key] = value.clone();
        }
    }
    if let Some(vm) = Vm::read(state) {
        vm.start(&json!(invocation));
    }
    Said {
        code: scripted["code"].as_u64().unwrap_or(0) as u8,
        stdout: String::new(),
        stderr: scripted["stderr"].as_str().unwrap_or_default().to_owned(),
    }
}
