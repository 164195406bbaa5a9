//! Names of probes and profiles, and what `list` and `explain` print without `nexy.toml`.

use crate::asked::{ask, on_vm};
use nexy_standin::world::{Ran, World};
use serde_json::Value;

const IDS: [&str; 26] = [
    "unit-active",
    "process-newer",
    "journal-clean",
    "local-health",
    "local-status",
    "local-updates",
    "manifest-pair",
    "local-feed",
    "public-tls",
    "certificate-renewal",
    "public-grpc",
    "public-health",
    "public-status",
    "public-updates",
    "public-headers",
    "feed",
    "beta-feed",
    "one-artifact",
    "release-assets",
    "live-artifact",
    "channel-assets",
    "feed-advice",
    "versions-agree",
    "workflow-run",
    "gated",
    "vm-asked",
];

fn anywhere(world: &World, words: &[&str]) -> Ran {
    world.tool("nexy-verify").bare().dir(world.home()).args(words.iter().copied()).run()
}

fn ids(ran: &Ran) -> Vec<String> {
    let findings = ran.json()["findings"].clone();
    findings.as_array().expect("findings").iter().map(|finding| finding["id"].as_str().expect("an id").to_owned()).collect()
}

#[test]
fn the_list_names_every_probe_and_needs_no_target() {
    let world = World::new();
    let list = anywhere(&world, &["--list"]).exits(0).json();
    let listed: Vec<&str> = list.as_array().expect("rows").iter().map(|row| row["id"].as_str().expect("an id")).collect();
    assert_eq!(listed, IDS);
    let text = anywhere(&world, &["--list", "--format", "text"]);
    let heads: Vec<&str> = text.exits(0).stdout.lines().filter(|line| !line.starts_with(' ')).collect();
    assert_eq!(heads.iter().filter_map(|line| line.split(' ').next()).collect::<Vec<_>>(), IDS);
}

#[test]
fn every_probe_is_explained_without_a_target() {
    let world = World::new();
    for id in IDS {
        let ran = anywhere(&world, &["--explain", id, "--format", "text"]);
        for word in ["Symptom", "Check", "Fix", "Verify", "Rulebook"] {
            ran.exits(0).prints(word);
        }
    }
    let explained: Value = anywhere(&world, &["--explain", "feed"]).exits(0).json();
    assert_eq!(explained["id"], "feed");
    anywhere(&world, &["--explain", "fed"]).exits(2).says("did you mean `feed`?").silent_stdout();
}

#[test]
fn the_help_and_the_version_need_no_target() {
    let world = World::new();
    anywhere(&world, &["--help"]).exits(0).prints("run-command").prints("Exit codes");
    anywhere(&world, &["--version"]).exits(0).prints("nexy-verify ");
}

#[test]
fn an_unknown_name_asks_nothing_and_suggests_the_nearest() {
    let world = World::new();
    ask(&world, "public locl").exits(2).silent_stdout().says("no probe or profile `locl`").says("did you mean `local`?");
    ask(&world, "- public").exits(2).silent_stdout().says("as the last operand");
    assert!(world.standin.requests().is_empty());
}

#[test]
fn a_profile_asks_its_probes_in_the_order_of_the_table_also_after_one_has_failed() {
    let world = World::new();
    let list = anywhere(&world, &["--list"]).exits(0).json();
    let of = |profile: &str| -> Vec<&str> {
        let rows = list.as_array().expect("rows").iter();
        let has = |row: &&Value| row["profiles"].as_array().expect("profiles").iter().any(|name| name == profile);
        rows.filter(has).map(|row| row["id"].as_str().expect("an id")).collect()
    };
    assert_eq!(ids(&on_vm(&world, "local")), of("local"));
    assert_eq!(ids(&ask(&world, "updates")), of("updates"));
    world.set_version("2.0.0.9");
    let ran = ask(&world, "public");
    assert_eq!(ids(ran.exits(1)), of("public"));
    ran.says("nexy-verify public: fail (").says("FAIL    public-health").says("FAIL    public-status");
}

#[test]
fn without_a_usable_target_nothing_is_asked() {
    let world = World::new();
    anywhere(&world, &["public"]).exits(78).silent_stdout();
    anywhere(&world, &["public", "--target", "/nowhere/nexy.toml"]).exits(78).silent_stdout();
}
