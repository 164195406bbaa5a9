//! Every gate and probe that stands on disk is known to its tool, and the other way round.

use crate::repository;
use nexy_contract::before_publish;
use serde_json::Value;
use std::collections::BTreeSet;

/// One row of `--list`.
pub(crate) struct Row {
    /// Its name.
    pub(crate) id: String,
    /// The profiles that hold it.
    pub(crate) profiles: Vec<String>,
    /// The sections of the rulebooks that ask for it.
    pub(crate) rulebook: String,
}

/// What `--list` of a tool prints.
pub(crate) fn listed(tool: &str) -> Vec<Row> {
    let assert = repository::built(tool).args(["--list", "--format", "json"]).assert().success();
    let list: Value = serde_json::from_slice(&assert.get_output().stdout).unwrap();
    let words = |value: &Value| -> Vec<String> { value.as_array().unwrap().iter().map(|word| word.as_str().unwrap().to_owned()).collect() };
    let rows: Vec<Row> = list
        .as_array()
        .unwrap()
        .iter()
        .map(|row| Row {
            id: row["id"].as_str().unwrap().to_owned(),
            profiles: words(&row["profiles"]),
            rulebook: row["runbook"].as_str().unwrap().to_owned(),
        })
        .collect();
    assert!(!rows.is_empty(), "{tool} --list is empty");
    rows
}

fn on_disk(folder: &str) -> BTreeSet<String> {
    let prefix = format!("{folder}/");
    let names =
        repository::files(folder).into_iter().filter_map(|path| Some(path.strip_prefix(&prefix)?.strip_suffix(".rs")?.replace('_', "-")));
    names.filter(|name| name != "mod" && !name.contains('/')).collect()
}

fn ids(rows: &[Row]) -> BTreeSet<String> {
    rows.iter().map(|row| row.id.clone()).collect()
}

fn profiles(rows: &[Row]) -> BTreeSet<String> {
    rows.iter().flat_map(|row| row.profiles.clone()).collect()
}

/// The verbs that a tool's help names.
pub(crate) fn verbs(tool: &str) -> BTreeSet<String> {
    let output = repository::built(tool).arg("--help").unwrap();
    let help = String::from_utf8(output.stdout).unwrap();
    let lines = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    lines
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| Some(line.split_whitespace().next()?.to_owned()))
        .collect()
}

#[test]
fn gates_on_disk_are_the_gates_that_are_asked() {
    assert_eq!(on_disk("crates/nexy-gate/src/gates"), ids(&listed("nexy-gate")));
}

#[test]
fn probes_on_disk_are_the_probes_that_are_asked() {
    // One file holds the rows of the six health documents.
    let documents = ["health", "status", "updates"].iter().flat_map(|name| [format!("local-{name}"), format!("public-{name}")]);
    let mut files = on_disk("crates/nexy-verify/src/probes");
    assert!(files.remove("server-says"));
    files.extend(documents);
    assert_eq!(files, ids(&listed("nexy-verify")));
}

#[test]
fn every_gate_has_black_box_tests_of_its_own() {
    let tests = on_disk("crates/nexy-gate/tests/cli");
    for id in ids(&listed("nexy-gate")) {
        assert!(tests.contains(&id), "crates/nexy-gate/tests/cli/{}.rs is missing", id.replace('-', "_"));
    }
}

#[test]
fn every_probe_has_black_box_tests() {
    let tests = on_disk("crates/nexy-verify/tests/cli");
    // The six health documents have one table of cases.
    let health = repository::text("crates/nexy-verify/tests/cli/health.rs");
    for id in ids(&listed("nexy-verify")) {
        let is_tested = tests.contains(&id) || health.contains(&format!("\"{id}\""));
        assert!(is_tested, "crates/nexy-verify/tests/cli/{}.rs is missing", id.replace('-', "_"));
    }
}

#[test]
fn every_file_of_tests_is_compiled() {
    let mains: Vec<String> = ["crates", "tests"].iter().flat_map(|folder| repository::files(folder)).collect();
    let mains: Vec<&String> = mains.iter().filter(|path| path.contains("/tests/") && path.ends_with("/main.rs")).collect();
    assert!(mains.len() >= 9, "{mains:?}");
    for main in mains {
        let source = repository::text(main);
        let folder = main.strip_suffix("/main.rs").unwrap();
        for id in on_disk(folder).into_iter().map(|id| id.replace('-', "_")).filter(|name| name != "main") {
            assert!(source.lines().any(|line| line == format!("mod {id};")), "{main} has no line `mod {id};`, so {id}.rs is never run");
        }
    }
}

#[test]
fn a_publication_stands_on_exactly_the_gates_of_its_profile() {
    let gates = listed("nexy-gate");
    let asked: Vec<&str> = gates
        .iter()
        .filter(|row| row.profiles.iter().any(|profile| profile == before_publish::PROFILE))
        .map(|row| row.id.as_str())
        .collect();
    assert_eq!(asked, before_publish::IDS);
}

#[test]
fn no_word_means_two_things() {
    let (gates, probes) = (listed("nexy-gate"), listed("nexy-verify"));
    let kinds = [
        ("a gate", ids(&gates)),
        ("a probe", ids(&probes)),
        ("a profile of nexy-gate", profiles(&gates)),
        ("a profile of nexy-verify", profiles(&probes)),
        ("a verb of nexy-gate", verbs("nexy-gate")),
        ("a verb of nexy-verify", verbs("nexy-verify")),
    ];
    for (index, (kind, words)) in kinds.iter().enumerate() {
        for (other_kind, others) in &kinds[index + 1..] {
            let both: Vec<&String> = words.intersection(others).filter(|word| *word != "help").collect();
            assert!(both.is_empty(), "{both:?} is {kind} and {other_kind}");
        }
    }
}
