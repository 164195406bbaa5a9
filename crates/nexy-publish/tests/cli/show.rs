//! `show` prints what is on the channels, with and without a token, and changes nothing.

use nexy_publish_support::mutations;
use nexy_standin::world::{ARTIFACTS, World};
use nexy_standin::{Fault, Listener, Reply};
use serde_json::json;

#[test]
fn it_names_live_previous_staged_and_other_assets() {
    let world = World::new();
    world.standin.put_asset(ARTIFACTS, "Update", "Nexy.prev.dmg", b"before");
    world.standin.put_asset(ARTIFACTS, "Update", "Nexy.next-0123456789ab.dmg", b"soon");
    world.standin.put_asset(ARTIFACTS, "Update", "notes.txt", b"?");
    let shown = world.tool("nexy-publish").args(["show"]).run().exits(0).json();
    assert_eq!(shown["schema"], "nexy.channels/1");
    let update = &shown["channels"][0];
    assert_eq!(update["live"]["name"], "Nexy.dmg");
    assert_eq!(update["previous"]["name"], "Nexy.prev.dmg");
    assert_eq!(update["staged"][0]["name"], "Nexy.next-0123456789ab.dmg");
    assert_eq!(update["others"][0]["name"], "notes.txt");
    assert_eq!(mutations(&world), Vec::<String>::new());
}

#[test]
fn it_works_without_a_token_and_says_when_nothing_is_live() {
    let world = World::new();
    world.standin.remove_asset(ARTIFACTS, "Update", "Nexy.dmg");
    let shown =
        world.tool("nexy-publish").args(["show", "--format", "text"]).without_env("GH_TOKEN").without_env("GH_ENTERPRISE_TOKEN").run();
    shown.exits(0).prints("NOTHING: users get 404");
}

#[test]
fn it_says_when_it_could_not_look_or_there_is_no_release() {
    let world = World::new();
    world.standin.fault(Fault::new(Listener::Api, "GET", "", Reply::Status(500, json!({"message": "oops"}))).always());
    world.tool("nexy-publish").args(["show"]).run().exits(69).says("HTTP 500").silent_stdout();
    world.standin.clear_faults();
    world.standin.remove_release(ARTIFACTS, "App");
    world.tool("nexy-publish").args(["show"]).run().exits(1).says("has no release `App`").says("nexy-gate fixed-channel").silent_stdout();
}
