//! Values that are particular to Nexy are in `nexy.toml`; no shipped code holds one.

use crate::{repository, rust_text};
use std::collections::BTreeSet;

/// Values of `nexy.toml` that are ordinary words, or that the code needs before it can read the file.
const MEANS_SOMETHING_ELSE: &[(&str, &str)] = &[
    ("server", "an ordinary word"),
    ("Update", "an ordinary word"),
    ("origin", "an ordinary word"),
    ("VERSION", "the name that S3 gives to the file; help and messages use it"),
    ("https://github.com", "the host that the variable GH_TOKEN is for, also when the target names another one"),
    ("/etc/nexy/nexy.toml", "a place where the tools look for the file itself"),
    ("config.env", "the name that the rulebooks give to the server's environment file; messages use it"),
    ("scripts/remote", "the folder of this repository; the gate asks about the folder that the target names"),
    ("universal2", "the word of Apple's platform for a program of both processors; manifests know three such words"),
    ("nexy.target/1", "the schema id of the file"),
    ("CFBundleShortVersionString", "Apple's own key of a program's property list"),
    ("CFBundleVersion", "Apple's own key of a program's property list"),
];

fn values() -> BTreeSet<String> {
    let target: toml::Table = repository::text("nexy.toml").parse().unwrap();
    let mut values = BTreeSet::new();
    target.values().for_each(|value| gather(value, &mut values));
    values.retain(|value| value.len() >= 5 && !MEANS_SOMETHING_ELSE.iter().any(|(word, _)| word == value));
    values
}

fn gather(value: &toml::Value, values: &mut BTreeSet<String>) {
    match value {
        toml::Value::String(text) => {
            values.insert(text.clone());
        }
        toml::Value::Array(items) => items.iter().for_each(|item| gather(item, values)),
        toml::Value::Table(table) => table.values().for_each(|item| gather(item, values)),
        _ => {}
    }
}

#[test]
fn no_value_of_the_target_stands_in_shipped_rust() {
    let values = values();
    let mut found = Vec::new();
    for path in repository::shipped_rust() {
        for (line, literal) in rust_text::literals(&repository::text(&path)) {
            found.extend(
                values.iter().filter(|value| rust_text::holds(&literal, value)).map(|value| format!("{path}:{line} holds `{value}`")),
            );
        }
    }
    assert!(found.is_empty(), "take these from nexy.toml:\n{}", found.join("\n"));
}

#[test]
fn no_value_of_the_target_stands_in_scripts_or_the_makefile() {
    let values = values();
    let mut found = Vec::new();
    for path in repository::posix_scripts().into_iter().chain(["Makefile".to_owned()]) {
        for (number, line) in repository::without_comments(&repository::text(&path)).lines().enumerate() {
            found.extend(
                values.iter().filter(|value| rust_text::holds(line, value)).map(|value| format!("{path}:{} holds `{value}`", number + 1)),
            );
        }
    }
    assert!(found.is_empty(), "ask `nexy-version show KEY` for these:\n{}", found.join("\n"));
}

#[test]
fn a_value_of_the_environment_file_is_handed_over_in_one_place_alone() {
    // The name is split, so that this file does not hold it itself.
    let door = concat!("reveal_for_one", "_request(");
    let callers: Vec<String> =
        repository::shipped_rust().into_iter().filter(|path| rust_text::without_tests(&repository::text(path)).contains(door)).collect();
    assert_eq!(callers, ["crates/nexy-gate/src/gates/gemini_smoke.rs"]);
}

#[test]
fn every_exception_is_still_a_value_of_the_target() {
    let mut all = BTreeSet::new();
    let target: toml::Table = repository::text("nexy.toml").parse().unwrap();
    target.values().for_each(|value| gather(value, &mut all));
    for (word, reason) in MEANS_SOMETHING_ELSE {
        assert!(
            all.contains(*word) || all.iter().any(|value| value.starts_with(word)),
            "`{word}` ({reason}) is no value of nexy.toml any more"
        );
    }
}
