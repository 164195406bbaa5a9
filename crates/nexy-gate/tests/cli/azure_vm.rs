//! `azure-vm` against the scripted `az`.

use crate::{ask, asked, finding, holds, said, world};
use serde_json::json;

const GATE: &str = "azure-vm";

#[test]
fn a_running_vm_of_the_target_passes_with_one_call() {
    let world = world();
    holds(&asked(&world, GATE, 0), "found", "NexyNew is in NexyNewRG; it runs");
    let wanted = ["vm", "show", "-g", "NexyNewRG", "-n", "NexyNew", "--show-details", "-o", "json", "--only-show-errors"];
    assert_eq!(world.az_calls(), [wanted]);
}

#[test]
fn a_vm_that_does_not_run_fails_with_the_command_that_starts_it() {
    let world = world();
    for state in ["VM deallocated", "VM stopped", "VM deallocating"] {
        world.set_az("power_state", json!(state));
        let finding = asked(&world, GATE, 1);
        holds(&finding, "found", state);
        holds(&finding, "fix", "az vm start -g NexyNewRG -n NexyNew\n");
    }
    for state in ["VM starting", "VM unheard of", ""] {
        world.set_az("power_state", json!(state));
        asked(&world, GATE, 69);
    }
}

#[test]
fn a_change_that_failed_or_goes_on_is_no_yes() {
    let world = world();
    world.set_az("provisioning_state", json!("Failed"));
    holds(&asked(&world, GATE, 1), "fix", "az vm get-instance-view -g NexyNewRG -n NexyNew ");
    world.set_az("provisioning_state", json!("Updating"));
    holds(&asked(&world, GATE, 69), "found", "is changing NexyNew right now");
}

#[test]
fn a_missing_group_and_a_missing_vm_are_told_apart_and_what_is_there_is_named() {
    let world = world();
    world.set_az("resource_group", json!("NetworkWatcherRG"));
    world.set_az("vm", json!("Nexy"));
    let finding = asked(&world, GATE, 1);
    holds(&finding, "found", "the resource group of the VM NexyNew (NexyNewRG) is not in the subscription in use");
    holds(&finding, "found", "that subscription has NetworkWatcherRG/Nexy (names of the past)");
    holds(&finding, "fix", "az account set --subscription NAME");
    world.set_az("resource_group", json!("NexyNewRG"));
    world.set_az("vm", json!("Other"));
    let finding = asked(&world, GATE, 1);
    holds(&finding, "found", "the VM NexyNew (NexyNewRG) is not in its resource group");
    holds(&finding, "found", "that subscription has NexyNewRG/Other");
}

#[test]
fn no_login_an_expired_one_and_no_role_fail_each_in_its_way() {
    let one = world();
    one.set_az("logged_in", json!(false));
    holds(&asked(&one, GATE, 1), "found", "nobody is logged in");
    let two = world();
    two.set_az("session", json!("expired"));
    let ran = ask(&two, &[GATE]);
    holds(&finding(ran.exits(1), GATE), "fix", "az login\n");
    assert!(!said(&ran).contains("00000000-0000"), "{ran}");
    let three = world();
    three.set_az("authorization", json!(false));
    let ran = ask(&three, &[GATE]);
    holds(&finding(ran.exits(1), GATE), "found", "may not look at");
    holds(&finding(&ran, GATE), "fix", "Virtual Machine Contributor");
    assert!(!said(&ran).contains("00000000-0000"), "{ran}");
}

#[test]
fn a_network_that_does_not_work_is_unknown_and_told_from_a_missing_login() {
    let world = world();
    world.set_az("network", json!(false));
    let finding = asked(&world, GATE, 69);
    holds(&finding, "found", "`az` does not reach Azure");
    holds(&finding, "fix", "curl -sSI https://management.azure.com\n");
    assert_eq!(world.az_calls().len(), 1);
}

#[test]
fn a_disabled_subscription_fails() {
    let world = world();
    let folder = crate::vm::scripted(
        &world,
        "az",
        "echo \"ERROR: (ReadOnlyDisabledSubscription) The subscription '00000000-0000-0000-0000-000000000001' is disabled and therefore marked as read only.\" >&2; exit 1",
    );
    let ran = world.tool("nexy-gate").args([GATE, "--format=json"]).env("PATH", &format!("{}:/usr/bin:/bin", folder.display())).run();
    holds(&finding(ran.exits(1), GATE), "found", "the subscription is switched off");
}

#[test]
fn a_missing_az_and_an_answer_about_another_machine_are_unknown() {
    let world = world();
    world.tool("nexy-gate").arg(GATE).env("PATH", "/nowhere").run().exits(69).says("install azure-cli");
    for answer in [
        r#"{"name":"Other","resourceGroup":"NexyNewRG","provisioningState":"Succeeded","powerState":"VM running"}"#,
        r#"{"name":"NexyNew","resourceGroup":"NexyNewRG","provisioningState":"Succeeded"}"#,
        r#"{"name":"NexyNew"}"#,
        "[]",
        "",
    ] {
        let folder = crate::vm::scripted(&world, "az", &format!("echo '{answer}'"));
        let ran = world.tool("nexy-gate").args([GATE, "--format=json"]).env("PATH", &format!("{}:/usr/bin:/bin", folder.display())).run();
        assert_eq!(finding(ran.exits(69), GATE)["verdict"], "unknown", "{answer}");
    }
}

#[test]
fn the_names_of_azure_are_the_same_in_any_case() {
    let world = world();
    world.set_az("resource_group", json!("NEXYNEWRG"));
    world.set_az("vm", json!("nexynew"));
    asked(&world, GATE, 0);
}
