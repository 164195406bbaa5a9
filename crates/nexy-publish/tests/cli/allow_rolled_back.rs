//! Rolled-back bytes and versions are published again only with a reason.

use nexy_publish_support::{bad_name, judged, mutations, names, outcome, publish, published, roll_back, served, sha256};
use nexy_standin::artifact;
use nexy_standin::world::{ARTIFACTS, World};

fn rolled_back() -> (World, String) {
    let world = published();
    let bad = served(&world).expect("a download");
    roll_back(&world).exits(0);
    (world, bad)
}

#[test]
fn bytes_that_were_rolled_back_are_refused_and_with_a_reason_they_need_no_second_upload() {
    let (world, bad) = rolled_back();
    let record = judged(&world);
    let before = served(&world);
    world.standin.clear_requests();
    publish(&world, &record).exits(1).says("these bytes were rolled back").says("make release ALLOW_ROLLED_BACK='REASON'");
    assert_eq!(mutations(&world), Vec::<String>::new());
    assert_eq!(served(&world), before);
    let with_reason = |reason: &str| world.tool("nexy-publish").args(["--allow-rolled-back", reason, "-"]).stdin(record.to_string()).run();
    with_reason(" ").exits(2).says("needs a reason");
    let planned = world.tool("nexy-publish").args(["--dry-run", "--allow-rolled-back", "why", "-"]).stdin(record.to_string()).run();
    planned.exits(0).says(&format!("would rename Update/{}", bad_name(&bad)));
    let document = with_reason("the server was at fault").exits(0).json();
    assert_eq!(document["ext"]["published_again"], "the server was at fault");
    assert!(outcome(&document)["message"].as_str().is_some_and(|message| message.contains("the server was at fault")));
    assert_eq!(served(&world), Some(bad));
    assert_eq!(names(&world), ["Nexy.dmg", "Nexy.prev.dmg"]);
    assert!(!mutations(&world).iter().any(|call| call.starts_with("POST")));
}

#[test]
fn other_bytes_under_the_version_that_was_rolled_back_are_refused_and_a_higher_one_is_published() {
    let (world, bad) = rolled_back();
    world.inbox_dmg(&artifact::dmg(1 << 20, 55));
    publish(&world, &judged(&world)).exits(1).says("follow only a higher version");
    world.set_version("2.0.0.5");
    let record = judged(&world);
    publish(&world, &record).exits(0);
    assert_eq!(served(&world), Some(sha256(&record)));
    assert_eq!(names(&world), [bad_name(&bad), "Nexy.dmg".to_owned(), "Nexy.prev.dmg".to_owned()]);
}

#[test]
fn the_former_name_of_the_option_works_and_the_bytes_can_be_rolled_back_once_more() {
    let (world, bad) = rolled_back();
    let old = served(&world);
    let record = judged(&world);
    world.tool("nexy-publish").args(["--again", "a try", "-"]).stdin(record.to_string()).run().exits(0);
    // A copy of them has the rolled-back name that they need.
    let bytes = std::fs::read(world.inbox("Nexy.dmg")).expect("the artifact");
    world.standin.put_asset(ARTIFACTS, "Update", &bad_name(&bad), &bytes);
    roll_back(&world).exits(0);
    assert_eq!(served(&world), old);
    assert_eq!(names(&world), [bad_name(&bad), "Nexy.dmg".to_owned()]);
}
