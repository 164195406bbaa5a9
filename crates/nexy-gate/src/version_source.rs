//! A place that sets `SERVER_VERSION` or `SERVER_BUILD`, which the server believes more than its version file.

use nexy_contract::{
    ReleaseVersion,
    config_env::{Parsed, Rule, Severity},
    text::shell_word,
};

/// The names that come before the version file.
pub(crate) const KEYS: [&str; 2] = ["SERVER_VERSION", "SERVER_BUILD"];

/// One assignment, and the command that takes it away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Source {
    /// The name that is set.
    pub(crate) key: &'static str,
    /// Where it is set, in words.
    pub(crate) place: String,
    /// What it is set to.
    pub(crate) holds: Holds,
    /// Takes both names out of this place.
    pub(crate) fix: String,
}

/// A value, as far as it may be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Holds {
    /// A release version, which is no secret.
    Version(ReleaseVersion),
    /// Anything else; only said in words what it is.
    Other(&'static str),
}

/// What an environment file sets, as its last assignments say.
pub(crate) fn of_file(path: &str, parsed: &Parsed) -> Vec<Source> {
    let source = |key: &'static str| {
        let entry = parsed.entry(key)?;
        let holds = match &entry.value {
            None => Holds::Other("nothing, since there is no `=`"),
            Some(value) if value.is_empty() => Holds::Other("empty"),
            Some(_) if entry.expands => Holds::Other("made of another variable"),
            Some(value) => value.as_version().map_or(Holds::Other("no release version (not shown)"), Holds::Version),
        };
        Some(Source { key, place: format!("{path} (line {})", entry.line), holds, fix: removal(path, parsed) })
    };
    KEYS.into_iter().filter_map(source).collect()
}

/// Whether systemd and the server may read these names otherwise in a file: then nobody can tell what it sets.
pub(crate) fn is_ambiguous(bytes: &[u8], parsed: &Parsed) -> bool {
    let names_one = KEYS.iter().any(|key| bytes.windows(key.len()).any(|window| window == key.as_bytes()));
    names_one && parsed.problems.iter().any(|problem| problem.severity != Severity::Unusual)
}

/// The command that takes both names out of a file, or opens it where a line is more or less than one assignment.
fn removal(path: &str, parsed: &Parsed) -> String {
    let path = shell_word(path);
    let is_crooked = |rule: Rule| {
        matches!(
            rule,
            Rule::ByteOrderMark | Rule::CarriageReturn | Rule::IllegalName | Rule::MultiLine | Rule::UnbalancedQuotes | Rule::Unreadable
        )
    };
    if parsed.problems.iter().any(|problem| is_crooked(problem.rule)) {
        return format!("sudoedit {path}\ntake SERVER_VERSION and SERVER_BUILD out");
    }
    // A link stays a link; owner and mode stay too.
    let pattern = "/^[[:blank:]]*(export[[:blank:]]+)?SERVER_(VERSION|BUILD)[[:blank:]]*(=|$)/d";
    format!("sudo sed -E -i --follow-symlinks '{pattern}' {path}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use nexy_contract::config_env::parse;

    fn holds(text: &str) -> Vec<(&'static str, Holds)> {
        of_file("/f", &parse(text.as_bytes())).into_iter().map(|source| (source.key, source.holds)).collect()
    }

    #[test]
    fn the_last_assignment_counts_and_only_a_version_is_kept() {
        let version = |text: &str| Holds::Version(text.parse().expect("a version"));
        assert_eq!(holds("A=1\n#SERVER_VERSION=2.0.0.4\nMY_SERVER_VERSION=1.0.0.0\nSERVER_VERSIONS=1.0.0.0\n"), []);
        assert_eq!(holds("SERVER_VERSION=2.0.0.3\nSERVER_VERSION='2.0.0.4'\n"), [("SERVER_VERSION", version("2.0.0.4"))]);
        assert_eq!(
            holds("SERVER_BUILD=2.0.0.4\nexport SERVER_VERSION=1.0.0.3\n"),
            [("SERVER_VERSION", version("1.0.0.3")), ("SERVER_BUILD", version("2.0.0.4"))]
        );
        for text in ["SERVER_BUILD=1.0.3\n", "SERVER_BUILD=\n", "SERVER_BUILD\n", "SERVER_BUILD=${X}\n", "SERVER_BUILD=hx7Qp2Lr\n"] {
            let held = holds(text);
            assert!(matches!(held.as_slice(), [("SERVER_BUILD", Holds::Other(words))] if !words.contains("hx7")), "{text:?}: {held:?}");
        }
    }

    #[test]
    fn a_file_with_lines_of_several_readings_is_opened_and_not_edited_by_pattern() {
        let fix = |text: &str| of_file("/f", &parse(text.as_bytes()))[0].fix.clone();
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
}
