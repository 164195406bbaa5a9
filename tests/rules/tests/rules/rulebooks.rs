//! docs/rulebooks.md: every section and every command of the four rulebooks has a row, and what the row names exists.

use crate::{docs, docs::Names, makefile, repository, tables};

const PAGE: &str = "docs/rulebooks.md";

/// Sections of the rulebooks in order, each with the number of its commands. The documents themselves are not part of this
/// repository; a section or a command that is added there is added here.
const SECTIONS: [(&str, &str); 4] = [
    ("S0", "0=1, 1=4, 1.1=5, 2=1, 3=20, 4=0, 4.1=4, 4.2=3, 5=0, 5.1=1, 5.2=2, 5.3=2, 5.5=2, 5.6=0, 5.7=3, 5.8=3, 5.9=0, 6=0"),
    ("S1", "0=0, 0.1=0, 1=5, 2=0, 3=2, 4=2, 5=2, 6=3, 6.1=5, 6.2=6, 6.3=1, 6.4=0, 7=3, 8=4, 9=2, 10=0"),
    (
        "S2",
        "0=0, 0.1=1, 1=0, 1.1=0, 1.2=0, 1.3=0, 2=0, 3=0, 3 Phase 1=4, 3 Phase 1.1=3, 3 Phase 2=5, 3 Phase 3=24, \
         4=0, 4.1=2, 4.2=2, 4.3=3, 4.4=0, 4.5=1, 4.6=0, 4.7=1, 4.8=0, 4.9=2, 5=1, 6=0",
    ),
    ("S3", "Canonical Release Target=0, 0=0, 1=1, 2=3, 3=2, 4=1, 5=0, 6=0"),
];

fn is_command(asked: &str) -> bool {
    asked.starts_with('`')
}

#[test]
fn every_section_and_every_command_has_a_row() {
    for (book, sections) in SECTIONS {
        let rows = repository::table(PAGE, book);
        let mut told: Vec<(&str, usize, usize)> = Vec::new();
        for row in &rows {
            assert_eq!(row.len(), 3, "{book}: {row:?}");
            if told.last().is_none_or(|(section, ..)| *section != row[0]) {
                told.push((&row[0], 0, 0));
            }
            let (_, commands, sentences) = told.last_mut().unwrap();
            *(if is_command(&row[1]) { commands } else { sentences }) += 1;
        }
        let counted: Vec<String> = told.iter().map(|(section, commands, _)| format!("{section}={commands}")).collect();
        assert_eq!(counted.join(", "), sections, "{PAGE}, {book}: sections in order, each with its number of commands");
        let silent: Vec<&str> = told.iter().filter(|(.., sentences)| *sentences == 0).map(|(section, ..)| *section).collect();
        assert!(silent.is_empty(), "{PAGE}, {book}: no row says what these sections are about: {silent:?}");
    }
}

#[test]
fn every_row_says_what_does_it_now() {
    let names = Names::gather();
    let mut listed = 0;
    for (book, _) in SECTIONS {
        for row in repository::table(PAGE, book) {
            let now = &row[2];
            let known = ["*not yet*", "by hand", "overruled by S", "nexy.toml"].iter().any(|word| now.contains(word));
            assert!(known || now.contains('`'), "{book} §{}: `{}`: the last column names nothing: {now}", row[0], row[1]);
            for (kind, ids) in [("gate", &names.gates), ("probe", &names.probes)] {
                for id in listed_after(now, kind) {
                    listed += 1;
                    assert!(ids.contains(&id), "{book} §{}: there is no {kind} `{id}`", row[0]);
                }
            }
        }
    }
    assert!(listed > 30, "only {listed} gates and probes were found, so this test has gone blind");
}

/// The names in a list such as "gates `a`, `b`; …", for every such list in a text.
fn listed_after(text: &str, kind: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices(kind) {
        let rest = text[at + kind.len()..].trim_start_matches('s');
        let mut rest = rest.strip_prefix(" `");
        while let Some(list) = rest {
            let (name, more) = list.split_once('`').unwrap();
            found.push(name.to_owned());
            rest = more.strip_prefix(", `");
        }
    }
    found
}

#[test]
fn lists_of_names_are_read_whole() {
    assert_eq!(listed_after("gates `a`, `b` and gate `c`; `d`", "gate"), ["a", "b", "c"]);
    assert_eq!(docs::code("a `b` c\n```sh\nd e\n```\n`f`"), ["b", "d e", "f"]);
}

#[test]
fn every_section_that_the_code_names_has_a_row() {
    let mut named: Vec<(String, String)> = Vec::new();
    for tool in ["nexy-gate", "nexy-verify"] {
        named.extend(tables::listed(tool).into_iter().map(|row| (row.id, row.rulebook)));
    }
    for (name, help) in makefile::targets() {
        named.extend(help.rsplit_once("[S").and_then(|(_, rest)| rest.strip_suffix(']')).map(|text| (name, format!("S{text}"))));
    }
    let book: toml::Table = repository::text("runbook/incidents.toml").parse().unwrap();
    for incident in book["incident"].as_array().unwrap() {
        named.push((format!("incident {}", incident["id"].as_integer().unwrap()), incident["rulebook"].as_str().unwrap().to_owned()));
    }
    let mut checked = 0;
    for (name, text) in named {
        let mut current = None;
        for part in text.split([',', ' ']).collect::<Vec<_>>() {
            if let Some((_, sections)) = SECTIONS.iter().find(|(book, _)| *book == part) {
                current = Some(format!(", {sections}"));
            } else if let (Some(sections), Some(section)) = (&current, part.strip_prefix('§')) {
                // An item of a list is named by its section and its number: S3 §6.2.
                let mut candidates = [section, section.split('.').next().unwrap()].into_iter();
                assert!(candidates.any(|one| sections.contains(&format!(", {one}="))), "{name} names {text}: there is no §{section}");
                checked += 1;
            }
        }
    }
    assert!(checked > 80, "only {checked} sections were found, so this test has gone blind");
}
