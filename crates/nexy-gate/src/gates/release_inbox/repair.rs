//! The rulebook's mkdir, and the move that gives an artifact its exact name; never anything over a file that is there.

use super::{Likeness, is_ignored, judge, likeness};
use crate::{
    context::Context,
    gate::{Repair, RepairStep},
};
use nexy_contract::{target::ArtifactRow, text::word};
use nexy_outside::ownership;
use std::path::{Path, absolute};

/// Looks, and finds the commands; changes nothing.
pub(crate) fn repair(context: &Context) -> Repair {
    let target = &context.workspace.target;
    let inbox = context.inbox();
    let now = judge(inbox, &target.layout.inbox, &target.artifacts, None);
    let Ok(root) = absolute(&context.workspace.root) else { return Repair::none(now) };
    let steps = match &inbox.names {
        Ok(None) => make(&root, &target.layout.inbox),
        Ok(Some(names)) => Some(rename(&root.join(&target.layout.inbox), names, &target.artifacts)),
        Err(_) => None,
    };
    Repair { now, steps: steps.unwrap_or_default() }
}

/// Makes the folder, and every folder above it that is missing, for the owner of the workspace.
fn make(root: &Path, folder: &str) -> Option<Vec<RepairStep>> {
    let owner = ownership::look(root).ok()?;
    let mut steps = Vec::new();
    let mut path = root.to_path_buf();
    for part in Path::new(folder) {
        path.push(part);
        let path = path_word(&path)?;
        steps.push(RepairStep::new(format!("mkdir -p -- {path}")));
        steps.push(RepairStep::new(format!("chown -h -- {}:{} {path}", owner.uid, owner.gid)));
    }
    Some(steps)
}

/// Moves every misspelled artifact to its exact name, unless that name has come meanwhile. The script asks the list of names,
/// since some file systems open a file under another spelling too.
fn rename(folder: &Path, names: &[String], rows: &[ArtifactRow]) -> Vec<RepairStep> {
    let step = |(name, row): (&str, &ArtifactRow)| {
        let list = path_word(folder)?;
        let (from, to) = (path_word(&folder.join(name))?, path_word(&folder.join(&row.name))?);
        let lists = |path: &str| format!("find {list} -maxdepth 1 | grep -Fqx -e {path}");
        let guard = format!("{} && ! {{ {}; }}", lists(&from), lists(&to));
        Some(RepairStep::new(format!("mv -- {from} {to}")).only_if(guard))
    };
    moves(names, rows).into_iter().filter_map(step).collect()
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
