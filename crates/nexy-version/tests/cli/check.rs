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
    world
        .tool("nexy-version")
        .args(["check"])
        .run()
        .exits(1)
        .says("default_build")
        .says("server/config/unified_config.yaml line 5 says 2.0.0.3")
        .says("nexy-version set 2.0.0.4");
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

#[test]
fn a_commit_is_read_without_being_checked_out() {
    let world = World::new();
    world.set_manifest(&world.live_manifest("2.0.0.3"));
    for tag in ["v2.0.0.4", "v2.0.0.31", "beta"] {
        world.git(&["tag", tag]);
    }
    // A branch of the same name is not meant.
    world.set_version("2.0.0.5");
    world.git(&["checkout", "--quiet", "-b", "v2.0.0.4"]);
    world.git(&["commit", "--quiet", "--all", "--message=next"]);
    world.write("VERSION", "two\n");
    let check = |words: &[&str]| world.tool("nexy-version").args(["check", "--ref"]).args(words.iter().copied()).run();
    for name in ["v2.0.0.4", "beta", "HEAD", "main"] {
        check(&[name]).exits(0);
    }
    let drifted = check(&["v2.0.0.31", "--phase", "published"]);
    drifted.exits(1).says("VERSION line 1 says 2.0.0.4").says("the manifests say 2.0.0.3").never_says("set 2.0.0.31");
    assert_eq!(drifted.finding("VERSION")["expected"], "2.0.0.31 at v2.0.0.31");
    for name in ["v2.0.0.99", "--help^{commit}"] {
        check(&[&format!("--ref={name}")[6..]]).exits(if name.starts_with('v') { 69 } else { 2 });
    }
    check(&["v2.0.0.99"]).says("no such tag, branch or commit").says("git fetch origin --tags");
    let object = world.git(&["rev-parse", "beta:server/config/unified_config.py"]);
    let (folder, file) = object.trim().split_at(2);
    std::fs::remove_file(world.workspace().join(".git/objects").join(folder).join(file)).expect("removed");
    check(&["beta"]).exits(69).says("git does not hold the content of server/config/unified_config.py").says("git fetch --refetch");
}

#[test]
fn what_was_not_looked_at_is_said_where_it_counts() {
    let world = World::new();
    world.set_manifest(&world.live_manifest("2.0.0.4"));
    world.set_target("github", "api_url", "\"http://127.0.0.1:9\"");
    let unasked = world.tool("nexy-version").args(["check", "--phase", "published"]).run();
    assert_eq!(unasked.exits(0).finding("one-artifact")["verdict"], "unknown");
    unasked.says("was not looked at (see one-artifact)").says("not compared with the label of the live asset");
}
