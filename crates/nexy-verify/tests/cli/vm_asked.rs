//! The probe `vm-asked`, and with it the whole profile `done`.

use crate::asked::{fails, is_unknown, tool};
use crate::{done::done, record};
use nexy_standin::world::World;
use serde_json::{Value, json};

const ID: &str = "vm-asked";

fn report(by: &str, profile: &str, verdict: &str) -> Value {
    let now = nexy_contract::Timestamp::now().to_string();
    let finding = json!({"id": "x", "verdict": verdict, "severity": "gate", "found": "so", "expected": "", "fix": [{"note": "mend it"}], "runbook": "S0", "elapsed_ms": 1});
    json!({"schema": "nexy.report/1", "by": by, "profile": profile, "at": now, "verdict": verdict, "subjects": [], "findings": [finding]})
}

/// A release that is verified; its record says that its gates have passed.
pub(crate) fn finished() -> (World, Value) {
    let world = done();
    let mut finished = record::released(&world);
    record::deliver(&world, &mut finished);
    finished["reports"] = json!([report("nexy-gate", "before-publish", "pass")]);
    (world, finished)
}

/// The VM was asked just now, and its service says this.
pub(crate) fn answered(world: &World, verdict: &str) {
    world.write("releases/2.0.0.4/vm-gates.json", &report("nexy-gate", "hard+db", "pass").to_string());
    world.write("releases/2.0.0.4/vm-service.json", &report("nexy-verify", "local", verdict).to_string());
}

#[test]
fn a_release_is_done_when_the_vm_itself_says_so_too() {
    let (world, record) = finished();
    let ask = |words: &str| tool(&world, words).stdin(record.to_string()).run();
    ask("done -").exits(69).says("UNKNOWN vm-asked: the VM was not asked: nexy-gate hard db").says("make done");
    answered(&world, "pass");
    ask("done -").exits(0).says("[ ] its root cause is mended");
    answered(&world, "fail");
    fails(&tool(&world, ID).run(), ID, "the VM says fail to nexy-verify local: x", "scripts/vm.sh nexy-verify local --expect v2.0.0.4");
    std::fs::remove_file(world.workspace().join("releases/2.0.0.4/vm-service.json")).expect("removed");
    is_unknown(&tool(&world, ID).run(), ID, "the VM was not asked: nexy-verify local", "make done");
}
