//! `scripts/release.sh`: the stages of a release through files, resumable at the first one that is not done.

use crate::laptop::{holds_on, invocations, let_go, wait_until_started};
use nexy_standin::world::{ARTIFACTS, VERSION, World};
use nexy_standin::{Fault, Listener, Reply, artifact};
use serde_json::{Value, json};
use std::fs;

const STAGES: [&str; 7] = ["10-record", "20-gates", "30-publish", "40-manifest", "50-deliver", "55-push", "60-verify"];

/// A laptop whose remote takes pushes.
fn world() -> World {
    let world = World::new();
    world.workspace_on_github();
    world
}

/// The version that the manifest on GitHub announces.
fn version_on_github(world: &World) -> Value {
    let manifest = world.git_in(&world.bare("Nexy"), &["show", "main:server/updates/manifests/manifest.json"]);
    serde_json::from_str::<Value>(&manifest).unwrap()["version"].clone()
}

fn done(world: &World) -> Vec<&'static str> {
    let folder = world.workspace().join("releases").join(VERSION);
    STAGES.into_iter().filter(|stage| folder.join(format!("{stage}.json")).is_file()).collect()
}

fn uploads(world: &World) -> usize {
    world.standin.requests().iter().filter(|request| request.listener == "uploads" && request.method == "POST").count()
}

#[test]
fn a_release_leaves_one_record_a_stage_and_again_changes_nothing() {
    let world = world();
    let ran = world.sh("scripts/release.sh");
    ran.exits(0).silent_stdout().says("Manifest changes pushed to remote").says("REHEARSAL COMPLETE v2.0.0.4").says("/60-verify.json");
    assert_eq!((done(&world), version_on_github(&world)), (STAGES.to_vec(), VERSION.into()));
    assert_eq!((uploads(&world), invocations(&world)), (1, 1));
    assert_eq!(world.vm_manifest()["version"], VERSION);
    let evidence: Value = serde_json::from_str(&world.read(&format!("releases/{VERSION}/60-verify.json"))).unwrap();
    assert_eq!(evidence["reports"].as_array().unwrap().len(), 2);

    world.standin.clear_requests();
    world.sh("scripts/release.sh").exits(0);
    assert_eq!((world.standin.requests().iter().filter(|request| request.is_mutation()).count(), invocations(&world)), (0, 1));
}

#[test]
fn a_stage_that_fails_ends_with_its_own_code_and_is_resumed() {
    let world = world();
    world.set_az("conflicts", json!(2));
    world.sh("scripts/release.sh").exits(75).says("stopped at 50-deliver with exit code 75");
    assert_eq!(done(&world), STAGES[..4]);
    let kept: Value = serde_json::from_str(&world.read(&format!("releases/{VERSION}/50-deliver.failed.json"))).unwrap();
    assert_eq!(kept["outcomes"].as_array().unwrap().last().unwrap()["exit"], 75);

    world.standin.clear_requests();
    world.sh("scripts/release.sh").exits(0).never_says("30-publish");
    assert_eq!((done(&world).len(), uploads(&world)), (7, 0));
}

#[test]
fn a_refused_push_keeps_the_verification_from_nothing_ends_with_its_code_and_is_resumed() {
    let world = world();
    world.write("../remotes/refuses", "git@github.com: Permission denied (publickey).\n");
    let ran = world.sh("scripts/release.sh");
    ran.exits(69).says("stopped at 55-push with exit code 69; what users get was looked at all the same").never_says("COMPLETE");
    ran.says("nexy-verify updates: pass").says("do: read the lines above");
    assert_eq!((done(&world), version_on_github(&world)), (STAGES[..5].to_vec(), "2.0.0.3".into()));
    let evidence: Value = serde_json::from_str(&world.read(&format!("releases/{VERSION}/60-verify.failed.json"))).unwrap();
    assert_eq!(evidence["reports"][1]["verdict"], "pass");
    fs::remove_file(world.root().join("remotes/refuses")).unwrap();
    world.standin.clear_requests();
    let ran = world.sh("scripts/release.sh");
    ran.exits(0).says("REHEARSAL COMPLETE").says("next: what stands below \"next:\" of 55-push");
    assert_eq!((done(&world), version_on_github(&world), uploads(&world)), (STAGES.to_vec(), VERSION.into(), 0));
}

#[test]
fn a_release_that_is_rolled_back_is_not_done_any_more_and_the_vm_follows() {
    let world = world();
    world.standin.set_label(ARTIFACTS, "Update", "Nexy.dmg", Some("Nexy.dmg 2.0.0.3"));
    let old = world.standin.public_bytes_sha(ARTIFACTS, "Update", "Nexy.dmg");
    world.sh("scripts/release.sh").exits(0);
    assert_eq!(world.vm_manifest()["version"], VERSION);

    let rolled_back = world.sh("scripts/release.sh rollback --yes");
    rolled_back.exits(0).never_says("RELEASE COMPLETE").says("Update/Nexy.dmg: 2.0.0.4 -> 2.0.0.3");
    rolled_back
        .says("VERSION still says 2.0.0.4; the next release must be higher than 2.0.0.4")
        .says("pushed to origin main: Manifests after the rollback to v2.0.0.3");
    assert_eq!(version_on_github(&world), "2.0.0.3");
    assert_eq!(world.standin.public_bytes_sha(ARTIFACTS, "Update", "Nexy.dmg"), old);
    assert_eq!(world.vm_manifest()["version"], "2.0.0.3");
    assert_eq!(done(&world), ["10-record"]);
    for stage in ["70-record", "71-rollback", "72-manifest", "73-deliver", "74-push", "75-verify"] {
        assert!(world.workspace().join(format!("releases/{VERSION}/{stage}.json")).is_file(), "{stage}");
    }

    world.standin.clear_requests();
    // Nothing is renamed, so nothing is asked.
    world.sh("scripts/release.sh rollback").exits(0).says("nothing was changed");
    assert!(!world.standin.requests().iter().any(|request| request.is_mutation()));
    // What the bad release left is kept for those who look into it.
    let kept = world.workspace().join(format!("releases/{VERSION}/earlier-1"));
    for stage in &STAGES[1..] {
        assert!(kept.join(format!("{stage}.json")).is_file(), "{stage}");
    }
    // The same bytes do not go out again by mistake.
    world.sh("scripts/release.sh").exits(1).says("stopped at 20-gates").says("were rolled back");
}

#[test]
fn a_rollback_that_fails_says_how_to_go_on_with_it() {
    let world = world();
    world.sh("scripts/release.sh rollback --yes").exits(1).says("stopped at 71-rollback").says("then type: make rollback");
    // A rollback that was refused has changed nothing, so it leaves nothing.
    assert!(files(&world).is_empty(), "{:?}", files(&world));
    world.sh("scripts/release.sh rollback --yes --from 2.0.0.9").exits(1).says("then type: make rollback FROM=2.0.0.9");
}

/// The names of all records of the release, those of earlier runs included.
fn files(world: &World) -> Vec<String> {
    let all = world.sh("cd releases && find . -type f | sort");
    all.stdout.lines().map(str::to_owned).collect()
}

#[test]
fn bad_arguments_and_a_plan_change_nothing() {
    let world = world();
    world.standin.set_label(ARTIFACTS, "Update", "Nexy.dmg", Some("Nexy.dmg 2.0.0.3"));
    world.sh("scripts/release.sh").exits(0);
    world.standin.clear_requests();
    let before = (files(&world), world.git(&["status", "--porcelain"]));
    for words in [
        "rollback --to-version 2.0",
        "rollback --from ../2.0.0.4",
        "rollback --from 1.2.3.4.5",
        "rollback --to-version",
        "rollback --artifact /nowhere",
        "rollback --allow-rolled-back x",
        "publish --yes",
        "--allow-rolled-back",
        "--help",
    ] {
        world.sh(&format!("scripts/release.sh {words}")).exits(2).silent_stdout();
    }
    world.sh("scripts/release.sh rollback --dry-run").exits(0).silent_stdout().says("2.0.0.4 -> 2.0.0.3").says("would rename");
    world.sh("scripts/release.sh rollback").exits(1).says("there is no terminal to ask on");
    // VERSION was raised for the next release, of which nothing was published.
    world.set_version("2.0.0.6");
    world
        .sh("scripts/release.sh rollback --yes")
        .exits(1)
        .says("2.0.0.4 is live, and VERSION says 2.0.0.6")
        .says("make rollback FROM=2.0.0.4");
    world.set_version(VERSION);
    assert_eq!((files(&world), world.git(&["status", "--porcelain"])), before);
    assert!(!world.standin.requests().iter().any(|request| request.is_mutation()));
    // A publication that cannot begin leaves the evidence of the finished one, and says what make passes on as it was.
    world
        .shell("scripts/release.sh publish --allow-rolled-back 'it costs $5'")
        .env("GH_ENTERPRISE_TOKEN", "")
        .env("GH_TOKEN", "")
        .run()
        .exits(1)
        .says("make publish ALLOW_ROLLED_BACK='it costs $$5'");
    world.shell("scripts/release.sh publish").env("GH_ENTERPRISE_TOKEN", "").env("GH_TOKEN", "").run().exits(1);
    assert_eq!(done(&world), STAGES);
}

#[test]
fn a_release_that_is_not_live_any_more_is_published_again_when_a_reason_allows_it() {
    let world = world();
    world.standin.set_label(ARTIFACTS, "Update", "Nexy.dmg", Some("Nexy.dmg 2.0.0.3"));
    world.sh("scripts/release.sh").exits(0);
    let new = world.standin.public_bytes_sha(ARTIFACTS, "Update", "Nexy.dmg");
    // The rollback was typed elsewhere, so the records here still say that the release is done.
    world.sh("nexy-version record | nexy-publish rollback - | nexy-manifest write - | scripts/manifest_to_vm.sh -").exits(0);
    world.sh("scripts/release.sh").exits(1).says("is not live any more").says("stopped at 20-gates").says("not-rolled-back");
    world.sh("scripts/release.sh --allow-rolled-back \"the server's fault, not \\$(its)\"").exits(0);
    assert_eq!(world.standin.public_bytes_sha(ARTIFACTS, "Update", "Nexy.dmg"), new);
    assert_eq!(world.vm_manifest()["version"], VERSION);
    let record: Value = serde_json::from_str(&world.read(&format!("releases/{VERSION}/60-verify.json"))).unwrap();
    assert_eq!(record["ext"]["published_again"], "the server's fault, not $(its)");
}

#[test]
fn a_lock_that_another_release_has_taken_over_meanwhile_is_left_to_it() {
    let world = world();
    let lock = world.workspace().join(format!("releases/{VERSION}.lock"));
    let shown = lock.display();
    // While the dead owner is looked up, another release removes its lock and takes its own.
    let ps = format!("#!/bin/sh\nrm '{shown}'\nln -s 4711 '{shown}'\nexit 1\n");
    world.write("fake/ps", &ps);
    world
        .sh(&format!("chmod +x fake/ps; mkdir -p releases; ln -s 999999 '{shown}'; PATH=$PWD/fake:$PATH scripts/release.sh publish"))
        .exits(75)
        .says("another release");
    assert_eq!(std::fs::read_link(&lock).unwrap().display().to_string(), "4711");
}

#[test]
fn an_interrupt_says_where_what_users_have_and_what_to_type() {
    let world = world();
    let hold = nexy_standin::Hold::default();
    world.standin.fault(Fault::new(Listener::Uploads, "POST", "", Reply::Hold { hold: hold.clone(), after: false }));
    let running = world.shell("exec scripts/release.sh").spawn();
    assert!(hold.is_reached_within(std::time::Duration::from_secs(20)));
    // A terminal sends it to all programs in the foreground.
    running.signal_group("INT");
    let ran = running.wait();
    hold.let_go();
    ran.exits(130)
        .says("interrupted at 30-publish")
        .says("do: make release")
        .says("users have what they had")
        .says("users have a whole file");
    assert!(!files(&world).iter().any(|name| name.contains("30-publish")), "{:?}", files(&world));
    // The shell can see the end of the tool before its own signal.
    let wrapper = world.programs().join("nexy-publish");
    fs::write(&wrapper, "#!/bin/sh\nexit 130\n").unwrap();
    world.sh(&format!("chmod 755 '{}'", wrapper.display())).exits(0);
    world.sh("scripts/release.sh").exits(130).says("interrupted at 30-publish").never_says("stopped at");
    fs::remove_file(&wrapper).unwrap();
    world.sh("scripts/release.sh").exits(0);
}

#[test]
fn a_tool_that_is_killed_leaves_no_empty_record_and_names_none() {
    let world = world();
    let file = world.home().join("publish.pid");
    world.standin.fault(Fault::new(Listener::Uploads, "POST", "", Reply::KillPid { file: file.clone(), after: false }).always());
    let wrapper = world.programs().join("nexy-publish");
    let real = world.tools().join("nexy-publish");
    fs::write(&wrapper, format!("#!/bin/sh\necho $$ >'{}'\nexec '{}' \"$@\"\n", file.display(), real.display())).unwrap();
    world.sh(&format!("chmod 755 '{}'", wrapper.display())).exits(0);
    world.sh("scripts/release.sh").exits(137).says("stopped at 30-publish with exit code 137").never_says("failed.json");
    fs::remove_file(wrapper).unwrap();
    world.standin.clear_faults();
    world.sh("scripts/release.sh").exits(0);
    // What failed before the success does not stand beside it.
    world.set_az("conflicts", json!(2));
    world.sh("scripts/release.sh deliver").exits(75).says("50-deliver.failed.json");
    world.sh("scripts/release.sh deliver").exits(0);
    let kept = files(&world);
    assert!(kept.iter().any(|name| name.contains("/earlier-") && name.ends_with("50-deliver.failed.json")), "{kept:?}");
    assert!(!kept.contains(&format!("./{VERSION}/50-deliver.failed.json")), "{kept:?}");
}

#[test]
fn a_shut_gate_stops_before_anything_is_uploaded() {
    let world = world();
    world.inbox_dmg(b"<!DOCTYPE html>");
    world.sh("scripts/release.sh").exits(1).says("stopped at 20-gates");
    assert_eq!((done(&world), uploads(&world)), (vec!["10-record"], 0));
}

#[test]
fn a_corrupted_download_stops_the_release_and_users_keep_the_old_file() {
    let world = world();
    let old = world.live_manifest(VERSION)["artifact"]["sha256"].clone();
    world.standin.fault(Fault::new(Listener::Storage, "GET", "", Reply::CorruptBytes(100)).always());
    let ran = world.sh("scripts/release.sh");
    assert!(ran.code != Some(0), "{ran}");
    ran.says("stopped at 30-publish");
    assert_eq!(world.live_manifest(VERSION)["artifact"]["sha256"], old);
    world.standin.clear_faults();
    world.sh("scripts/release.sh").exits(0);
}

#[test]
fn other_bytes_start_anew_while_nothing_is_live_and_are_refused_after_that() {
    let world = world();
    world.standin.fault(Fault::new(Listener::Uploads, "POST", "", Reply::Status(403, json!({"message": "no"}))).always());
    world.sh("scripts/release.sh publish").exits(1);
    world.standin.clear_faults();
    world.inbox_dmg(&artifact::dmg(300_000, 77));
    world.sh("scripts/release.sh").exits(0).says("starts anew");
    let names = files(&world);
    for kept in ["10-record.json", "20-gates.json", "30-publish.failed.json"] {
        assert!(names.contains(&format!("./{VERSION}/earlier-1/{kept}")), "{kept}: {names:?}");
    }
    assert_eq!(done(&world), STAGES);
    // One version has one artifact for ever; the records of the live one stay where they are.
    world.inbox_dmg(&artifact::dmg(300_000, 78));
    world.sh("scripts/release.sh").exits(1).says("stopped at 20-gates");
    assert_eq!(done(&world), STAGES);
}

#[test]
fn a_stage_by_name_needs_the_one_before() {
    let world = world();
    for stage in ["manifest", "verify"] {
        world.sh(&format!("scripts/release.sh {stage}")).exits(1).says("is not done");
    }
    world.sh("scripts/release.sh publish").exits(0);
    assert_eq!(done(&world), STAGES[..3]);
    world.sh("scripts/release.sh deliver").exits(1).says("40-manifest is not done");
    world.sh("scripts/release.sh manifest").exits(0);
    world.sh("scripts/release.sh push").exits(1).says("50-deliver is not done");
    world.sh("scripts/release.sh deliver").exits(0);
    world.sh("scripts/release.sh push").exits(0);
    world.sh("scripts/release.sh verify").exits(0);
    assert_eq!(done(&world), STAGES);
}

#[test]
fn a_clone_without_records_delivers_the_manifest_of_what_is_live() {
    let world = world();
    let good = world.manifest();
    let mut drifted = good.clone();
    drifted["artifact"]["size"] = json!(1);
    world.set_vm_manifest(&drifted);
    world.sh("scripts/release.sh deliver").exits(0);
    assert_eq!(world.vm_manifest(), good);
    world.sh("scripts/release.sh push").exits(0).says("nothing to push");
    assert!(done(&world).is_empty());
}

#[test]
fn an_update_of_the_artifacts_alone_says_so_in_its_record() {
    let world = world();
    world.sh("scripts/release.sh release --kind update").exits(0);
    let record: Value = serde_json::from_str(&world.read(&format!("releases/{VERSION}/60-verify.json"))).unwrap();
    assert_eq!(record["kind"], "update");
    world.sh("scripts/release.sh release --kind rollback").exits(2);
}

#[test]
fn what_was_said_about_an_earlier_state_does_not_count() {
    let world = world();
    world.sh("scripts/release.sh").exits(0);
    world.sh("scripts/release.sh publish").exits(0);
    assert_eq!(done(&world), STAGES[..3]);
    let folder = world.workspace().join("releases").join(VERSION);
    assert!(!fs::read_dir(folder).unwrap().any(|entry| entry.unwrap().path().extension().is_some_and(|end| end == "part")));
}

#[test]
fn an_unknown_stage_is_a_wrong_command_line() {
    let world = world();
    world.sh("scripts/release.sh record").exits(2).silent_stdout();
    world.sh("scripts/release.sh publish verify").exits(2).silent_stdout();
    assert!(done(&world).is_empty());
}

#[test]
fn a_check_that_fails_later_leaves_no_old_yes() {
    let world = world();
    world.sh("scripts/release.sh").exits(0);
    world.standin.fault(Fault::new(Listener::Public, "GET", "appcast.xml", Reply::Status(404, json!({}))).always());
    let ran = world.sh("scripts/release.sh verify");
    assert_ne!(ran.code, Some(0), "{ran}");
    ran.says("stopped at 60-verify");
    assert_eq!(done(&world), STAGES[..6]);
}

#[test]
fn its_files_stand_in_the_workspace_wherever_it_is_called() {
    let world = world();
    let elsewhere = world.home();
    let script = world.workspace().join("scripts/release.sh");
    world.shell(&format!("'{}' publish", script.display())).dir(&elsewhere).run().exits(0);
    assert_eq!(done(&world), STAGES[..3]);
    world.shell("./release.sh manifest").env("NEXY_TOML", "../nexy.toml").dir(world.workspace().join("scripts")).run().exits(0);
    assert_eq!(done(&world), STAGES[..4]);
    assert!(!elsewhere.join("releases").exists());
}

#[test]
fn a_second_release_of_the_same_version_waits_for_the_first() {
    let world = world();
    holds_on(&world, "nexy-manifest");
    let first = world.shell("scripts/release.sh").spawn();
    wait_until_started(&world);
    world.sh("scripts/release.sh").exits(75).says("another release of version").says("rm '/");
    let_go(&world);
    // What that tool answered is no delivery; the lock is gone with its release all the same.
    assert_ne!(first.wait().code, Some(0));
    assert!(world.workspace().join(format!("releases/{VERSION}.lock")).symlink_metadata().is_err());
}

#[test]
fn what_a_killed_release_left_does_not_stop_the_next_one() {
    let world = world();
    let lock = world.workspace().join(format!("releases/{VERSION}.lock"));
    let dead = world.sh("echo $$").stdout.trim().to_owned();
    std::os::unix::fs::symlink(dead, &lock).unwrap();
    fs::create_dir(world.workspace().join("releases").join(VERSION)).unwrap();
    world.write(&format!("releases/{VERSION}/30-publish.part"), "{\"sche");
    world.sh("scripts/release.sh").exits(0);
    assert_eq!(done(&world), STAGES);
    if world.sh("command -v ps").code == Some(0) {
        // Its number went to another program since.
        std::os::unix::fs::symlink(std::process::id().to_string(), &lock).unwrap();
        world.sh("scripts/release.sh").exits(0);
    }
}
