//! README.md and docs/ say what the code says: exit codes, variables, tools, verbs and keys.

use crate::repository::{self, TOOLS};
use nexy_contract::{Exit, before_publish};
use nexy_outside::{environment::VARIABLES, programs::environment::PASSED_ON};
use std::collections::BTreeSet;

#[test]
fn the_exit_codes_are_those_of_the_code() {
    let expected: Vec<Vec<String>> = Exit::ALL.iter().map(|exit| vec![exit.code().to_string(), exit.meaning().to_owned()]).collect();
    for page in ["README.md", "docs/exit-codes.md"] {
        let told: Vec<Vec<String>> = repository::table(page, "Exit codes").into_iter().map(|row| row[..2].to_vec()).collect();
        assert_eq!(told, expected, "{page}");
    }
}

#[test]
fn the_environment_variables_are_those_of_the_code() {
    let expected: Vec<Vec<String>> = VARIABLES.iter().map(|(name, meaning)| vec![format!("`{name}`"), (*meaning).to_owned()]).collect();
    assert_eq!(repository::table("docs/environment.md", "Environment variables"), expected);
    let named = |names: &[&str]| names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" ");
    let expected: Vec<Vec<String>> = PASSED_ON.iter().map(|(who, names)| vec![(*who).to_owned(), named(names)]).collect();
    assert_eq!(repository::table("docs/environment.md", "What other programs see"), expected);
}

#[test]
fn the_five_tools_are_those_of_the_workspace() {
    let named: Vec<String> =
        repository::table("README.md", "The five tools").into_iter().map(|row| row[0].trim_matches('`').to_owned()).collect();
    assert_eq!(named, TOOLS);
    let built: BTreeSet<String> = repository::files("crates")
        .into_iter()
        .filter_map(|path| Some(path.strip_prefix("crates/")?.strip_suffix("/src/main.rs")?.to_owned()))
        .collect();
    assert_eq!(built, TOOLS.iter().map(ToString::to_string).collect());
}

#[test]
fn the_verbs_of_the_table_are_those_of_the_tools() {
    for row in repository::table("README.md", "The five tools") {
        let tool = row[0].trim_matches('`').to_owned();
        let output = repository::built(&tool).arg("--help").output().unwrap();
        let help = String::from_utf8(output.stdout).unwrap();
        let list = if ["nexy-gate", "nexy-verify"].contains(&tool.as_str()) {
            String::from_utf8(repository::built(&tool).args(["--list", "--format", "text"]).output().unwrap().stdout).unwrap()
        } else {
            String::new()
        };
        for word in row[2].split('`').skip(1).step_by(2) {
            // A verb that is the default has no name in the help.
            let known = help.contains(word) || list.contains(word) || tool == format!("nexy-{word}");
            assert!(known, "README.md says that {tool} knows `{word}`; its help does not:\n{help}");
        }
    }
}

#[test]
fn a_release_takes_eight_lines_and_a_night_six() {
    let steps =
        repository::section("README.md", "Every release").lines().filter(|line| line.starts_with(|c: char| c.is_ascii_digit())).count();
    assert!((1..=8).contains(&steps), "README.md lists {steps} steps for every release");
    assert!(repository::table("README.md", "At 3 a.m.").len() <= 6);
}

#[test]
fn every_key_of_the_target_is_explained() {
    let explained: BTreeSet<String> =
        repository::table("docs/nexy-toml.md", "nexy.toml").into_iter().map(|row| row[0].trim_matches('`').to_owned()).collect();
    let target: toml::Table = repository::text("nexy.toml").parse().unwrap();
    let mut keys = BTreeSet::new();
    gather("", &target, &mut keys);
    // Known to the reader, and not used by this target.
    keys.insert("version_places.pointer".to_owned());
    keys.insert("azure.subscription".to_owned());
    assert_eq!(explained, keys);
}

/// Dotted names; a list of tables counts as one table, and inline conditions are a value.
fn gather(prefix: &str, table: &toml::Table, keys: &mut BTreeSet<String>) {
    for (name, value) in table {
        let key = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
        match value {
            toml::Value::Table(inner) => gather(&key, inner, keys),
            toml::Value::Array(items) if name != "when" && items.iter().all(toml::Value::is_table) && !items.is_empty() => {
                for item in items {
                    gather(&key, item.as_table().unwrap(), keys);
                }
            }
            _ => {
                keys.insert(key);
            }
        }
    }
}

#[test]
fn the_pipeline_that_is_shown_is_the_order_of_a_release() {
    let section = repository::section("README.md", "One record walks through them");
    let order = [
        "nexy-version record",
        "nexy-gate before-publish -",
        "nexy-publish -",
        "nexy-manifest write -",
        "scripts/manifest_to_vm.sh -",
        "nexy-manifest push -",
        "nexy-verify updates -",
    ];
    let places: Vec<usize> =
        order.iter().map(|step| section.find(step).unwrap_or_else(|| panic!("README.md does not show `{step}`"))).collect();
    assert!(places.is_sorted(), "{places:?}");
    assert_eq!(before_publish::PROFILE, "before-publish");
}
