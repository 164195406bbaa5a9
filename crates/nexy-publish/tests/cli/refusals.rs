//! What is refused before any change, with which exit code.

use nexy_contract::Timestamp;
use nexy_publish_support::{judged, mutations, outcome, publish, ready, report, served};
use nexy_standin::ReleaseOptions;
use nexy_standin::world::{ARTIFACTS, Ran, World};
use serde_json::{Value, json};

/// Publishes a changed record and holds that nothing has changed.
fn refused(code: i32, says: &str, change: impl FnOnce(&World, &mut Value)) -> Ran {
    let (world, mut record) = ready();
    change(&world, &mut record);
    let before = served(&world);
    world.standin.clear_requests();
    let ran = publish(&world, &record);
    ran.exits(code).says(says);
    assert_eq!(mutations(&world), Vec::<String>::new());
    assert_eq!(served(&world), before);
    ran
}

#[test]
fn input_that_is_no_record_is_65_and_prints_nothing() {
    let (world, record) = ready();
    let contradicting = record.to_string().replacen("\"verdict\":\"pass\"", "\"verdict\":\"fail\"", 1);
    // The record is read by one piece of code for all tools; nexy-manifest's tests hold every way in which it can be none.
    for (input, says) in [("<html>", "does not start with"), (contradicting.as_str(), "contradicts itself")] {
        world.tool("nexy-publish").args(["-"]).stdin(input).run().exits(65).says(says).silent_stdout();
    }
    world.set_target("limits", "restore_drill_max_days", "8");
    publish(&world, &record).exits(65).says("made for the target").silent_stdout();
    assert_eq!(mutations(&world), Vec::<String>::new());
}

#[test]
fn an_old_an_incomplete_and_a_missing_report_are_refused_with_a_record() {
    let minutes_ago = |minutes: i64| Timestamp::from_second(Timestamp::now().as_second() - minutes * 60).expect("a time");
    let ran = refused(1, " s old", |world, record| record["reports"] = json!([report(world, record, minutes_ago(16))]));
    assert_eq!(outcome(&ran.json())["exit"], 1);
    refused(1, "from the future", |world, record| record["reports"] = json!([report(world, record, minutes_ago(-3))]));
    refused(1, "does not answer version-moves", |_, record| {
        let findings = record["reports"][0]["findings"].as_array_mut().expect("findings");
        findings.retain(|finding| finding["id"] != "version-moves");
    });
    refused(1, "did not see what is live as Nexy.dmg", |_, record| {
        record["reports"][0]["subjects"][0]["live"] = json!(null);
        record["reports"][0]["subjects"][0]["looked"] = json!(false);
    });
    refused(1, "holds no before-publish report", |_, record| record["reports"] = json!([]));
}

#[test]
fn an_unanswered_question_is_accepted_only_where_it_is_advice() {
    let unanswered = |severity: &'static str, verdict: &'static str| {
        move |_: &World, record: &mut Value| {
            let findings = record["reports"][0]["findings"].as_array_mut().expect("findings");
            let finding = findings.iter_mut().find(|finding| finding["id"] == "artifact-version").expect("the finding");
            (finding["severity"], finding["verdict"]) = (json!(severity), json!(verdict));
        }
    };
    let (world, mut record) = ready();
    unanswered("advice", "unknown")(&world, &mut record);
    publish(&world, &record).exits(0);
    refused(1, "does not answer artifact-version", unanswered("advice", "fail"));
    refused(65, "contradicts itself", unanswered("gate", "unknown"));
}

#[test]
fn a_report_just_inside_its_age_and_skew_is_accepted() {
    for offset_s in [14 * 60, -110] {
        let (world, mut record) = ready();
        let at = Timestamp::from_second(Timestamp::now().as_second() - offset_s).expect("a time");
        record["reports"] = json!([report(&world, &record, at)]);
        publish(&world, &record).exits(0);
    }
}

#[test]
fn a_reason_excuses_a_missing_report_and_is_kept_but_never_a_failed_one() {
    let (world, mut record) = ready();
    record["reports"] = json!([]);
    let ungated =
        |record: &Value| world.tool("nexy-publish").args(["--ungated", "the gates host is down", "-"]).stdin(record.to_string()).run();
    let document = ungated(&record).exits(0).json();
    assert_eq!(outcome(&document)["ungated"], "the gates host is down");
    let mut failed = judged(&world);
    failed["reports"][0]["verdict"] = json!("fail");
    failed["reports"][0]["findings"][0]["verdict"] = json!("fail");
    let ran = ungated(&failed);
    ran.exits(1).says("before-publish says fail");
    assert_eq!(ran.stdout, failed.to_string(), "forwarded byte for byte");
}

#[test]
fn a_report_that_did_not_pass_is_forwarded_byte_for_byte_with_its_code() {
    for (verdict, code) in [("fail", 1), ("unknown", 69)] {
        let (world, mut record) = ready();
        record["reports"][0]["verdict"] = json!(verdict);
        record["reports"][0]["findings"][3]["verdict"] = json!(verdict);
        let input = format!(" {record} \n");
        let ran = world.tool("nexy-publish").args(["-"]).stdin(input.clone()).run();
        ran.exits(code).says("nothing done");
        assert_eq!(ran.stdout, input);
        assert_eq!(mutations(&world), Vec::<String>::new());
    }
}

#[test]
fn other_bytes_in_the_inbox_than_were_judged_are_refused() {
    refused(1, "holds other bytes now", |world, _| world.inbox_dmg(&nexy_standin::artifact::dmg(1 << 20, 99)));
    refused(1, "bytes now, ", |world, _| world.inbox_dmg(&nexy_standin::artifact::dmg(4096, 99)));
    refused(1, "no such file", |world, _| std::fs::remove_file(world.inbox("Nexy.dmg")).expect("removed"));
    refused(1, "it is a link", |world, _| {
        let path = world.inbox("Nexy.dmg");
        let elsewhere = path.with_extension("elsewhere");
        std::fs::rename(&path, &elsewhere).expect("moved");
        std::os::unix::fs::symlink(&elsewhere, &path).expect("linked");
    });
    refused(1, "judged other bytes", |_, record| record["artifacts"][0]["sha256"] = json!("0".repeat(64)));
    refused(1, "names no artifact", |_, record| record["artifacts"] = json!([]));
}

#[test]
fn another_live_asset_than_the_gates_saw_is_75() {
    let ran = refused(75, "is asset", |world, _| {
        world.standin.remove_asset(ARTIFACTS, "Update", "Nexy.dmg");
        world.standin.put_asset(ARTIFACTS, "Update", "Nexy.dmg", b"by hand");
    });
    assert_eq!(outcome(&ran.json())["exit"], 75);
    refused(75, "has none", |world, _| world.standin.remove_asset(ARTIFACTS, "Update", "Nexy.dmg"));
}

#[test]
fn a_release_that_is_missing_or_a_draft_is_refused_and_only_the_gate_says_how_it_is_made() {
    refused(1, "has no release `Update`", |world, _| world.standin.remove_release(ARTIFACTS, "Update"));
    refused(1, "a draft counts as none", |world, _| {
        world.standin.set_release(ARTIFACTS, "Update", ReleaseOptions { draft: true, ..ReleaseOptions::default() })
    });
    for tool in [["show"], ["clean"]] {
        let world = World::new();
        world.standin.remove_release(ARTIFACTS, "Update");
        let ran = world.tool("nexy-publish").args(tool).run();
        ran.exits(1).says("nexy-gate fixed-channel");
        assert!(!ran.stderr.contains("gh release create"), "{ran}");
    }
}

fn freeze(world: &World) {
    world.standin.set_release(ARTIFACTS, "Update", ReleaseOptions { immutable: true, ..ReleaseOptions::default() });
}

#[test]
fn a_channel_that_is_frozen_needs_a_person_and_is_never_to_be_deleted() {
    refused(4, "do not delete it", |world, _| freeze(world));
    let ran = refused(4, "its tag can never be used again", |world, _| {
        world.standin.set_immutable_releases(ARTIFACTS, Some(false));
        freeze(world);
    });
    assert_eq!(outcome(&ran.json())["exit"], 4);
    for arguments in [&["rollback", "-"][..], &["clean"]] {
        let (world, record) = ready();
        freeze(&world);
        let tool = world.tool("nexy-publish").args(arguments.iter().copied());
        if arguments.contains(&"-") { tool.stdin(record.to_string()) } else { tool }.run().exits(4).says("another tag");
    }
}

#[test]
fn nothing_is_published_while_immutable_releases_are_on_and_a_missing_download_comes_back_all_the_same() {
    let switch_on =
        |enforced_by_owner| move |world: &World, _: &mut Value| world.standin.set_immutable_releases(ARTIFACTS, Some(enforced_by_owner));
    refused(1, "gh api -X DELETE repos/Seregawpn/Nexy_production/immutable-releases", switch_on(false));
    refused(1, "the owner of Seregawpn/Nexy_production enforces it", switch_on(true));
    let (world, record) = ready();
    let before = served(&world);
    world.standin.rename_asset(ARTIFACTS, "Update", "Nexy.dmg", "Nexy.prev.dmg");
    world.standin.set_immutable_releases(ARTIFACTS, Some(false));
    let planned = world.tool("nexy-publish").args(["--dry-run", "-"]).stdin(record.to_string()).run();
    planned.exits(1).says("immutable releases are switched on");
    publish(&world, &record).exits(1).says("immutable releases are switched on");
    assert_eq!(served(&world), before);
}

/// Manifests that say this about the artifact of the inbox.
fn announced(world: &World, record: &Value, version: &str, same_bytes: bool) {
    let mut manifest = world.live_manifest(version);
    if same_bytes {
        manifest["artifact"]["sha256"] = record["artifacts"][0]["sha256"].clone();
        manifest["artifact"]["size"] = record["artifacts"][0]["size_bytes"].clone();
    }
    world.set_manifest(&manifest);
}

#[test]
fn bytes_that_no_manifest_can_announce_do_not_go_live_whatever_reason_is_given() {
    refused(1, "again and again", |world, record| announced(world, record, "2.0.0.3", true));
    refused(1, "would never update", |world, record| announced(world, record, "2.0.0.4", false));
    refused(1, "newer than 2.0.0.4", |world, record| announced(world, record, "2.0.0.9", false));
    refused(1, "`build` is `7`", |world, _| {
        let mut manifest = world.manifest();
        manifest["build"] = json!("7");
        world.set_manifest(&manifest);
    });
    let (world, mut record) = ready();
    announced(&world, &record, "2.0.0.4", false);
    record["reports"] = json!([]);
    world.standin.clear_requests();
    let ran = world.tool("nexy-publish").args(["--ungated", "the gates host is down", "-"]).stdin(record.to_string()).run();
    ran.exits(1).says("would never update");
    assert_eq!(mutations(&world), Vec::<String>::new());
}

#[test]
fn without_a_token_no_request_is_made() {
    let (world, record) = ready();
    world.standin.clear_requests();
    let ran =
        world.tool("nexy-publish").args(["-"]).without_env("GH_TOKEN").without_env("GH_ENTERPRISE_TOKEN").stdin(record.to_string()).run();
    ran.exits(69).says("no usable GitHub token").says("gh auth login");
    assert!(world.standin.requests().is_empty());
}

#[test]
fn a_partial_upload_under_the_live_name_needs_a_person() {
    refused(4, "is not a whole file", |world, record| {
        world.standin.remove_asset(ARTIFACTS, "Update", "Nexy.dmg");
        world.standin.put_starter(ARTIFACTS, "Update", "Nexy.dmg");
        record["reports"] = json!([report(world, record, Timestamp::now())]);
    });
}

#[test]
fn no_operand_and_a_misplaced_dash_are_usage_errors_and_read_nothing() {
    let world = World::new();
    for arguments in [vec![], vec!["--dry-run"], vec!["-", "-"], vec!["publish"], vec!["x"]] {
        world.tool("nexy-publish").args(arguments).run().exits(2).silent_stdout();
    }
    world.tool("nexy-publish").args(["--help"]).run().exits(0).prints("Upload, verify, swap, confirm");
    world.tool("nexy-publish").args(["--version"]).run().exits(0).prints("nexy-publish 0.1.0");
}

#[test]
fn a_version_that_the_gates_did_not_judge_is_refused() {
    let ran = refused(1, "the record is about version 2.0.0.9", |_, record| {
        record["version"] = json!("2.0.0.9");
        record["tag"] = json!("v2.0.0.9");
    });
    assert_eq!(outcome(&ran.json())["exit"], 1);
    refused(1, "VERSION says 2.0.0.5", |world, _| world.write("VERSION", "2.0.0.5\n"));
}

#[test]
fn with_standard_output_closed_nothing_is_swapped() {
    let (world, record) = ready();
    let before = served(&world);
    world.write("record.json", &record.to_string());
    world.sh("nexy-publish - <record.json >&-").exits(69).says("standard output has no reader any more");
    assert_eq!(served(&world), before);
    assert!(!mutations(&world).iter().any(|call| call.starts_with("PATCH")));
}
