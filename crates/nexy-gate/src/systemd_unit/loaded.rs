//! A unit as the manager has loaded it: the properties that `systemctl show` prints, taken apart.

use super::{edit::UnitFile, files};
use nexy_outside::fs::{accounts::Accounts, root_fs::RootFs};
use std::{collections::BTreeMap, path::Path};

/// What `systemctl show` prints, by name.
pub(crate) type Properties = BTreeMap<String, String>;

/// The files that the unit is made of.
pub(crate) const FILES: [&str; 2] = ["FragmentPath", "DropInPaths"];

/// One property; empty when the manager does not tell it.
pub(crate) fn value<'a>(properties: &'a Properties, key: &str) -> &'a str {
    properties.get(key).map_or("", String::as_str)
}

/// The words of a list as the manager prints it: one with a blank or a quote stands between double quotes.
pub(crate) fn quoted_words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let (mut word, mut is_word, mut is_quoted) = (String::new(), false, false);
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            '"' => (is_word, is_quoted) = (true, !is_quoted),
            ' ' | '\t' | '\n' if !is_quoted => {
                if std::mem::take(&mut is_word) {
                    words.push(std::mem::take(&mut word));
                }
            }
            _ => {
                is_word = true;
                word.push(if character == '\\' && is_quoted { characters.next().unwrap_or(character) } else { character });
            }
        }
    }
    if is_word {
        words.push(word);
    }
    words
}

/// The paths of the drop-ins.
pub(crate) fn drop_ins(properties: &Properties) -> Vec<String> {
    quoted_words(value(properties, "DropInPaths"))
}

/// The unit's main file and its drop-ins, in the order in which they apply.
pub(crate) fn unit_files(properties: &Properties) -> Vec<UnitFile> {
    let main = Some(value(properties, "FragmentPath").to_owned()).filter(|path| !path.is_empty());
    let all = main.into_iter().map(|path| (path, false)).chain(drop_ins(properties).into_iter().map(|path| (path, true)));
    let read = |(path, is_drop_in): (String, bool)| {
        let text = files::read(&RootFs::here(), &path).ok().flatten();
        UnitFile { path, is_drop_in, text }
    };
    all.map(read).collect()
}

/// One `ExecStart`; its words have lost their quoting.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct LoadedCommand {
    /// What is run, which is not always the first word.
    pub(crate) program: String,
    /// The words, the program's own name first.
    pub(crate) words: Vec<String>,
    /// What its prefixes switch on, by the manager's own names.
    pub(crate) flags: Vec<String>,
}

impl LoadedCommand {
    /// The first argument that is no option, joined with the working directory.
    pub(crate) fn script(&self, folder: &str) -> Option<String> {
        let word = self.words.iter().skip(1).find(|word| !word.starts_with('-'))?;
        Some(if word.starts_with('/') { word.clone() } else { format!("{}/{word}", folder.trim_end_matches('/')) })
    }
}

/// Every ExecStart that is in effect; `None` for one in a form that is not known.
pub(crate) fn commands(properties: &Properties) -> Vec<Option<LoadedCommand>> {
    let lines = if tells_flags(properties) { "ExecStartEx" } else { "ExecStart" };
    value(properties, lines).lines().map(command).collect()
}

/// Whether the manager tells all prefixes; one older than systemd 243 only tells `-`.
pub(crate) fn tells_flags(properties: &Properties) -> bool {
    !value(properties, "ExecStartEx").is_empty() || value(properties, "ExecStart").is_empty()
}

fn command(line: &str) -> Option<LoadedCommand> {
    let (program, rest) = line.strip_prefix("{ path=")?.split_once(" ; argv[]=")?;
    let (words, flags) = match (rest.rsplit_once(" ; flags="), rest.rsplit_once(" ; ignore_errors=")) {
        (Some((words, flags)), _) => (words, flags.split(" ;").next().unwrap_or_default()),
        (None, Some((words, ignores))) => (words, if ignores.starts_with("yes") { "ignore-failure" } else { "" }),
        (None, None) => return None,
    };
    Some(LoadedCommand {
        program: program.to_owned(),
        words: words.split(' ').map(str::to_owned).collect(),
        flags: flags.split_whitespace().map(str::to_owned).collect(),
    })
}

/// Where the process starts.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct WorkingDirectory {
    /// The folder; `None` for the home of an unknown account.
    pub(crate) path: Option<String>,
    /// A missing folder is no error: the process starts in `/` then.
    pub(crate) may_be_missing: bool,
}

/// Takes `WorkingDirectory` apart: `!` stands for the `-` of the file, and `~` for the home of the account.
pub(crate) fn working_directory(properties: &Properties, home: Option<&Path>) -> WorkingDirectory {
    let text = value(properties, "WorkingDirectory");
    let folder = text.strip_prefix(['!', '-']).unwrap_or(text);
    let path = match folder {
        "" | "[not set]" => Some("/".to_owned()),
        "~" => home.map(|home| home.display().to_string()),
        path => Some(path.to_owned()),
    };
    WorkingDirectory { path, may_be_missing: folder.len() < text.len() }
}

/// Whether `User=` means this account: by name or by number, and root when it is empty.
pub(crate) fn is_user(accounts: Option<&Accounts>, loaded: &str, wanted: &str) -> bool {
    let uid = |name: &str| name.parse().ok().or_else(|| accounts?.account(name).map(|account| account.uid));
    let loaded = if loaded.is_empty() { "root" } else { loaded };
    loaded == wanted || uid(loaded).is_some_and(|found| uid(wanted) == Some(found))
}

/// A file of `EnvironmentFile=`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EnvironmentFile {
    /// Where it stands; it may be a pattern.
    pub(crate) path: String,
    /// It may be missing.
    pub(crate) is_optional: bool,
}

/// Reads `EnvironmentFiles`; an entry is `None` when it is in a form that is not known.
pub(crate) fn environment_files(properties: &Properties) -> Vec<Option<EnvironmentFile>> {
    let file = |line: &str| {
        let (path, flag) = line.strip_suffix(')')?.rsplit_once(" (ignore_errors=")?;
        let is_optional = match flag {
            "yes" => true,
            "no" => false,
            _ => return None,
        };
        Some(EnvironmentFile { path: path.to_owned(), is_optional })
    };
    value(properties, "EnvironmentFiles").lines().filter(|line| !line.is_empty()).map(file).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn properties(pairs: &[(&str, &str)]) -> Properties {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn the_managers_own_forms_of_a_command_are_read_and_no_other() {
        let old = "{ path=/bin/p ; argv[]=/bin/p -u a/b.py x ; ignore_errors=no ; start_time=[n/a] ; pid=0 }";
        let read = command(old).expect("systemd 252 prints it so");
        assert_eq!((read.program.as_str(), read.words.len(), read.flags.len()), ("/bin/p", 4, 0));
        assert_eq!(read.script("/srv/").as_deref(), Some("/srv/a/b.py"));
        assert_eq!(command(&old.replace("=no", "=yes")).expect("it is read").flags, ["ignore-failure"]);
        let new = "{ path=/bin/p ; argv[]=p $A c;d ; flags=ignore-failure privileged ; start_time=[n/a] ; status=0/0 }";
        let read = command(new).expect("systemd 252 prints it so");
        assert_eq!((read.words.join(" ").as_str(), read.flags.join(" ").as_str()), ("p $A c;d", "ignore-failure privileged"));
        assert_eq!(command(&new.replace("ignore-failure privileged", "")).expect("it is read").flags, [""; 0]);
        assert_eq!([command("/bin/p a/b.py"), command("")], [None, None]);
    }

    #[test]
    fn the_form_with_flags_counts_where_the_manager_prints_it() {
        let old = "{ path=/a ; argv[]=/a ; ignore_errors=no ; }";
        let both = properties(&[("ExecStart", old), ("ExecStartEx", "{ path=/a ; argv[]=/a ; flags=privileged ; }")]);
        assert!(tells_flags(&both) && commands(&both)[0].as_ref().is_some_and(|command| command.flags == ["privileged"]));
        let one = properties(&[("ExecStart", old)]);
        assert!(!tells_flags(&one) && commands(&one).len() == 1 && commands(&properties(&[])).is_empty());
    }

    #[test]
    fn a_working_directory_may_be_missing_a_home_or_not_set() {
        let of = |text: &str, home: Option<&str>| working_directory(&properties(&[("WorkingDirectory", text)]), home.map(Path::new));
        let is = |path: Option<&str>, may_be_missing| WorkingDirectory { path: path.map(str::to_owned), may_be_missing };
        assert_eq!(of("/a", None), is(Some("/a"), false));
        assert_eq!(of("!/a", None), is(Some("/a"), true));
        assert_eq!(of("!~", Some("/home/a")), is(Some("/home/a"), true));
        assert_eq!(of("~", None), is(None, false));
        assert_eq!([of("", None), of("[not set]", None)], [is(Some("/"), false), is(Some("/"), false)]);
    }

    #[test]
    fn an_account_is_the_same_by_name_and_by_number_and_no_name_is_root() {
        let accounts = Accounts::parse("root:x:0:0::/root:/bin/sh\nserver:x:1000:1000::/srv:/bin/sh\n", "");
        for (loaded, wanted, same) in [
            ("server", "server", true),
            ("1000", "server", true),
            ("server", "1000", true),
            ("0", "root", true),
            ("", "root", true),
            ("", "server", false),
            ("1001", "server", false),
            ("root", "server", false),
            ("nosuch", "nosuch", true),
            ("other", "nosuch", false),
        ] {
            assert_eq!(is_user(Some(&accounts), loaded, wanted), same, "{loaded} {wanted}");
        }
        assert!(is_user(None, "a", "a") && !is_user(None, "1000", "a"));
    }

    #[test]
    fn paths_with_blanks_are_quoted_by_the_manager() {
        let paths = drop_ins(&properties(&[("DropInPaths", r#"/etc/a.conf "/etc/a\\x2db b.conf""#)]));
        assert_eq!(paths, ["/etc/a.conf", r"/etc/a\x2db b.conf"]);
        assert_eq!(quoted_words(r#" Q=it's  "A=b c" "S=a\"b" E= "" "#), ["Q=it's", "A=b c", "S=a\"b", "E=", ""]);
    }

    #[test]
    fn environment_files_are_read_in_the_managers_own_form_and_no_other() {
        let file = |path: &str, is_optional| Some(EnvironmentFile { path: path.to_owned(), is_optional });
        let of = |text: &str| environment_files(&properties(&[("EnvironmentFiles", text)]));
        assert_eq!(of(""), []);
        assert_eq!(
            of("/etc/a b (ignore_errors=no)\n/etc/c (ignore_errors=yes)\n/etc/d"),
            [file("/etc/a b", false), file("/etc/c", true), None]
        );
    }
}
