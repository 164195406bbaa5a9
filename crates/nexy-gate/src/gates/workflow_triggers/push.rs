//! What starts a workflow: whether a push of one branch that touches one file does.

use super::{glob, yaml::Node};
use nexy_contract::text::excerpt;

/// Whether something starts the workflow; `Unsure` where the file says something that is not known here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Starts {
    Yes,
    /// Why not, and the lines of YAML that would.
    No(String, String),
    Unsure(String),
}

/// The events of a workflow by name, each with what it is filtered by.
pub(super) fn events(workflow: &Node) -> Result<Vec<(String, Node)>, Starts> {
    let lines = || "on:\n  push:\n    branches: [BRANCH]".to_owned();
    match workflow.get("on") {
        Some(Node::Scalar(event)) => Ok(vec![(event.clone(), Node::Empty)]),
        Some(Node::List(events)) => {
            let names: Option<Vec<(String, Node)>> =
                events.iter().map(|event| event.text().map(|name| (name.to_owned(), Node::Empty))).collect();
            names.ok_or_else(|| Starts::Unsure("`on` lists something that is no event".to_owned()))
        }
        Some(Node::Map(events)) => Ok(events.clone()),
        Some(Node::Empty) => Err(Starts::No("`on` names no event".to_owned(), lines())),
        // A YAML 1.1 tool that rewrites the file takes the key for a truth value.
        None if workflow.get("true").is_some() => Err(Starts::No("has the key `true` where `on` was meant".to_owned(), lines())),
        None => Err(Starts::No("has no `on`".to_owned(), lines())),
    }
}

/// Whether a push of the branch starts it that touches nothing but this file.
pub(super) fn starts(workflow: &Node, branch: &str, file: &str) -> Starts {
    let events = match events(workflow) {
        Ok(events) => events,
        Err(no) => return no,
    };
    match events.iter().find(|(name, _)| name == "push") {
        None => {
            let names: Vec<&str> = events.iter().map(|(name, _)| name.as_str()).collect();
            no(format!("a push does not start it, only {}", excerpt(&names.join(", "), 100)), "push:", &format!("branches: [{branch}]"))
        }
        Some((_, Node::Empty)) => Starts::Yes,
        Some((_, Node::Map(filters))) => filtered(filters, branch, file),
        Some(_) => Starts::Unsure("`on.push` is no map".to_owned()),
    }
}

fn filtered(filters: &[(String, Node)], branch: &str, file: &str) -> Starts {
    const KNOWN: &[&str] = &["branches", "branches-ignore", "paths", "paths-ignore", "tags", "tags-ignore"];
    if let Some((name, _)) = filters.iter().find(|(name, _)| !KNOWN.contains(&name.as_str())) {
        return Starts::Unsure(format!("`on.push.{}` is not known here", excerpt(name, 60)));
    }
    let filter = |name: &str| filters.iter().find(|(key, _)| key == name).map(|(_, value)| value);
    for name in ["branches", "paths"] {
        let ignore = format!("{name}-ignore");
        if filter(name).is_some() && filter(&ignore).is_some() {
            return no(
                format!("has both `{name}` and `{ignore}`, which GitHub refuses"),
                "push:",
                &format!("{name}: […]   # only one of the two"),
            );
        }
    }
    let names_tags = filter("tags").is_some() || filter("tags-ignore").is_some();
    if names_tags && filter("branches").is_none() && filter("branches-ignore").is_none() {
        return no("only pushes of tags start it".to_owned(), "push:", &format!("branches: [{branch}]"));
    }
    let sides = [("branches", branch, format!("branches: [{branch}]")), ("paths", file, format!("paths: ['{}']", above(file)))];
    for (name, text, line) in sides {
        match side(filter(name), filter(&format!("{name}-ignore")), text) {
            Ok(true) => {}
            Ok(false) => {
                return no(format!("a push of {branch} that touches {file} does not start it: its `{name}` leave it out"), "push:", &line);
            }
            Err(because) => return Starts::Unsure(format!("`on.push.{name}`: {because}")),
        }
    }
    Starts::Yes
}

/// Whether a branch or path is let through.
fn side(only: Option<&Node>, ignore: Option<&Node>, text: &str) -> Result<bool, String> {
    let unknown = |pattern: String| format!("the pattern `{}` is not understood", excerpt(&pattern, 60));
    match (only, ignore) {
        (Some(only), _) => glob::covers(&patterns(only)?, text).map_err(unknown),
        (None, Some(ignore)) => glob::covers(&patterns(ignore)?, text).map(|ignored| !ignored).map_err(unknown),
        (None, None) => Ok(true),
    }
}

fn patterns(node: &Node) -> Result<Vec<&str>, String> {
    match node {
        Node::Scalar(pattern) => Ok(vec![pattern]),
        Node::List(items) => items.iter().map(|item| item.text().ok_or_else(|| "an entry is no pattern".to_owned())).collect(),
        Node::Empty | Node::Map(_) => Err("it is no list of patterns".to_owned()),
    }
}

/// The folder that a file stands in, as a pattern.
fn above(file: &str) -> String {
    file.split_once('/').map_or_else(|| file.to_owned(), |(folder, _)| format!("{folder}/**"))
}

fn no(because: String, event: &str, line: &str) -> Starts {
    Starts::No(because, format!("on:\n  {event}\n    {line}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(on: &str) -> Starts {
        starts(&Node::read(on).expect("YAML"), "main", "server/run.py")
    }

    fn no_because(on: &str) -> String {
        match asked(on) {
            Starts::No(because, lines) => {
                assert!(lines.starts_with("on:\n"), "{lines}");
                because
            }
            other => panic!("{on}: {other:?}"),
        }
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
        ] {
            assert_eq!(asked(on), Starts::Yes, "{on}");
        }
    }

    #[test]
    fn every_form_that_does_not_is_a_no_that_says_why() {
        for (on, because) in [
            ("on: workflow_dispatch", "only workflow_dispatch"),
            ("on: [pull_request, workflow_dispatch]", "a push does not start it"),
            ("on:", "names no event"),
            ("name: x", "has no `on`"),
            ("true: push", "has the key `true`"),
            ("on: {push: {branches: [develop]}}", "`branches` leave it out"),
            ("on: {push: {branches: [main, '!ma*']}}", "`branches` leave it out"),
            ("on: {push: {branches-ignore: ['m*']}}", "`branches` leave it out"),
            ("on: {push: {paths: ['client/**']}}", "`paths` leave it out"),
            ("on: {push: {paths: ['server/**', '!**.py']}}", "`paths` leave it out"),
            ("on: {push: {paths-ignore: ['server/**']}}", "`paths` leave it out"),
            ("on: {push: {tags: ['v*']}}", "only pushes of tags"),
            ("on: {push: {branches: [main], branches-ignore: [x]}}", "GitHub refuses"),
            ("on: {push: {branches: []}}", "`branches` leave it out"),
        ] {
            assert!(no_because(on).contains(because), "{on}: {}", no_because(on));
        }
    }

    #[test]
    fn what_is_not_known_is_unsure() {
        for on in [
            "on: [push, [x]]",
            "on: {push: [main]}",
            "on: {push: {branches: {a: b}}}",
            "on: {push: {branches: }}",
            "on: {push: {branches: ['[']}}",
            "on: {push: {branch: [main]}}",
            "on: {push: {paths: ['${{ x }}']}}",
        ] {
            assert!(matches!(asked(on), Starts::Unsure(_)), "{on}: {:?}", asked(on));
        }
    }
}
