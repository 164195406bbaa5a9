//! README.md and docs/: their length, their links, and that every command, gate, key and path that they name exists.

use crate::{makefile, repository, tables};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

const README_LINES: usize = 150;
const PAGE_LINES: usize = 150;
/// Pages that are lists of everything.
const LONG_PAGES: [&str; 2] = ["docs/gates.md", "docs/rulebooks.md"];
const GLOSSARY_ENTRIES: usize = 20;
/// Words in code with a hyphen that name a package, or a folder on the VM.
const OUTSIDE_NAMES: [&str; 3] = ["systemd-nspawn", "systemd-container", "nexy-runs"];

/// All names that a page may use.
pub(crate) struct Names {
    /// Targets of the Makefile.
    pub(crate) targets: BTreeSet<String>,
    /// Gates of nexy-gate.
    pub(crate) gates: BTreeSet<String>,
    /// Probes of nexy-verify.
    pub(crate) probes: BTreeSet<String>,
    /// For each tool, the words that may follow it: ids, profiles and verbs.
    pub(crate) words: BTreeMap<&'static str, BTreeSet<String>>,
    /// For each tool, the help of the tool and of its verbs.
    help: BTreeMap<&'static str, String>,
}

impl Names {
    /// Asks the Makefile and the built tools.
    pub(crate) fn gather() -> Self {
        let mut words: BTreeMap<&'static str, BTreeSet<String>> = BTreeMap::new();
        let mut help = BTreeMap::new();
        for tool in repository::TOOLS {
            let verbs = tables::verbs(tool);
            let mut all = said(tool, &["--help"]);
            for verb in verbs.iter().filter(|verb| *verb != "help") {
                all.push_str(&said(tool, &[verb, "--help"]));
            }
            help.insert(tool, all);
            words.insert(tool, verbs);
        }
        let mut ids = |tool: &'static str| -> BTreeSet<String> {
            let rows = tables::listed(tool);
            let known = words.entry(tool).or_default();
            known.extend(rows.iter().flat_map(|row| row.profiles.clone()));
            known.extend(rows.iter().map(|row| row.id.clone()));
            rows.into_iter().map(|row| row.id).collect()
        };
        let (gates, probes) = (ids("nexy-gate"), ids("nexy-verify"));
        let targets = makefile::targets().into_iter().map(|(name, _)| name).collect();
        Self { targets, gates, probes, words, help }
    }

    /// What is wrong with the commands in a piece of code.
    pub(crate) fn wrong_commands(&self, code: &str) -> Vec<String> {
        let mut wrong = Vec::new();
        for command in code.split(['\n', '|', ';', '&', '#', '(', ')']) {
            let words: Vec<&str> = command.split_whitespace().collect();
            // Other programs take the same words as names of packages.
            let own = words.iter().position(|word| ["cargo", "apt-get"].contains(word)).unwrap_or(words.len());
            for (at, word) in words[..own].iter().enumerate() {
                let rest = &words[at + 1..];
                if *word == "make" {
                    let names = rest.first().map(|name| name.trim_matches([',', ':']));
                    let name = names.filter(|name| name.starts_with(|first: char| first.is_ascii_lowercase()));
                    wrong.extend(name.filter(|name| !self.targets.contains(*name)).map(|name| format!("make has no target `{name}`")));
                } else if let Some(tool) = repository::TOOLS.iter().find(|tool| *tool == word) {
                    wrong.extend(self.wrong_words(tool, rest));
                }
            }
        }
        wrong
    }

    /// Checks what follows a tool: the verb or the ids, the options, and the key of `show`.
    fn wrong_words(&self, tool: &str, words: &[&str]) -> Vec<String> {
        let mut wrong = Vec::new();
        let asks = ["nexy-gate", "nexy-verify"].contains(&tool);
        let mut verb = None;
        // What follows a colon is what the tool answered.
        let asked = words.iter().position(|word| word.ends_with(':')).map_or(words.len(), |colon| colon + 1);
        for word in words[..asked].iter().map(|word| word.trim_end_matches([',', ':', '.'])) {
            let is_name = word.starts_with(|first: char| first.is_ascii_lowercase()) && !word.contains(['/', '.', '=']);
            if word.starts_with("--") {
                let option = word.split('=').next().unwrap_or(word);
                if !self.help[tool].contains(option) {
                    wrong.push(format!("{tool} has no option `{option}`"));
                }
            } else if repository::TOOLS.contains(&word) {
                break;
            } else if is_name && (asks || verb.is_none()) {
                if !self.words[tool].contains(word) {
                    wrong.push(format!("{tool} knows no `{word}`"));
                }
                verb = Some(word);
            } else if tool == "nexy-version" && verb == Some("show") && word.contains('.') && !has_key(word) {
                wrong.push(format!("nexy.toml has no `{word}`"));
            }
        }
        wrong
    }

    /// Whether a word with a hyphen names something.
    fn knows(&self, word: &str) -> bool {
        self.targets.contains(word)
            || self.words.values().any(|words| words.contains(word))
            || repository::TOOLS.contains(&word)
            || repository::LIBRARIES.contains(&word)
            || OUTSIDE_NAMES.contains(&word)
    }
}

fn said(tool: &str, arguments: &[&str]) -> String {
    String::from_utf8(repository::built(tool).args(arguments).output().unwrap().stdout).unwrap()
}

fn has_key(key: &str) -> bool {
    let target: toml::Table = repository::text("nexy.toml").parse().unwrap();
    let (table, name) = key.split_once('.').unwrap();
    match target.get(table) {
        Some(toml::Value::Table(table)) => table.contains_key(name),
        Some(toml::Value::Array(rows)) => rows.iter().any(|row| row.get(name).is_some()),
        _ => false,
    }
}

/// The code of a page: what stands between backticks, and the lines of its code blocks.
pub(crate) fn code(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut fenced = false;
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        } else if fenced {
            found.push(line.to_owned());
        } else {
            found.extend(line.split('`').skip(1).step_by(2).map(str::to_owned));
        }
    }
    found
}

/// What a page claims about this repository. The middle column of docs/rulebooks.md quotes commands of another time.
fn claims(page: &str) -> Vec<String> {
    let text = repository::text(page);
    if page != "docs/rulebooks.md" {
        return code(&text);
    }
    let bar = "\0";
    let last = |line: &str| {
        let line = line.replace("\\|", bar);
        if line.starts_with('|') { line.trim_end_matches('|').rsplit('|').next().unwrap().to_owned() } else { line }
    };
    code(&text.lines().map(last).collect::<Vec<_>>().join("\n"))
}

#[test]
fn readme_and_pages_are_short() {
    for page in repository::pages().into_iter().filter(|page| !LONG_PAGES.contains(&page.as_str())) {
        let lines = repository::text(&page).lines().count();
        let limit = if page == "README.md" { README_LINES } else { PAGE_LINES };
        assert!(lines <= limit, "{page} has {lines} lines, more than {limit}: move a part to a page of its own");
    }
}

#[test]
fn every_link_leads_somewhere_and_every_page_is_linked() {
    let mut linked = BTreeSet::new();
    let mut links = 0;
    for page in repository::pages() {
        let text = repository::text(&page);
        for target in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            if target.starts_with("https://") {
                continue;
            }
            links += 1;
            let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
            let path = if file.is_empty() { page.clone() } else { joined(&page, file) };
            assert!(repository::root().join(&path).exists(), "{page} links to {target}, and {path} does not exist");
            if !anchor.is_empty() {
                assert!(anchors(&path).contains(anchor), "{page} links to {target}, and {path} has no heading `{anchor}`");
            }
            if page == "README.md" {
                linked.insert(path);
            }
        }
    }
    assert!(links > 40, "only {links} links were found, so this test has gone blind");
    let missing: Vec<String> = repository::pages().into_iter().filter(|page| page != "README.md" && !linked.contains(page)).collect();
    assert!(missing.is_empty(), "README.md does not link to {missing:?}");
}

/// The path of a link, relative to the root.
fn joined(page: &str, file: &str) -> String {
    let folder = Path::new(page).parent().unwrap();
    let mut parts: Vec<&str> = folder.iter().map(|part| part.to_str().unwrap()).collect();
    for part in file.split('/') {
        if part == ".." {
            parts.pop();
        } else {
            parts.push(part);
        }
    }
    parts.join("/")
}

/// The anchors that GitHub makes of a page's headings.
fn anchors(page: &str) -> BTreeSet<String> {
    let text = repository::text(page);
    let headings = text.lines().filter(|line| line.starts_with('#')).map(|line| line.trim_start_matches('#').trim().to_lowercase());
    headings.map(|heading| heading.replace(' ', "-").chars().filter(|c| c.is_alphanumeric() || "-_".contains(*c)).collect()).collect()
}

#[test]
fn every_command_that_a_page_shows_is_understood() {
    let names = Names::gather();
    let mut wrong = Vec::new();
    let mut commands = 0;
    for page in repository::pages() {
        for code in claims(&page) {
            commands += usize::from(code.contains("make ") || code.contains("nexy-"));
            wrong.extend(names.wrong_commands(&code).into_iter().map(|why| format!("{page}: {why}: `{code}`")));
        }
    }
    assert!(commands > 200, "only {commands} commands were found, so this test has gone blind");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_name_with_a_hyphen_exists() {
    let names = Names::gather();
    let mut found = 0;
    for page in repository::pages() {
        for word in claims(&page) {
            let is_name = word.contains('-') && word.chars().all(|c| c.is_ascii_lowercase() || c == '-') && !word.starts_with('-');
            let is_whole = is_name && !word.ends_with('-');
            found += usize::from(is_whole);
            assert!(!is_whole || names.knows(&word), "{page} names `{word}`: no target, gate, probe, profile, verb or tool is called so");
        }
    }
    assert!(found > 100, "only {found} names were found, so this test has gone blind");
}

#[test]
fn every_key_and_every_path_that_a_page_names_exists() {
    let target: toml::Table = repository::text("nexy.toml").parse().unwrap();
    let (mut paths, mut keys) = (0, 0);
    for page in repository::pages() {
        for word in claims(&page).iter().flat_map(|code| code.split([' ', ',', '"', ')'])).filter(|word| !word.contains(['<', '*', '…']))
        {
            let starts = ["crates/", "scripts/", "tests/", "docs/", "runbook/", ".ci/", "LICENSE-", "rust-toolchain", "rustfmt"];
            if starts.iter().any(|start| word.starts_with(start)) {
                paths += 1;
                assert!(repository::root().join(word).exists(), "{page} names {word}, which does not exist");
            }
            // Optional keys that this target does not use stand in the table of keys, which has a test of its own.
            let word = word.split(['"', ')', ';', ':']).next().unwrap();
            let table = word.split_once('.').filter(|(table, _)| target.contains_key(*table)).map(|(table, _)| table);
            if table.is_some() && page != "docs/nexy-toml.md" && !["azure.subscription", "version_places.pointer"].contains(&word) {
                keys += 1;
                assert!(has_key(word), "{page} names the key {word}, which nexy.toml does not have");
            }
        }
    }
    assert!(paths > 40 && keys > 15, "only {paths} paths and {keys} keys were found, so this test has gone blind");
}

#[test]
fn the_glossary_is_short_sorted_and_used() {
    let page = "docs/glossary.md";
    let words: Vec<String> = repository::table(page, "Glossary").into_iter().map(|row| row[0].clone()).collect();
    assert!(words.len() <= GLOSSARY_ENTRIES, "{} entries", words.len());
    assert!(words.is_sorted(), "{words:?}");
    let others: String =
        repository::pages().iter().filter(|other| *other != page).map(|other| repository::text(other).to_lowercase()).collect();
    for word in words.iter().flat_map(|words| words.split(", ")) {
        assert!(others.contains(word), "no page uses `{word}`");
    }
}
