//! Manifests as they were found in the field, and the rules on generated values.

use super::*;
use proptest::prelude::*;

const OLD: &str = r#"{
  "version": "2.0.0.3",
  "build": "2.0.0.3",
  "artifact": {
    "type": "dmg",
    "url": "https://example.test/Nexy.dmg",
    "size": 7,
    "sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "arch": "arm64",
    "min_os": "12.0",
    "ed25519": "c2lnbmF0dXJl",
    "later": 1
  },
  "critical": true,
  "auto_install": false,
  "notes_url": "https://example.test/notes",
  "release_date": "2026-03-12T15:39:11.993761+00:00",
  "from_the_future": {"kept": true}
}
"#;

fn defaults() -> ManifestDefaults {
    ManifestDefaults { arch: "universal2".into(), min_os: "11.0".into(), critical: false, auto_install: true }
}

fn facts(version: [u32; 4], bytes: &[u8]) -> ManifestFacts {
    ManifestFacts {
        version: ReleaseVersion::new(version),
        url: "https://example.test/Nexy.dmg".into(),
        size_bytes: bytes.len().max(1) as u64,
        sha256: Sha256Digest::of(bytes),
        kind: "dmg".into(),
        ed25519: String::new(),
    }
}

#[test]
fn other_bytes_clear_the_signature_and_keep_what_is_unknown() {
    let text = next(Some(OLD), &facts([2, 0, 0, 4], b"new"), &defaults(), Timestamp::UNIX_EPOCH).expect("a manifest");
    let value: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(value["artifact"]["ed25519"], "");
    assert_eq!(value["artifact"]["arch"], "arm64");
    assert_eq!(value["artifact"]["later"], 1);
    assert_eq!(value["critical"], true);
    assert_eq!(value["from_the_future"]["kept"], true);
    assert_eq!(value["build"], "2.0.0.4");
    assert!(text.ends_with("}\n") && text.starts_with("{\n  \"version\""));
    assert_eq!(ManifestFacts::read(&text).expect("facts").version, ReleaseVersion::new([2, 0, 0, 4]));
}

#[test]
fn whatever_the_layout_is_only_values_change() {
    let new = facts([2, 0, 0, 4], b"new");
    let changes = [
        ("2.0.0.3", "2.0.0.4".to_owned()),
        ("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", new.sha256.to_string()),
        ("c2lnbmF0dXJl", String::new()),
        ("https://example.test/notes", new.url.clone()),
        ("2026-03-12T15:39:11.993761+00:00", now().to_string()),
    ];
    let last_first = OLD.replace("\n  \"release_date\": \"2026-03-12T15:39:11.993761+00:00\",", "");
    let last_first = last_first.replacen('{', "{\n  \"release_date\": \"2026-03-12T15:39:11.993761+00:00\",", 1);
    for old in [
        OLD.to_owned(),
        OLD.trim_end().to_owned(),
        OLD.replace("  ", "\t"),
        OLD.replace("  ", "    "),
        OLD.replace('\n', "\r\n"),
        OLD.replace(['\n', ' '], ""),
        last_first,
        OLD.replace("{\"kept\": true}", "[1e5, \"\\u00e9\", {}]"),
    ] {
        let expected = changes
            .iter()
            .fold(old.replace("\"size\": 7", "\"size\": 3").replace("\"size\":7", "\"size\":3"), |text, (from, to)| text.replace(from, to));
        assert_eq!(next(Some(&old), &new, &defaults(), now()), Ok(expected));
    }
}

fn now() -> Timestamp {
    "2026-11-21T06:35:17Z".parse().expect("a time")
}

#[test]
fn the_same_facts_give_back_the_same_text_with_its_date() {
    let unsigned = OLD.replace("c2lnbmF0dXJl", "").replace("https://example.test/notes", "https://example.test/Nexy.dmg");
    let same = ManifestFacts::read(&unsigned).expect("facts");
    assert_eq!(next(Some(&unsigned), &same, &defaults(), now()), Ok(unsigned));
}

#[test]
fn what_nobody_has_checked_is_not_carried_on() {
    let signed = ManifestFacts::read(OLD).expect("facts");
    let unsigned = ManifestFacts { ed25519: String::new(), ..signed };
    let broken =
        OLD.replace("\"arm64\"", "\"ppc\"").replace("\"12.0\"", "\"11.0\\\"&\"").replace("\"critical\": true", "\"critical\": \"true\"");
    let text = next(Some(&broken), &unsigned, &defaults(), now()).expect("a manifest");
    let value: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!((&value["artifact"]["ed25519"], &value["artifact"]["arch"]), (&json!(""), &json!("universal2")));
    assert_eq!((&value["artifact"]["min_os"], &value["critical"]), (&json!("11.0"), &json!(false)));
    let rule = rule::Rule { url: &unsigned.url, kind: &unsigned.kind, latest: now() };
    assert_eq!(rule.faults(text.as_bytes()), []);
}

#[test]
fn a_first_manifest_is_complete() {
    let text = next(None, &facts([2, 0, 0, 4], b"new"), &defaults(), Timestamp::UNIX_EPOCH).expect("a manifest");
    let value: Value = serde_json::from_str(&text).expect("JSON");
    let keys: Vec<&String> = value.as_object().expect("an object").keys().collect();
    assert_eq!(keys, ["version", "build", "artifact", "critical", "auto_install", "notes_url", "release_date"]);
    let keys: Vec<&String> = value["artifact"].as_object().expect("an object").keys().collect();
    assert_eq!(keys, ["type", "url", "size", "sha256", "arch", "min_os", "ed25519"]);
}

#[test]
fn manifests_that_broke_clients_are_refused_with_the_field() {
    for (from, to, says) in [
        ("\"build\": \"2.0.0.3\"", "\"build\": 20003", "`build` should be a text"),
        ("\"build\": \"2.0.0.3\"", "\"build\": \"2.0.0.2\"", "clients compare only `build`"),
        ("\"build\": \"2.0.0.3\",\n", "", "`build` should be a text, it is missing"),
        ("\"size\": 7", "\"size\": 0", "artifact.size"),
        ("\"size\": 7", "\"size\": \"7\"", "artifact.size"),
        ("\"size\": 7", "\"size\": -7", "artifact.size"),
        ("\"version\": \"2.0.0.3\"", "\"version\": \"2.0.3\"", "four numbers"),
        ("e3b0", "E3B0", "artifact.sha256"),
    ] {
        let error = ManifestFacts::read(OLD.replacen(from, to, 1)).expect_err(to);
        assert!(error.to_string().contains(says), "{error}");
    }
    for text in ["", "[]", "{", "\u{feff}{}", "null", "{\"version\":\"2.0.0.3\",\"build\":\"2.0.0.3\",\"artifact\":[]}"] {
        assert!(ManifestFacts::read(text).is_err(), "{text:?} was accepted");
    }
}

proptest! {
    #[test]
    fn version_and_bytes_move_together_or_not_at_all(old: [u32; 4], new: [u32; 4], same_bytes: bool) {
        let manifest = facts(old, b"old");
        let bytes: &[u8] = if same_bytes { b"old" } else { b"new" };
        let verdict = ManifestFacts::judge_move(Some(&manifest), ReleaseVersion::new(new), Sha256Digest::of(bytes));
        let allowed = matches!(verdict, Move::Forward(_) | Move::Same);
        prop_assert_eq!(allowed, (new == old && same_bytes) || (new > old && !same_bytes));
    }

    #[test]
    fn whatever_is_written_reads_back(version: [u32; 4], bytes: Vec<u8>, with_old: bool) {
        let facts = facts(version, &bytes);
        let text = next(with_old.then_some(OLD), &facts, &defaults(), Timestamp::UNIX_EPOCH).expect("a manifest");
        let read = ManifestFacts::read(&text).expect("facts");
        prop_assert_eq!(read.version, facts.version);
        prop_assert_eq!(read.sha256, facts.sha256);
        prop_assert_eq!(read.size_bytes, facts.size_bytes);
        let again = next(Some(&text), &facts, &defaults(), Timestamp::MAX).expect("a manifest");
        prop_assert_eq!(again, text);
    }
}
