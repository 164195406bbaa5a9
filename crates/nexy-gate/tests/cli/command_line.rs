//! The command line of `nexy-gate`: usage errors, help and lists, mostly without a world.

use crate::{ask, said, world};
use nexy_standin::world::World;
use std::{fs, path::Path};

/// Compares with the committed text; `UPDATE=1` rewrites it.
fn is_as_committed(name: &str, text: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/expected").join(name);
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&file, text).expect("the committed text");
    }
    let committed = fs::read_to_string(&file).unwrap_or_default();
    assert!(text == committed, "{} is not as committed; look at it, then run the test with UPDATE=1:\n{text}", file.display());
}

/// Runs without any target, in a folder that has none.
fn bare(world: &World, arguments: &[&str]) -> nexy_standin::world::Ran {
    world.tool("nexy-gate").bare().dir(world.home()).args(arguments.iter().copied()).run()
}

#[test]
fn help_and_list_read_as_committed_and_need_no_target() {
    let world = world();
    let help = bare(&world, &["--help"]);
    help.exits(0).silent_stderr();
    is_as_committed("help.txt", &help.stdout);
    let list = bare(&world, &["--list", "--format=text"]);
    list.exits(0).silent_stderr();
    is_as_committed("list.txt", &list.stdout);
    bare(&world, &["--version"]).exits(0).prints("nexy-gate ");
}

#[test]
fn every_gate_of_the_list_can_be_explained_without_a_target() {
    let world = world();
    let list = bare(&world, &["--list", "--format=json"]);
    let rows = list.exits(0).json();
    let mut explained = String::new();
    for row in rows.as_array().expect("a list") {
        let id = row["id"].as_str().expect("an id");
        let text = bare(&world, &["--explain", id, "--format=text"]);
        text.exits(0).silent_stderr().prints("Symptom").prints("Check").prints("Fix").prints("Verify").prints("Rulebook");
        explained.push_str(&text.stdout);
        explained.push('\n');
        assert_eq!(bare(&world, &["--explain", id, "--format=json"]).json()["asks"], row["asks"]);
    }
    is_as_committed("explain.txt", &explained);
}

#[test]
fn a_profile_is_explained_by_its_questions() {
    let world = world();
    let rows = bare(&world, &["--explain", "db", "--format=json"]).exits(0).json();
    let ids: Vec<&str> = rows.as_array().expect("a list").iter().filter_map(|row| row["id"].as_str()).collect();
    assert_eq!(ids, ["db-backup", "restore-drill", "db-hardened"]);
    bare(&world, &["--explain", "hard", "--format=text"]).exits(0).silent_stderr().prints("exec-start");
}

#[test]
fn an_unknown_id_to_explain_is_a_usage_error_with_the_nearest() {
    bare(&world(), &["--explain", "git-remote"]).exits(2).silent_stdout().says("`git-remotes`");
    bare(&world(), &["--explain", "hrad"]).exits(2).silent_stdout().says("did you mean `hard`?");
}

#[test]
fn no_operand_is_a_usage_error_with_the_list() {
    world().tool("nexy-gate").run().exits(2).silent_stdout().says("before-publish").says("version-synced").says("nexy-gate --list");
}

#[test]
fn an_unknown_name_is_a_usage_error_with_the_nearest_and_nothing_is_asked() {
    let world = world();
    ask(&world, &["version-synced", "before-publis"]).exits(2).silent_stdout().says("did you mean `before-publish`");
    assert!(world.standin.requests().is_empty());
}

#[test]
fn a_dash_that_is_not_last_is_a_usage_error() {
    let world = world();
    for operands in [&["-", "before-publish"][..], &["before-publish", "-", "-"], &["-"]] {
        world.tool("nexy-gate").args(operands.iter().copied()).stdin("{}").run().exits(2).silent_stdout();
    }
}

#[test]
fn options_are_refused_as_clap_words_them() {
    let world = world();
    bare(&world, &["--no-such-option"]).exits(2).silent_stdout();
    bare(&world, &["--list", "before-publish"]).exits(2).silent_stdout();
    bare(&world, &["before-publish", "--format=xml"]).exits(2).silent_stdout();
    world.tool("nexy-gate").arg("version-synced").env("NEXY_FORMAT", "xml").run().exits(2).silent_stdout().says("NEXY_FORMAT");
}

#[test]
fn a_missing_or_wrong_target_is_78() {
    let world = world();
    bare(&world, &["version-synced", "--target=/nowhere/nexy.toml"]).exits(78).silent_stdout();
    let text = world.read("nexy.toml") + "\nsurprise = 1\n";
    world.write("nexy.toml", &text);
    ask(&world, &["version-synced"]).exits(78).silent_stdout().says("surprise");
}

#[test]
fn everything_named_is_asked_once_in_the_order_of_the_table_also_after_a_no() {
    let world = world();
    fs::remove_file(world.inbox("Nexy.dmg")).expect("the artifact");
    let ran = ask(&world, &["github-token", "release-inbox", "version-synced", "release-inbox"]);
    let report = ran.exits(1).json();
    let ids: Vec<&str> = report["findings"].as_array().expect("findings").iter().filter_map(|finding| finding["id"].as_str()).collect();
    assert_eq!(ids, ["version-synced", "release-inbox", "github-token"]);
    assert_eq!(report["profile"], "github-token+release-inbox+version-synced");
    assert_eq!((&report["by"], &report["verdict"]), (&"nexy-gate".into(), &"fail".into()));
}

#[test]
fn every_format_ends_with_the_same_code_and_quiet_says_nothing() {
    let world = world();
    for format in ["text", "json", "tap"] {
        let ran = world.tool("nexy-gate").args(["version-synced", "--quiet", "--format", format]).run();
        ran.exits(0).silent_stderr().prints("version-synced");
    }
    fs::remove_file(world.workspace().join("VERSION")).expect("VERSION");
    for format in ["text", "json", "tap"] {
        let ran = world.tool("nexy-gate").args(["version-synced", "--quiet", "--format", format]).run();
        ran.exits(1).silent_stderr().prints("nexy-version set");
    }
}

#[test]
fn standard_input_is_never_read_without_a_dash() {
    let world = world();
    let left = world.sh("printf 'left over' | { nexy-gate version-synced --quiet >/dev/null; cat; }");
    left.exits(0).prints("left over");
    world.tool("nexy-gate").arg("version-synced").stdin_closed().run().exits(0);
}

#[test]
fn an_answer_that_nobody_receives_is_not_a_yes() {
    let world = world();
    let ran = world.sh("{ nexy-gate version-synced --format=json; echo \"code $?\" >&2; } >/dev/full");
    ran.says("code 69").says("not delivered");
}

#[test]
fn a_whole_before_publish_passes_with_the_fewest_requests() {
    let world = world();
    let ran = ask(&world, &["before-publish"]);
    ran.exits(0);
    let calls: Vec<String> = world.standin.requests().iter().map(|request| request.call()).collect();
    // Whether its releases are immutable, the channel and its assets, the repository, the allowance, two lists of releases, and what the server says twice.
    assert_eq!(calls.len(), 9, "{calls:?}");
    let distinct: std::collections::BTreeSet<&String> = calls.iter().collect();
    assert_eq!(distinct.len(), calls.len(), "something is asked twice: {calls:?}");
    world.standin.assert_all_scripted();
    let report = ran.json();
    let subject = &report["subjects"][0];
    assert_eq!((&subject["name"], &subject["looked"]), (&"Nexy.dmg".into(), &true.into()));
    let live = world.standin.asset(nexy_standin::world::ARTIFACTS, "Update", "Nexy.dmg").expect("the live asset");
    assert_eq!(subject["live"]["asset_id"], live.id);
    assert!(!said(&ran).contains(nexy_standin::TOKEN));
}
