//! `scripts/done.sh`: the VM is asked first, and what it says stays beside the record.

use nexy_standin::world::{VERSION, World};
use serde_json::Value;

#[test]
fn nothing_is_done_before_a_release_is_verified_and_the_vm_itself_has_said_so() {
    let world = World::new();
    world.workspace_on_github();
    world.sh("scripts/done.sh").exits(1).says("no release of 2.0.0.4 is verified").says("make release");
    world.sh("scripts/done.sh --kind release").exits(2).says("make done KIND=server-only");
    world.sh("scripts/release.sh").exits(0);
    // This VM has neither a database nor a service manager that passes its gates.
    let ran = world.sh("scripts/done.sh");
    ran.exits(1).says("vm-asked").says("not done, exit code 1").says("then type: make done");
    let kept = |name: &str| -> Value { serde_json::from_str(&world.read(&format!("releases/{VERSION}/{name}.json"))).unwrap() };
    assert_eq!((kept("vm-gates")["by"].as_str(), kept("vm-service")["by"].as_str()), (Some("nexy-gate"), Some("nexy-verify")));
    let reports = kept("80-done.failed")["reports"].as_array().unwrap().clone();
    assert_eq!((&reports.last().unwrap()["profile"], &reports.last().unwrap()["verdict"]), (&"done".into(), &"fail".into()));
}
