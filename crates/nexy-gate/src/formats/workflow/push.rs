//! Whether a push of one branch that touches one file starts a workflow. Filter patterns: texts, `*`, `**` and a leading `!`.

use super::{super::yaml::Node, Because, Tri, known};
use nexy_contract::text::excerpt;
use std::collections::BTreeSet;

/// The first reason why it does not start, or why that is unknown.
pub(crate) fn starts(events: &[(&str, Option<&Node>)], branch: &str, file: &str) -> Result<(), Because> {
    let no = |because: String| Err((Tri::No, because));
    let unknown = |because: String| Err((Tri::Unknown, because));
    let Some((_, filters)) = events.iter().find(|(name, _)| *name == "push") else {
        let names = events.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
        return no(format!("a push does not start it, only {}", excerpt(&names, 100)));
    };
    let Some(filters) = filters else { return Ok(()) };
    known(filters, "`on.push`", "branches branches-ignore paths paths-ignore tags tags-ignore")?;
    let has = |name: &str| filters.get(name).is_some();
    if (has("tags") || has("tags-ignore")) && !has("branches") && !has("branches-ignore") {
        return no("only pushes of tags start it".to_owned());
    }
    for (name, text) in [("branches", branch), ("paths", file)] {
        let ignored = format!("{name}-ignore");
        let (node, lets_in) = match (filters.get(name), filters.get(&ignored)) {
            (None, None) => continue,
            (Some(_), Some(_)) => return no(format!("has both `{name}` and `{ignored}`, so GitHub refuses the file")),
            (Some(node), None) => (node, true),
            (None, Some(node)) => (node, false),
        };
        let Some(patterns) = node.texts() else { return unknown(format!("`on.push.{name}` is no list of patterns")) };
        match covers(&patterns, text) {
            Err(pattern) => return unknown(format!("`on.push.{name}`: the pattern `{}` is not plain", excerpt(pattern, 60))),
            Ok(is_covered) if is_covered != lets_in => {
                return no(format!("a push of {branch} that touches {file} does not start it: its `{name}` leave it out"));
            }
            Ok(_) => {}
        }
    }
    Ok(())
}

/// Whether the last pattern that fits has no `!`. `Err` names a pattern that is not plain.
fn covers<'a>(patterns: &[&'a str], text: &str) -> Result<bool, &'a str> {
    let mut is_covered = false;
    for pattern in patterns {
        let bare = pattern.strip_prefix('!');
        let plain = bare.unwrap_or(pattern);
        if plain.contains(['?', '+', '[', ']', '\\', '!', '$']) || plain.contains("***") {
            return Err(pattern);
        }
        if fits(plain, text) {
            is_covered = bare.is_none();
        }
    }
    Ok(is_covered)
}

/// Carries along every place of the text that the pattern so far may reach, so that no pattern takes long.
fn fits(pattern: &str, text: &str) -> bool {
    let ends = |text: &str| -> Vec<usize> { text.char_indices().map(|(at, _)| at).chain([text.len()]).collect() };
    let mut reached = BTreeSet::from([0]);
    let (mut rest, mut starts_name) = (pattern, true);
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '*' if rest.starts_with("**/") && starts_name => 3,
            '*' if rest.starts_with("**") => 2,
            first => first.len_utf8(),
        };
        let reach = |text: &str| match (first, length) {
            // Any folders, or none.
            ('*', 3) => [0].into_iter().chain(text.match_indices('/').map(|(at, _)| at + 1)).collect(),
            ('*', 2) => ends(text),
            ('*', _) => ends(text.split('/').next().unwrap_or_default()),
            _ => Vec::from_iter(text.starts_with(first).then_some(length)),
        };
        reached = reached.iter().flat_map(|from| reach(&text[*from..]).into_iter().map(move |more| from + more)).collect();
        starts_name = first == '/' || (first == '*' && length == 3);
        rest = &rest[length..];
    }
    reached.contains(&text.len())
}

#[cfg(test)]
mod tests {
    use super::{super::Workflow, *};
    use proptest::prelude::*;

    #[test]
    fn plain_patterns_fit_as_githubs_own_cheat_sheet_says() {
        for (pattern, fits, not) in [
            ("feature/*", &["feature/my-branch", "feature/x"][..], &["feature/a/b", "feature"][..]),
            ("feature/**", &["feature/beta-a/my-branch", "feature/x"], &["features"]),
            ("main", &["main"], &["mainline", "a/main"]),
            ("*", &["main", "releases"], &["all/the/branches"]),
            ("**", &["all/the/branches", "every/tag", "main"], &[]),
            ("*feature", &["mona-feature", "feature"], &["feature-x"]),
            ("v2*", &["v2", "v2.0", "v2.9"], &["v1"]),
            ("**.js", &["index.js", "src/js/app.js"], &["index.jsx"]),
            ("docs/*", &["docs/README.md"], &["docs/a/b.md"]),
            ("docs/**", &["docs/README.md", "docs/mona/octocat.txt"], &["doc/x"]),
            ("docs/**/*.md", &["docs/README.md", "docs/mona/hello-world.md"], &["docs/x.txt"]),
            ("**/docs/**", &["docs/hello.md", "dir/docs/my-file.txt"], &["docsx/hello.md"]),
            ("**/README.md", &["README.md", "js/README.md"], &["xREADME.md"]),
            ("**/*src/**", &["a/src/app.js", "my-src/code/js/app.js"], &["src.js"]),
            ("**/migrate-*.sql", &["migrate-10909.sql", "db/migrate-v1.0.sql"], &["migrate.sql"]),
            ("сервер/*", &["сервер/ы"], &["сервер/ы/ы"]),
        ] {
            for (texts, expected) in [(fits, true), (not, false)] {
                for text in texts {
                    assert_eq!(covers(&[pattern], text), Ok(expected), "{pattern} {text}");
                }
            }
        }
    }

    #[test]
    fn the_last_pattern_that_fits_counts_and_what_is_not_plain_is_named() {
        assert_eq!(covers(&["releases/**", "!releases/**-alpha"], "releases/10-alpha"), Ok(false));
        assert_eq!(covers(&["!main", "**"], "main"), Ok(true));
        assert_eq!(covers(&["!main"], "develop"), Ok(false));
        assert_eq!(covers(&[], "main"), Ok(false));
        for pattern in ["a[b]", "a]", "v?", "x+", "***", "${{ x }}", "a\\*", "!!main"] {
            assert_eq!(covers(&["main", pattern], "main"), Err(pattern));
        }
    }

    proptest! {
        #[test]
        fn a_plain_name_fits_itself_alone_and_no_pattern_takes_long(name in "[a-zы/._-]{1,20}", other in "[a-zы/._*-]{0,200}") {
            prop_assert_eq!(covers(&[name.as_str()], &name), Ok(true));
            let covered = covers(&[other.as_str()], &name);
            prop_assert!(other.contains('*') || covered == Ok(name == other), "{}", other);
        }
    }

    /// What is said about a push of main that touches server/run.py.
    fn asked(on: &str) -> Result<(), Because> {
        let node = Node::read(&format!("jobs: {{j: {{runs-on: x, steps: [run: y]}}}}\n{on}")).expect("YAML");
        starts(&Workflow::read(&node)?.events, "main", "server/run.py")
    }

    #[test]
    fn every_form_that_lets_the_push_through_is_a_yes() {
        for on in [
            "on: push",
            "'on': [workflow_dispatch, push]",
            "on:\n  push:",
            "on: {push: {branches: [main]}}",
            "on: {push: {branches: main}}",
            "on: {push: {branches: ['**']}}",
            "on: {push: {branches: ['!main', 'ma*']}}",
            "on: {push: {branches-ignore: [develop, 'release/**']}}",
            "on: {push: {branches: [main], paths: ['server/**']}}",
            "on: {push: {branches: [main], paths: ['**.py', '!docs/**']}}",
            "on: {push: {paths-ignore: ['docs/**']}}",
            "on: {push: {branches: [main], tags: ['v*']}, workflow_dispatch: }",
            "on: {pull_request: &only {branches: [main]}, push: *only}",
        ] {
            assert_eq!(asked(on), Ok(()), "{on}");
        }
    }

    #[test]
    fn every_form_that_does_not_says_why() {
        for (on, verdict, because) in [
            ("on: workflow_dispatch", Tri::No, "only workflow_dispatch"),
            ("on: [pull_request, workflow_dispatch]", Tri::No, "a push does not start it"),
            ("name: x", Tri::No, "has no `on`"),
            ("on: {push: {branches: [develop]}}", Tri::No, "`branches` leave it out"),
            ("on: {push: {branches: [main, '!ma*']}}", Tri::No, "`branches` leave it out"),
            ("on: {push: {branches: ['!develop']}}", Tri::No, "`branches` leave it out"),
            ("on: {push: {branches-ignore: ['m*']}}", Tri::No, "`branches` leave it out"),
            ("on: {push: {paths: ['client/**']}}", Tri::No, "`paths` leave it out"),
            ("on: {push: {paths: ['./server/**']}}", Tri::No, "`paths` leave it out"),
            ("on: {push: {paths: ['server/']}}", Tri::No, "`paths` leave it out"),
            ("on: {push: {paths: ['server/**', '!**.py']}}", Tri::No, "`paths` leave it out"),
            ("on: {push: {paths-ignore: ['server/**']}}", Tri::No, "`paths` leave it out"),
            ("on: {push: {tags: ['v*']}}", Tri::No, "only pushes of tags"),
            ("on: {push: {branches: [main], branches-ignore: [x]}}", Tri::No, "GitHub refuses"),
            ("on: {push: {branches: []}}", Tri::No, "`branches` leave it out"),
            ("on:", Tri::Unknown, "names no events"),
            ("true: push", Tri::Unknown, "`true` of the workflow is not known"),
            ("on: [push, [x]]", Tri::Unknown, "names no events"),
            ("on: {push: [main]}", Tri::Unknown, "is no map"),
            ("on: {push: {branches: {a: b}}}", Tri::Unknown, "is no list of patterns"),
            ("on: {push: {branches: }}", Tri::Unknown, "is no list of patterns"),
            ("on: {push: {branches: ['[']}}", Tri::Unknown, "is not plain"),
            ("on: {push: {branch: [main]}}", Tri::Unknown, "`branch` of `on.push` is not known here"),
        ] {
            let (said, why) = asked(on).expect_err(on);
            assert!(said == verdict && why.contains(because), "{on}: {said:?} {why}");
        }
    }
}
