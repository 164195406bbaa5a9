//! A dry run prints what would happen, and changes nothing.

use nexy_publish_support::{judged, mutations, outcome, publish, ready, served};
use nexy_standin::world::World;

#[test]
fn a_dry_run_before_and_after_the_verb_changes_nothing_and_prints_the_plan() {
    for arguments in [["--dry-run", "publish", "-"], ["publish", "-", "--dry-run"]] {
        let world = World::new();
        let before = served(&world);
        let record = judged(&world);
        world.standin.clear_requests();
        let document = world.tool("nexy-publish").args(arguments).stdin(record.to_string()).run().exits(0).json();
        assert_eq!(mutations(&world), Vec::<String>::new());
        assert_eq!(served(&world), before);
        let planned: Vec<String> =
            outcome(&document)["planned"].as_array().expect("a plan").iter().map(|step| step.as_str().expect("words").to_owned()).collect();
        assert!(planned[0].starts_with("upload 1048576 bytes to Update as Nexy.next-"), "{planned:?}");
        assert!(planned.iter().any(|step| step.contains("rename Update/Nexy.dmg") && step.ends_with("to Nexy.prev.dmg")), "{planned:?}");
        assert_eq!(document["artifacts"][0]["live"], serde_json::json!(null));
    }
}

#[test]
fn nexy_manifest_does_not_take_a_dry_run_for_a_publication() {
    let (world, record) = ready();
    let planned = world.tool("nexy-publish").args(["--dry-run", "-"]).stdin(record.to_string()).run();
    planned.exits(0);
    let passed_on = world.tool("nexy-manifest").args(["write", "-"]).stdin(planned.stdout.clone()).run();
    passed_on.exits(1).says("it was a dry run");
    assert_eq!(passed_on.stdout, planned.stdout);
    // The record of a dry run can be published.
    publish(&world, &planned.json()).exits(0);
}
