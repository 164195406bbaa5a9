//! Filter patterns of GitHub's workflows, for branches and for paths.

/// One piece of a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    /// One of these characters, so many times.
    One(Vec<(char, char)>, Times),
    /// `*`: anything but a slash.
    Step,
    /// `**`: anything.
    All,
    /// `**/`: any folders, or none.
    Folders,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Times {
    Once,
    /// `?`: once or not at all.
    Maybe,
    /// `+`: once or more.
    Many,
}

/// Longer patterns are refused.
const LONGEST: usize = 256;

/// What a list of patterns says about a text: the last one that fits counts. `Err` names a pattern that is not understood.
pub(super) fn covers(patterns: &[&str], text: &str) -> Result<bool, String> {
    let mut covered = false;
    for pattern in patterns {
        let (is_not, bare) = match pattern.strip_prefix('!') {
            Some(bare) => (true, bare),
            None => (false, *pattern),
        };
        if fits(&pieces(bare).ok_or_else(|| (*pattern).to_owned())?, text) {
            covered = !is_not;
        }
    }
    Ok(covered)
}

fn pieces(pattern: &str) -> Option<Vec<Piece>> {
    if pattern.len() > LONGEST || pattern.contains("${{") {
        return None;
    }
    let mut pieces = Vec::new();
    let mut rest = pattern.chars().peekable();
    while let Some(character) = rest.next() {
        let piece = match character {
            '*' if rest.next_if_eq(&'*').is_some() => {
                if rest.peek() == Some(&'*') {
                    return None;
                }
                if matches!(pieces.last(), None | Some(Piece::Folders)) || is_slash(pieces.last()) {
                    if rest.next_if_eq(&'/').is_some() { Piece::Folders } else { Piece::All }
                } else {
                    Piece::All
                }
            }
            '*' => Piece::Step,
            '[' => Piece::One(class(&mut rest)?, Times::Once),
            '\\' => one(rest.next()?),
            '?' | '+' => {
                let times = if character == '?' { Times::Maybe } else { Times::Many };
                match pieces.last_mut() {
                    Some(Piece::One(_, before @ Times::Once)) => *before = times,
                    _ => return None,
                }
                continue;
            }
            ']' => return None,
            other => one(other),
        };
        pieces.push(piece);
    }
    Some(pieces)
}

fn one(character: char) -> Piece {
    Piece::One(vec![(character, character)], Times::Once)
}

fn is_slash(piece: Option<&Piece>) -> bool {
    piece == Some(&one('/'))
}

/// The rest of `[a-z0]`: letters, digits and their ranges only.
fn class(rest: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Option<Vec<(char, char)>> {
    let mut ranges = Vec::new();
    loop {
        let from = rest.next()?;
        if from == ']' {
            return (!ranges.is_empty()).then_some(ranges);
        }
        let to = if rest.next_if_eq(&'-').is_some() { rest.next()? } else { from };
        if !from.is_ascii_alphanumeric() || !to.is_ascii_alphanumeric() || from > to {
            return None;
        }
        ranges.push((from, to));
    }
}

/// Every place where the pieces so far may have ended is carried along, so no pattern takes long.
fn fits(pieces: &[Piece], text: &str) -> bool {
    let text: Vec<char> = text.chars().collect();
    let mut reached = vec![false; text.len() + 1];
    reached[0] = true;
    for piece in pieces {
        let mut next = vec![false; text.len() + 1];
        for at in (0..=text.len()).filter(|at| reached[*at]) {
            match piece {
                Piece::All => next[at..].fill(true),
                Piece::Step => {
                    let end = text[at..].iter().position(|character| *character == '/').map_or(text.len(), |slash| at + slash);
                    next[at..=end].fill(true);
                }
                Piece::Folders => {
                    next[at] = true;
                    (at..text.len()).filter(|slash| text[*slash] == '/').for_each(|slash| next[slash + 1] = true);
                }
                Piece::One(ranges, times) => {
                    let is_in = |character: &char| ranges.iter().any(|(from, to)| (from..=to).contains(&character));
                    let run = text[at..].iter().take_while(|character| is_in(character)).count();
                    let (least, most) = match times {
                        Times::Once => (1, run.min(1)),
                        Times::Maybe => (0, run.min(1)),
                        Times::Many => (1, run),
                    };
                    (least..=most).for_each(|count| next[at + count] = true);
                }
            }
        }
        reached = next;
    }
    reached[text.len()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_examples_of_githubs_own_cheat_sheet_hold() {
        for (pattern, fits, not) in [
            ("feature/*", &["feature/my-branch", "feature/x"][..], &["feature/a/b", "feature"][..]),
            ("feature/**", &["feature/beta-a/my-branch", "feature/x"], &["features"]),
            ("main", &["main"], &["mainline", "a/main"]),
            ("*", &["main", "releases"], &["all/the/branches"]),
            ("**", &["all/the/branches", "every/tag", "main"], &[]),
            ("*feature", &["mona-feature", "feature"], &["feature-x"]),
            ("v2*", &["v2", "v2.0", "v2.9"], &["v1"]),
            ("v[12].[0-9]+.[0-9]+", &["v1.10.1", "v2.0.0"], &["v3.0.0", "v1.0"]),
            ("*.jsx?", &["page.js", "page.jsx"], &["page.jsxx"]),
            ("**.js", &["index.js", "src/js/app.js"], &["index.jsx"]),
            ("docs/*", &["docs/README.md"], &["docs/a/b.md"]),
            ("docs/**", &["docs/README.md", "docs/mona/octocat.txt"], &["doc/x"]),
            ("docs/**/*.md", &["docs/README.md", "docs/mona/hello-world.md"], &["docs/x.txt"]),
            ("**/docs/**", &["docs/hello.md", "dir/docs/my-file.txt"], &["docsx/hello.md"]),
            ("**/README.md", &["README.md", "js/README.md"], &["xREADME.md"]),
            ("**/*src/**", &["a/src/app.js", "my-src/code/js/app.js"], &["src.js"]),
            ("**/migrate-*.sql", &["migrate-10909.sql", "db/migrate-v1.0.sql"], &["migrate.sql"]),
            ("a\\*b", &["a*b"], &["axb"]),
            ("server/**", &["server/main.py"], &["server"]),
        ] {
            for text in fits {
                assert_eq!(covers(&[pattern], text), Ok(true), "{pattern} {text}");
            }
            for text in not {
                assert_eq!(covers(&[pattern], text), Ok(false), "{pattern} {text}");
            }
        }
    }

    #[test]
    fn the_last_pattern_that_fits_counts() {
        assert_eq!(covers(&["releases/**", "!releases/**-alpha"], "releases/10-alpha"), Ok(false));
        assert_eq!(covers(&["releases/**", "!releases/**-alpha"], "releases/10"), Ok(true));
        assert_eq!(covers(&["!main", "**"], "main"), Ok(true));
        assert_eq!(covers(&["!main"], "develop"), Ok(false));
        assert_eq!(covers(&[], "main"), Ok(false));
    }

    #[test]
    fn what_is_no_pattern_is_not_understood() {
        for pattern in ["a[", "a]", "[]", "[a-]", "[!a]", "[z-a]", "?", "*?", "+x", "a??", "***", "${{ x }}", "a\\"] {
            assert!(covers(&["main", pattern], "main").is_err(), "{pattern}");
        }
        assert!(covers(&["a".repeat(300).as_str()], "main").is_err());
    }

    proptest! {
        #[test]
        fn a_plain_name_fits_itself_alone(name in "[a-z/._-]{1,20}", other in "[a-z/._-]{1,20}") {
            prop_assert_eq!(covers(&[name.as_str()], &name), Ok(true));
            prop_assert_eq!(covers(&[name.as_str()], &other), Ok(name == other));
        }

        #[test]
        fn no_pattern_takes_long(pattern in "[a+?*\\[\\]!/\\\\]{0,250}", text in "[a/]{0,60}") {
            let _ = covers(&[pattern.as_str()], &text);
        }
    }
}
