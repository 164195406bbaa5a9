//! The probe `process-newer`.

use crate::asked::{fails, is_unknown, on_vm, passes};
use nexy_standin::world::World;
use serde_json::json;

const ID: &str = "process-newer";
const OLD: &str = "Sun 2026-02-22 10:00:00 UTC";

#[test]
fn code_that_was_checked_out_or_written_after_the_start_is_not_the_code_that_runs() {
    let world = World::new();
    passes(&on_vm(&world, ID), ID);
    world.set_unit("ExecMainStartTimestamp", json!(OLD));
    fails(&on_vm(&world, ID), ID, " was written at ", "sudo nexy-gate hard && sudo systemctl restart");
    world.vm_checkout();
    let hour_ago = std::time::SystemTime::now() - std::time::Duration::from_secs(3600);
    for file in ["VERSION", "server/main.py"] {
        let file = std::fs::File::options().write(true).open(world.vm_path(file)).expect("a file of the code");
        file.set_modified(hour_ago).expect("its time is set");
    }
    fails(&on_vm(&world, ID), ID, " was checked out at ", "sudo nexy-gate hard && sudo systemctl restart");
    world.restart_service();
    let commit = world.git_vm(&["rev-parse", "HEAD"]);
    let ran = on_vm(&world, ID);
    passes(&ran, ID);
    ran.prints(&format!("before that, {} was checked out at ", &commit[..12]));
}

#[test]
fn a_process_or_a_checkout_that_cannot_be_looked_at_is_unknown() {
    let world = World::new();
    std::fs::remove_file(world.vm_path("VERSION")).expect("removed");
    is_unknown(&on_vm(&world, ID), ID, "cannot determine", "sudo nexy-verify process-newer");
    world.set_unit("MainPID", json!("0"));
    is_unknown(&on_vm(&world, ID), ID, "no process whose start is known", "nexy-verify unit-active");
}
