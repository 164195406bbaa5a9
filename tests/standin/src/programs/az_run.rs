//! `az vm run-command invoke`: really runs the script, and tells as little as the real one.

use super::Said;
use super::az_arguments::Given;
use crate::disk;
use serde_json::{Value, json};
use std::fs::{self, File, OpenOptions};
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// How many bytes of each stream come back.
const KEPT: u64 = 4096;
/// What the agent's process says when another script is running.
const BUSY: i32 = 75;

/// Sends the script to the VM and reports on it.
pub(super) fn invoke(state: &Path, account: &Value, given: &Given) -> Said {
    if given.one("--command-id") != Some("RunShellScript") {
        let text = "ERROR: (NotFound) The command id was not found.\nCode: NotFound";
        return Said::error(3, text);
    }
    if take_planted_conflict(state, account) {
        return conflict();
    }
    let folder = run_folder(state);
    let mut script = script(given.many("--scripts"));
    let mode = take_mode(state, account);
    if mode == "drops-script" {
        // One release of `az` did this, and reported success.
        script = String::new();
    }
    if !given.many("--parameters").is_empty() {
        // Prepended, so that a `#!` is not the first line any more.
        script.insert_str(0, &format!("{}\n", given.many("--parameters").join("\n")));
    }
    fs::write(folder.join("script.sh"), script).unwrap();
    match run_agent(state, &folder) {
        Some(BUSY) => return conflict(),
        Some(0) => {}
        code => {
            let text = format!("ERROR: (VMAgentStatusCommunicationError) agent ended with {code:?}");
            return Said::error(1, text);
        }
    }
    if mode == "unfinished" {
        return succeeded("Last script execution didn't finish.");
    }
    let output = format!("\n[stdout]\n{}\n[stderr]\n{}", tail(&folder.join("stdout")), tail(&folder.join("stderr")));
    let status = fs::read_to_string(folder.join("status")).unwrap();
    if mode == "old-agent" && status != "0" {
        return Said::error(
            1,
            format!(
                "ERROR: (VMExtensionProvisioningError) VM has reported a failure when processing extension 'RunCommandLinux'. Error message: \"Enable failed: failed to execute command: command terminated with exit status={status}{output}\"."
            ),
        );
    }
    succeeded(&format!("Enable succeeded: {output}"))
}

fn succeeded(message: &str) -> Said {
    let document = json!({"value": [{
        "code": "ProvisioningState/succeeded",
        "displayStatus": "Provisioning succeeded",
        "level": "Info",
        "message": message,
        "time": null,
    }]});
    Said::ok(format!("{document:#}\n"))
}

fn conflict() -> Said {
    Said::error(
        1,
        "ERROR: (Conflict) Run command extension execution is in progress. Please wait for completion before invoking a run command.\nCode: Conflict\nMessage: Run command extension execution is in progress. Please wait for completion before invoking a run command.",
    )
}

/// The mode of this call; `"mode_calls": n` makes it the mode of the next n calls only.
fn take_mode(state: &Path, account: &Value) -> String {
    let mode = account["mode"].as_str().unwrap_or("today");
    match account["mode_calls"].as_u64() {
        Some(0) => "today".to_owned(),
        Some(left) => {
            let mut account = account.clone();
            account["mode_calls"] = json!(left - 1);
            disk::write_json(&state.join("az.json"), &account);
            mode.to_owned()
        }
        None => mode.to_owned(),
    }
}

/// `"conflicts": n` in `az.json` answers the next n calls with the conflict.
fn take_planted_conflict(state: &Path, account: &Value) -> bool {
    let left = account["conflicts"].as_u64().unwrap_or(0);
    if left > 0 {
        let mut account = account.clone();
        account["conflicts"] = json!(left - 1);
        disk::write_json(&state.join("az.json"), &account);
    }
    left > 0
}

/// `@file` is the file's text; a missing file is the literal text.
fn script(values: &[String]) -> String {
    let parts = values.iter().map(|value| {
        let file = value.strip_prefix('@');
        file.and_then(|file| fs::read_to_string(file).ok()).unwrap_or_else(|| value.clone())
    });
    parts.collect::<Vec<_>>().join("\n")
}

/// Script and output stay on the VM's disk, one folder a run.
fn run_folder(state: &Path) -> PathBuf {
    let parent = state.join("run-command");
    fs::create_dir_all(&parent).unwrap();
    (0..).map(|number: u32| parent.join(number.to_string())).find(|folder| fs::create_dir(folder).is_ok()).unwrap()
}

/// The VM's agent is a process of its own: a killed `az` does not stop the script.
fn run_agent(state: &Path, folder: &Path) -> Option<i32> {
    let status = Command::new(std::env::current_exe().unwrap())
        .arg("--state")
        .arg(state)
        .arg("vm-agent")
        .arg(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .status();
    status.unwrap().code()
}

/// Runs the script of a run folder as the VM's agent does; the code is the agent's own.
#[must_use]
pub fn vm_agent(state: &Path, folder: &Path) -> u8 {
    let lock = OpenOptions::new().create(true).truncate(false).write(true).open(state.join("run-command.lock")).unwrap();
    if lock.try_lock().is_err() {
        return BUSY as u8;
    }
    let account = disk::read_json(&state.join("az.json")).unwrap();
    let script = folder.join("script.sh");
    let text = fs::read(&script).unwrap();
    let mut command = if text.starts_with(b"#!") {
        fs::set_permissions(&script, fs::Permissions::from_mode(0o700)).unwrap();
        Command::new(&script)
    } else {
        let mut shell = Command::new("/bin/sh");
        shell.arg(&script);
        shell
    };
    let status = command
        .env_clear()
        .env("PATH", account["vm_path"].as_str().unwrap_or("/usr/bin:/bin"))
        .env("PWD", folder)
        .env("LANG", "C.UTF-8")
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(File::create(folder.join("stdout")).unwrap())
        .stderr(File::create(folder.join("stderr")).unwrap())
        .status();
    let code = match status {
        Ok(status) => status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or(0)),
        // The interpreter behind `#!` is not there.
        Err(_) => 127,
    };
    fs::write(folder.join("status"), code.to_string()).unwrap();
    0
}

/// The end of a stream; the cut may split a character.
fn tail(file: &Path) -> String {
    let mut file = File::open(file).unwrap();
    let length = file.metadata().unwrap().len();
    file.seek(SeekFrom::Start(length.saturating_sub(KEPT))).unwrap();
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).unwrap();
    String::from_utf8_lossy(&bytes).into_owned()
}
