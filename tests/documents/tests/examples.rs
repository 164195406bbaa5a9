//! Every schema id has one committed example that reads, and that is written back byte for byte.
//!
//! A change of an example without a new schema number breaks every reader of today's documents, and is a mistake.
#![expect(clippy::expect_used, clippy::panic, reason = "test support: a broken scene must stop the test loudly")]

use nexy_contract::build_receipt::{self, BuildReceipt};
use nexy_contract::channels::{self, Channels, Cleaned};
use nexy_contract::db_receipt::{self, DbReceipt, Kind};
use nexy_contract::delivery::{self, Delivery};
use nexy_contract::incidents::{self, Diagnosis};
use nexy_contract::status::{self, Status};
use nexy_contract::{Record, Report, document, record, report};
use serde::Serialize;
use serde_json::Value;
use std::{collections::BTreeSet, fmt::Debug, path::PathBuf};

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("examples")
}

/// `nexy.release/1` → `nexy.release.1.json`
fn file_name(schema: &str) -> String {
    format!("{}.json", schema.replace('/', "."))
}

/// The example of one kind of receipt.
fn db_file_name(kind: Kind) -> String {
    file_name(db_receipt::SCHEMA).replace(".json", &format!(".{}.json", kind.word()))
}

fn text(name: &str) -> String {
    std::fs::read_to_string(folder().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn value(name: &str) -> Value {
    serde_json::from_str(&text(name)).expect("JSON")
}

/// Reads an example and writes it again, as every tool does.
#[track_caller]
fn holds<T: Serialize, E: Debug>(name: &str, read: impl Fn(&[u8]) -> Result<T, E>) {
    let committed = text(name);
    let document = read(committed.as_bytes()).unwrap_or_else(|error| panic!("{name}: {error:?}"));
    let written = serde_json::to_string_pretty(&document).expect("JSON") + "\n";
    assert_eq!(committed, written, "{name} is not what the code writes; a new meaning needs a new number");
}

#[test]
fn every_example_reads_and_is_written_back_byte_for_byte() {
    holds(&file_name(record::SCHEMA), Record::read);
    holds(&file_name(report::SCHEMA), Report::read);
    holds(&file_name(delivery::SCHEMA), |bytes| document::read::<Delivery>(bytes, delivery::SCHEMA));
    holds(&file_name(build_receipt::SCHEMA), BuildReceipt::read);
    holds(&file_name(channels::SCHEMA), |bytes| serde_json::from_slice::<Channels>(bytes));
    holds(&file_name(channels::CLEANED), |bytes| serde_json::from_slice::<Cleaned>(bytes));
    holds(&file_name(incidents::SCHEMA), |bytes| document::read::<Diagnosis>(bytes, incidents::SCHEMA));
    holds(&file_name(status::SCHEMA), |bytes| serde_json::from_slice::<Status>(bytes));
    for kind in Kind::ALL.iter().copied() {
        holds(&db_file_name(kind), DbReceipt::read);
        assert_eq!(DbReceipt::read(text(&db_file_name(kind)).as_bytes()).expect("a receipt").event.kind(), kind);
    }
}

#[test]
fn an_unknown_field_of_a_receipt_is_refused() {
    let surprised = |name: &str, pointer: &str| {
        let mut value = value(name);
        value.pointer_mut(pointer).and_then(Value::as_object_mut).expect("an object").insert("surprise".to_owned(), 1.into());
        value.to_string()
    };
    assert!(BuildReceipt::read(surprised(&file_name(build_receipt::SCHEMA), "").as_bytes()).is_err());
    for kind in Kind::ALL.iter().copied() {
        for pointer in ["", "/event", &format!("/event/{}", kind.word())] {
            let changed = surprised(&db_file_name(kind), pointer);
            assert!(DbReceipt::read(changed.as_bytes()).is_err(), "a surprise in {pointer} of {changed}");
        }
    }
}

#[test]
fn the_folder_holds_exactly_these_examples() {
    let found: BTreeSet<String> = std::fs::read_dir(folder())
        .expect("the folder")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    let schemas = [
        record::SCHEMA,
        report::SCHEMA,
        delivery::SCHEMA,
        build_receipt::SCHEMA,
        channels::SCHEMA,
        channels::CLEANED,
        incidents::SCHEMA,
        status::SCHEMA,
    ];
    assert_eq!(found, schemas.into_iter().map(file_name).chain(Kind::ALL.iter().copied().map(db_file_name)).collect());
}

#[test]
fn an_unknown_field_anywhere_but_in_ext_is_refused() {
    let record = value(&file_name(record::SCHEMA));
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
    let text = text(&file_name(record::SCHEMA));
    let whole = text.trim_end().len();
    for end in (0..whole).filter(|end| text.is_char_boundary(*end)) {
        assert!(Record::read(&text.as_bytes()[..end]).is_err(), "{end} of {whole} bytes were accepted");
    }
}
