//! Places that set `SERVER_VERSION` or `SERVER_BUILD`, which the server believes more than its version file.

use super::{
    edit::UnitFile,
    loaded::{Properties, quoted_words, value},
};
use nexy_contract::{
    Fix, ReleaseVersion,
    config_env::{Parsed, Rule, Severity},
    text::shell_word,
};
use nexy_outside::programs::systemd::Environment;

/// The names that come before the version file.
pub(crate) const KEYS: [&str; 2] = ["SERVER_VERSION", "SERVER_BUILD"];

const TAKE_OUT: &str = "take SERVER_VERSION and SERVER_BUILD out there";
const NO_VERSION: OverrideValue = OverrideValue::Other("no release version (not shown)");

/// One assignment, and the command that takes it away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct VersionOverride {
    /// The name that is set.
    pub(crate) key: &'static str,
    /// Where it is set, in words.
    pub(crate) place: String,
    /// What it is set to.
    pub(crate) value: OverrideValue,
    /// Takes both names out of this place.
    pub(crate) fix: Fix,
}

/// A value, as far as it may be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OverrideValue {
    /// A release version, which is no secret.
    Version(ReleaseVersion),
    /// Anything else; only said in words what it is.
    Other(&'static str),
}

impl OverrideValue {
    fn of(text: &str) -> Self {
        text.parse().map_or(if text.is_empty() { Self::Other("empty") } else { NO_VERSION }, Self::Version)
    }
}

/// What an environment file sets, as its last assignments say.
pub(crate) fn from_file(path: &str, parsed: &Parsed) -> Vec<VersionOverride> {
    let found = |key: &'static str| {
        let entry = parsed.entry(key)?;
        let value = match &entry.value {
            None => OverrideValue::Other("nothing, since there is no `=`"),
            Some(value) if value.is_empty() => OverrideValue::Other("empty"),
            Some(_) if entry.expands => OverrideValue::Other("made of another variable"),
            Some(value) => value.as_version().map_or(NO_VERSION, OverrideValue::Version),
        };
        Some(VersionOverride { key, place: format!("{path} (line {})", entry.line), value, fix: removal_from_file(path, parsed) })
    };
    KEYS.into_iter().filter_map(found).collect()
}

/// What `Environment=` of the loaded unit sets; `None` when the manager does not print all of it.
pub(crate) fn from_unit(properties: &Properties, unit: &str, unit_files: &[UnitFile]) -> Option<Vec<VersionOverride>> {
    let words = quoted_words(value(properties, "Environment"));
    // A manager older than systemd 246 does not print a value with a blank or line feed.
    if words.iter().any(|word| word == "[unprintable]") {
        return None;
    }
    let found = |key: &'static str| {
        let value = words.iter().rev().find_map(|word| word.strip_prefix(key)?.strip_prefix('='))?;
        let fix = removal_from_unit(unit, unit_files);
        Some(VersionOverride { key, place: format!("Environment= of {unit}"), value: OverrideValue::of(value), fix })
    };
    Some(KEYS.into_iter().filter_map(found).collect())
}

/// What the manager itself gives to every service; `default_file` finds the file whose `DefaultEnvironment=` sets a name.
pub(crate) fn from_manager(environment: &Environment, default_file: impl Fn(&str) -> Option<String>) -> Vec<VersionOverride> {
    let found = |key: &'static str| {
        let value = environment.get(key)?.as_deref().map_or(NO_VERSION, OverrideValue::of);
        let (place, fix) = match default_file(key) {
            Some(file) => {
                let fix = Fix::command(format!("sudoedit {}", shell_word(&file)))
                    .then_note(format!("take {key} out of DefaultEnvironment= there"))
                    .then_command("sudo systemctl daemon-reload");
                (format!("DefaultEnvironment= of {file}"), fix)
            }
            None => ("the manager's own environment".to_owned(), Fix::command(format!("sudo systemctl unset-environment {key}"))),
        };
        Some(VersionOverride { key, place, value, fix })
    };
    KEYS.into_iter().filter_map(found).collect()
}

/// Whether systemd and the server may read these names otherwise in a file: then it cannot be determined what it sets.
pub(crate) fn is_ambiguous(bytes: &[u8], parsed: &Parsed) -> bool {
    let names_one = KEYS.iter().any(|key| bytes.windows(key.len()).any(|window| window == key.as_bytes()));
    names_one && parsed.problems.iter().any(|problem| problem.severity != Severity::Unusual)
}

/// The command that takes both names out of a file, or opens it where a line is more or less than one assignment.
fn removal_from_file(path: &str, parsed: &Parsed) -> Fix {
    let path = shell_word(path);
    let is_crooked = |rule: Rule| {
        matches!(
            rule,
            Rule::ByteOrderMark | Rule::CarriageReturn | Rule::IllegalName | Rule::MultiLine | Rule::UnbalancedQuotes | Rule::Unreadable
        )
    };
    if parsed.problems.iter().any(|problem| is_crooked(problem.rule)) {
        return Fix::command(format!("sudoedit {path}")).then_note(TAKE_OUT);
    }
    // A link stays a link; owner and mode stay too.
    let pattern = "/^[[:blank:]]*(export[[:blank:]]+)?SERVER_(VERSION|BUILD)[[:blank:]]*(=|$)/d";
    Fix::command(format!("sudo sed -E -i --follow-symlinks '{pattern}' {path}"))
}

/// Takes both names out of the unit's files where a line sets nothing else, and opens those where it does.
fn removal_from_unit(unit: &str, unit_files: &[UnitFile]) -> Fix {
    let commands: Vec<String> = unit_files.iter().filter_map(removal_from).collect();
    if commands.is_empty() {
        return Fix::command(format!("sudo systemctl edit --full {}", shell_word(unit))).then_note(TAKE_OUT);
    }
    Fix::commands(commands).then_command("sudo systemctl daemon-reload")
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
    use nexy_contract::config_env::parse;

    fn values(text: &str) -> Vec<(&'static str, OverrideValue)> {
        from_file("/f", &parse(text.as_bytes())).into_iter().map(|found| (found.key, found.value)).collect()
    }

    #[test]
    fn the_last_assignment_counts_and_only_a_version_is_kept() {
        assert_eq!(values("A=1\n#SERVER_VERSION=2.0.0.4\nMY_SERVER_VERSION=1.0.0.0\nSERVER_VERSIONS=1.0.0.0\n"), []);
        assert_eq!(values("SERVER_VERSION=2.0.0.3\nSERVER_VERSION='2.0.0.4'\n"), [("SERVER_VERSION", version("2.0.0.4"))]);
        assert_eq!(
            values("SERVER_BUILD=2.0.0.4\nexport SERVER_VERSION=1.0.0.3\n"),
            [("SERVER_VERSION", version("1.0.0.3")), ("SERVER_BUILD", version("2.0.0.4"))]
        );
        for text in ["SERVER_BUILD=1.0.3\n", "SERVER_BUILD=\n", "SERVER_BUILD\n", "SERVER_BUILD=${X}\n", "SERVER_BUILD=hx7Qp2Lr\n"] {
            let held = values(text);
            assert!(
                matches!(held.as_slice(), [("SERVER_BUILD", OverrideValue::Other(words))] if !words.contains("hx7")),
                "{text:?}: {held:?}"
            );
        }
    }

    #[test]
    fn a_file_with_lines_of_several_readings_is_opened_and_not_edited_by_pattern() {
        let fix = |text: &str| from_file("/f", &parse(text.as_bytes()))[0].fix.text();
        assert!(fix("SERVER_VERSION=1\n").starts_with("sudo sed -E -i --follow-symlinks '/^"));
        for text in ["SERVER_VERSION=1\rA=2\n", "\u{feff}SERVER_VERSION=1\n", "A='1\n2'\nSERVER_VERSION=1\n", "'SERVER_VERSION'=1\n"] {
            assert!(fix(text).starts_with("sudoedit /f\n"), "{text:?}: {}", fix(text));
        }
    }

    #[test]
    fn a_file_is_ambiguous_only_when_it_names_one_of_both_and_readers_disagree() {
        let ambiguous = |text: &str| is_ambiguous(text.as_bytes(), &parse(text.as_bytes()));
        assert!(ambiguous("export SERVER_VERSION=2.0.0.4\n"));
        assert!(ambiguous("A=\"1\nSERVER_VERSION=2.0.0.4\n"));
        assert!(!ambiguous("SERVER_VERSION=2.0.0.4\nlower=1\n"));
        assert!(!ambiguous("export A=1\n"));
    }

    fn file(text: &str) -> UnitFile {
        UnitFile { path: "/etc/a.service.d/v.conf".to_owned(), is_drop_in: true, text: Some(text.to_owned()) }
    }

    fn version(text: &str) -> OverrideValue {
        OverrideValue::Version(text.parse().expect("a version"))
    }

    fn overrides_of(environment: &str) -> Option<Vec<(&'static str, OverrideValue)>> {
        let properties = [("Environment".to_owned(), environment.to_owned())].into();
        from_unit(&properties, "a.service", &[]).map(|all| all.into_iter().map(|found| (found.key, found.value)).collect())
    }

    #[test]
    fn of_the_units_environment_only_the_two_names_are_kept_and_of_their_values_only_versions() {
        for environment in
            ["", "PATH=/bin X_SERVER_VERSION=1.0.0.0 SERVER_VERSION_2=1.0.0.0", "QUOTE=it's", "\"A=b SERVER_VERSION=1.0.0.3\""]
        {
            assert_eq!(overrides_of(environment), Some(vec![]), "{environment}");
        }
        for environment in
            ["A=1 SERVER_VERSION=2.0.0.4 B=2", "\"A=x y\" \"SERVER_VERSION=2.0.0.4\"", "SERVER_VERSION=1.0.0.3 SERVER_VERSION=2.0.0.4"]
        {
            assert_eq!(overrides_of(environment), Some(vec![("SERVER_VERSION", version("2.0.0.4"))]), "{environment}");
        }
        assert_eq!(overrides_of("SERVER_BUILD=hx7Qp2Lr"), Some(vec![("SERVER_BUILD", NO_VERSION)]));
        assert_eq!(overrides_of("\"SERVER_BUILD=2.0.0.4 \""), Some(vec![("SERVER_BUILD", NO_VERSION)]));
        assert_eq!(overrides_of("SERVER_BUILD="), Some(vec![("SERVER_BUILD", OverrideValue::Other("empty"))]));
        assert_eq!(overrides_of("A=1 [unprintable]"), None);
    }

    #[test]
    fn what_the_manager_sets_is_told_with_the_file_that_sets_it() {
        let environment: Environment = [("SERVER_VERSION", Some("1.0.0.3")), ("SERVER_BUILD", None), ("PATH", Some("/bin"))]
            .map(|(key, value)| (key.to_owned(), value.map(str::to_owned)))
            .into();
        let found = from_manager(&environment, |key| (key == "SERVER_BUILD").then(|| "/etc/systemd/system.conf".to_owned()));
        let [of_version, of_build] = &found[..] else { panic!("{found:?}") };
        assert_eq!(
            (of_version.value, of_version.fix.text().as_str()),
            (version("1.0.0.3"), "sudo systemctl unset-environment SERVER_VERSION")
        );
        assert_eq!((of_build.value, of_build.place.as_str()), (NO_VERSION, "DefaultEnvironment= of /etc/systemd/system.conf"));
        assert!(of_build.fix.text().starts_with("sudoedit /etc/systemd/system.conf\n"), "{}", of_build.fix);
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
        assert!(removal_from_unit("a.service", &[]).text().starts_with("sudo systemctl edit --full a.service"));
    }
}
