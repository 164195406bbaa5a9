//! Dependencies go one way: a tool uses nexy-outside, and both use nexy-contract; shipped crates use no test crate.

use crate::repository::{self, LIBRARIES, TOOLS};
use std::collections::BTreeSet;

/// Reads the crates of this repository that a crate names in one table of its Cargo.toml.
fn ours(krate: &str, table: &str) -> BTreeSet<String> {
    let manifest: toml::Table = repository::text(&format!("{krate}/Cargo.toml")).parse().unwrap();
    let names = manifest.get(table).and_then(toml::Value::as_table);
    names.map(|names| names.keys().filter(|name| name.starts_with("nexy-")).cloned().collect()).unwrap_or_default()
}

fn at_most(krate: &str, table: &str, allowed: &[&str]) {
    for name in ours(krate, table) {
        assert!(allowed.contains(&name.as_str()), "{krate}/Cargo.toml [{table}] must not name {name}");
    }
}

#[test]
fn the_contract_depends_on_no_crate_of_ours() {
    at_most("crates/nexy-contract", "dependencies", &[]);
    at_most("crates/nexy-contract", "dev-dependencies", &[]);
}

#[test]
fn nexy_outside_depends_on_the_contract_alone() {
    at_most("crates/nexy-outside", "dependencies", &["nexy-contract"]);
}

#[test]
fn a_tool_depends_on_the_libraries_and_never_on_a_tool() {
    for tool in TOOLS {
        at_most(&format!("crates/{tool}"), "dependencies", &LIBRARIES);
        at_most(&format!("crates/{tool}"), "dev-dependencies", &["nexy-contract", "nexy-outside", "nexy-publish-support", "nexy-standin"]);
    }
}

#[test]
fn nothing_shipped_is_built_by_a_script_or_differs_by_platform() {
    for krate in LIBRARIES.iter().chain(&TOOLS) {
        let manifest: toml::Table = repository::text(&format!("crates/{krate}/Cargo.toml")).parse().unwrap();
        for table in ["build-dependencies", "target", "features"] {
            assert!(!manifest.contains_key(table), "crates/{krate}/Cargo.toml has a [{table}]: no rule looks at that");
        }
    }
}

#[test]
fn stand_ins_import_no_type_of_what_they_test() {
    at_most("tests/standin", "dependencies", &[]);
    at_most("tests/standin", "dev-dependencies", &["nexy-standin"]);
}

#[test]
fn a_tool_starts_no_tool() {
    for path in repository::shipped_rust() {
        let source = repository::text(&path);
        for tool in TOOLS {
            let started = format!("Run::new(\"{tool}\"");
            assert!(!source.contains(&started), "{path} starts {tool}");
        }
    }
}

#[test]
fn every_crate_is_a_member_and_takes_the_lints_of_the_workspace() {
    let workspace: toml::Table = repository::text("Cargo.toml").parse().unwrap();
    let members: BTreeSet<&str> =
        workspace["workspace"]["members"].as_array().unwrap().iter().map(|member| member.as_str().unwrap()).collect();
    let crates: Vec<String> =
        repository::files("").into_iter().filter_map(|path| path.strip_suffix("/Cargo.toml").map(str::to_owned)).collect();
    assert_eq!(members, crates.iter().map(String::as_str).collect());
    for krate in &crates {
        let manifest: toml::Table = repository::text(&format!("{krate}/Cargo.toml")).parse().unwrap();
        assert_eq!(manifest["lints"]["workspace"].as_bool(), Some(true), "{krate}/Cargo.toml");
    }
}

#[test]
fn every_dependency_is_named_once_for_all_crates() {
    for path in repository::files("").into_iter().filter(|path| path.ends_with("/Cargo.toml")) {
        let manifest: toml::Table = repository::text(&path).parse().unwrap();
        for table in ["dependencies", "dev-dependencies"] {
            for (name, value) in manifest.get(table).and_then(toml::Value::as_table).into_iter().flatten() {
                assert_eq!(value.get("workspace").and_then(toml::Value::as_bool), Some(true), "{path} [{table}] {name}");
            }
        }
    }
}
