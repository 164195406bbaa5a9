//! With `-`: what is no record is refused, and a record that is stopped passes through untouched and unasked.

use crate::{
    asked::tool,
    record::{outcome, released},
};
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
fn empty_cut_and_foreign_input_is_refused() {
    let world = World::new();
    let text = released(&world).to_string();
    refuses(&world, b"", "nothing came");
    refuses(&world, b" \n", "nothing came");
    refuses(&world, &text.as_bytes()[..text.len() / 2], "ends in the middle");
    refuses(&world, b"<html>", "it is not nexy.release/1");
    refuses(&world, b"{\"schema\": \"nexy.report/1\"}", "calls itself `nexy.report/1`");
    refuses(&world, text.replacen("nexy.release/1", "nexy.release/2", 1).as_bytes(), "newer than the nexy.release/1");
    refuses(&world, b"\xff\xfe", "it is not nexy.release/1");
}

#[test]
fn a_record_that_contradicts_itself_or_belongs_elsewhere_is_refused() {
    let world = World::new();
    let good = released(&world);
    let with = |pointer: &str, value: Value| {
        let mut record = good.clone();
        *record.pointer_mut(pointer).expect(pointer) = value;
        record.to_string().into_bytes()
    };
    refuses(&world, &with("/tag", json!("v2.0.0.5")), "contradicts itself");
    refuses(&world, &with("/target/vm", json!("Other")), "made for the target");
    refuses(&world, &with("/target/sha256", json!("0".repeat(64))), "made for the target");
    let report = json!([{"schema": "nexy.report/1", "by": "nexy-gate", "profile": "hard", "at": "2026-01-01T00:00:00Z", "verdict": "pass", "subjects": [], "findings": []}]);
    refuses(&world, &with("/reports", report), "says pass, its findings say unknown");
    let mut unknown = good.clone();
    unknown["surprise"] = json!(1);
    refuses(&world, unknown.to_string().as_bytes(), "surprise");
}

#[test]
fn without_any_standard_input_there_is_no_record() {
    let world = World::new();
    tool(&world, "updates -").stdin_closed().run().exits(65).silent_stdout();
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

#[test]
fn of_several_reasons_the_gravest_gives_the_code() {
    let world = World::new();
    let mut record = released(&world);
    record["outcomes"] = json!([outcome("nexy-publish", 75), outcome("nexy-manifest write", 4), outcome("nexy-manifest delivered", 69)]);
    passes_on(&world, &record, 4, "nexy-manifest write ended with 4");
}
