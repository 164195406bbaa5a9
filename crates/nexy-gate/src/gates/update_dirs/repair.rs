//! mkdir, chown and chmod for every folder that is missing or wrong, and for the way to it.

use super::{Folder, Looked, MODE, Seen, judge, look, mend};
use crate::{
    access::Access,
    context::Context,
    gate::{Answer, Repair, RepairStep},
};
use nexy_contract::text::word;
use nexy_outside::{
    ownership::{Acl, Standing},
    tree::Tree,
    trial::Trial,
};
use std::path::Path;

/// Looks, and finds the commands; changes nothing.
pub(crate) fn repair(context: &Context) -> Repair {
    match look(context) {
        Ok(looked) => {
            let plan = plan(&looked, &context.tree);
            let steps = plan.map_or_else(|_| Vec::new(), |(commands, _)| commands.into_iter().map(RepairStep::new).collect());
            Repair { now: judge(looked.access(), &looked.folders), steps }
        }
        Err(answer) => Repair::none(answer),
    }
}

/// The commands, and what the gate would say after them. Every command is also done to a copy of what was seen, so that the
/// gate's own judgement decides whether they are enough.
fn plan(looked: &Looked, tree: &Tree) -> Result<(Vec<String>, Answer), Option<Answer>> {
    let (access, mut folders, mut script) = (looked.access(), looked.folders.clone(), Vec::new());
    for folder in &mut folders {
        // Two folders share most of their way; what is said about it once is said.
        for command in of_folder(access, folder, tree).ok_or(None)? {
            if !script.contains(&command) {
                script.push(command);
            }
        }
    }
    let then = judge(access, &folders);
    Ok((script, then))
}

fn of_folder(access: Access<'_>, folder: &mut Folder, tree: &Tree) -> Option<Vec<String>> {
    let path = folder.path.clone();
    match &mut folder.seen {
        // A person must look at these first; what can be done about the others is done.
        Seen::InTheWay(_) | Seen::Hidden(_) => Some(Vec::new()),
        Seen::There { steps, trial } => {
            if steps.iter().any(|step| matches!(step.acl, Acl::Unreadable(_))) {
                return Some(Vec::new());
            }
            let before = steps.clone();
            let (itself, way) = steps.split_first_mut()?;
            let mut commands = of_way(access, way, &before)?;
            let changes = mend(access, itself)?;
            if !changes.is_empty() {
                let real = real(tree, &path)?;
                commands.push(guard(&path, &real)?);
                commands.extend(changes.iter().map(|change| change.command(&real)).collect::<Option<Vec<_>>>()?);
            }
            *trial = Trial::Allowed;
            Some(commands)
        }
        Seen::Missing { steps } => {
            let before = steps.clone();
            let mut commands = of_way(access, steps, &before)?;
            let real = real(tree, &path)?;
            let owner = word(&format!("{}:{}", access.account.name, access.accounts.group_name(access.account.gid)))?;
            // Folders between are root's, and may be passed by all.
            commands.push(format!("(umask 022 && mkdir -p -- {})", word(path.to_str()?)?));
            commands.push(guard(&path, &real)?);
            commands.push(format!("chown -h -- {owner} {real}"));
            commands.push(format!("chmod -- {MODE:o} {real}"));
            let made = Standing {
                path: path.clone(),
                uid: access.account.uid,
                gid: access.account.gid,
                mode: MODE,
                acl: Acl::Absent,
                ..steps.first()?.clone()
            };
            steps.insert(0, made);
            let steps = std::mem::take(steps);
            folder.seen = Seen::There { steps, trial: Trial::Allowed };
            Some(commands)
        }
    }
}

fn of_way(access: Access<'_>, way: &mut [Standing], before: &[Standing]) -> Option<Vec<String>> {
    let mut commands = Vec::new();
    for step in way {
        commands.extend(access.mend(step, before)?);
    }
    Some(commands)
}

/// Where links lead, as a word.
fn real(tree: &Tree, path: &Path) -> Option<String> {
    word(tree.name(&tree.walk(path).ok()?.end).to_str()?)
}

/// The checkout is not root's: what root changes must still be the folder that was judged.
fn guard(path: &Path, real: &str) -> Option<String> {
    let stop = word(&format!("{} is not the folder that was looked at: print this script again", path.display()))?;
    let path = word(path.to_str()?)?;
    Some(format!("if [ \"$(readlink -f -- {path})\" != {real} ] || [ ! -d {real} ]; then\n    echo {stop} >&2\n    exit 1\nfi"))
}
