//! `azure-login` against the scripted `az`.

use crate::{ask, asked, holds, said, tells, vm::scripted, world};
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
    holds(&ran.exits(0).finding(GATE), "found", "operator@example.org uses the subscription stand-in, Enabled");
    assert!(!said(&ran).contains("00000000-0000-0000-0000-00000000000a"), "{ran}");
    assert_eq!(world.az_calls(), [["account", "show", "-o", "json", "--only-show-errors"]]);
}

#[test]
fn nobody_logged_in_fails_with_what_to_type() {
    let world = world();
    world.set_az("logged_in", json!(false));
    tells(&asked(&world, GATE, 1), "there is no login to Azure", "az login\n");
}

#[test]
fn an_az_that_does_not_answer_as_az_does_is_unknown() {
    let world = world();
    for (script, found) in [
        ("echo '{}'", "something else"),
        ("echo 'A new version is available'; echo '{\"id\":\"1\",\"name\":\"n\",\"state\":\"Enabled\"}'", "something else"),
        ("true", "printed nothing"),
        ("kill -9 $$", "`az` refuses"),
        ("yes", "printed more than"),
    ] {
        holds(&with_az(&world, script).exits(69).finding(GATE), "found", found);
    }
    world.set_az("noise", json!("You have 2 updates available."));
    asked(&world, GATE, 69);
}

#[test]
fn an_az_that_hangs_is_ended_within_the_gate_s_own_time() {
    let world = world();
    world.set_target("limits", "gate_timeout_s", "4");
    holds(&with_az(&world, "sleep 60").exits(69).finding(GATE), "found", "`az` did not end within 3 s");
}
