//! With `-`: input that is not a record is refused, and a stopped record is forwarded unchanged without any probe.

use crate::asked::tool;
use crate::record::{outcome, released};
use nexy_standin::world::World;
use serde_json::{Value, json};

#[track_caller]
fn refuses(world: &World, input: &[u8], because: &str) {
    let before = world.standin.requests().len();
    tool(world, "updates -").stdin(input).run().exits(65).silent_stdout().says(because);
    assert_eq!(world.standin.requests().len(), before, "nothing is asked");
}

#[track_caller]
fn passes_on(world: &World, record: &Value, exit: i32, because: &str) {
    // Spelled in another way than the tool would, so that a record that was read and written again shows.
    let input = format!("  {record}\n\n");
    let before = world.standin.requests().len();
    let ran = tool(world, "updates -").stdin(&input).run();
    ran.exits(exit).says("passed on as it came").says(because);
    assert_eq!(ran.stdout, input, "byte for byte");
    assert_eq!(world.standin.requests().len(), before, "nothing is asked");
}

#[test]
fn what_is_no_record_of_this_target_is_refused() {
    let world = World::new();
    let good = released(&world);
    let text = good.to_string();
    refuses(&world, b"", "nothing came");
    refuses(&world, &text.as_bytes()[..text.len() / 2], "ends in the middle");
    refuses(&world, b"\xff\xfe", "it is not nexy.release/1");
    for (key, value) in [("vm", "Other".to_owned()), ("sha256", "0".repeat(64))] {
        let mut other = good.clone();
        other["target"][key] = json!(value);
        refuses(&world, other.to_string().as_bytes(), "made for the target");
    }
}

#[test]
fn a_record_that_is_stopped_passes_through_with_its_code() {
    let world = World::new();
    let good = released(&world);
    for exit in [1_u8, 3, 4, 69, 70, 75] {
        let mut record = good.clone();
        record["outcomes"] = json!([outcome("nexy-publish", exit)]);
        passes_on(&world, &record, exit.into(), "nexy-publish ended with");
    }
    let mut record = good.clone();
    record["outcomes"][0]["planned"] = json!(["upload Nexy.dmg"]);
    passes_on(&world, &record, 1, "it was a dry run");
    let finding = json!({"id": "feed", "verdict": "unknown", "severity": "gate", "found": "", "expected": "", "fix": [], "runbook": "", "elapsed_ms": 1});
    let mut record = good;
    record["reports"] = json!([{"schema": "nexy.report/1", "by": "nexy-gate", "profile": "hard", "at": "2026-01-01T00:00:00Z", "verdict": "unknown", "subjects": [], "findings": [finding]}]);
    passes_on(&world, &record, 69, "nexy-gate hard says unknown");
}
