//! The checkout of the tag has the one layout that the unit, the scripts and the tools expect; four layouts were released once.

use crate::gate::prelude::*;
use crate::observed::repository::{Repository, Side, Tag, short};
use nexy_contract::target_file::Layout;
use nexy_outside::programs::git::Entry;

pub(crate) const GATE: Gate = Gate {
    id: "layout",
    asks: "Has the tag's tree exactly the declared shape, and none of another layout?",
    profiles: &["pre-production", "before-deploy", "before-checkout"],
    runbook: "S0 §1.1, S0 §3, S0 §5.7",
    at: Machine::Either,
    takes: Takes::Outside,
    explain: Explain {
        symptom: "`can't open file` after a restart, or a version and a config.env that are read from another folder: the tag has another \
                  layout than the unit that starts it.",
        check: "Reads the tag's tree from git, without checking it out: layout.entry_point, requirements, version_file and a manifest.json in \
                each of layout.manifest_dirs must be files of their own there, and none of layout.other_layouts may exist.",
        fix: &[note(
            "Move the files to where [layout] of nexy.toml wants them, commit, and make the next version. A \
                     tag is never moved.",
        )],
        verify: &[command("nexy-gate layout --tag vX.Y.Z.W")],
    },
    check: |context| look(context).unwrap_or_else(|answer| answer),
    repair: None,
};

const EXPECTED: &str = "exactly what [layout] of nexy.toml declares, as files of their own, and nothing of another layout";

fn look(context: &Context) -> Result<Answer, Answer> {
    let repository = Repository::in_question(&context.workspace, &context.tree, GATE.id)?;
    let tag = repository.tag(&context.workspace.target, context.tag(), context.commit(), GATE.id)?;
    let tree = repository.git.tree(&tag.commit).map_err(|error| repository.unreadable(&error, GATE.id))?;
    Ok(judge(&context.workspace.target.layout, &repository.side, &tag, &tree))
}

/// Every file that the layout declares.
fn declared(layout: &Layout) -> Vec<String> {
    let manifests = layout.manifest_dirs.iter().map(|folder| format!("{folder}/manifest.json"));
    [&layout.entry_point, &layout.requirements, &layout.version_file].into_iter().cloned().chain(manifests).collect()
}

fn judge(layout: &Layout, side: &Side, tag: &Tag, tree: &[Entry]) -> Answer {
    let declared = declared(layout);
    let lacks: Vec<String> = declared.iter().filter_map(|path| lack(path, tree)).collect();
    let others: Vec<&str> = layout.other_layouts.iter().map(String::as_str).filter(|path| holds(tree, path)).collect();
    if lacks.is_empty() && others.is_empty() {
        return Answer::pass(format!(
            "{} ({}) has all {} declared files, and no other layout",
            tag.name,
            short(&tag.commit),
            declared.len()
        ));
    }
    let mut found = Vec::new();
    if !lacks.is_empty() {
        found.push(format!("lacks {}", lacks.join(", ")));
    }
    if !others.is_empty() {
        found.push(format!("has {}, of another layout", others.join(", ")));
    }
    let fix = side.next_version(tag, Fix::note("move the files to where [layout] of nexy.toml wants them"));
    Answer::fail(format!("{} ({}) {}", tag.name, short(&tag.commit), found.join("; ")), EXPECTED, fix)
}

/// A declared path that is no file of its own, with what stands in its place or on the way to it.
fn lack(path: &str, tree: &[Entry]) -> Option<String> {
    let in_the_way = tree.iter().find(|entry| entry.path == path || is_below(path, &entry.path));
    match in_the_way {
        Some(entry) if entry.path == path && entry.is_file() => None,
        Some(entry) => {
            let kind = match entry.mode.as_str() {
                "120000" => "a link",
                "160000" => "a submodule",
                _ => "a file",
            };
            let place = if entry.path == path { String::new() } else { format!("{} ", excerpt(&entry.path, 80)) };
            Some(format!("{path} ({place}is {kind})"))
        }
        None if holds(tree, path) => Some(format!("{path} (it is a folder)")),
        None => Some(path.to_owned()),
    }
}

fn holds(tree: &[Entry], path: &str) -> bool {
    tree.iter().any(|entry| entry.path == path || is_below(&entry.path, path))
}

fn is_below(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::says;

    fn layout() -> Layout {
        crate::tests::target().layout
    }

    fn entry(path: &str, mode: &str) -> Entry {
        Entry { mode: mode.to_owned(), object: "0".repeat(40), path: path.to_owned() }
    }

    fn good() -> Vec<Entry> {
        declared(&layout()).iter().map(|path| entry(path, "100644")).collect()
    }

    fn asked(tree: &[Entry]) -> Answer {
        let side = Side { is_vm: false, shown: "/w".to_owned(), as_owner: String::new(), git: "git".to_owned() };
        let version = nexy_contract::ReleaseVersion::new([2, 0, 0, 4]);
        let tag = Tag { name: version.tag(), version, commit: "c".repeat(40), object: "c".repeat(40), exists: true };
        judge(&layout(), &side, &tag, tree)
    }

    #[test]
    fn the_declared_shape_passes_with_whatever_else_is_there() {
        let mut tree = good();
        tree.extend([entry("README.md", "100644"), entry("server/main.pyc", "100755"), entry("server/VERSIONS", "100644")]);
        assert_eq!(asked(&tree).verdict, Verdict::Pass);
    }

    #[test]
    fn each_declared_file_is_missed_when_it_is_none() {
        for (place, path) in declared(&layout()).iter().enumerate() {
            let mut tree = good();
            tree.remove(place);
            let answer = asked(&tree);
            says(&answer, Verdict::Fail, &format!("lacks {path}"));
            for (mode, said) in [("120000", "is a link"), ("160000", "is a submodule")] {
                let mut tree = good();
                tree[place].mode = mode.to_owned();
                assert!(asked(&tree).found.contains(said), "{path}");
            }
            let mut tree = good();
            tree[place].path.push_str("/below");
            assert!(asked(&tree).found.contains("it is a folder"), "{path}");
        }
    }

    #[test]
    fn a_link_in_place_of_a_folder_is_named() {
        let mut tree: Vec<Entry> = good().into_iter().filter(|entry| !entry.path.starts_with("server/")).collect();
        tree.push(entry("server", "120000"));
        assert!(asked(&tree).found.contains("(server is a link)"), "{}", asked(&tree).found);
    }

    #[test]
    fn whatever_another_layout_had_is_a_no() {
        for path in layout().other_layouts {
            for (path, mode) in [(path.clone(), "100644"), (path.clone(), "120000"), (format!("{path}/x"), "100644")] {
                let mut tree = good();
                tree.push(entry(&path, mode));
                let answer = asked(&tree);
                says(&answer, Verdict::Fail, "of another layout");
            }
        }
        assert_eq!(asked(&[]).verdict, Verdict::Fail);
    }
}
