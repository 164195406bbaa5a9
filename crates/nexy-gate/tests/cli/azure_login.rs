//! `azure-login` against the scripted `az`.

use crate::{ask, asked, finding, holds, said, vm::scripted, world};
use nexy_standin::world::{Ran, World};
use serde_json::json;

const GATE: &str = "azure-login";

fn with_az(world: &World, script: &str) -> Ran {
    let folder = scripted(world, "az", script);
    world.tool("nexy-gate").args([GATE, "--format=json"]).env("PATH", &format!("{}:/usr/bin:/bin", folder.display())).run()
}

#[test]
fn an_enabled_subscription_passes_and_the_tenant_is_not_shown() {
    let world = world();
    let ran = ask(&world, &[GATE]);
    holds(&finding(ran.exits(0), GATE), "found", "operator@example.org uses the subscription stand-in, Enabled");
    assert!(!said(&ran).contains("00000000-0000-0000-0000-00000000000a"), "{ran}");
    assert_eq!(world.az_calls(), [["account", "show", "-o", "json", "--only-show-errors"]]);
}

#[test]
fn nobody_logged_in_fails_with_what_to_type() {
    let world = world();
    world.set_az("logged_in", json!(false));
    let finding = asked(&world, GATE, 1);
    holds(&finding, "found", "nobody is logged in");
    holds(&finding, "fix", "az login\n");
}

#[test]
fn a_subscription_that_is_not_in_use_fails() {
    let world = world();
    for (state, found) in
        [("Warned", "a payment is missing"), ("PastDue", "a payment is missing"), ("Disabled", "has stopped or will stop")]
    {
        world.set_az("subscription_state", json!(state));
        holds(&asked(&world, GATE, 1), "found", found);
    }
    world.set_az("subscription_state", json!("Thawing"));
    holds(&asked(&world, GATE, 69), "found", "the state `Thawing`");
}

#[test]
fn the_subscription_of_the_target_is_the_one_in_use() {
    let world = world();
    let target = world.read("nexy.toml") + "\n[azure]\nsubscription = \"Production One\"\n";
    world.write("nexy.toml", &target);
    let finding = asked(&world, GATE, 1);
    holds(&finding, "found", "in use is stand-in, not Production One");
    holds(&finding, "fix", "az account set --subscription 'Production One'\n");
    world.set_az("subscription", json!("production one"));
    asked(&world, GATE, 0);
    world.set_az("subscription", json!("another name"));
    world.set_az("subscription_id", json!("Production One"));
    asked(&world, GATE, 0);
}

#[test]
fn a_missing_az_is_unknown_with_how_to_install_it() {
    let world = world();
    let ran = world.tool("nexy-gate").args([GATE, "--format=json"]).env("PATH", "/nowhere").run();
    holds(&finding(ran.exits(69), GATE), "fix", "install azure-cli\naz login");
}

#[test]
fn an_az_that_does_not_answer_as_az_does_is_unknown() {
    let world = world();
    for (script, found) in [
        ("echo '{}'", "something else"),
        ("echo 'A new version is available'; echo '{\"id\":\"1\",\"name\":\"n\",\"state\":\"Enabled\"}'", "something else"),
        ("true", "printed nothing"),
        ("echo 'az: error: unrecognized arguments: --only-show-errors' >&2; exit 2", "an old one"),
        ("echo 'ERROR: The command failed with an unexpected error.' >&2; exit 1", "`az` refuses: ERROR: The command failed"),
        (
            "echo \"ERROR: HTTPSConnectionPool(host='login.microsoftonline.com'): Max retries exceeded: az login\" >&2; exit 1",
            "does not reach Azure",
        ),
        ("kill -9 $$", "`az` refuses"),
        ("yes", "printed more than"),
    ] {
        holds(&finding(with_az(&world, script).exits(69), GATE), "found", found);
    }
    world.set_az("noise", json!("You have 2 updates available."));
    asked(&world, GATE, 69);
}

#[test]
fn an_az_that_hangs_is_ended_within_the_gate_s_own_time() {
    let world = world();
    world.set_target("limits", "gate_timeout_s", "4");
    holds(&finding(with_az(&world, "sleep 60").exits(69), GATE), "found", "`az` did not end within 3 s");
}

#[test]
fn names_from_outside_cannot_steer_the_terminal() {
    let world = world();
    world.set_az("subscription", json!("red\u{1b}[31m"));
    let ran = ask(&world, &[GATE]);
    assert!(!said(ran.exits(0)).contains('\u{1b}'), "{ran}");
}
