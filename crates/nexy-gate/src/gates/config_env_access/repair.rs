//! The rulebook's chown and chmod, for the file and for the folders above it.

use super::{Facts, Looked, WIDEST, judge, look};
use crate::{
    context::Context,
    gate::Answer,
    print_fix::{Repair, word},
};
use nexy_outside::{
    ownership::{Acl, Kind, Right, Standing},
    trial::Trial,
};

/// Looks, and finds the commands; changes nothing.
pub(crate) fn repair(context: &Context) -> Repair {
    match look(context) {
        Ok(looked) => Repair::of(judge(&looked.facts()), || plan(&looked)),
        Err(answer) => Repair::Refused(answer),
    }
}

/// The commands, and what the gate would say after them. Every command that is found is also done to a copy of what was
/// seen, so that the gate's own judgement decides whether they are enough.
fn plan(looked: &Looked) -> Result<(Vec<String>, Answer), Option<Answer>> {
    let facts = looked.facts();
    let mut steps = looked.steps.clone();
    let Some((file, folders)) = steps.split_first_mut() else { return Err(None) };
    // A wider mode would also widen what a list grants, and nobody has seen what that is.
    if file.kind != Kind::File || file.acl != Acl::Absent || folders.iter().any(|folder| folder.acl != Acl::Absent) {
        return Err(None);
    }
    let mut commands = mend_file(&facts, looked, file).ok_or(None)?;
    for folder in folders {
        commands.extend(mend_folder(&facts, folder).ok_or(None)?);
    }
    let then = judge(&Facts { steps: &steps, trial: &Trial::Read, ..facts });
    Ok((commands, then))
}

fn mend_file(facts: &Facts<'_>, looked: &Looked, file: &mut Standing) -> Option<Vec<String>> {
    let account = facts.account;
    if file.uid == 0 && file.gid == account.gid && file.mode & !WIDEST == 0 && file.grants(account, Right::Read) {
        return Some(Vec::new());
    }
    (file.uid, file.gid, file.mode) = (0, account.gid, WIDEST);
    let (path, real) = (word(facts.path.to_str()?)?, word(looked.real.to_str()?)?);
    let owner = word(&format!("root:{}", facts.accounts.group_name(account.gid)))?;
    let stop = word(&format!("{} is not the file that was looked at: print this script again", facts.path.display()))?;
    Some(vec![
        // The folder is not root's: what root changes must still be the file that was judged.
        format!("if [ \"$(readlink -f -- {path})\" != {real} ] || [ ! -f {real} ]; then\n    echo {stop} >&2\n    exit 1\nfi"),
        format!("chown -h -- {owner} {real}"),
        format!("chmod -- {WIDEST:o} {real}"),
    ])
}

fn mend_folder(facts: &Facts<'_>, folder: &mut Standing) -> Option<Vec<String>> {
    let (account, path) = (facts.account, word(folder.path.to_str()?)?);
    let mut commands = Vec::new();
    if folder.uid != 0 && folder.uid != account.uid {
        let is_services = folder.path.starts_with(facts.checkout);
        let (owner, uid) = if is_services { (account.name.as_str(), account.uid) } else { ("root", 0) };
        folder.uid = uid;
        commands.push(format!("chown -- {} {path}", word(owner)?));
    }
    if folder.mode & super::STICKY == 0 {
        if folder.mode & 0o002 != 0 {
            folder.mode &= !0o002;
            commands.push(format!("chmod -- o-w {path}"));
        }
        if folder.mode & 0o020 != 0 && !super::writers(facts, folder).is_empty() {
            folder.mode &= !0o020;
            commands.push(format!("chmod -- g-w {path}"));
        }
    }
    if !folder.grants(account, Right::Execute) {
        let class = super::class(account, folder);
        folder.mode |= match class {
            'u' => 0o100,
            'g' => 0o010,
            _ => 0o001,
        };
        commands.push(format!("chmod -- {class}+x {path}"));
    }
    Some(commands)
}

#[cfg(test)]
mod tests {
    use super::*;
    use nexy_outside::accounts::Accounts;

    const PASSWD: &str = "root:x:0:0::/root:/bin/sh\nserver:x:1000:1000::/srv:/bin/sh\nother:x:1001:1001::/:/bin/sh\n";
    const GROUP: &str = "root:x:0:\nserver:x:1000:\nother:x:1001:\nteam:x:50:server,other\n";

    fn looked(file: (u32, u32, u32), folder: (u32, u32, u32)) -> Looked {
        let step = |path: &str, kind, (uid, gid, mode)| Standing { path: path.into(), kind, uid, gid, mode, acl: Acl::Absent };
        let accounts = Accounts::parse(PASSWD, GROUP);
        let account = accounts.account("server").expect("it is there");
        let path = "/srv/it's here/settings";
        Looked {
            path: path.into(),
            real: path.into(),
            checkout: "/srv/it's here".into(),
            accounts,
            account,
            steps: vec![step(path, Kind::File, file), step("/srv/it's here", Kind::Folder, folder), step("/", Kind::Folder, (0, 0, 0o755))],
            trial: Trial::NotTried("no root".to_owned()),
        }
    }

    #[test]
    fn whatever_is_wrong_the_commands_leave_what_the_gate_passes() {
        let files = [(0, 0, 0o600), (1000, 1000, 0o640), (1001, 50, 0o666), (0, 1000, 0o4644), (0, 1000, 0o640)];
        let folders = [(1000, 1000, 0o755), (1001, 1001, 0o655), (1001, 50, 0o777), (0, 50, 0o770), (0, 0, 0o1776), (1000, 50, 0o070)];
        for file in files {
            for folder in folders {
                let looked = looked(file, folder);
                let (commands, then) = plan(&looked).expect("a plan");
                assert!(then.passes(), "{file:?} {folder:?} {commands:?} {then:?}");
            }
        }
    }

    #[test]
    fn names_are_quoted_and_what_is_right_is_left_alone() {
        let (commands, _) = plan(&looked((0, 0, 0o644), (1000, 1000, 0o755))).expect("a plan");
        assert_eq!(commands[1..], [r"chown -h -- root:server '/srv/it'\''s here/settings'", r"chmod -- 640 '/srv/it'\''s here/settings'"]);
        let (commands, _) = plan(&looked((0, 1000, 0o640), (1000, 1000, 0o757))).expect("a plan");
        assert_eq!(commands, [r"chmod -- o-w '/srv/it'\''s here'"]);
    }

    #[test]
    fn a_list_or_a_folder_in_place_of_the_file_is_left_to_a_person() {
        let mut with_list = looked((0, 0, 0o600), (1000, 1000, 0o755));
        with_list.steps[0].acl = Acl::Present;
        assert!(plan(&with_list).is_err());
        let mut folder = looked((0, 0, 0o600), (1000, 1000, 0o755));
        folder.steps[0].kind = Kind::Folder;
        assert!(plan(&folder).is_err());
    }
}
