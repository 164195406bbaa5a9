//! `azure-vm` against the scripted `az`.

use crate::{asked, holds, tells, world};
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
fn a_missing_group_and_a_missing_vm_are_told_apart_and_what_is_there_is_named() {
    let world = world();
    world.set_az("resource_group", json!("NetworkWatcherRG"));
    world.set_az("vm", json!("Nexy"));
    let finding = asked(&world, GATE, 1);
    holds(&finding, "found", "the resource group of the VM NexyNew (NexyNewRG) is not in the subscription in use");
    holds(&finding, "found", "that subscription has NetworkWatcherRG/Nexy (a legacy name)");
    holds(&finding, "fix", "az account set --subscription NAME");
    world.set_az("resource_group", json!("NexyNewRG"));
    world.set_az("vm", json!("Other"));
    let finding = asked(&world, GATE, 1);
    holds(&finding, "found", "the VM NexyNew (NexyNewRG) is not in its resource group");
    holds(&finding, "found", "that subscription has NexyNewRG/Other");
}

#[test]
fn a_network_that_does_not_work_is_unknown_and_told_from_a_missing_login() {
    let world = world();
    world.set_az("network", json!(false));
    tells(&asked(&world, GATE, 69), "`az` does not reach Azure", "curl -sSI https://management.azure.com\n");
    assert_eq!(world.az_calls().len(), 1);
}
