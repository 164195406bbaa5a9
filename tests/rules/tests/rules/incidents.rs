//! `runbook/incidents.toml` holds every known incident once, and what it names (gates, probes, tools, keys, targets) exists.

use crate::{docs::Names, repository};
use assert_cmd::Command;
use nexy_contract::incidents::{Book, Entry, Id, Machine, Matcher, Step};
use nexy_standin::printed_commands;
use std::collections::{BTreeMap, BTreeSet};

const FILE: &str = "runbook/incidents.toml";
const COUNT: u32 = 49;
/// Tools and scripts that refuse something while they act, beside gates and probes.
const ACTING: &[&str] =
    &["nexy-publish", "nexy-manifest write", "nexy-manifest install", "nexy-version set", "nexy-verify run-command", "scripts/vm.sh"];
/// A shorter part of a log is found in every log.
const SHORTEST_SYMPTOM: usize = 8;
const ASKS_FIRST: &str = "sudo nexy-gate hard && sudo ";
/// Programs that commands begin with, and the machine that has them when only one has.
const PROGRAMS: &[(&[&str], Option<Option<Machine>>)] = &[
    (&["nexy-version", "nexy-gate", "nexy-publish", "nexy-manifest", "nexy-verify", "git", "curl", "command"], None),
    (&["make", "scripts/vm.sh", "az", "gh", "mkdir", "xcrun", "spctl"], Some(None)),
    (&["sudo", "sudoedit", "systemctl", "journalctl", "ps", "df"], Some(Some(Machine::Vm))),
];

/// What the other tests ask of an entry.
trait Instructions {
    fn instructions(&self) -> [(&str, &[Step]); 3];
    fn steps(&self) -> impl Iterator<Item = &Step>;
    /// Every command, and the machine on which it is typed.
    fn commands(&self) -> impl Iterator<Item = (&str, Option<Machine>)>;
    fn notes(&self) -> impl Iterator<Item = &str>;
}

impl Instructions for Entry {
    fn instructions(&self) -> [(&str, &[Step]); 3] {
        [("check", &self.check), ("fix", &self.fix), ("verify", &self.verify)]
    }

    fn steps(&self) -> impl Iterator<Item = &Step> {
        self.instructions().into_iter().flat_map(|(_, steps)| steps)
    }

    fn commands(&self) -> impl Iterator<Item = (&str, Option<Machine>)> {
        self.steps().filter_map(|step| match step {
            Step::Command { command, on } => Some((command.as_str(), *on)),
            Step::Note { .. } => None,
        })
    }

    fn notes(&self) -> impl Iterator<Item = &str> {
        self.steps().filter_map(|step| match step {
            Step::Command { .. } => None,
            Step::Note { note } => Some(note.as_str()),
        })
    }
}

fn incidents() -> Vec<Entry> {
    Book::parse(&repository::text(FILE)).unwrap_or_else(|error| panic!("{FILE}: {error}")).entries
}

#[test]
fn every_incident_stands_there_once_and_in_order() {
    let incidents = incidents();
    let (numbered, named) = incidents.split_at(COUNT as usize);
    assert_eq!(numbered.iter().map(|entry| entry.id.clone()).collect::<Vec<_>>(), (1..=COUNT).map(Id::Number).collect::<Vec<_>>());
    let words: BTreeSet<String> = named.iter().map(|entry| entry.id.to_string()).collect();
    assert_eq!(words.len(), named.len(), "a word stands there twice");
    for entry in named {
        let is_word = matches!(&entry.id, Id::Word(word) if word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'));
        assert!(is_word && entry.date.is_none(), "{}: a [[symptom]] has a word for an id, and no date", entry.id);
        assert!(!entry.symptoms.is_empty() && !entry.rulebook.is_empty(), "{}: it comes from a rulebook, and a log shows it", entry.id);
    }
}

#[test]
fn every_incident_says_when_what_and_what_to_do() {
    for incident in incidents() {
        let is_number = matches!(incident.id, Id::Number(_));
        for (name, value) in [("date", incident.date.as_deref().unwrap_or_default()), ("title", &incident.title)] {
            if name == "date" && !is_number {
                continue;
            }
            assert!(!value.trim().is_empty() && !value.contains('\n'), "incident {}: {name} is one line", incident.id);
        }
        for (name, lines) in incident.instructions() {
            assert!(!lines.is_empty(), "incident {}: {name} is empty", incident.id);
        }
        for text in incident.commands().map(|(command, _)| command).chain(incident.notes()) {
            assert!(
                !text.is_empty() && text.trim() == text && !text.contains('\n'),
                "incident {}: one line, no blanks around: `{text}`",
                incident.id
            );
        }
        for section in incident.rulebook.split(", ").filter(|section| !section.is_empty()) {
            let known = ["S0 ", "S1 ", "S2 ", "S3 "].iter().any(|guide| section.strip_prefix(guide).is_some_and(|rest| rest.len() > 1));
            assert!(known, "incident {}: `{section}` is no section of S0 to S3", incident.id);
        }
    }
}

#[test]
fn an_incident_is_stopped_or_says_why_not_and_never_both() {
    for incident in incidents() {
        let because = incident.not_stopped_because.as_deref();
        assert_eq!(incident.stopped_by.is_empty(), because.is_some(), "incident {}: exactly one of both", incident.id);
        if let Some(because) = because {
            assert!(because.len() > 30 && because.ends_with('.'), "incident {}: not_stopped_because is a sentence", incident.id);
        }
        let once: BTreeSet<&String> = incident.stopped_by.iter().collect();
        assert_eq!(once.len(), incident.stopped_by.len(), "incident {}: a name stands there twice", incident.id);
    }
}

#[test]
fn whatever_stops_an_incident_exists() {
    let Names { gates, probes, .. } = Names::gather();
    for incident in incidents() {
        for name in &incident.stopped_by {
            let is_known = gates.contains(name) || probes.contains(name) || ACTING.contains(&name.as_str());
            assert!(is_known, "incident {}: `{name}` is no gate, probe or acting tool", incident.id);
        }
    }
}

#[test]
fn every_acting_tool_has_its_verb() {
    let names = Names::gather();
    for name in ACTING {
        let (tool, verb) = name.split_once(' ').unwrap_or((name, ""));
        let is_known = match names.words.get(tool) {
            Some(verbs) => verb.is_empty() || verbs.contains(verb),
            None => repository::root().join(name).is_file(),
        };
        assert!(is_known, "there is no `{name}`");
    }
}

#[test]
fn a_symptom_tells_its_incident_from_every_other() {
    let incidents = incidents();
    let mut fixes: BTreeMap<String, (&Id, &[Step])> = BTreeMap::new();
    for incident in &incidents {
        let id = &incident.id;
        for symptom in &incident.symptoms {
            let longest = symptom.all.iter().map(|part| part.chars().count()).max().unwrap();
            assert!(longest >= SHORTEST_SYMPTOM, "{id}: `{symptom}` is too short");
            for part in symptom.all.iter().chain(&symptom.unless) {
                assert!(part.trim() == part && !part.is_empty() && !part.contains('\n'), "{id}: `{part}` is not a part of one line");
            }
            let (other, fix) = *fixes.entry(symptom.to_string()).or_insert((id, &incident.fix));
            assert!(other != id || std::ptr::eq(fix, incident.fix.as_slice()), "{id}: `{symptom}` stands there twice");
            assert_eq!(fix, incident.fix, "{other} and {id} share `{symptom}`, but not their fix");
        }
    }
    assert!(fixes.len() > 120, "there are few symptoms left: {}", fixes.len());
    // A line that holds just a symptom leads to those that share it, and to no other entry.
    let matcher = Matcher::known().unwrap();
    for symptom in incidents.iter().flat_map(|incident| &incident.symptoms) {
        let shared = |entry: &&Entry| entry.symptoms.iter().any(|other| other.all == symptom.all);
        let wanted: Vec<&Id> = incidents.iter().filter(shared).map(|entry| &entry.id).collect();
        let line = symptom.all.join(" ");
        let found: Vec<&Id> = matcher.scan_all(line.as_bytes()).hits.iter().map(|hit| &hit.entry.id).collect();
        assert_eq!(found, wanted, "{line}");
    }
}

#[test]
fn every_command_can_be_pasted() {
    for incident in incidents() {
        for (command, on) in incident.commands() {
            let id = &incident.id;
            let first = command.split(' ').next().unwrap();
            let program = PROGRAMS.iter().find(|(names, _)| names.contains(&first));
            let (_, place) = program.unwrap_or_else(|| panic!("incident {id}: `{first}` is no program; write a note: {command}"));
            assert!(place.is_none_or(|place| place == on), "incident {id}: typed on the wrong machine: {command}");
            assert!(
                !command.contains("; ") && !command.contains(" ("),
                "incident {id}: one command in each line, remarks as notes: {command}"
            );
            let output = Command::new("sh").args(["-n", "-c", command]).output().unwrap();
            assert!(output.status.success(), "incident {id}: {}: {command}", String::from_utf8_lossy(&output.stderr));
            let faults = printed_commands::faults(command);
            assert!(faults.is_empty(), "incident {id}: {faults:#?}");
        }
        for note in incident.notes() {
            let first = note.split(' ').next().unwrap();
            let is_command = PROGRAMS.iter().any(|(names, _)| names.contains(&first));
            assert!(!is_command || note.ends_with(':') || note.contains(", "), "incident {}: a command is no note: {note}", incident.id);
            assert!(note.contains(' '), "incident {}: a note is a sentence: {note}", incident.id);
        }
    }
}

#[test]
fn nothing_is_restarted_before_the_gates_were_asked() {
    for incident in incidents() {
        for (command, _) in incident.commands() {
            for verb in ["systemctl restart", "systemctl start"] {
                for (at, _) in command.match_indices(verb) {
                    let before = &command[..at];
                    assert!(before.ends_with(ASKS_FIRST), "incident {}: `{verb}` without `{ASKS_FIRST}`: {command}", incident.id);
                }
            }
        }
        assert!(!incident.notes().any(|note| note.contains("systemctl")), "incident {}: a restart is a command", incident.id);
    }
}

#[test]
fn every_command_and_every_script_that_is_named_exists() {
    let names = Names::gather();
    let (mut scripts, mut commands) = (0, 0);
    for incident in incidents() {
        let id = &incident.id;
        for (command, _) in incident.commands() {
            assert_eq!(names.wrong_commands(command), [""; 0], "incident {id}: {command}");
            commands += usize::from(command.contains("make ") || command.contains("nexy-"));
        }
        for text in incident.commands().map(|(command, _)| command).chain(incident.notes()) {
            for word in text.split([' ', ',', ';', ':', '(', ')']).filter(|word| word.starts_with("scripts/")) {
                assert!(repository::root().join(word).is_file(), "incident {id}: there is no {word}");
                scripts += 1;
            }
        }
    }
    assert!(scripts > 0 && commands > 60, "only {scripts} scripts and {commands} commands were found, so this test has gone blind");
}

#[test]
fn the_file_copies_no_value_that_nexy_toml_holds() {
    let target: toml::Table = repository::text("nexy.toml").parse().unwrap();
    let book = repository::text(FILE);
    for (table, key) in [
        ("release_target", "resource_group"),
        ("release_target", "host"),
        ("repositories", "workspace"),
        ("repositories", "server"),
        ("repositories", "artifacts"),
        ("vm", "checkout"),
        ("vm", "config_env"),
        ("service", "unit"),
        ("service", "user"),
        ("service", "exec_start"),
        ("endpoints", "local_server"),
        ("endpoints", "local_updates"),
        ("endpoints", "public"),
    ] {
        let value = target[table][key].as_str().unwrap();
        assert!(!book.contains(value), "{FILE} holds {table}.{key}; let it say `nexy-version show {table}.{key}`");
    }
    for kind in ["hosts", "resource_groups"] {
        for value in target["legacy"][kind].as_array().unwrap().iter().filter_map(toml::Value::as_str).filter(|value| value.len() > 4) {
            assert!(!book.contains(value), "{FILE} holds `{value}`, a legacy name");
        }
    }
}

#[test]
fn the_file_holds_no_secret_no_home_and_nothing_that_only_one_system_has() {
    let book = repository::text(FILE);
    for part in ["/home/", "/Users/", "~/", "AIza", "sk_live_", "sk_test_", "whsec_", "ghp_", "github_pat_", "BEGIN ", "https://"] {
        assert!(!book.contains(part), "{FILE} holds `{part}`");
    }
    for word in
        ["sed -i", "sed -E", "grep -P", "grep -oP", "readlink -f", "date -d", "stat -c", "xargs -r", "sort -V", "base64 -w", "timeout "]
    {
        assert!(!incidents().iter().any(|incident| incident.commands().any(|(command, _)| command.contains(word))), "{FILE}: `{word}`");
    }
    let long = book.split(|letter: char| !letter.is_ascii_alphanumeric()).find(|word| word.len() >= 32);
    assert_eq!(long, None, "{FILE} holds a word that reads like a key");
}
