//! Records on their way to the VM.

use crate::laptop::run;
use nexy_standin::world::World;
use serde_json::Value;

/// A record whose manifest was written and waits for its delivery.
#[track_caller]
pub(crate) fn written(world: &World) -> Vec<u8> {
    let pipeline = "nexy-version record | nexy-gate before-publish - | nexy-publish - | nexy-manifest write -";
    run(world, pipeline).exits(0).stdout_bytes.clone()
}

/// The last outcome of a record.
pub(crate) fn last_outcome(record: &Value) -> &Value {
    record["outcomes"].as_array().unwrap().last().unwrap()
}
