//! `check` judges the version places and the manifests, before and after a publication.

use nexy_standin::world::{ARTIFACTS, World};
use serde_json::json;

#[test]
fn prepared_allows_older_manifests_and_published_does_not() {
    let world = World::new();
    let report = world.tool("nexy-version").args(["check"]).run().exits(0).json();
    assert_eq!((report["schema"].as_str(), report["verdict"].as_str()), (Some("nexy.report/1"), Some("pass")));
    world
        .tool("nexy-version")
        .args(["check", "--phase", "published"])
        .run()
        .exits(1)
        .says("the manifests say 2.0.0.3")
        .says("make release");
    world.set_manifest(&world.live_manifest("2.0.0.4"));
    world.tool("nexy-version").args(["check", "--phase", "published"]).run().exits(0);
    // A manifest that was raised by hand stands over bytes that were published under another version.
    world.standin.set_label(ARTIFACTS, "Update", "Nexy.dmg", Some("Nexy.dmg 2.0.0.3"));
    let raised = world.tool("nexy-version").args(["check", "--phase", "published"]).run();
    raised.exits(1).says("were published as 2.0.0.3 already").says("nexy-version set 2.0.0.5");
}

#[test]
fn a_place_that_differs_is_named_with_its_line_and_the_command() {
    let world = World::new();
    let text = world.read("server/config/unified_config.yaml").replace("default_build: 2.0.0.4", "default_build: 2.0.0.3");
    world.write("server/config/unified_config.yaml", &text);
    world.tool("nexy-version").args(["check"]).run().exits(1).says("default_build").says("says 2.0.0.3").says("nexy-version set 2.0.0.4");
}

#[test]
fn tap_and_text_say_the_same() {
    let world = World::new();
    world.tool("nexy-version").args(["check", "--format", "tap"]).run().exits(0).prints("TAP version 13").prints("ok 1 - VERSION");
    world.tool("nexy-version").args(["check", "--format", "text", "--quiet"]).run().exits(0).prints("pass    VERSION").silent_stderr();
    world.tool("nexy-version").args(["check"]).env("NEXY_FORMAT", "tap").run().exits(0).prints("TAP version 13");
    world.tool("nexy-version").args(["check"]).env("NEXY_FORMAT", "xml").run().exits(2).says("NEXY_FORMAT").silent_stdout();
}

#[test]
fn control_characters_in_a_file_do_not_reach_the_terminal() {
    let world = World::new();
    world.write("VERSION", "2.0.0.4\n");
    world.set_manifest(&json!({"version": "2.0.0.\u{1b}[31m4"}));
    let ran = world.tool("nexy-version").args(["check", "--format", "text"]).run();
    assert!(!ran.stdout.contains('\u{1b}') && !ran.stderr.contains('\u{1b}'));
    ran.exits(1);
}

#[test]
fn the_printed_command_for_a_broken_version_file_helps() {
    let world = World::new();
    world.write("VERSION", "two\n");
    let restore = format!("git -C {} checkout -- VERSION", world.workspace().display());
    world.tool("nexy-version").args(["check"]).run().exits(1).says(&restore).says("nexy-version set X.Y.Z.W");
    world.sh(&restore).exits(0);
    world.tool("nexy-version").args(["check"]).run().exits(0);
}
