//! A rollback: users get what they had before with two renames, and the manifest follows.

use nexy_publish_support::{bad_name, calls, dmg, fresh, judged, mutations, names, outcome, publish, published, roll_back, served};
use nexy_standin::skip::has_program;
use nexy_standin::world::{ARTIFACTS, Options, World};
use nexy_standin::{Fault, Listener, Reply, artifact};
use serde_json::{Value, json};

const PIPELINE: &str = "nexy-version record | nexy-publish rollback - | nexy-manifest write -";

#[test]
fn the_old_bytes_and_their_manifest_come_back_with_two_renames() {
    let world = World::new();
    let old = world.live_manifest("2.0.0.3");
    world.standin.set_label(ARTIFACTS, "Update", "Nexy.dmg", Some("Nexy.dmg 2.0.0.3"));
    let before = served(&world).expect("a download");
    world.write("published.json", &publish(&world, &judged(&world)).exits(0).stdout);
    world.sh("nexy-manifest write - <published.json >written.json").exits(0);
    assert_eq!(world.manifest()["version"], "2.0.0.4");
    let bad = served(&world).expect("a download");
    let ran = world.sh(PIPELINE);
    ran.exits(0).says("Update/Nexy.dmg is 2.0.0.3 again").says("clients that already have 2.0.0.4 stay there until a higher version comes");
    assert_eq!(served(&world), Some(before.clone()));
    assert_eq!(names(&world), [bad_name(&bad), "Nexy.dmg".to_owned()]);
    let manifest = world.manifest();
    for key in ["version", "build"] {
        assert_eq!(manifest[key], old[key]);
    }
    for key in ["url", "size", "sha256", "type"] {
        assert_eq!(manifest["artifact"][key], old["artifact"][key], "{key}");
    }
    let record = ran.json();
    assert_eq!((record["version"].as_str(), record["tag"].as_str()), (Some("2.0.0.3"), Some("v2.0.0.3")));
    assert_eq!(record["artifacts"][0]["live"]["sha256"].as_str(), Some(before.as_str()));
    assert_eq!(record["artifacts"][0]["live"]["previous"]["name"].as_str(), Some(bad_name(&bad).as_str()));
    assert_eq!(dmg(&world).and_then(|asset| asset.label), Some("Nexy.dmg 2.0.0.3".to_owned()));
    // VERSION still names the rolled-back version; manifests may be behind it.
    world.tool("nexy-version").args(["check"]).run().exits(0);
}

#[test]
fn it_makes_every_request_once_and_none_between_the_renames() {
    let world = published();
    let record = fresh(&world);
    world.standin.clear_requests();
    world.tool("nexy-publish").args(["rollback", "-"]).stdin(record).run().exits(0);
    let calls = calls(&world);
    assert_eq!(
        calls,
        [
            "api GET", // the release
            "api GET", // its assets
            "web GET", // what it goes back to, whole
            "storage GET",
            "api GET",   // the assets again, right before the swap
            "api PATCH", // live becomes bad
            "api PATCH", // previous becomes live
            "api GET",   // confirmed by id
            "web GET",   // and by what users get
            "storage GET",
        ]
    );
}

#[test]
fn it_works_at_night_with_an_empty_inbox_and_without_any_gate() {
    let world = published();
    std::fs::remove_file(world.inbox("Nexy.dmg")).expect("emptied");
    let record: Value = serde_json::from_str(&fresh(&world)).expect("a record");
    assert_eq!((record["artifacts"].as_array().map(Vec::len), record["reports"].as_array().map(Vec::len)), (Some(0), Some(0)));
    world.sh(PIPELINE).exits(0);
    assert_eq!(world.manifest()["version"], "2.0.0.3");
}

#[test]
fn a_second_run_changes_nothing_and_says_so() {
    let world = published();
    let first = roll_back(&world).exits(0).json();
    world.standin.clear_requests();
    let ran = roll_back(&world);
    ran.exits(0).says("Update/Nexy.dmg is 2.0.0.3 already, nothing was changed");
    assert_eq!(mutations(&world), Vec::<String>::new());
    let second = ran.json();
    assert_eq!(second["artifacts"][0]["live"]["changed"], false);
    assert_eq!(second["artifacts"][0]["live"]["sha256"], first["artifacts"][0]["live"]["sha256"]);
    world.sh(PIPELINE).exits(0);
}

#[test]
fn a_dry_run_before_and_after_the_verb_names_every_step_and_does_none() {
    for arguments in [["--dry-run", "rollback", "-"], ["rollback", "-", "--dry-run"]] {
        let world = published();
        let before = (served(&world), names(&world));
        let record = fresh(&world);
        world.standin.clear_requests();
        let document = world.tool("nexy-publish").args(arguments).stdin(record).run().exits(0).json();
        assert_eq!(mutations(&world), Vec::<String>::new());
        assert_eq!((served(&world), names(&world)), before);
        let planned = outcome(&document)["planned"].to_string();
        assert!(planned.contains("to Nexy.bad-") && planned.contains("rename Update/Nexy.prev.dmg to Nexy.dmg"), "{planned}");
        let written = world.tool("nexy-manifest").args(["write", "-"]).stdin(document.to_string()).run();
        written.exits(1).says("it was a dry run");
    }
}

#[test]
fn another_version_than_the_one_that_is_live_goes_away_only_when_it_is_named() {
    let world = published();
    let before = (served(&world), names(&world));
    // VERSION was raised for the next release already.
    world.set_version("2.0.0.6");
    let record = fresh(&world);
    world.standin.clear_requests();
    let from = |words: &[&str]| world.tool("nexy-publish").arg("rollback").args(words.iter().copied()).arg("-").stdin(record.clone()).run();
    from(&[]).exits(1).says("2.0.0.4 is live, and VERSION says 2.0.0.6").says("make rollback FROM=2.0.0.4");
    from(&["--from", "2.0.0.5"]).exits(1).says("2.0.0.4 is live, and 2.0.0.5 should go back").says("make rollback FROM=2.0.0.4");
    assert_eq!((mutations(&world), served(&world), names(&world)), (Vec::new(), before.0, before.1));
    from(&["--from", "2.0.0.4"]).exits(0).says("Update/Nexy.dmg: 2.0.0.4 -> 2.0.0.3");
}

#[test]
fn what_has_no_label_is_known_by_its_digest_from_releases_and_from_git() {
    // The live asset of the first release has no label; git knows the manifest that announced it.
    let world = World::new();
    world.write("published.json", &publish(&world, &judged(&world)).exits(0).stdout);
    let record = fresh(&world);
    let dry = || world.tool("nexy-publish").args(["rollback", "--dry-run", "-"]).stdin(record.clone()).run();
    dry().exits(0).says("Update/Nexy.dmg: 2.0.0.4 -> 2.0.0.3");
    // The label of what is live was lost; the record of its publication is there, and says what VERSION says.
    world.standin.set_label(ARTIFACTS, "Update", "Nexy.dmg", None);
    dry().exits(1).says("cannot determine which version is live").says("make rollback FROM=2.0.0.4");
    let kept = "releases/2.0.0.4/earlier-1";
    std::fs::create_dir_all(world.workspace().join(kept)).expect("a folder");
    world.write(&format!("{kept}/30-publish.json"), &world.read("published.json"));
    dry().exits(0).says("Update/Nexy.dmg: 2.0.0.4 -> 2.0.0.3");
    world.standin.set_label(ARTIFACTS, "Update", "Nexy.dmg", Some("Nexy.dmg 2.0.0.9"));
    dry().exits(1).says("says 2.0.0.9, a record in releases/ knows the same bytes as 2.0.0.4");
}

#[test]
fn it_asks_on_a_terminal_and_does_nothing_without_one() {
    let world = published();
    let before = (served(&world), names(&world));
    let record = fresh(&world);
    let ask = || world.tool("nexy-publish").args(["rollback", "--ask", "-"]).stdin(record.clone()).run();
    ask().exits(1).says("2.0.0.4 -> 2.0.0.3").says("there is no terminal to ask on").says("make rollback YES=1");
    assert_eq!((served(&world), names(&world)), before);
    // What is printed is the same rollback, and not one to other bytes.
    let named = ["rollback", "--ask", "--from", "2.0.0.4", "--to-version", "2.0.0.3", "-"];
    world.tool("nexy-publish").args(named).stdin(record.clone()).run().exits(1).says("make rollback FROM=2.0.0.4 TO=2.0.0.3 YES=1");
    world.write("record.json", &record);
    let typed = |answer: &str| {
        let command = format!("printf '{answer}\n' | script -qec 'nexy-publish rollback --ask - <record.json >out.json' /dev/null");
        world.shell(&command).run()
    };
    if cfg!(target_os = "linux") && has_program("it_asks_on_a_terminal_and_does_nothing_without_one", "script", "bsdutils") {
        typed("no").exits(1).prints("Type yes:").prints("the answer was not yes");
        assert_eq!((served(&world), names(&world)), before);
        typed("yes").exits(0).prints("2.0.0.4 -> 2.0.0.3");
        assert_ne!(served(&world), before.0);
        // When nothing would be renamed there is nothing to ask.
        ask().exits(0).says("2.0.0.3 already");
    }
}

#[test]
fn a_previous_artifact_without_a_version_needs_the_option() {
    let world = World::with(&Options { git: false, ..Options::default() });
    world.standin.set_label(ARTIFACTS, "Update", "Nexy.dmg", Some("Nexy.dmg 2.0.0.3"));
    publish(&world, &judged(&world)).exits(0);
    world.standin.set_label(ARTIFACTS, "Update", "Nexy.prev.dmg", None);
    let record = fresh(&world);
    world.standin.clear_requests();
    roll_back(&world).exits(1).says("make rollback TO=X.Y.Z.W");
    let to = |version: &str| world.tool("nexy-publish").args(["rollback", "--to-version", version, "-"]).stdin(record.clone()).run();
    to("2.0.0.4").exits(1).says("is not lower than 2.0.0.4");
    assert_eq!(mutations(&world), Vec::<String>::new());
    to("2.0.0.3").exits(0);
    assert_eq!(dmg(&world).and_then(|asset| asset.label), Some("Nexy.dmg 2.0.0.3".to_owned()));
}

#[test]
fn a_label_that_contradicts_the_manifest_is_refused() {
    let world = published();
    // The workspace's manifest still announces the old bytes as 2.0.0.3.
    world.standin.set_label(ARTIFACTS, "Update", "Nexy.prev.dmg", Some("Nexy.dmg 2.0.0.2"));
    world.standin.clear_requests();
    roll_back(&world).exits(1).says("knows these bytes as 2.0.0.3, not as 2.0.0.2");
    assert_eq!(mutations(&world), Vec::<String>::new());
}

#[test]
fn without_a_candidate_it_says_how_to_name_a_file() {
    let world = World::new();
    roll_back(&world).exits(1).says("keeps no previous artifact").says("make rollback ARTIFACT=FILE TO=X.Y.Z.W");
    assert_eq!(mutations(&world), Vec::<String>::new());
}

#[test]
fn an_older_file_is_staged_verified_and_swapped() {
    let world = published();
    let bad = served(&world).expect("a download");
    std::fs::create_dir(world.root().join("archive")).expect("a folder");
    let file = world.root().join("archive/Nexy-2.0.0.1.dmg");
    artifact::write_dmg(&file, 300_000, 42);
    let go = |version: &str, record: String| {
        let file = file.to_str().expect("a path");
        world.tool("nexy-publish").args(["rollback", "--artifact", file, "--to-version", version, "-"]).stdin(record).run()
    };
    go("2.0.0.9", fresh(&world)).exits(1).says("is not lower than");
    let unknown =
        world.tool("nexy-publish").args(["rollback", "--artifact", file.to_str().expect("a path"), "-"]).stdin(fresh(&world)).run();
    unknown.exits(1).says(&format!("make rollback ARTIFACT={} TO=X.Y.Z.W", file.display()));
    let document = go("2.0.0.1", fresh(&world)).exits(0).says("Verifying uploaded artifact").json();
    assert_eq!(document["version"], "2.0.0.1");
    assert_eq!(document["artifacts"][0]["size_bytes"], 300_000);
    assert_eq!(served(&world).as_deref(), document["artifacts"][0]["sha256"].as_str());
    assert_eq!(names(&world), [bad_name(&bad), "Nexy.dmg".to_owned(), "Nexy.prev.dmg".to_owned()]);
    let written = world.tool("nexy-manifest").args(["write", "-"]).stdin(document.to_string()).run();
    written.exits(0);
    assert_eq!(world.manifest()["artifact"]["size"], 300_000);
    go("2.0.0.1", fresh(&world)).exits(0).says("nothing was changed");
    // The previous asset is newer than what is live now.
    roll_back(&world).exits(1).says("is not lower than 2.0.0.1");
}

#[test]
fn a_file_that_belongs_to_no_artifact_is_a_usage_error() {
    let world = published();
    let ran = world
        .tool("nexy-publish")
        .args(["rollback", "--artifact", "/tmp/x.iso", "--to-version", "2.0.0.1", "-"])
        .stdin(fresh(&world))
        .run();
    ran.exits(2).says("cannot determine which artifact");
}

#[test]
fn a_public_url_that_never_follows_undoes_the_rollback() {
    let world = published();
    world.set_target("limits", "public_url_wait_s", "1");
    let before = (served(&world), names(&world));
    world.standin.fault(Fault::new(Listener::Web, "GET", "/Nexy.dmg", Reply::Stale).always());
    roll_back(&world).exits(3).says("does not serve it");
    world.standin.clear_faults();
    assert_eq!((served(&world), names(&world)), before);
    assert_eq!(
        world.standin.asset(ARTIFACTS, "Update", "Nexy.prev.dmg").and_then(|asset| asset.label),
        Some("Nexy.dmg 2.0.0.3".to_owned())
    );
}

#[test]
fn all_artifacts_of_the_record_go_back_together_or_none_does() {
    let world = World::new();
    world.standin.set_label(ARTIFACTS, "Update", "Nexy.dmg", Some("Nexy.dmg 2.0.0.3"));
    world.standin.set_label(ARTIFACTS, "App", "Nexy.pkg", Some("Nexy.pkg 2.0.0.1"));
    world.inbox_pkg(&artifact::pkg(200_000, 7));
    let pkg = || world.standin.public_bytes_sha(ARTIFACTS, "App", "Nexy.pkg");
    let before = (served(&world), pkg());
    publish(&world, &judged(&world)).exits(0);
    let after = (served(&world), pkg());
    // Update needs two renames, App fails at its second.
    world.standin.fault(Fault::new(Listener::Api, "PATCH", "", Reply::Status(403, json!({"message": "no"}))).nth(4));
    roll_back(&world).exits(3).says("users have the old artifacts again");
    assert_eq!((served(&world), pkg()), after);
    let record = roll_back(&world).exits(0).says("Update/Nexy.dmg is 2.0.0.3 and App/Nexy.pkg is 2.0.0.1 again").json();
    assert_eq!((served(&world), pkg()), before);
    // Clients are told the version of what they update from.
    assert_eq!(record["version"], "2.0.0.3");
}

#[test]
fn only_a_rollback_may_take_the_manifest_back() {
    let world = published();
    let published_record = publish(&world, &judged(&world)).exits(0).stdout.clone();
    world.tool("nexy-manifest").args(["write", "-"]).stdin(published_record).run().exits(0);
    let record = roll_back(&world).exits(0).json();
    let write = |record: &Value| world.tool("nexy-manifest").args(["write", "-"]).stdin(record.to_string()).run();
    let mut forged = record.clone();
    forged["outcomes"][0]["by"] = json!("nexy-publish");
    write(&forged).exits(1);
    world.write("VERSION", "2.0.0.3\n");
    write(&forged).exits(1).says("newer than 2.0.0.3");
    assert_eq!(world.manifest()["version"], "2.0.0.4");
    write(&record).exits(0).says("clients that already have 2.0.0.4 stay there");
    write(&record).exits(0).says("nothing to change");
}

#[test]
fn a_rollback_whose_record_is_not_delivered_needs_a_person_and_the_same_command_again() {
    let world = published();
    world.write("record.json", &fresh(&world));
    world.sh("nexy-publish rollback - <record.json >/dev/full").exits(4).says("has acted").says("was not delivered");
    world.sh("nexy-publish rollback - <record.json >out.json").exits(0).says("nothing was changed");
    let before = names(&world);
    world.sh("nexy-publish rollback - <record.json | true; sleep 0").exits(0);
    assert_eq!(names(&world), before);
}
