//! The probe `gated`.

use crate::asked::{ask, fails, is_unknown, tool};
use crate::vm_asked::{answered, finished};
use nexy_standin::world::World;
use serde_json::json;

const ID: &str = "gated";

#[test]
fn what_went_out_without_its_gates_is_not_done() {
    let (world, mut record) = finished();
    answered(&world, "pass");
    tool(&world, "done -").stdin(record.to_string()).run().exits(0).says("pass    gated: nexy-gate before-publish passed at ");
    record["outcomes"][0]["ungated"] = json!("users wait");
    let ran = tool(&world, "done -").stdin(record.to_string()).run();
    ran.exits(1).says("FAIL    gated: nexy-publish acted without a report of the gates: users wait").says("make publish && make release");
    record["outcomes"][0]["ungated"] = json!(null);
    record["reports"] = json!([]);
    fails(&tool(&world, "gated -").stdin(record.to_string()).run(), ID, "holds no passing report", "make publish && make release");
}

#[test]
fn without_a_record_it_is_unknown() {
    is_unknown(&ask(&World::new(), ID), ID, "without a record", "make done");
}
