//! What the loaded unit puts into the server's environment, before the server reads a file of its own.

use crate::{
    unit_repair::UnitFile,
    version_source::{Holds, KEYS, Source},
};
use nexy_contract::text::shell_word;

/// A file of `EnvironmentFile=`, as the manager has loaded it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EnvironmentFile {
    /// Where it stands; it may be a pattern.
    pub(crate) path: String,
    /// It may be missing.
    pub(crate) is_optional: bool,
}

/// Reads what `systemctl show` prints for `EnvironmentFiles`; an entry is `None` when it is in a form that is not known.
pub(crate) fn files(property: &str) -> Vec<Option<EnvironmentFile>> {
    let file = |line: &str| {
        let (path, flag) = line.strip_suffix(')')?.rsplit_once(" (ignore_errors=")?;
        let is_optional = match flag {
            "yes" => true,
            "no" => false,
            _ => return None,
        };
        Some(EnvironmentFile { path: path.to_owned(), is_optional })
    };
    property.lines().filter(|line| !line.is_empty()).map(file).collect()
}

/// Reads what `systemctl show` prints for `Environment`; `None` when a word in it may hide one of the names.
pub(crate) fn sources(property: &str, unit: &str, unit_files: &[UnitFile]) -> Option<Vec<Source>> {
    let words: Vec<&str> = property.split_whitespace().collect();
    // A value with a blank or line feed is not shown by the manager of today, and quoted by newer ones.
    let is_hidden = words.contains(&"[unprintable]");
    let is_quoted = property.contains(['"', '\'', '\\']) && KEYS.iter().any(|key| property.contains(key));
    if is_hidden || is_quoted {
        return None;
    }
    let source = |key: &'static str| {
        let value = words.iter().rev().find_map(|word| word.strip_prefix(key)?.strip_prefix('='))?;
        let holds =
            value.parse().map_or(Holds::Other(if value.is_empty() { "empty" } else { "no release version (not shown)" }), Holds::Version);
        Some(Source { key, place: format!("Environment= of {unit}"), holds, fix: removal(unit, unit_files) })
    };
    Some(KEYS.into_iter().filter_map(source).collect())
}

/// Takes both names out of the unit's files where a line sets nothing else, and opens those where it does.
fn removal(unit: &str, unit_files: &[UnitFile]) -> String {
    let mut commands: Vec<String> = unit_files.iter().filter_map(removal_from).collect();
    if commands.is_empty() {
        return format!("sudo systemctl edit --full {}\ntake SERVER_VERSION and SERVER_BUILD out", shell_word(unit));
    }
    commands.push("sudo systemctl daemon-reload".to_owned());
    commands.join("\n")
}

fn removal_from(file: &UnitFile) -> Option<String> {
    let path = shell_word(&file.path);
    let Some(text) = &file.text else {
        return Some(format!("sudo grep -n SERVER_ {path}"));
    };
    let names_one = |line: &&str| !line.trim_start().starts_with(['#', ';']) && KEYS.iter().any(|key| line.contains(key));
    let lines: Vec<&str> = text.lines().filter(names_one).collect();
    if lines.is_empty() {
        return None;
    }
    // Whatever stands beside it on the line, or continues it on the next one, must stay.
    if text.lines().any(|line| line.ends_with('\\')) || !lines.iter().all(|line| sets_nothing_else(line)) {
        return Some(format!("sudoedit {path}"));
    }
    let pattern = "/^[[:blank:]]*Environment[[:blank:]]*=[[:blank:]]*\"?SERVER_(VERSION|BUILD)=[^[:blank:]\"]*\"?[[:blank:]]*$/d";
    Some(format!("sudo sed -E -i {} {path}", shell_word(pattern)))
}

fn sets_nothing_else(line: &str) -> bool {
    let Some((directive, value)) = line.split_once('=') else { return false };
    let value = value.trim();
    let value = value.strip_prefix('"').map_or(value, |value| value.strip_suffix('"').unwrap_or(value));
    let is_plain = |value: &str| !value.contains([' ', '\t', '"', '\'']);
    directive.trim() == "Environment"
        && KEYS.iter().any(|key| value.strip_prefix(key).and_then(|rest| rest.strip_prefix('=')).is_some_and(is_plain))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> UnitFile {
        UnitFile { path: "/etc/a.service.d/v.conf".to_owned(), is_drop_in: true, text: Some(text.to_owned()) }
    }

    fn keys(property: &str) -> Option<Vec<(&'static str, Holds)>> {
        sources(property, "a.service", &[]).map(|sources| sources.into_iter().map(|source| (source.key, source.holds)).collect())
    }

    #[test]
    fn only_the_two_names_are_kept_and_of_their_values_only_versions() {
        let version = |text: &str| Holds::Version(text.parse().expect("a version"));
        assert_eq!(keys(""), Some(vec![]));
        assert_eq!(keys("PATH=/bin X_SERVER_VERSION=1.0.0.0 SERVER_VERSION_2=1.0.0.0"), Some(vec![]));
        assert_eq!(keys("QUOTE=it's"), Some(vec![]));
        assert_eq!(keys("A=1 SERVER_VERSION=2.0.0.4 B=2"), Some(vec![("SERVER_VERSION", version("2.0.0.4"))]));
        assert_eq!(keys("SERVER_BUILD=hx7Qp2Lr"), Some(vec![("SERVER_BUILD", Holds::Other("no release version (not shown)"))]));
        assert_eq!(keys("SERVER_BUILD="), Some(vec![("SERVER_BUILD", Holds::Other("empty"))]));
    }

    #[test]
    fn a_word_that_may_hide_a_name_makes_it_unknown() {
        for property in ["A=1 [unprintable]", "\"OPTIONS=a SERVER_VERSION=2.0.0.4 b\"", "\"SERVER_VERSION=2.0.0.4\""] {
            assert_eq!(keys(property), None, "{property}");
        }
    }

    #[test]
    fn environment_files_are_read_in_the_managers_own_form_and_no_other() {
        let file = |path: &str, is_optional| Some(EnvironmentFile { path: path.to_owned(), is_optional });
        assert_eq!(files(""), []);
        assert_eq!(
            files("/etc/a b (ignore_errors=no)\n/etc/c (ignore_errors=yes)\n/etc/d"),
            [file("/etc/a b", false), file("/etc/c", true), None]
        );
    }

    #[test]
    fn a_line_of_its_own_is_taken_out_and_a_shared_one_is_left_to_a_person() {
        let command = |text: &str| removal_from(&file(text));
        assert_eq!(command("[Service]\nEnvironment=PATH=/bin\n# SERVER_VERSION\n"), None);
        for text in ["[Service]\nEnvironment=SERVER_VERSION=1.0.0.3\n", "[Service]\n Environment = \"SERVER_BUILD=1.0.0.3\"\n"] {
            assert!(command(text).is_some_and(|command| command.starts_with("sudo sed -E -i '")), "{text:?}");
        }
        for text in [
            "[Service]\nEnvironment=SERVER_VERSION=1.0.0.3 A=1\n",
            "[Service]\nEnvironment=SERVER_VERSION=1.0.0.3 \\\n  A=1\n",
            "[Service]\nEnvironment='SERVER_VERSION=1.0.0.3'\n",
            "[Service]\nPassEnvironment=SERVER_VERSION\n",
        ] {
            assert_eq!(command(text).as_deref(), Some("sudoedit /etc/a.service.d/v.conf"), "{text:?}");
        }
        let hidden = UnitFile { text: None, ..file("") };
        assert_eq!(removal_from(&hidden).as_deref(), Some("sudo grep -n SERVER_ /etc/a.service.d/v.conf"));
        assert!(removal("a.service", &[]).starts_with("sudo systemctl edit --full a.service"));
    }
}
