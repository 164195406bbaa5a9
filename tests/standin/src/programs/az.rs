//! `az`: the account, the VM, and `vm run-command invoke` with everything it conceals.

use super::az_arguments::{self, Flag, Given, Takes};
use super::{Said, az_run};
use crate::disk;
use serde_json::{Value, json};
use std::path::Path;

const GROUP: Flag = Flag { long: "--resource-group", short: "-g", takes: Takes::One, required: true };
const NAME: Flag = Flag { long: "--name", short: "-n", takes: Takes::One, required: true };
const OUTPUT: Flag = Flag { long: "--output", short: "-o", takes: Takes::One, required: false };
const ONLY_ERRORS: Flag = Flag { long: "--only-show-errors", short: "", takes: Takes::Nothing, required: false };
const COMMAND: Flag = Flag { long: "--command-id", short: "", takes: Takes::One, required: true };
const SCRIPTS: Flag = Flag { long: "--scripts", short: "", takes: Takes::Many, required: false };
const PARAMETERS: Flag = Flag { long: "--parameters", short: "", takes: Takes::Many, required: false };

/// Plays one call of `az`.
pub(super) fn play(state: &Path, arguments: &[String]) -> Said {
    let account = disk::read_json(&state.join("az.json")).unwrap_or_else(|| json!({}));
    route(state, &account, arguments).unwrap_or_else(|said| said)
}

fn route(state: &Path, account: &Value, arguments: &[String]) -> Result<Said, Said> {
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        // Answered from the files of the last login, without the network.
        ["account", "show", ..] => {
            read(&[OUTPUT, ONLY_ERRORS], &arguments[2..])?;
            logged_in(account)?;
            Ok(document(
                account,
                &json!({
                    "environmentName": "AzureCloud",
                    "homeTenantId": "00000000-0000-0000-0000-00000000000a",
                    "id": "00000000-0000-0000-0000-000000000001",
                    "isDefault": true,
                    "name": "stand-in",
                    "state": account["subscription_state"].as_str().unwrap_or("Enabled"),
                    "tenantId": "00000000-0000-0000-0000-00000000000a",
                    "user": {"name": "operator@example.org", "type": "user"},
                }),
            ))
        }
        ["vm", "show", ..] => {
            let details = Flag { long: "--show-details", short: "-d", takes: Takes::Nothing, required: false };
            let given = read(&[GROUP, NAME, OUTPUT, ONLY_ERRORS, details], &arguments[2..])?;
            let (group, name) = vm(account, &given)?;
            let mut vm = json!({
                "name": name,
                "resourceGroup": group,
                "provisioningState": "Succeeded",
            });
            if given.has("--show-details") {
                let power = account["power_state"].as_str().unwrap_or("VM running");
                vm["powerState"] = json!(power);
            }
            Ok(document(account, &vm))
        }
        ["vm", "list", ..] => {
            read(&[OUTPUT, ONLY_ERRORS], &arguments[2..])?;
            reached(account)?;
            let one = |name: &Value, group: &Value| json!({"name": name, "resourceGroup": group, "provisioningState": "Succeeded"});
            let mut all = vec![one(&account["vm"], &account["resource_group"])];
            all.retain(|vm| !vm["name"].is_null());
            Ok(document(account, &Value::Array(all)))
        }
        ["vm", "run-command", "invoke", ..] => {
            let flags = [GROUP, NAME, COMMAND, SCRIPTS, PARAMETERS, OUTPUT, ONLY_ERRORS];
            let given = read(&flags, &arguments[3..])?;
            vm(account, &given)?;
            let said = az_run::invoke(state, account, &given);
            Ok(warned(said, &given))
        }
        _ => Err(Said::error(2, format!("ERROR: '{}' is misspelled or not recognized by the system.", words.join(" ")))),
    }
}

fn read(flags: &[Flag], arguments: &[String]) -> Result<Given, Said> {
    let given = az_arguments::read(flags, arguments)?;
    match given.one("--output") {
        None | Some("json") => Ok(given),
        Some(other) => Err(Said::error(2, format!("ERROR: the stand-in writes no {other}, only json"))),
    }
}

fn logged_in(account: &Value) -> Result<(), Said> {
    if account["logged_in"] == false {
        return Err(Said::error(1, "ERROR: Please run 'az login' to setup account."));
    }
    Ok(())
}

/// Logged in, and Azure answers.
fn reached(account: &Value) -> Result<(), Said> {
    logged_in(account)?;
    if account["token"] == "expired" {
        return Err(Said::error(
            1,
            "ERROR: (ExpiredAuthenticationToken) The access token expiry UTC time '11/28/2026 6:00:00 AM' is earlier than current UTC time '11/28/2026 7:00:00 AM'.\nCode: ExpiredAuthenticationToken\nMessage: The access token expiry UTC time '11/28/2026 6:00:00 AM' is earlier than current UTC time '11/28/2026 7:00:00 AM'.",
        ));
    }
    if account["network"] == false {
        return Err(Said::error(
            1,
            "ERROR: HTTPSConnectionPool(host='management.azure.com', port=443): Max retries exceeded with url: /subscriptions/00000000-0000-0000-0000-000000000001 (Caused by NameResolutionError(\"Failed to resolve 'management.azure.com' ([Errno -3] Temporary failure in name resolution)\"))",
        ));
    }
    Ok(())
}

/// Group and name of the VM, when they are the known ones.
fn vm<'a>(account: &Value, given: &'a Given) -> Result<(&'a str, &'a str), Said> {
    reached(account)?;
    let group = given.one("--resource-group").unwrap();
    let name = given.one("--name").unwrap();
    // Azure's names are the same in any case.
    let is = |key: &str, value: &str| {
        let known = account[key].as_str().unwrap_or_default();
        known.eq_ignore_ascii_case(value)
    };
    if !is("resource_group", group) {
        return Err(Said::error(
            3,
            format!(
                "ERROR: (ResourceGroupNotFound) Resource group '{group}' could not be found.\nCode: ResourceGroupNotFound\nMessage: Resource group '{group}' could not be found."
            ),
        ));
    }
    if !is("vm", name) {
        return Err(Said::error(
            3,
            format!(
                "ERROR: (ResourceNotFound) The Resource 'Microsoft.Compute/virtualMachines/{name}' under resource group '{group}' was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix\nCode: ResourceNotFound"
            ),
        ));
    }
    Ok((group, name))
}

fn document(account: &Value, value: &Value) -> Said {
    let noise = account["noise"].as_str().map(|noise| format!("{noise}\n")).unwrap_or_default();
    Said::ok(format!("{noise}{value:#}\n"))
}

/// Without `--only-show-errors` there is noise on standard error.
fn warned(mut said: Said, given: &Given) -> Said {
    if !given.has("--only-show-errors") {
        let noise = "WARNING: Command group 'vm run-command' is noisy in this version.\n";
        said.stderr.insert_str(0, noise);
    }
    said
}
