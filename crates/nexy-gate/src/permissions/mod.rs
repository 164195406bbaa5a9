//! Who can reach, change or replace what stands at a path, and the chown and chmod commands that mend it: judged for the
//! service's user and for every other account of the machine.

use crate::answer_builder::RepairStep;
use nexy_contract::check::Answer;
use nexy_contract::{
    Fix,
    text::{excerpt, shell_word, word},
};
use nexy_outside::fs::{
    accounts::{Account, Accounts},
    permissions::{Acl, Kind, PathMetadata, Right},
};
use std::path::Path;

/// The bit of a folder in which only the owner of an entry can replace it.
const STICKY: u32 = 0o1000;

/// The folder into which no printed command lets another account.
const ROOTS_HOME: &str = "/root";

/// For whom permissions are judged.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Permissions<'a> {
    /// All accounts of the machine.
    pub(crate) accounts: &'a Accounts,
    /// The service's user, who may do what root may in its own checkout.
    pub(crate) account: &'a Account,
    /// The checkout.
    pub(crate) checkout: &'a Path,
}

/// What is wrong with one folder or link on the way to a path, and how root mends it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    /// In words.
    pub(crate) found: String,
    /// Commands without the path at their end, such as `chmod o-w`.
    pub(crate) changes: Vec<String>,
    /// The service's user cannot pass; all other faults are about what other accounts can do.
    pub(crate) is_about_passing: bool,
}

/// The class of a mode that gives a right to other accounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    /// The group of the file.
    Group,
    /// Every account.
    Others,
}

/// A path as a person reads and types it.
pub(crate) fn quoted_path(step: &PathMetadata) -> String {
    shell_word(&step.path.display().to_string())
}

/// The mode in words.
pub(crate) fn mode_text(step: &PathMetadata) -> String {
    format!("mode {:04o}", step.mode)
}

/// Takes a right from a class.
pub(crate) fn revoke(class: Class, right: Right) -> String {
    format!("chmod {}-{}", if class == Class::Group { 'g' } else { 'o' }, letter(right))
}

const fn letter(right: Right) -> char {
    match right {
        Right::Read => 'r',
        Right::Write => 'w',
        Right::Execute => 'x',
    }
}

/// The commands about one path that was judged. The first one stops the script when the path no longer leads to the same place,
/// since the folders above it may be another account's. No step for a path that a person cannot read on a terminal.
pub(crate) fn steps(asked: &Path, real: &Path, kind: Kind, changes: &[String]) -> Vec<RepairStep> {
    let words = asked.to_str().and_then(word).zip(real.to_str().and_then(word));
    let Some((asked_word, real_word)) = words else { return Vec::new() };
    let (test, noun) = if kind == Kind::Folder { ("-d", "folder") } else { ("-f", "file") };
    let is_same = format!("[ \"$(readlink -f -- {asked_word})\" = {real_word} ] && [ {test} {real_word} ]");
    let message = format!("{} is not the {noun} that was looked at: print this script again", asked.display());
    let guarded = |(place, change): (usize, &String)| {
        let step = RepairStep::new(format!("{change} {real_word}"));
        if place == 0 { step.or_stop(&is_same, &message) } else { step }
    };
    changes.iter().enumerate().map(guarded).collect()
}

/// The finding about a list beside the mode, which no rulebook knows and whose rights no mode shows.
pub(crate) fn extended_acl(step: &PathMetadata) -> Option<Fault> {
    let found = format!("{} has an access control list, so its mode is not the whole truth", quoted_path(step));
    (step.acl == Acl::Present).then(|| Fault { found, changes: vec!["setfacl -b".to_owned()], is_about_passing: false })
}

/// Why it cannot be determined whether a path has a list, with the command that looks closer.
pub(crate) fn unreadable_acl(step: &PathMetadata) -> Option<(String, Fix)> {
    let Acl::Unreadable(because) = &step.acl else { return None };
    let path = quoted_path(step);
    let found = format!("cannot determine whether {path} has an access control list: {}", excerpt(because, 200));
    Some((found, Fix::command(format!("getfacl -p {path}"))))
}

/// The service's user is unknown to the machine, so nothing can be judged.
pub(crate) fn no_account(user: &str, does: &str) -> Answer {
    let fix = Fix::note("look on the VM; if this is the VM:").then_command(format!("sudo useradd --create-home {}", shell_word(user)));
    let user = excerpt(user, 80);
    Answer::fail(format!("this machine has no user {user}"), format!("the service's user {user}, who {does}"), fix)
}

impl Fault {
    /// The steps of the script, which the finding shows too.
    pub(crate) fn steps(&self, step: &PathMetadata) -> Vec<RepairStep> {
        match step.kind {
            // A link is changed itself, wherever it leads.
            Kind::Link => {
                let path = step.path.to_str().and_then(word);
                self.changes.iter().filter_map(|change| Some(RepairStep::new(format!("{change} {}", path.as_ref()?)))).collect()
            }
            kind => steps(&step.path, &step.path, kind, &self.changes),
        }
    }
}

impl Permissions<'_> {
    /// Other accounts than root and the service's user to which the mode grants `right`, in words. The owner is not among them:
    /// an owner can always give rights to itself.
    pub(crate) fn others_with(&self, step: &PathMetadata, right: Right) -> Vec<(String, Class)> {
        let bit = right as u32;
        let mut found = Vec::new();
        let is_other = |name: &&str| self.accounts.account(name).is_none_or(|account| !self.may_own(account.uid));
        let members: Vec<&str> = self.accounts.members(step.gid).into_iter().filter(is_other).collect();
        if (step.mode >> 3) & bit != 0 && !members.is_empty() {
            found.push((members.join(" and "), Class::Group));
        }
        if step.mode & bit != 0 {
            found.push(("everybody".to_owned(), Class::Others));
        }
        found
    }

    /// What is wrong with a folder or link on the way. An account that can write into a folder can replace what is in it; root
    /// and the service's user, who owns the checkout, may.
    pub(crate) fn faults_of_step(&self, step: &PathMetadata, chain: &[PathMetadata]) -> Vec<Fault> {
        match step.kind {
            Kind::Link => self.faults_of_link(step, chain),
            _ => self.faults_of_folder(step),
        }
    }

    fn faults_of_folder(&self, folder: &PathMetadata) -> Vec<Fault> {
        let path = quoted_path(folder);
        let mut faults = Vec::new();
        if !self.may_own(folder.uid) {
            let found = format!("{path} belongs to {}, who can replace what is in it", self.accounts.user_name(folder.uid));
            let (name, uid) = self.owner_for(folder);
            let mut changes = vec![format!("chown -h {}", shell_word(name))];
            // The new owner is judged by the owner's class.
            if uid == self.account.uid && folder.mode & 0o100 == 0 {
                changes.push("chmod u+x".to_owned());
            }
            faults.push(Fault { found, changes, is_about_passing: false });
        }
        if let Some(fault) = extended_acl(folder) {
            faults.push(fault);
            return faults;
        }
        if folder.mode & STICKY == 0 {
            for (names, class) in self.others_with(folder, Right::Write) {
                let found = format!("{names} can replace what is in {path} ({})", mode_text(folder));
                faults.push(Fault { found, changes: vec![revoke(class, Right::Write)], is_about_passing: false });
            }
        }
        if !folder.grants(self.account, Right::Execute) {
            let found = format!("{} cannot pass {path} ({})", self.account.name, mode_text(folder));
            let changes = self.grant(folder, Right::Execute);
            faults.push(Fault { found, changes, is_about_passing: true });
        }
        faults
    }

    /// Gives a right to the service's user, and to no account but its group: as the owner, through a group that it is in, below the
    /// checkout as the new owner, and above it through its own group in place of one that has no member but root. Empty where a
    /// person decides: the home of root, and a path whose group other accounts need.
    pub(crate) fn grant(&self, step: &PathMetadata, right: Right) -> Vec<String> {
        let (account, letter) = (self.account, letter(right));
        let is_roots = |name: &str| self.accounts.account(name).is_some_and(|member| member.uid == 0);
        if step.uid == account.uid {
            vec![format!("chmod u+{letter}")]
        } else if account.groups.contains(&step.gid) {
            vec![format!("chmod g+{letter}")]
        } else if step.path.starts_with(self.checkout) {
            let mut changes = vec![format!("chown -h {}", shell_word(&account.name))];
            if step.mode & (right as u32) << 6 == 0 {
                changes.push(format!("chmod u+{letter}"));
            }
            changes
        } else if step.path == Path::new(ROOTS_HOME) || !self.accounts.members(step.gid).into_iter().all(is_roots) {
            Vec::new()
        } else {
            // Not `g+`: what the old group could do besides is not the new one's.
            vec![format!("chgrp -h {}", shell_word(&self.accounts.group_name(account.gid))), format!("chmod g={letter}")]
        }
    }

    /// In a folder where every account may make entries, an entry is its owner's to replace.
    fn faults_of_link(&self, link: &PathMetadata, chain: &[PathMetadata]) -> Vec<Fault> {
        let folder = chain.iter().find(|step| step.kind == Kind::Folder && Some(step.path.as_path()) == link.path.parent());
        let is_shared = folder.is_none_or(|folder| folder.mode & STICKY != 0);
        if !is_shared || self.may_own(link.uid) {
            return Vec::new();
        }
        let owner = self.accounts.user_name(link.uid);
        let found = format!("the link {} belongs to {owner}, who can let it lead elsewhere", quoted_path(link));
        vec![Fault { found, changes: vec!["chown -h root".to_owned()], is_about_passing: false }]
    }

    fn may_own(&self, uid: u32) -> bool {
        uid == 0 || uid == self.account.uid
    }

    /// Below the checkout everything is the service's user's; above it, root's.
    fn owner_for(&self, step: &PathMetadata) -> (&str, u32) {
        if step.path.starts_with(self.checkout) { (&self.account.name, self.account.uid) } else { ("root", 0) }
    }
}

#[cfg(test)]
mod tests;
