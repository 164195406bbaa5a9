//! Who can reach, change or replace what stands at a path: judged for the service's user and for everybody whom the machine knows.

mod change;

pub(crate) use change::Change;

use crate::gate::Answer;
use nexy_contract::text::{excerpt, shell_word, word};
use nexy_outside::{
    accounts::{Account, Accounts},
    acl::Tag,
    ownership::{Acl, Kind, Right, Standing},
};
use std::path::Path;

/// The bit of a folder in which only the owner of an entry can replace it.
const STICKY: u32 = 0o1000;

/// More than there are entries in any list that a person keeps.
const MOST_CHANGES: usize = 100;

/// For whom it is judged.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Access<'a> {
    /// Everybody.
    pub(crate) accounts: &'a Accounts,
    /// The service's user, who may do what root may in its own checkout.
    pub(crate) account: &'a Account,
    /// The checkout.
    pub(crate) checkout: &'a Path,
}

/// What is wrong with one step of a way, and the change that mends it.
#[derive(Debug)]
pub(crate) struct Fault {
    /// In words.
    pub(crate) found: String,
    /// What root does about it.
    pub(crate) change: Change,
    /// The service's user cannot pass; all other faults are about who else can do what.
    pub(crate) is_about_passing: bool,
}

impl Fault {
    /// What a person types about it.
    pub(crate) fn fix(&self, step: &Standing) -> String {
        let path = shown(step);
        self.change.command(&path).map_or_else(|| format!("ls -ld {path}"), |command| format!("sudo {command}"))
    }
}

/// How somebody beside root and the service's user gets a right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stranger {
    /// Who, in words.
    pub(crate) names: String,
    /// The entry that lets them.
    pub(crate) by: Tag,
}

/// A path as a person reads and types it.
pub(crate) fn shown(step: &Standing) -> String {
    shell_word(&step.path.display().to_string())
}

impl Access<'_> {
    /// Everybody beside root and the service's user to whom `right` is granted, by the entry that grants it. The owner is not
    /// among them: whoever owns a thing can always give rights to itself.
    pub(crate) fn strangers(&self, step: &Standing, right: Right) -> Vec<Stranger> {
        let bit = right as u32;
        let list = match &step.acl {
            Acl::List(list) if step.mode & 0o070 != 0 => Some(list),
            _ => None,
        };
        let mask = list.map_or(7, |list| list.mask());
        let group = list.and_then(|list| list.rights(Tag::OwningGroup)).unwrap_or((step.mode >> 3) & 7);
        let mut found = Vec::new();
        let mut through = |gid: u32, rights: u32, by: Tag| {
            let names = self.members(gid, step, right);
            if rights & mask & bit != 0 && !names.is_empty() {
                found.push(Stranger { names: names.join(" and "), by });
            }
        };
        through(step.gid, group, Tag::OwningGroup);
        for (tag, rights) in list.into_iter().flat_map(|list| list.entries()) {
            if let Tag::Group(gid) = tag {
                through(gid, rights, tag);
            }
        }
        for (tag, rights) in list.into_iter().flat_map(|list| list.entries()) {
            if let Tag::User(uid) = tag
                && rights & mask & bit != 0
                && ![0, self.account.uid, step.uid].contains(&uid)
            {
                found.push(Stranger { names: self.accounts.user_name(uid), by: tag });
            }
        }
        if step.mode & bit != 0 {
            found.push(Stranger { names: "everybody".to_owned(), by: Tag::Others });
        }
        found
    }

    /// Who is in the group and gets the right, beside root, the service's user and the owner.
    fn members(&self, gid: u32, step: &Standing, right: Right) -> Vec<&str> {
        let is_stranger = |name: &&str| match self.accounts.account(name) {
            Some(account) => ![0, self.account.uid, step.uid].contains(&account.uid) && step.grants(&account, right),
            None => true,
        };
        self.accounts.members(gid).into_iter().filter(is_stranger).collect()
    }

    /// What is wrong with a folder or link of the way. Whoever can write into a folder can replace what is in it; root and
    /// the service's user, who owns the checkout, may.
    pub(crate) fn faults_of_step(&self, step: &Standing, steps: &[Standing]) -> Vec<Fault> {
        match step.kind {
            Kind::Link => self.faults_of_link(step, steps),
            _ => self.faults_of_folder(step),
        }
    }

    /// Mends a folder or link of the way in the copy that is given, and says how; what is right gets no command. `None` when a
    /// name is nothing that a person could read.
    pub(crate) fn mend(&self, step: &mut Standing, steps: &[Standing]) -> Option<Vec<String>> {
        let path = word(step.path.to_str()?)?;
        let mut commands = Vec::new();
        // One change may bring the next fault to light: another owner is another class.
        while let Some(fault) = self.faults_of_step(step, steps).into_iter().next().filter(|_| commands.len() < MOST_CHANGES) {
            commands.push(fault.change.command(&path)?);
            fault.change.apply(step);
        }
        Some(commands)
    }

    fn faults_of_folder(&self, folder: &Standing) -> Vec<Fault> {
        let path = shown(folder);
        let mut faults = Vec::new();
        if !self.may_own(folder.uid) {
            let found = format!("{path} belongs to {}, who can replace what is in it", self.accounts.user_name(folder.uid));
            faults.push(Fault { found, change: self.owner_for(folder), is_about_passing: false });
        }
        if folder.mode & STICKY == 0 {
            for Stranger { names, by } in self.strangers(folder, Right::Write) {
                let found = format!("{names} can replace what is in {path} ({})", standing(folder));
                faults.push(Fault { found, change: self.shut_out(by, Right::Write), is_about_passing: false });
            }
        }
        if !folder.grants(self.account, Right::Execute) {
            let found = format!("{} cannot pass {path} ({})", self.account.name, standing(folder));
            let change = self.let_in(folder, Right::Execute as u32);
            faults.push(Fault { found, change, is_about_passing: true });
        }
        faults
    }

    /// Where everybody may make entries, an entry is its owner's to replace.
    fn faults_of_link(&self, link: &Standing, steps: &[Standing]) -> Vec<Fault> {
        let folder = steps.iter().find(|step| step.kind == Kind::Folder && Some(step.path.as_path()) == link.path.parent());
        let is_shared = folder.is_none_or(|folder| folder.mode & STICKY != 0);
        if !is_shared || self.may_own(link.uid) {
            return Vec::new();
        }
        let found = format!("the link {} belongs to {}, who can let it lead elsewhere", shown(link), self.accounts.user_name(link.uid));
        vec![Fault { found, change: Change::LinkOwner, is_about_passing: false }]
    }

    fn may_own(&self, uid: u32) -> bool {
        uid == 0 || uid == self.account.uid
    }

    /// Below the checkout everything is the service's user's; above it, root's.
    pub(crate) fn owner_for(&self, step: &Standing) -> Change {
        if step.path.starts_with(self.checkout) {
            Change::Owner { name: self.account.name.clone(), uid: self.account.uid }
        } else {
            Change::Owner { name: "root".to_owned(), uid: 0 }
        }
    }

    /// Takes a right from whom an entry gives it to.
    pub(crate) fn shut_out(&self, by: Tag, right: Right) -> Change {
        match by {
            Tag::User(uid) => Change::Forget { entry: format!("u:{}", self.accounts.user_name(uid)), tag: by },
            Tag::Group(gid) => Change::Forget { entry: format!("g:{}", self.accounts.group_name(gid)), tag: by },
            Tag::Others => Change::Mode { class: 'o', adds: false, rights: right as u32 },
            Tag::Owner => Change::Mode { class: 'u', adds: false, rights: right as u32 },
            Tag::OwningGroup | Tag::Mask => Change::Mode { class: 'g', adds: false, rights: right as u32 },
        }
    }

    /// Gives rights to the service's user, and to as few others as the mode allows.
    pub(crate) fn let_in(&self, step: &Standing, rights: u32) -> Change {
        let account = self.account;
        let mode = |class| Change::Mode { class, adds: true, rights };
        match &step.acl {
            _ if step.uid == account.uid => mode('u'),
            Acl::List(_) => {
                let has = [Right::Read, Right::Write, Right::Execute].into_iter().filter(|right| step.grants(account, *right));
                let rights = has.fold(rights, |rights, right| rights | right as u32);
                Change::Let { name: account.name.clone(), uid: account.uid, rights, mask: ((step.mode >> 3) & 7) | rights }
            }
            _ if account.groups.contains(&step.gid) => mode('g'),
            _ => mode('o'),
        }
    }
}

/// The service's user is unknown to the machine, so nobody can be judged.
pub(crate) fn no_account(user: &str, does: &str) -> Answer {
    let user = excerpt(user, 80);
    Answer::fail(
        format!("this machine has no user {user}"),
        format!("the service's user {user}, who {does}"),
        format!("look on the VM; if this is the VM:\nsudo useradd --create-home {user}"),
    )
}

/// A mode, and that there is more than the mode.
pub(crate) fn standing(step: &Standing) -> String {
    let list = if matches!(step.acl, Acl::List(_)) { " and an access control list" } else { "" };
    format!("mode {:04o}{list}", step.mode)
}

/// Why nobody can tell what a step grants, with the command that looks closer.
pub(crate) fn blind_spot(step: &Standing) -> Option<(String, String)> {
    let Acl::Unreadable(because) = &step.acl else { return None };
    let path = shown(step);
    Some((format!("the access control list of {path} cannot be read: {}", excerpt(because, 200)), format!("getfacl -p {path}")))
}

#[cfg(test)]
mod tests;
