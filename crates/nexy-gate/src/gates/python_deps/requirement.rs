//! Lines of a requirements file, as far as they can be held against what is installed.

use super::version::{Clause, Version};

/// What one line asks for.
#[derive(Clone, Debug)]
pub(super) struct Requirement {
    /// The package, in the spelling that all spellings share.
    pub(super) name: String,
    pub(super) clauses: Vec<Clause>,
    /// The condition behind `;`.
    pub(super) marker: Option<String>,
}

/// What a line turned out to be.
#[derive(Clone, Debug)]
pub(super) enum Line {
    Wants(Requirement),
    /// An option for pip, a comment, or nothing.
    Nothing,
    /// What it asks for cannot be told, and why.
    Unsure(&'static str),
}

/// Every line of a requirements file that asks for something, with its number; a `\` at the end goes on in the next.
pub(super) fn file(text: &str) -> Vec<(usize, Line)> {
    let mut found = Vec::new();
    let (mut start, mut whole) = (1, String::new());
    for (index, line) in text.lines().enumerate() {
        if whole.is_empty() {
            start = index + 1;
        }
        if let Some(head) = line.strip_suffix('\\') {
            whole.push_str(head);
            whole.push(' ');
            continue;
        }
        whole.push_str(line);
        found.push((start, read(&whole)));
        whole.clear();
    }
    if !whole.is_empty() {
        found.push((start, read(&whole)));
    }
    found.into_iter().filter(|(_, line)| !matches!(line, Line::Nothing)).collect()
}

/// One line.
pub(super) fn read(line: &str) -> Line {
    let line = line.trim_start_matches('\u{feff}');
    // A comment begins the line or stands behind a blank.
    let end = line.match_indices('#').map(|(at, _)| at).find(|at| line[..*at].chars().next_back().is_none_or(char::is_whitespace));
    let line = line[..end.unwrap_or(line.len())].trim();
    if line.is_empty() {
        return Line::Nothing;
    }
    if line.starts_with('-') {
        let more = ["-r", "--requirement", "-e", "--editable", "-c", "--constraint"].iter().any(|option| line.starts_with(option));
        return if more { Line::Unsure("names another file or folder") } else { Line::Nothing };
    }
    let line = line.split(" --").next().unwrap_or(line).trim();
    if line.contains("://") || line.contains('@') || line.starts_with(['.', '/']) {
        return Line::Unsure("names a place instead of a version");
    }
    let (wanted, marker) = match line.split_once(';') {
        Some((wanted, marker)) => (wanted.trim(), Some(marker.trim().to_owned())),
        None => (line, None),
    };
    let end = wanted.find(|character: char| !(character.is_ascii_alphanumeric() || "-_.".contains(character))).unwrap_or(wanted.len());
    let (name, rest) = wanted.split_at(end);
    let mut rest = rest.trim();
    if let Some(extras) = rest.strip_prefix('[') {
        let Some((_, after)) = extras.split_once(']') else { return Line::Unsure("is in a form that is not known") };
        rest = after.trim();
    }
    let rest = rest.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')).unwrap_or(rest);
    let clauses: Option<Vec<Clause>> = rest.split(',').map(str::trim).filter(|clause| !clause.is_empty()).map(Clause::read).collect();
    match clauses {
        Some(clauses) if name.starts_with(|first: char| first.is_ascii_alphanumeric()) => {
            Line::Wants(Requirement { name: shared_spelling(name), clauses, marker })
        }
        _ => Line::Unsure("is in a form that is not known"),
    }
}

/// `Foo.Bar__baz` and `foo-bar-baz` are one package.
pub(super) fn shared_spelling(name: &str) -> String {
    let mut shared = String::new();
    for character in name.trim().chars() {
        if "-_.".contains(character) {
            if !shared.ends_with('-') {
                shared.push('-');
            }
        } else {
            shared.push(character.to_ascii_lowercase());
        }
    }
    shared
}

/// Whether a condition holds for a Python of this version on Linux; `None` when it speaks of something else.
pub(super) fn applies(marker: &str, python: &str) -> Option<bool> {
    if marker.contains(['(', ')']) {
        return None;
    }
    let all = |part: &str| part.split(" and ").map(|one| comparison(one, python)).try_fold(true, |so_far, one| Some(so_far && one?));
    marker.split(" or ").map(all).try_fold(false, |so_far, part| Some(so_far || part?))
}

fn comparison(text: &str, python: &str) -> Option<bool> {
    let text = text.trim();
    let end = text.find(|character: char| !(character.is_ascii_alphanumeric() || character == '_'))?;
    let (name, rest) = text.split_at(end);
    let rest = rest.trim();
    let quote = rest.find(['\'', '"'])?;
    let sign = rest[..quote].trim();
    let mark = rest[quote..].chars().next()?;
    let value = rest[quote + 1..].strip_suffix(mark)?;
    let real = match name {
        "python_version" => {
            let mut parts = python.split('.');
            let short = format!("{}.{}", parts.next()?, parts.next()?);
            return Some(Clause::read(&format!("{sign}{value}"))?.fits(&Version::read(&short)?));
        }
        "python_full_version" => return Some(Clause::read(&format!("{sign}{value}"))?.fits(&Version::read(python)?)),
        "sys_platform" => "linux",
        "platform_system" => "Linux",
        "os_name" => "posix",
        _ => return None,
    };
    match sign {
        "==" => Some(real == value),
        "!=" => Some(real != value),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn wants(line: &str) -> Option<(String, usize, Option<String>)> {
        match read(line) {
            Line::Wants(requirement) => Some((requirement.name, requirement.clauses.len(), requirement.marker)),
            Line::Nothing | Line::Unsure(_) => None,
        }
    }

    #[test]
    fn plain_lines_are_understood_in_every_spelling() {
        for (line, name, count) in [
            ("aiohttp", "aiohttp", 0),
            ("  Protobuf >= 6.31.1, < 7  # because of the stubs", "protobuf", 2),
            ("grpcio_tools~=1.75.1", "grpcio-tools", 1),
            ("Foo.Bar__baz[extra,other]==1.*", "foo-bar-baz", 1),
            ("name (>=1,<2)", "name", 2),
            ("name==1.0 --hash=sha256:abc", "name", 1),
        ] {
            assert_eq!(wants(line), Some((name.to_owned(), count, None)), "{line}");
        }
        assert_eq!(wants("a>1 ; python_version < '3.9'"), Some(("a".into(), 1, Some("python_version < '3.9'".into()))));
    }

    #[test]
    fn options_are_nothing_and_what_cannot_be_told_is_unsure() {
        for line in ["", "  ", "# a", "--index-url https://x", "-i https://x", "--no-binary :all:"] {
            assert!(matches!(read(line), Line::Nothing), "{line}");
        }
        for line in [
            "-r other.txt",
            "-e .",
            "-c c.txt",
            "a @ https://x/y.whl",
            "https://x/y.whl",
            "./local",
            "git+ssh://x",
            "a===1",
            "a>>1",
            "a[b",
            "==1",
        ] {
            assert!(matches!(read(line), Line::Unsure(_)), "{line}");
        }
    }

    #[test]
    fn lines_go_on_and_keep_their_number() {
        let lines = file("# head\na==1.0 \\\n  --hash=sha256:x\n\nb\nc\\");
        let shown: Vec<(usize, String)> = lines
            .into_iter()
            .map(|(number, line)| match line {
                Line::Wants(requirement) => (number, requirement.name),
                Line::Nothing | Line::Unsure(_) => (number, String::new()),
            })
            .collect();
        assert_eq!(shown, [(2, "a".to_owned()), (5, "b".to_owned()), (6, "c".to_owned())]);
    }

    #[test]
    fn conditions_of_the_vm_are_known_and_others_are_not() {
        for (marker, expected) in [
            ("python_version >= '3.9'", Some(true)),
            ("python_version<\"3.10\"", Some(false)),
            ("sys_platform == 'darwin'", Some(false)),
            ("sys_platform != 'win32' and python_version >= '3.11'", Some(true)),
            ("os_name == 'nt' or platform_system == 'Linux'", Some(true)),
            ("python_full_version >= '3.11.4'", Some(false)),
            ("platform_machine == 'arm64'", None),
            ("extra == 'x'", None),
            ("(os_name == 'posix')", None),
            ("python_version", None),
            ("", None),
        ] {
            assert_eq!(applies(marker, "3.11.2"), expected, "{marker}");
        }
    }

    proptest! {
        #[test]
        fn no_text_stops_the_reader(text in any::<String>(), near in "[a-z0-9 ><=~!,;()\\[\\]'\"#@\\\\\n-]{0,60}") {
            let _ = (file(&text), file(&near), applies(&near, "3.11.2"));
        }
    }
}
