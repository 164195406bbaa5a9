//! Who can reach, change or replace what stands at a path, and the chown and chmod commands that mend it: judged for the
//! service's user and for every other account of the machine.

mod way;

pub(crate) use way::Way;

use crate::answer_builder::RepairStep;
use nexy_contract::check::Answer;
use nexy_contract::{
    Fix,
    text::{excerpt, shell_word, word},
};
use nexy_outside::fs::{
    accounts::{Account, Accounts},
    permissions::{Acl, Kind, PathMetadata, Right, look_in},
    root_fs::RootFs,
};
use std::{fmt, path::Path};

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
    /// The checkout, without a link on the way to it.
    pub(crate) checkout: &'a Path,
}

/// What is wrong with one folder or link on the way to a path, and how root mends it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    /// In words.
    pub(crate) found: String,
    /// What mends it, in this order; nothing where a person decides.
    pub(crate) changes: Vec<Change>,
    /// The service's user cannot pass; all other faults are about what other accounts can do.
    pub(crate) is_about_passing: bool,
}

/// A change of one path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// `chown -h`: to this owner, or owner and group.
    Owner(String),
    /// `chgrp -h`: to this group.
    Group(String),
    /// What its owner can do: the command without the path, such as `chmod o-w`.
    ByOwner(String),
}

impl fmt::Display for Change {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Owner(owner) => write!(to, "chown -h {}", shell_word(owner)),
            Self::Group(group) => write!(to, "chgrp -h {}", shell_word(group)),
            Self::ByOwner(command) => to.write_str(command),
        }
    }
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
pub(crate) fn revoke(class: Class, right: Right) -> Change {
    Change::ByOwner(format!("chmod {}-{}", if class == Class::Group { 'g' } else { 'o' }, letter(right)))
}

const fn letter(right: Right) -> char {
    match right {
        Right::Read => 'r',
        Right::Write => 'w',
        Right::Execute => 'x',
    }
}

/// The finding about a list beside the mode, which no rulebook knows and whose rights no mode shows.
pub(crate) fn extended_acl(step: &PathMetadata) -> Option<Fault> {
    let found = format!("{} has an access control list, so its mode is not the whole truth", quoted_path(step));
    (step.acl == Acl::Present).then(|| Fault { found, changes: vec![Change::ByOwner("setfacl -b".to_owned())], is_about_passing: false })
}

/// Why it cannot be determined whether a path has a list, with the command that looks closer.
pub(crate) fn unreadable_acl(step: &PathMetadata) -> Option<(String, Fix)> {
    let Acl::Unreadable(because) = &step.acl else { return None };
    let path = quoted_path(step);
    let found = format!("cannot determine whether {path} has an access control list: {}", excerpt(because, 200));
    Some((found, Fix::command(format!("getfacl -p {path}"))))
}

/// What a command begins with that renames a path: `sudo -u OWNER ` of the folder that holds it, `sudo ` where that is root. `None`
/// when the owner cannot be determined: root could be led to another file then.
pub(crate) fn as_owner_of_folder(tree: &RootFs, path: &Path) -> Option<String> {
    let uid = look_in(tree, path.parent()?).ok()?.uid;
    let name = Accounts::read_in(tree).map_or_else(|_| uid.to_string(), |accounts| accounts.user_name(uid));
    // sudo takes a number behind a `#`.
    let user = if name == uid.to_string() { format!("#{uid}") } else { name };
    Some(if uid == 0 { "sudo ".to_owned() } else { format!("sudo -u {} ", shell_word(&user)) })
}

/// Takes a file out of the way and keeps it, also beside one of an earlier time.
pub(crate) fn set_aside(as_owner: Option<&str>, path: &str) -> Fix {
    let (word, kept) = (shell_word(path), shell_word(&format!("{path}.kept")));
    match as_owner {
        Some(as_owner) => Fix::command(format!("{as_owner}mv --backup=numbered -T -- {word} {kept}")),
        None => Fix::command(format!("namei -l {word}")).then_note("the owner of its folder moves it away"),
    }
}

/// Moves a file where git does not see it: beside its old name it would be a file that is in no tag.
pub(crate) fn set_aside_in_checkout(tree: &RootFs, checkout: &str, path: &Path) -> Fix {
    let as_owner = as_owner_of_folder(tree, path);
    let git = Path::new(checkout).join(".git");
    let within = path.strip_prefix(checkout).ok().filter(|_| look_in(tree, &git).is_ok());
    match (as_owner.as_deref(), within.and_then(Path::parent)) {
        (Some(as_owner), Some(folder)) => {
            let word = |path: &Path| shell_word(&path.display().to_string());
            let kept = git.join("kept").join(folder);
            Fix::command(format!("{as_owner}mkdir -p {}", word(&kept))).then_command(format!(
                "{as_owner}mv --backup=numbered -- {} {}",
                word(path),
                word(&kept)
            ))
        }
        (as_owner, _) => set_aside(as_owner, &path.display().to_string()),
    }
}

/// The service's user is unknown to the machine, so nothing can be judged.
pub(crate) fn no_account(user: &str, does: &str) -> Answer {
    let fix = Fix::note("look on the VM; if this is the VM:").then_command(format!("sudo useradd --create-home {}", shell_word(user)));
    let user = excerpt(user, 80);
    Answer::fail(format!("this machine has no user {user}"), format!("the service's user {user}, who {does}"), fix)
}

/// A command about what a folder holds. Root enters the folder and asks the kernel where it is: a folder that was exchanged for a
/// link meanwhile leads to another place, and the one that was entered cannot be exchanged any more.
fn in_its_folder(command: &str, path: &Path) -> RepairStep {
    let text = |path: Option<&Path>| shell_word(&path.unwrap_or(Path::new("/")).display().to_string());
    let (folder, name) = (text(path.parent()), text(path.file_name().map(|name| Path::new(".").join(name)).as_deref()));
    let script = format!(r#"cd {folder} && [ "$(pwd -P)" = {folder} ] && {command} {name}"#);
    RepairStep::new(format!("sh -c {}", shell_word(&script)))
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
            let mut changes = vec![Change::Owner(name.to_owned())];
            // The new owner is judged by the owner's class.
            if uid == self.account.uid && folder.mode & 0o100 == 0 {
                changes.push(Change::ByOwner("chmod u+x".to_owned()));
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
    pub(crate) fn grant(&self, step: &PathMetadata, right: Right) -> Vec<Change> {
        let (account, letter) = (self.account, letter(right));
        let chmod = |class: &str| Change::ByOwner(format!("chmod {class}{letter}"));
        let is_roots = |name: &str| self.accounts.account(name).is_some_and(|member| member.uid == 0);
        if step.uid == account.uid {
            vec![chmod("u+")]
        } else if account.groups.contains(&step.gid) {
            vec![chmod("g+")]
        } else if step.path.starts_with(self.checkout) {
            let mut changes = vec![Change::Owner(account.name.clone())];
            if step.mode & (right as u32) << 6 == 0 {
                changes.push(chmod("u+"));
            }
            changes
        } else if step.path == Path::new(ROOTS_HOME) || !self.accounts.members(step.gid).into_iter().all(is_roots) {
            Vec::new()
        } else {
            // Not `g+`: what the old group could do besides is not the new one's.
            vec![Change::Group(self.accounts.group_name(account.gid)), chmod("g=")]
        }
    }

    /// The commands that make these changes at the place to which a path leads; none for a path that a person cannot read on a
    /// terminal. Below the checkout the service's user can exchange every folder, so its rights do what an owner can do, and root
    /// changes only who owns a thing: from the folder that holds it, never through a link. Above it root looks again before each command.
    pub(crate) fn steps(&self, step: &PathMetadata, real: &Path, changes: &[Change]) -> Vec<RepairStep> {
        let words = step.path.to_str().and_then(word).zip(real.to_str().and_then(word));
        let Some((asked_word, real_word)) = words else { return Vec::new() };
        if step.kind == Kind::Link {
            return changes.iter().map(|change| RepairStep::new(format!("{change} {asked_word}"))).collect();
        }
        if real.starts_with(self.checkout) {
            return self.steps_in_checkout(step, real, changes, &real_word);
        }
        let (test, noun) = if step.kind == Kind::Folder { ("-d", "folder") } else { ("-f", "file") };
        let is_same = format!("[ \"$(readlink -f -- {asked_word})\" = {real_word} ] && [ {test} {real_word} ]");
        let message = format!("{} is not the {noun} that was looked at: print this script again", step.path.display());
        changes.iter().map(|change| RepairStep::new(format!("{change} {real_word}")).or_stop(&is_same, &message)).collect()
    }

    fn steps_in_checkout(&self, step: &PathMetadata, real: &Path, changes: &[Change], word: &str) -> Vec<RepairStep> {
        let (user, mut steps) = (&self.account.name, Vec::new());
        let is_users = |owner: &str| owner.split(':').next() == Some(user);
        // What ends as root's is given back first, so that the same script can run again.
        let ends_as_roots = changes.iter().any(|change| matches!(change, Change::Owner(owner) if !is_users(owner)));
        let mut is_given = step.uid == self.account.uid && !ends_as_roots;
        for change in changes {
            match change {
                Change::ByOwner(command) => {
                    if !is_given {
                        steps.push(self.give(user, real));
                        is_given = true;
                    }
                    steps.push(self.as_service(format!("{command} {word}")));
                }
                Change::Owner(owner) if is_users(owner) => {
                    steps.push(self.give(owner, real));
                    is_given = true;
                }
                Change::Owner(_) | Change::Group(_) => steps.push(in_its_folder(&change.to_string(), real)),
            }
        }
        steps
    }

    /// Gives a place of the checkout to the service's user: with all that stands beside it in the topmost folder, since of a longer
    /// path that user can exchange a part.
    fn give(&self, owner: &str, real: &Path) -> RepairStep {
        let mut below = real.strip_prefix(self.checkout).unwrap_or(Path::new("")).components();
        let first = below.next().map_or_else(|| self.checkout.to_path_buf(), |first| self.checkout.join(first));
        let all = if below.next().is_some() { "R" } else { "" };
        in_its_folder(&format!("chown -h{all} {}", shell_word(owner)), &first)
    }

    /// A command with no more rights than the service's user has.
    pub(crate) fn as_service(&self, command: String) -> RepairStep {
        RepairStep::new(command).by_account(&*self.account.name, self.accounts.group_name(self.account.gid))
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
        vec![Fault { found, changes: vec![Change::Owner("root".to_owned())], is_about_passing: false }]
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
pub(crate) mod tests;
