//! Every schema id has one example that reads, and that is written back byte for byte.
//!
//! `UPDATE=1 cargo test -p nexy-documents` writes them anew; a change of an example without a new schema number breaks
//! whoever reads documents of today, and is a mistake.
#![expect(clippy::expect_used, reason = "test support: a broken scene must stop the test loudly")]

use nexy_contract::{
    Exit, Finding, Record, ReleaseVersion, Report, Severity, Sha256Digest, Timestamp, Verdict,
    delivery::{self, DeliveredFile, Delivery},
    record::{self, Artifact, Delivered, Live, ManifestFile, Outcome, Previous, Retry, TargetIdentity},
    report::{self, SeenAsset, Subject},
    target::Repositories,
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
    let path = folder().join(file_name(schema));
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
        fix: if verdict == Verdict::Pass { String::new() } else { "gh release view Update -R owner/name --web".to_owned() },
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
    let outcome = |by: &str, second, message: &str, next: &str| Outcome {
        by: by.to_owned(),
        at: at(second),
        exit: Exit::Yes,
        message: message.to_owned(),
        next: Some(next.to_owned()),
        planned: Vec::new(),
        retries: Vec::new(),
        ungated: None,
    };
    let mut publish = outcome("nexy-publish", 60, "Update/Nexy.dmg live at version 2.0.0.4", "tell the clients: nexy-manifest write -");
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
                "deliver them to the VM: scripts/manifest_to_vm.sh -",
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
    assert_eq!(Delivery::read(text.as_bytes()).expect("a delivery"), example_delivery());
}

#[test]
fn the_folder_holds_exactly_these_examples() {
    let found: BTreeSet<String> = std::fs::read_dir(folder())
        .expect("the folder")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    let wanted: BTreeSet<String> = [record::SCHEMA, report::SCHEMA, delivery::SCHEMA].into_iter().map(file_name).collect();
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
