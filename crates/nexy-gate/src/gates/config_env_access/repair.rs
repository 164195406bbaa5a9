//! The rulebook's chown and chmod, for the file and for the folders above it.

use super::{FORGET_LIST, Facts, Looked, WIDEST, judge, look};
use crate::{
    context::Context,
    gate::{Answer, Repair, RepairStep},
};
use nexy_contract::text::word;
use nexy_outside::{
    acl::Tag,
    ownership::{Acl, Kind, Right, Standing},
    trial::Trial,
};

/// Looks, and finds the commands; changes nothing.
pub(crate) fn repair(context: &Context) -> Repair {
    match look(context) {
        Ok(looked) => {
            let steps = plan(&looked).map_or_else(|_| Vec::new(), |(steps, _)| steps);
            Repair { now: judge(&looked.facts()), steps }
        }
        Err(answer) => Repair::none(answer),
    }
}

/// The commands, and what the gate would say after them. Every command that is found is also done to a copy of what was
/// seen, so that the gate's own judgement decides whether they are enough.
fn plan(looked: &Looked) -> Result<(Vec<RepairStep>, Answer), Option<Answer>> {
    let facts = looked.facts();
    let mut steps = looked.steps.clone();
    // Whatever a list grants that nobody could read may be more than is known.
    if steps.iter().any(|step| matches!(step.acl, Acl::Unreadable(_))) {
        return Err(None);
    }
    let Some((file, way)) = steps.split_first_mut() else { return Err(None) };
    if file.kind != Kind::File {
        return Err(None);
    }
    let mut commands = mend_file(&facts, looked, file).ok_or(None)?;
    for step in way {
        commands.extend(facts.access.mend(step, &looked.steps).ok_or(None)?.into_iter().map(RepairStep::new));
    }
    let then = judge(&Facts { steps: &steps, trial: &Trial::Allowed, ..facts });
    Ok((commands, then))
}

fn mend_file(facts: &Facts<'_>, looked: &Looked, file: &mut Standing) -> Option<Vec<RepairStep>> {
    let account = facts.access.account;
    let is_listed = file.acl != Acl::Absent;
    let is_right = file.uid == 0 && file.gid == account.gid && file.mode & !WIDEST == 0 && file.grants(account, Right::Read);
    // Who is in the group is no matter of the file.
    if is_right && facts.access.strangers(file, Right::Read).iter().all(|stranger| stranger.by == Tag::OwningGroup) {
        return Some(Vec::new());
    }
    (file.uid, file.gid, file.mode, file.acl) = (0, account.gid, WIDEST, Acl::Absent);
    let (path, real) = (word(facts.path.to_str()?)?, word(looked.real.to_str()?)?);
    let owner = word(&format!("root:{}", facts.access.accounts.group_name(account.gid)))?;
    // The folder is not root's: what root changes must still be the file that was judged.
    let is_same = format!("[ \"$(readlink -f -- {path})\" = {real} ] && [ -f {real} ]");
    let message = format!("{} is not the file that was looked at: print this script again", facts.path.display());
    let mut commands = vec![RepairStep::new(format!("chown -h -- {owner} {real}")).or_stop(is_same, message)];
    if is_listed {
        commands.push(RepairStep::new(format!("setfacl {FORGET_LIST} {real}")));
    }
    commands.push(RepairStep::new(format!("chmod -- {WIDEST:o} {real}")));
    Some(commands)
}

#[cfg(test)]
mod tests {
    use super::*;
    use nexy_outside::{accounts::Accounts, acl::AccessList};

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

    fn commands(looked: &Looked) -> Vec<String> {
        plan(looked).expect("a plan").0.into_iter().map(|step| step.command).collect()
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
        let commands = commands(&looked((0, 0, 0o644), (1000, 1000, 0o755)));
        assert_eq!(commands, [r"chown -h -- root:server '/srv/it'\''s here/settings'", r"chmod -- 640 '/srv/it'\''s here/settings'"]);
        let commands = self::commands(&looked((0, 1000, 0o640), (1000, 1000, 0o757)));
        assert_eq!(commands, [r"chmod o-w '/srv/it'\''s here'"]);
    }

    #[test]
    fn a_list_goes_in_one_step_with_the_mode_that_it_hides() {
        let list = AccessList::of(vec![(Tag::Owner, 6), (Tag::User(1001), 4), (Tag::OwningGroup, 7), (Tag::Mask, 4), (Tag::Others, 0)]);
        let mut listed = looked((0, 1000, 0o640), (1000, 1000, 0o755));
        listed.steps[0].acl = Acl::List(list.expect("a list"));
        assert_eq!(
            commands(&listed)[1..],
            [r"setfacl -b -m u::rw,g::r,o::- '/srv/it'\''s here/settings'", r"chmod -- 640 '/srv/it'\''s here/settings'"]
        );
    }

    #[test]
    fn a_list_that_nobody_can_read_and_a_folder_in_place_of_the_file_are_left_to_a_person() {
        let mut hidden = looked((0, 0, 0o600), (1000, 1000, 0o755));
        hidden.steps[1].acl = Acl::Unreadable("no".to_owned());
        assert!(plan(&hidden).is_err());
        let mut folder = looked((0, 0, 0o600), (1000, 1000, 0o755));
        folder.steps[0].kind = Kind::Folder;
        assert!(plan(&folder).is_err());
    }
}
