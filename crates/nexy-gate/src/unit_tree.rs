//! What a unit's files put into the environment of its process, read where the manager reads them; for trees without a manager,
//! and for what the manager does not tell. Whether it has loaded these files is another gate's question.

use crate::unit_environment::EnvironmentFile;
use nexy_contract::text::excerpt;
use nexy_outside::{files, tree::Tree};
use std::{collections::BTreeMap, path::Path};

/// Where units stand, the folder that wins first.
const FOLDERS: [&str; 5] =
    ["/etc/systemd/system", "/run/systemd/system", "/usr/local/lib/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system"];

const MAX_BYTES: u64 = 1 << 20;

/// What the files set.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct UnitSettings {
    /// Every `EnvironmentFile=` that is in effect.
    pub(crate) files: Vec<EnvironmentFile>,
    /// Every assignment of `Environment=` that is in effect, the last one of a name.
    pub(crate) environment: BTreeMap<String, String>,
}

/// Reads the unit's main file and its drop-ins; a unit without files sets nothing.
///
/// # Errors
/// Why nobody can tell, in words.
pub(crate) fn settings(tree: &Tree, unit: &str) -> Result<UnitSettings, String> {
    let mut settings = UnitSettings::default();
    for path in FOLDERS.iter().map(|folder| format!("{folder}/{unit}")) {
        if let Some(text) = read(tree, &path)? {
            settings.read(&text);
            break;
        }
    }
    let mut drop_ins: BTreeMap<String, String> = BTreeMap::new();
    for folder in FOLDERS.iter().map(|folder| format!("{folder}/{unit}.d")) {
        let place = tree.find(Path::new(&folder)).map_err(|error| hidden(&folder, &error.because()))?;
        let names =
            files::list(&place).or_else(|error| if error.is_missing() { Ok(None) } else { Err(hidden(&folder, &error.because())) })?;
        for name in names.into_iter().flatten().filter(|name| name.ends_with(".conf")) {
            let path = format!("{folder}/{name}");
            // A file of the same name in a folder that wins hides this one.
            drop_ins.entry(name).or_insert(path);
        }
    }
    for path in drop_ins.values() {
        settings.read(&read(tree, path)?.unwrap_or_default());
    }
    Ok(settings)
}

fn read(tree: &Tree, path: &str) -> Result<Option<String>, String> {
    let read = tree.find(Path::new(path)).and_then(|place| files::read(&place, MAX_BYTES));
    match read {
        Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
        Err(error) if error.is_missing() => Ok(None),
        Err(error) => Err(hidden(path, &error.because())),
    }
}

fn hidden(path: &str, because: &str) -> String {
    format!("cannot tell which files the unit loads: {}: {because}", excerpt(path, 300))
}

impl UnitSettings {
    fn read(&mut self, text: &str) {
        let mut is_service = false;
        for line in logical_lines(text) {
            let line = line.trim();
            if line.starts_with('[') {
                is_service = line == "[Service]";
                continue;
            }
            let Some((key, value)) = line.split_once('=').filter(|_| is_service) else { continue };
            match (key.trim(), value.trim()) {
                ("EnvironmentFile", "") => self.files.clear(),
                ("EnvironmentFile", value) => {
                    let optional = value.strip_prefix('-');
                    self.files.push(EnvironmentFile { path: optional.unwrap_or(value).to_owned(), is_optional: optional.is_some() });
                }
                ("Environment", "") => self.environment.clear(),
                ("Environment", value) => {
                    for word in words(value) {
                        if let Some((key, value)) = word.split_once('=') {
                            self.environment.insert(key.to_owned(), value.to_owned());
                        }
                    }
                }
                _ => {}
            }
        }
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

/// Words with their quotes taken off; what stands behind a backslash is left as it is, for whoever asks to see.
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

    fn of(texts: &[&str]) -> UnitSettings {
        let mut settings = UnitSettings::default();
        texts.iter().for_each(|text| settings.read(text));
        settings
    }

    #[test]
    fn what_the_service_section_sets_counts_and_an_empty_line_takes_it_back() {
        let main = "[Unit]\nEnvironment=A=0\n[Service]\n# Environment=C=1\nEnvironment=\"PATH=/a b\" 'B=2' A=1\nEnvironmentFile=-/etc/x\n\
                    EnvironmentFile = /etc/y\nExecStart=/bin/x \\\n  Environment=D=1\n";
        let settings = of(&[main]);
        let pairs: Vec<(&str, &str)> = settings.environment.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
        assert_eq!(pairs, [("A", "1"), ("B", "2"), ("PATH", "/a b")]);
        let files: Vec<(&str, bool)> = settings.files.iter().map(|file| (file.path.as_str(), file.is_optional)).collect();
        assert_eq!(files, [("/etc/x", true), ("/etc/y", false)]);
        let over = of(&[main, "[Service]\nEnvironment=\nEnvironmentFile=\nEnvironment=A=3\n"]);
        assert_eq!((over.files.len(), over.environment.get("A").map(String::as_str), over.environment.len()), (0, Some("3"), 1));
    }

    #[test]
    fn a_drop_in_of_a_folder_that_wins_hides_one_of_the_same_name() {
        let folder = tempfile(&[
            ("lib/systemd/system/a.service", "[Service]\nEnvironment=A=lib\n"),
            ("etc/systemd/system/a.service.d/x.conf", "[Service]\nEnvironment=B=etc\n"),
            ("run/systemd/system/a.service.d/x.conf", "[Service]\nEnvironment=B=run C=run\n"),
            ("run/systemd/system/a.service.d/y.conf", "[Service]\nEnvironment=D=run\n"),
            ("run/systemd/system/a.service.d/z.conf.off", "[Service]\nEnvironment=E=run\n"),
        ]);
        let settings = settings(&Tree::at(folder.path()).expect("a tree"), "a.service").expect("it can be read");
        let pairs: Vec<String> = settings.environment.iter().map(|(key, value)| format!("{key}={value}")).collect();
        assert_eq!(pairs, ["A=lib", "B=etc", "D=run"]);
    }

    fn tempfile(contents: &[(&str, &str)]) -> TempTree {
        let root = std::env::temp_dir().join(format!("nexy-unit-tree-{}", std::process::id()));
        for (path, text) in contents {
            let path = root.join(path);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("folders");
            files::replace(&path, text.as_bytes()).expect("a file");
        }
        TempTree(root)
    }

    struct TempTree(std::path::PathBuf);

    impl TempTree {
        fn path(&self) -> &Path {
            &self.0
        }
    }

    impl Drop for TempTree {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }
}
