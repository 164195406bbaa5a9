//! What the files of a unit and of the manager put into the environment of a process, for trees without a manager. Whether the
//! manager has loaded these files is another gate's question.

use super::{files, loaded::EnvironmentFile};
use nexy_outside::fs::root_fs::RootFs;
use std::collections::BTreeMap;

/// What the files set.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Settings {
    /// Every `EnvironmentFile=` that is in effect.
    pub(crate) files: Vec<EnvironmentFile>,
    /// Every variable that is in effect, by the strongest assignment beside those files.
    pub(crate) environment: BTreeMap<String, Assignment>,
    /// Names of `PassEnvironment=`: the process gets what the manager itself has.
    pub(crate) passed: Vec<String>,
    /// Words of `UnsetEnvironment=`, a name or a whole assignment: the process does not get these, wherever they are set.
    pub(crate) unset: Vec<String>,
}

/// A value, and the directive that sets it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Assignment {
    /// The value.
    pub(crate) value: String,
    /// Where it is set, in words.
    pub(crate) place: String,
    /// The manager's file that sets it; `None` when the unit does.
    pub(crate) manager_file: Option<String>,
}

/// What `DefaultEnvironment=` in the manager's files sets for every service.
///
/// # Errors
/// Why it cannot be determined, in words.
pub(crate) fn defaults(tree: &RootFs) -> Result<BTreeMap<String, Assignment>, String> {
    let mut defaults = BTreeMap::new();
    for path in files::of_manager(tree)? {
        let mut directives = Directives::default();
        directives.read(&files::read(tree, &path)?.unwrap_or_default(), "Manager");
        if directives.resets("DefaultEnvironment") {
            defaults.clear();
        }
        let place = format!("DefaultEnvironment= of {path}");
        for (key, value) in directives.assignments("DefaultEnvironment") {
            defaults.insert(key, Assignment { value, place: place.clone(), manager_file: Some(path.clone()) });
        }
    }
    Ok(defaults)
}

/// Reads the files of the unit and of the manager; without files nothing is set.
///
/// # Errors
/// As [`defaults`].
pub(crate) fn read(tree: &RootFs, unit: &str) -> Result<Settings, String> {
    let mut directives = Directives::default();
    let on_disk = files::find(tree, unit)?;
    for path in on_disk.main.iter().chain(&on_disk.drop_ins) {
        directives.read(&files::read(tree, path)?.unwrap_or_default(), "Service");
    }
    Ok(settings(&directives, defaults(tree)?, unit))
}

fn settings(directives: &Directives, defaults: BTreeMap<String, Assignment>, unit: &str) -> Settings {
    let file = |value: &String| {
        let optional = value.strip_prefix('-');
        EnvironmentFile { path: optional.unwrap_or(value).to_owned(), is_optional: optional.is_some() }
    };
    let mut environment = defaults;
    for (key, value) in directives.assignments("Environment") {
        environment.insert(key, Assignment { value, place: format!("Environment= of {unit}"), manager_file: None });
    }
    let unset = directives.words("UnsetEnvironment");
    environment.retain(|key, assignment| !unset.iter().any(|word| word == key || *word == format!("{key}={}", assignment.value)));
    let files = directives.values("EnvironmentFile").iter().map(file).collect();
    Settings { files, environment, passed: directives.words("PassEnvironment"), unset }
}

/// The lists of one section over several files: an empty value takes back what stands before it.
#[derive(Debug, Default)]
struct Directives(BTreeMap<String, (bool, Vec<String>)>);

impl Directives {
    fn read(&mut self, text: &str, section: &str) {
        let mut is_section = false;
        for line in logical_lines(text) {
            let line = line.trim();
            if line.starts_with('[') {
                is_section = line == format!("[{section}]");
                continue;
            }
            let Some((key, value)) = line.split_once('=').filter(|_| is_section) else { continue };
            let (resets, values) = self.0.entry(key.trim().to_owned()).or_default();
            match value.trim() {
                "" => {
                    *resets = true;
                    values.clear();
                }
                value => values.push(value.to_owned()),
            }
        }
    }

    fn values(&self, key: &str) -> &[String] {
        self.0.get(key).map_or(&[], |(_, values)| values)
    }

    fn resets(&self, key: &str) -> bool {
        self.0.get(key).is_some_and(|(resets, _)| *resets)
    }

    fn words(&self, key: &str) -> Vec<String> {
        self.values(key).iter().flat_map(|value| words(value)).collect()
    }

    fn assignments(&self, key: &str) -> Vec<(String, String)> {
        self.words(key).iter().filter_map(|word| word.split_once('=')).map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
    }
}

/// Lines as the manager has them: a backslash at the end goes on with the next line, comments between them are none of it.
fn logical_lines(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut goes_on = false;
    for line in text.lines() {
        if line.trim_start().starts_with(['#', ';']) {
            continue;
        }
        let (part, more) = line.strip_suffix('\\').map_or((line, false), |part| (part, true));
        match lines.last_mut().filter(|_| goes_on) {
            Some(last) => {
                last.push(' ');
                last.push_str(part);
            }
            None => lines.push(part.to_owned()),
        }
        goes_on = more;
    }
    lines
}

/// Words with their quotes taken off; what stands behind a backslash is left as it is, for the caller to refuse.
fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let (mut word, mut quote, mut is_word) = (String::new(), None, false);
    for character in text.chars() {
        match (quote, character) {
            (None, '"' | '\'') => (quote, is_word) = (Some(character), true),
            (Some(open), _) if open == character => quote = None,
            (None, ' ' | '\t') => {
                if is_word {
                    words.push(std::mem::take(&mut word));
                }
                is_word = false;
            }
            _ => {
                word.push(character);
                is_word = true;
            }
        }
    }
    if is_word {
        words.push(word);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(texts: &[&str]) -> Settings {
        let mut directives = Directives::default();
        texts.iter().for_each(|text| directives.read(text, "Service"));
        let default = |value: &str| Assignment { value: value.to_owned(), place: "m".to_owned(), manager_file: Some("/m".to_owned()) };
        settings(&directives, [("A".to_owned(), default("0")), ("M".to_owned(), default("1"))].into(), "a.service")
    }

    fn pairs(settings: &Settings) -> String {
        settings.environment.iter().map(|(key, assignment)| format!("{key}={}", assignment.value)).collect::<Vec<_>>().join(" ")
    }

    const MAIN: &str = "[Unit]\nEnvironment=A=9\n[Service]\n# Environment=C=1\nEnvironment=\"PATH=/a b\" 'B=2' A=1\nEnvironmentFile=-/etc/x\n\
                        EnvironmentFile = /etc/y\nExecStart=/bin/x \\\n  Environment=D=1\nPassEnvironment=P Q\n";

    #[test]
    fn what_the_service_section_sets_counts_and_an_empty_line_takes_it_back() {
        let settings = of(&[MAIN]);
        assert_eq!(pairs(&settings), "A=1 B=2 M=1 PATH=/a b");
        let files: Vec<(&str, bool)> = settings.files.iter().map(|file| (file.path.as_str(), file.is_optional)).collect();
        assert_eq!(files, [("/etc/x", true), ("/etc/y", false)]);
        assert_eq!(settings.passed, ["P", "Q"]);
        let over = of(&[MAIN, "[Service]\nEnvironment=\nEnvironmentFile=\nPassEnvironment=\nEnvironment=B=3\n"]);
        assert_eq!((over.files.len(), pairs(&over).as_str(), over.passed.len()), (0, "A=0 B=3 M=1", 0));
    }

    #[test]
    fn what_is_unset_is_set_by_no_directive() {
        assert_eq!(pairs(&of(&[MAIN, "[Service]\nUnsetEnvironment=A M=1 B=3\n"])), "B=2 PATH=/a b");
    }

    #[test]
    fn the_managers_files_are_read_in_their_order() {
        let root = tempfile::tempdir().expect("a folder");
        for (path, text) in [
            ("etc/systemd/system.conf", "[Manager]\nDefaultEnvironment=A=1 B=1\n[Other]\nDefaultEnvironment=C=1\n"),
            ("etc/systemd/system.conf.d/1.conf", "[Manager]\nDefaultEnvironment=\nDefaultEnvironment=\"B=2\"\n"),
            ("usr/lib/systemd/system.conf.d/2.conf", "[Manager]\nDefaultEnvironment=D=1\n"),
        ] {
            let place = root.path().join(path);
            std::fs::create_dir_all(place.parent().expect("a folder")).expect("folders");
            nexy_outside::fs::files::replace(&place, text.as_bytes()).expect("a file");
        }
        let settings = read(&RootFs::at(root.path()).expect("a tree"), "a.service").expect("it can be read");
        assert_eq!(pairs(&settings), "B=2 D=1");
        assert_eq!(settings.environment["D"].manager_file.as_deref(), Some("/usr/lib/systemd/system.conf.d/2.conf"));
    }
}
