//! `unit-enabled` against a scripted service manager: what is not right is advice, and decides nothing.

use crate::vm::{ask, ask_with_path, asked};
use crate::{holds, world};
use serde_json::json;

const GATE: &str = "unit-enabled";

#[test]
fn a_disabled_unit_is_advice_beside_gates_that_decide() {
    let world = world();
    holds(&asked(&world, GATE, 0), "found", "is enabled");
    world.set_unit("UnitFileState", json!("disabled"));
    let ran = ask(&world, &[GATE, "version-synced"]);
    let advice = ran.exits(0).finding(GATE);
    assert_eq!((&advice["verdict"], &advice["severity"]), (&json!("fail"), &json!("advice")), "{advice}");
    holds(&advice, "found", "is disabled, so it does not run after a reboot");
    // Alone it decides nothing, and nothing decided is no yes.
    ask(&world, &[GATE]).exits(69);
}

#[test]
fn a_manager_that_cannot_be_asked_is_unknown_and_decides_nothing() {
    let ran = ask_with_path(&world(), &[GATE], "/nonexistent");
    let advice = ran.exits(69).finding(GATE);
    assert_eq!((&advice["verdict"], &advice["severity"]), (&json!("unknown"), &json!("advice")), "{advice}");
}
