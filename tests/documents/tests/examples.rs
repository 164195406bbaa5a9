//! Every schema id has one example that reads, and that is written back byte for byte.
//!
//! `UPDATE=1 cargo test -p nexy-documents` writes them anew; a change of an example without a new schema number breaks
//! every reader of today's documents, and is a mistake.
#![expect(clippy::expect_used, reason = "test support: a broken scene must stop the test loudly")]

use nexy_contract::{
    Exit, Finding, Fix, Record, ReleaseVersion, Report, Severity, Sha256Digest, Timestamp, Verdict,
    build_receipt::{self, BuildReceipt},
    channels::{self, Channels, Cleaned, CleanedAsset, ShownAsset, ShownChannel},
    db_receipt::{self, Backup, Contents, DbReceipt, Drill, Event, Hardening, Outcome as DbOutcome, Restore},
    delivery::{self, DeliveredFile, Delivery},
    record::{self, Artifact, Delivered, Live, ManifestFile, Outcome, Previous, Retry},
    report::{self, SeenAsset, Subject},
    target_file::{Repositories, TargetIdentity},
};
use std::{collections::BTreeSet, path::PathBuf};

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("examples")
}

/// `nexy.release/1` → `nexy.release.1.json`
fn file_name(schema: &str) -> String {
    format!("{}.json", schema.replace('/', "."))
}

fn held_against(schema: &str, text: &str) {
    held_against_file(&file_name(schema), text);
}

fn held_against_file(name: &str, text: &str) {
    let path = folder().join(name);
    if std::env::vars().any(|(name, _)| name == "UPDATE") {
        #[expect(clippy::disallowed_methods, reason = "the committed example is rewritten on purpose")]
        std::fs::write(&path, text).expect("the example is written");
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(committed, text, "{} differs from what the code writes; a new meaning needs a new number", path.display());
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_795_000_000 + second).expect("a time")
}

fn digest(text: &str) -> Sha256Digest {
    Sha256Digest::of(text.as_bytes())
}

fn version() -> ReleaseVersion {
    ReleaseVersion::new([2, 0, 0, 4])
}

fn example_report() -> Report {
    let finding = |id: &str, verdict, severity| Finding {
        id: id.to_owned(),
        verdict,
        severity,
        found: "Update/Nexy.dmg is asset 1001".to_owned(),
        expected: "a release that exists, is no draft and not immutable".to_owned(),
        fix: if verdict == Verdict::Pass { Fix::none() } else { Fix::command("gh release view Update -R owner/name --web") },
        runbook: "S2 §1.3".to_owned(),
        elapsed_ms: 41,
    };
    let subject = Subject {
        name: "Nexy.dmg".to_owned(),
        size_bytes: 276_019_331,
        sha256: digest("new"),
        live: Some(SeenAsset { asset_id: 1001, sha256: Some(digest("old")) }),
        looked: true,
    };
    let findings = vec![finding("fixed-channel", Verdict::Pass, Severity::Gate), finding("token-expiry", Verdict::Fail, Severity::Advice)];
    Report::new("nexy-gate", "before-publish", at(0), vec![subject], findings)
}

fn example_record() -> Record {
    let outcome = |by: &str, second, message: &str, next: Fix| Outcome {
        by: by.to_owned(),
        at: at(second),
        exit: Exit::Yes,
        message: message.to_owned(),
        next,
        planned: Vec::new(),
        retries: Vec::new(),
        ungated: None,
    };
    let mut publish = outcome(
        "nexy-publish",
        60,
        "Update/Nexy.dmg live at version 2.0.0.4",
        Fix::note("tell the clients:").then_command("nexy-manifest write -"),
    );
    publish.retries.push(Retry { request: "GET releases/7/assets".to_owned(), because: "HTTP 502".to_owned(), waited_ms: 500 });
    Record {
        schema: record::SCHEMA.to_owned(),
        version: version(),
        tag: version().tag(),
        target: TargetIdentity {
            sha256: digest("nexy.toml"),
            resource_group: "group".to_owned(),
            vm: "machine".to_owned(),
            host: "host.example".to_owned(),
            repositories: Repositories {
                workspace: "owner/workspace".to_owned(),
                server: "owner/server".to_owned(),
                artifacts: "owner/artifacts".to_owned(),
            },
        },
        artifacts: vec![Artifact {
            name: "Nexy.dmg".to_owned(),
            channel: "Update".to_owned(),
            size_bytes: 276_019_331,
            sha256: digest("new"),
            live: Some(Live {
                url: "https://github.com/owner/artifacts/releases/download/Update/Nexy.dmg".to_owned(),
                asset_id: 1002,
                size_bytes: 276_019_331,
                sha256: digest("new"),
                previous: Some(Previous {
                    asset_id: 1001,
                    name: "Nexy.prev.dmg".to_owned(),
                    size_bytes: 275_899_820,
                    sha256: Some(digest("old")),
                }),
                changed: true,
                swapped_at: Some(at(58)),
            }),
        }],
        manifests: vec![ManifestFile {
            path: "server/updates/manifests/manifest.json".to_owned(),
            sha256: digest("manifest"),
            version: version(),
            delivered: Some(Delivered {
                at: at(90),
                sha256: digest("manifest"),
                served_version: "2.0.0.4".to_owned(),
                served_length: 276_019_331,
            }),
            window_s: Some(34),
        }],
        reports: vec![example_report()],
        outcomes: vec![
            publish,
            outcome(
                "nexy-manifest write",
                62,
                "wrote 4 manifest files at version 2.0.0.4",
                Fix::note("deliver them to the VM:").then_command("scripts/manifest_to_vm.sh -"),
            ),
        ],
        ext: serde_json::Map::new(),
    }
}

fn example_delivery() -> Delivery {
    Delivery {
        schema: delivery::SCHEMA.to_owned(),
        at: at(90),
        version: version(),
        changed: true,
        files: vec![DeliveredFile { path: "server/updates/manifests/manifest.json".to_owned(), sha256: digest("manifest") }],
        served_version: "2.0.0.4".to_owned(),
        served_length: 276_019_331,
    }
}

fn example_build_receipt() -> BuildReceipt {
    BuildReceipt {
        schema: build_receipt::SCHEMA.to_owned(),
        artifact: "Nexy.dmg".to_owned(),
        version: "2.0.0.4".to_owned(),
        size_bytes: 276_019_331,
        sha256: digest("new"),
        signed: true,
        notarized: true,
        built_at: at(-600),
        by: "person@machine".to_owned(),
    }
}

/// One receipt of every kind, with the file's name that the kind gives it.
fn example_db_receipts() -> Vec<(String, DbReceipt)> {
    let contents =
        || Contents { rows: [("public.memories".to_owned(), 345), ("public.users".to_owned(), 12)].into(), indexes: 9, constraints: 7 };
    let backup = Backup { file: "/var/backups/db/nexy.dump".to_owned(), size_bytes: 41_000, sha256: digest("dump"), contents: contents() };
    let drill = Drill { backup_sha256: digest("dump"), backup_at: at(5), result: DbOutcome::Passed, found: Some(contents()) };
    let events = [
        Event::Backup(backup),
        Event::Drill(drill),
        Event::Restore(Restore { backup_sha256: digest("dump"), result: DbOutcome::Failed }),
        Event::Hardening(Hardening { role: "app".to_owned(), result: DbOutcome::Passed }),
    ];
    let receipt = |event: Event| DbReceipt {
        schema: db_receipt::SCHEMA.to_owned(),
        started_at: at(0),
        at: at(5),
        by: "db_backup.sh".to_owned(),
        database: "nexy_db".to_owned(),
        event,
    };
    let named = |event: Event| (file_name(db_receipt::SCHEMA).replace(".json", &format!(".{}.json", event.kind().word())), receipt(event));
    events.into_iter().map(named).collect()
}

fn example_channels() -> Channels {
    let asset = |asset_id, name: &str, version: Option<ReleaseVersion>, age_s| ShownAsset {
        asset_id,
        name: name.to_owned(),
        version,
        label: version.map(|version| format!("Nexy.dmg {version}")),
        state: "uploaded".to_owned(),
        size_bytes: 276_019_331,
        sha256: version.map(|version| digest(&version.to_string())),
        age_s,
    };
    let older = ReleaseVersion::new([2, 0, 0, 3]);
    Channels {
        schema: channels::SCHEMA.to_owned(),
        channels: vec![ShownChannel {
            channel: "Update".to_owned(),
            artifact: "Nexy.dmg".to_owned(),
            url: "https://github.com/owner/artifacts/releases/download/Update/Nexy.dmg".to_owned(),
            at: Some(at(100)),
            live: Some(asset(1002, "Nexy.dmg", Some(version()), Some(42))),
            previous: Some(asset(1001, "Nexy.prev.dmg", Some(older), Some(43))),
            staged: vec![asset(1005, "Nexy.next-0123456789ab.dmg", None, Some(600))],
            bad: vec![asset(1004, "Nexy.bad-0123456789ab.dmg", None, None)],
            leftovers: vec![ShownAsset { state: "starter".to_owned(), ..asset(1003, "Nexy.next-ba9876543210.dmg", None, Some(7200)) }],
            others: vec![asset(1000, "notes.txt", None, Some(864_000))],
        }],
    }
}

fn example_cleaned() -> Cleaned {
    let removed = vec![CleanedAsset { channel: "Update".to_owned(), asset_id: 1003, name: "Nexy.next-ba9876543210.dmg".to_owned() }];
    Cleaned { schema: channels::CLEANED.to_owned(), dry_run: false, removed }
}

fn pretty(document: &impl serde::Serialize) -> String {
    serde_json::to_string_pretty(document).expect("JSON") + "\n"
}

#[test]
fn a_release_record_reads_and_is_written_back_byte_for_byte() {
    let text = pretty(&example_record());
    held_against(record::SCHEMA, &text);
    assert_eq!(Record::read(text.as_bytes()).expect("a record"), example_record());
}

#[test]
fn a_report_reads_and_is_written_back_byte_for_byte() {
    let text = pretty(&example_report());
    held_against(report::SCHEMA, &text);
    assert_eq!(Report::read(text.as_bytes()).expect("a report"), example_report());
}

#[test]
fn a_delivery_reads_and_is_written_back_byte_for_byte() {
    let text = pretty(&example_delivery());
    held_against(delivery::SCHEMA, &text);
    assert_eq!(nexy_contract::document::read::<Delivery>(text.as_bytes(), delivery::SCHEMA).expect("a delivery"), example_delivery());
}

#[test]
fn a_build_receipt_reads_and_is_written_back_byte_for_byte() {
    let text = pretty(&example_build_receipt());
    held_against(build_receipt::SCHEMA, &text);
    assert_eq!(BuildReceipt::read(text.as_bytes()).expect("a receipt"), example_build_receipt());
}

#[test]
fn receipts_of_the_database_read_and_are_written_back_byte_for_byte() {
    for (name, receipt) in example_db_receipts() {
        let text = pretty(&receipt);
        held_against_file(&name, &text);
        assert_eq!(DbReceipt::read(text.as_bytes()).expect("a receipt"), receipt);
    }
}

#[test]
fn an_unknown_field_of_a_receipt_is_refused() {
    let surprised = |value: serde_json::Value, pointer: &str| {
        let mut value = value;
        value.pointer_mut(pointer).and_then(|value| value.as_object_mut()).expect("an object").insert("surprise".to_owned(), 1.into());
        value.to_string()
    };
    let build = serde_json::to_value(example_build_receipt()).expect("JSON");
    assert!(BuildReceipt::read(surprised(build, "").as_bytes()).is_err());
    for (_, receipt) in example_db_receipts() {
        let value = serde_json::to_value(&receipt).expect("JSON");
        let inside = format!("/event/{}", receipt.event.kind().word());
        for pointer in ["", "/event", &inside] {
            assert!(DbReceipt::read(surprised(value.clone(), pointer).as_bytes()).is_err(), "a surprise in {pointer} of {value}");
        }
    }
}

#[test]
fn an_overview_of_the_channels_reads_and_is_written_back_byte_for_byte() {
    let text = pretty(&example_channels());
    held_against(channels::SCHEMA, &text);
    assert_eq!(serde_json::from_str::<Channels>(&text).expect("an overview"), example_channels());
}

#[test]
fn a_list_of_what_was_cleaned_reads_and_is_written_back_byte_for_byte() {
    let text = pretty(&example_cleaned());
    held_against(channels::CLEANED, &text);
    assert_eq!(serde_json::from_str::<Cleaned>(&text).expect("a list"), example_cleaned());
}

#[test]
fn the_folder_holds_exactly_these_examples() {
    let found: BTreeSet<String> = std::fs::read_dir(folder())
        .expect("the folder")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    let wanted: BTreeSet<String> =
        [record::SCHEMA, report::SCHEMA, delivery::SCHEMA, build_receipt::SCHEMA, channels::SCHEMA, channels::CLEANED]
            .into_iter()
            .map(file_name)
            .chain(example_db_receipts().into_iter().map(|(name, _)| name))
            .collect();
    assert_eq!(found, wanted);
}

#[test]
fn an_unknown_field_anywhere_but_in_ext_is_refused() {
    let record = serde_json::to_value(example_record()).expect("JSON");
    for pointer in [
        "",
        "/target",
        "/target/repositories",
        "/artifacts/0",
        "/artifacts/0/live",
        "/artifacts/0/live/previous",
        "/manifests/0",
        "/manifests/0/delivered",
        "/reports/0",
        "/reports/0/findings/0",
        "/reports/0/subjects/0",
        "/reports/0/subjects/0/live",
        "/outcomes/0",
        "/outcomes/0/retries/0",
    ] {
        let mut changed = record.clone();
        changed.pointer_mut(pointer).and_then(|value| value.as_object_mut()).expect(pointer).insert("surprise".to_owned(), 1.into());
        assert!(Record::read(changed.to_string().as_bytes()).is_err(), "a surprise in {pointer} was accepted");
    }
    let mut extended = record;
    extended["ext"]["surprise"] = 1.into();
    assert!(Record::read(extended.to_string().as_bytes()).is_ok());
}

#[test]
fn every_cut_of_a_record_is_refused_and_never_taken_for_a_whole_one() {
    let text = pretty(&example_record());
    let whole = text.trim_end().len();
    for end in (0..whole).filter(|end| text.is_char_boundary(*end)) {
        assert!(Record::read(&text.as_bytes()[..end]).is_err(), "{end} of {whole} bytes were accepted");
    }
}
