//! `clean` deletes old assets of this tool, and nothing else.

use nexy_publish_support::{mutations, names, published, roll_back};
use nexy_standin::world::{ARTIFACTS, World};

const LEFT: &str = "Nexy.next-0123456789ab.dmg";

fn cluttered() -> World {
    let world = published();
    for (name, age) in [
        (LEFT, 3600),
        ("Nexy.next-00000000000a.dmg", 3000),
        ("Nexy.bad-0123456789ab.dmg", 3600),
        ("Nexy.bad-00000000000a.dmg", 10),
        ("Nexy.old.dmg", 9999),
        ("notes.txt", 9999),
    ] {
        world.standin.put_asset(ARTIFACTS, "Update", name, name.as_bytes());
        world.standin.set_age(ARTIFACTS, "Update", name, age);
    }
    world.standin.put_starter(ARTIFACTS, "Update", "Nexy.next-00000000000b.dmg");
    world.standin.set_age(ARTIFACTS, "Update", "Nexy.next-00000000000b.dmg", 4000);
    world.standin.set_age(ARTIFACTS, "Update", "Nexy.prev.dmg", 9999);
    world.standin.set_age(ARTIFACTS, "Update", "Nexy.dmg", 9999);
    world.standin.clear_requests();
    world
}

#[test]
fn only_leftovers_older_than_an_hour_go_and_the_previous_artifact_stays() {
    let world = cluttered();
    let document = world.tool("nexy-publish").args(["clean"]).run().exits(0).json();
    assert_eq!(document["schema"], "nexy.cleaned/1");
    assert_eq!(document["removed"].as_array().map(Vec::len), Some(3));
    assert_eq!(
        names(&world),
        ["Nexy.bad-00000000000a.dmg", "Nexy.dmg", "Nexy.next-00000000000a.dmg", "Nexy.old.dmg", "Nexy.prev.dmg", "notes.txt"]
    );
    let again = world.tool("nexy-publish").args(["clean", "--format", "text"]).run();
    again.exits(0).prints("nothing to clean");
    again
        .says("kept for another 60 min: Update/Nexy.bad-00000000000a.dmg")
        .says("kept for another 10 min: Update/Nexy.next-00000000000a.dmg");
}

#[test]
fn a_dry_run_names_them_and_removes_nothing() {
    for arguments in [["--dry-run", "clean"], ["clean", "--dry-run"]] {
        let world = cluttered();
        let before = names(&world);
        let ran = world.tool("nexy-publish").args(arguments).args(["--format", "text"]).run();
        ran.exits(0).prints(&format!("would remove Update/{LEFT}"));
        assert_eq!(names(&world), before);
        assert_eq!(mutations(&world), Vec::<String>::new());
    }
}

#[test]
fn while_users_have_no_download_nothing_is_cleaned() {
    let world = cluttered();
    world.standin.remove_asset(ARTIFACTS, "Update", "Nexy.dmg");
    let before = names(&world);
    world.tool("nexy-publish").args(["clean"]).run().exits(1).says("users have no Nexy.dmg right now").silent_stdout();
    assert_eq!(names(&world), before);
}

#[test]
fn an_asset_that_was_rolled_back_a_moment_ago_stays() {
    let world = published();
    roll_back(&world).exits(0);
    let before = names(&world);
    world.tool("nexy-publish").args(["clean"]).run().exits(0);
    assert_eq!(names(&world), before);
}

#[test]
fn it_takes_no_reason_and_needs_a_token() {
    let world = cluttered();
    world
        .tool("nexy-publish")
        .args(["--allow-rolled-back", "why", "clean"])
        .run()
        .exits(2)
        .says("--allow-rolled-back belongs to a publication");
    let ran = world.tool("nexy-publish").args(["clean"]).without_env("GH_TOKEN").without_env("GH_ENTERPRISE_TOKEN").run();
    ran.exits(69).says("no usable GitHub token");
}
