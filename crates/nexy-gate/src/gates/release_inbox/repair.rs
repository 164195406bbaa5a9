//! The rulebook's mkdir, and the move that gives an artifact its exact name; never anything over a file that is there.

use super::{Likeness, is_ignored, judge, likeness};
use crate::{
    context::Context,
    gate::Answer,
    inbox::{self, Found, Inbox},
    print_fix::{Repair, word},
};
use nexy_contract::target::{ArtifactRow, Target};
use nexy_outside::ownership;
use std::path::{Path, absolute};

/// Does the folder list this very name? Some file systems open a name under another spelling, so nobody asks for it directly.
const LISTS: &str = "lists() {\n    for entry in \"$1\"/* \"$1\"/.*; do\n        if [ \"$entry\" = \"$1/$2\" ]; then return 0; fi\n    done\n    return 1\n}";

/// Looks, and finds the commands; changes nothing.
pub(crate) fn repair(context: &Context) -> Repair {
    let target = &context.workspace.target;
    let inbox = context.inbox();
    let root = &context.workspace.root;
    Repair::of(judge(inbox, &target.layout.inbox, &target.artifacts, None), || match &inbox.names {
        Ok(None) => make(root, target),
        Ok(Some(names)) => rename(root, target, inbox, names),
        Err(_) => Err(None),
    })
}

/// The folder, owned as the one that it stands in: root runs the script, a person puts the artifacts there.
fn make(root: &Path, target: &Target) -> Result<(Vec<String>, Answer), Option<Answer>> {
    let folder = &target.layout.inbox;
    let root = absolute(root).map_err(|_| None)?;
    let owner = ownership::look(&root)
        .map_err(|error| Some(Answer::unknown(error.to_string(), "the workspace and its owner", format!("ls -ld {}", root.display()))))?;
    let mut commands = Vec::new();
    let mut path = root;
    for part in Path::new(folder) {
        path.push(part);
        let path = path.to_str().and_then(word).ok_or(None)?;
        let (uid, gid) = (owner.uid, owner.gid);
        commands.push(format!("if [ ! -d {path} ]; then\n    mkdir -- {path}\n    chown -h -- {uid}:{gid} {path}\nfi"));
    }
    let empty = Inbox { names: Ok(Some(Vec::new())), artifacts: Vec::new() };
    Ok((commands, judge(&empty, folder, &target.artifacts, None)))
}

fn rename(root: &Path, target: &Target, inbox: &Inbox, names: &[String]) -> Result<(Vec<String>, Answer), Option<Answer>> {
    let folder = absolute(root.join(&target.layout.inbox)).map_err(|_| None)?;
    let moves = moves(names, &target.artifacts);
    let mut after = Inbox { names: Ok(None), artifacts: inbox.artifacts.clone() };
    let mut left = names.to_vec();
    let shown = folder.to_str().and_then(word).ok_or(None)?;
    let mut commands = Vec::new();
    for (name, row) in moves {
        let from = folder.join(name);
        let Some((old, new)) = word(name).zip(word(&row.name)) else { continue };
        let (Some(from_word), Some(to_word)) = (path_word(&from), path_word(&folder.join(&row.name))) else { continue };
        if commands.is_empty() {
            commands.push(LISTS.to_owned());
        }
        commands.push(format!("if lists {shown} {old} && ! lists {shown} {new}; then\n    mv -- {from_word} {to_word}\nfi"));
        after.artifacts.push(Found { row: row.clone(), bytes: inbox::read(&from, target.limits.artifact_max_bytes) });
        left.retain(|there| there != name);
        left.push(row.name.clone());
    }
    after.names = Ok(Some(left));
    Ok((commands, judge(&after, &target.layout.inbox, &target.artifacts, None)))
}

fn path_word(path: &Path) -> Option<String> {
    path.to_str().and_then(word)
}

/// Every name that differs from an artifact's in nothing but case, if it is the only one and the artifact is not there.
fn moves<'a>(names: &'a [String], rows: &'a [ArtifactRow]) -> Vec<(&'a str, &'a ArtifactRow)> {
    let alike = |row: &'a ArtifactRow| {
        let like = names.iter().filter(|name| !is_ignored(name) && matches!(likeness(name, &[&row.name]), Some(Likeness::Case(_))));
        like.map(String::as_str).collect::<Vec<_>>()
    };
    // The exact name resembles itself, so it counts among those that are alike.
    rows.iter()
        .filter_map(|row| match alike(row).as_slice() {
            [name] if *name != row.name => Some((*name, row)),
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use nexy_contract::target::ArtifactKind;

    fn moved(names: &[&str]) -> Vec<String> {
        let rows = [ArtifactRow { name: "A.dmg".into(), channel: "Fixed".into(), kind: ArtifactKind::Dmg, feed: true }];
        let names: Vec<String> = names.iter().map(ToString::to_string).collect();
        moves(&names, &rows).into_iter().map(|(name, _)| name.to_owned()).collect()
    }

    #[test]
    fn one_misspelled_name_is_moved_and_nothing_is_ever_moved_over_another() {
        assert_eq!(moved(&["a.DMG", "notes.txt"]), ["a.DMG"]);
        assert!(moved(&["A.dmg", "a.dmg"]).is_empty());
        assert!(moved(&["A.DMG", "a.dmg"]).is_empty());
        assert!(moved(&["A.dmg.part", "A copy.dmg"]).is_empty());
    }
}
