//! The probe `workflow-run`.

use crate::asked::{ask, fails, is_unknown, passes, tool};
use crate::done::{done, head, runs};
use crate::record::{deliver, outcome, released};
use nexy_standin::ScriptedRun;
use nexy_standin::world::ARTIFACTS;
use serde_json::json;

#[test]
fn the_workflow_must_have_run_for_the_commit_of_the_tag() {
    const ID: &str = "workflow-run";
    let world = done();
    passes(&ask(&world, ID), ID);
    let commit = head(&world);
    runs(&world, &[ScriptedRun::ended(&commit, "success"), ScriptedRun::ended(&commit, "failure")]);
    fails(&ask(&world, ID), ID, "run 2 of deploy-to-azure.yml for v2.0.0.4: failure", "gh run rerun 9000002 --repo Seregawpn/Nexy");
    ask(&world, "release").exits(0).says("advice  workflow-run");
    runs(&world, &[ScriptedRun { status: "in_progress".to_owned(), conclusion: None, ..ScriptedRun::ended(&commit, "") }]);
    is_unknown(&ask(&world, ID), ID, "run 1 of deploy-to-azure.yml is in_progress", "nexy-verify workflow-run --wait 10m");
    runs(&world, &[ScriptedRun::ended(&"b".repeat(40), "success")]);
    fails(&ask(&world, ID), ID, "has no run of deploy-to-azure.yml for v2.0.0.4", "nexy-gate workflow-triggers");
    world.standin.set_account("private", json!(true));
    world.standin.set_account("sees_actions", json!(false));
    is_unknown(&ask(&world, ID), ID, "GitHub does not show the runs of deploy-to-azure.yml", "the token lacks `Actions: read`");
    world.git(&["tag", "--delete", "v2.0.0.4"]);
    is_unknown(&ask(&world, ID), ID, "there is no tag v2.0.0.4", "git fetch origin tag v2.0.0.4");
}

#[test]
fn a_workflow_that_did_not_run_only_informs_where_no_code_moves() {
    let world = done();
    let mut record = released(&world);
    deliver(&world, &mut record);
    runs(&world, &[]);
    world.standin.set_label(ARTIFACTS, "Update", "Nexy.dmg", Some("Nexy.dmg 2.0.0.4"));
    let verify = |record: &serde_json::Value| tool(&world, "done -").stdin(record.to_string()).run();
    fails(&verify(&record), "workflow-run", "has no run", "nexy-gate workflow-triggers");
    record["kind"] = json!("update");
    verify(&record).says("advice  workflow-run");
    record["outcomes"] = json!([outcome("nexy-publish rollback", 0), outcome("nexy-manifest write", 0)]);
    verify(&record).says("advice  workflow-run");
}
