//! The Makefile: its targets, its help and the list of docs/make.md agree, and old versions of make understand it.

use crate::repository;
use assert_cmd::Command;
use nexy_standin::skip::has_program;

/// Targets without a rulebook section: they serve this repository, not a release.
const NOT_IN_A_RULEBOOK: [&str; 9] = ["help", "rehearse", "test", "build", "install", "lint", "fuzz", "bench", "clean"];

/// Targets with their help text, in order.
pub(crate) fn targets() -> Vec<(String, String)> {
    let makefile = repository::text("Makefile");
    let rules = makefile.lines().filter_map(|line| line.split_once(":")).filter(|(name, _)| is_name(name));
    rules.map(|(name, rest)| (name.to_owned(), rest.split_once("## ").map_or("", |(_, help)| help).to_owned())).collect()
}

fn is_name(word: &str) -> bool {
    !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase() || c == '-')
}

/// What make prints, called as a person calls it who has CARGO_TARGET_DIR set.
fn make(arguments: &[&str]) -> String {
    let mut make = Command::new("make");
    make.args(arguments).env_remove("MAKEFLAGS").env_remove("MAKELEVEL").env("CARGO_TARGET_DIR", "/elsewhere");
    let assert = make.current_dir(repository::root()).assert().success();
    String::from_utf8(assert.get_output().stdout.clone()).unwrap()
}

#[test]
fn every_target_is_phony_and_has_help() {
    let makefile = repository::text("Makefile").replace("\\\n", " ");
    let phony: Vec<&str> = makefile.lines().find_map(|line| line.strip_prefix(".PHONY:")).unwrap().split_whitespace().collect();
    let targets = targets();
    assert_eq!(phony, targets.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>());
    for (name, help) in targets {
        assert!(!help.is_empty(), "the target {name} has no `## ` comment");
    }
}

#[test]
fn every_step_of_a_release_names_its_rulebook_section() {
    for (name, help) in targets() {
        let section = help.rsplit_once('[').and_then(|(_, rest)| rest.strip_suffix(']')).filter(|text| text.starts_with('S'));
        assert_eq!(section.is_none(), NOT_IN_A_RULEBOOK.contains(&name.as_str()), "{name}: {help}");
    }
}

#[test]
fn help_and_its_page_list_every_target_in_order() {
    if !has_program("help_and_its_page_list_every_target_in_order", "make", "make") {
        return;
    }
    let help = make(&["-s", "help"]);
    let printed: Vec<&str> = help.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert_eq!(printed, targets().iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>());
    let section = repository::section("docs/make.md", "The make commands");
    let shown = section.split("```text\n").nth(1).unwrap().split("```").next().unwrap();
    assert_eq!(shown, help, "put the output of `make help` into docs/make.md");
}

#[test]
fn every_call_of_a_tool_names_its_target() {
    let makefile = repository::without_comments(&repository::text("Makefile"));
    for line in makefile.lines().filter(|line| line.starts_with('\t') && !line.contains("scripts/vm.sh")) {
        for tool in repository::TOOLS {
            for (at, _) in line.match_indices(&format!("{tool} ")) {
                let rest = &line[at + tool.len() + 1..];
                assert!(rest.starts_with("$(TARGET)"), "Makefile: {line}");
            }
        }
    }
}

#[test]
fn programs_are_built_into_the_folder_that_they_are_run_from() {
    if !has_program("programs_are_built_into_the_folder_that_they_are_run_from", "make", "make") {
        return;
    }
    let typed = make(&["-n", "rehearse", "build", "build-vm", "bench", "clean"]);
    let calls: Vec<&str> = typed.lines().filter(|line| line.contains("cargo ")).collect();
    assert_eq!(calls.len(), 5, "{typed}");
    for call in calls {
        assert!(call.contains(" --target-dir target"), "CARGO_TARGET_DIR would move the build, and make would run old programs: {call}");
    }
}

#[test]
fn make_3_81_understands_the_makefile() {
    let makefile = repository::without_comments(&repository::text("Makefile"));
    for newer in [".ONESHELL", ".SHELLFLAGS", ".RECIPEPREFIX", "!=", "::=", "$(file ", "undefine", "private ", "$(intcmp", "$(let"] {
        assert!(!makefile.contains(newer), "Makefile uses `{newer}`, make 3.81 does not know it");
    }
}
