//! The probe `journal-clean`.

use crate::asked::{fails, is_unknown, on_vm, passes};
use nexy_standin::world::World;

const ID: &str = "journal-clean";

#[test]
fn what_this_run_has_said_is_judged_and_what_runs_before_have_said_is_not() {
    let world = World::new();
    world.says("ERROR - one request has failed");
    passes(&on_vm(&world, ID), ID);
    world.says("google.genai.errors.ClientError: 400 API key expired. key=AIzaSyNobodySeesThis");
    let ran = on_vm(&world, ID);
    fails(&ran, ID, "of incident ", "nexy-verify diagnose -");
    ran.never_says("NobodySeesThis");
    world.restart_service();
    passes(&on_vm(&world, ID), ID);
    std::fs::remove_file(world.state().join("journal.jsonl")).expect("removed");
    is_unknown(&on_vm(&world, ID), ID, "the journal shows nothing of this run", "sudo nexy-verify journal-clean");
}
