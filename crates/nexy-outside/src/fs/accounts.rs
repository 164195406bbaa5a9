//! Users and groups of a machine, as `/etc/passwd` and `/etc/group` name them.

use crate::fs::{
    files::{self, FileError},
    root_fs::RootFs,
};
use std::path::{Path, PathBuf};

const MAX_BYTES: u64 = 4 << 20;

/// The two files, read.
#[derive(Clone, Debug, Default)]
pub struct Accounts {
    users: Vec<User>,
    groups: Vec<Group>,
}

/// One user with every group that a process of theirs is in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Login name.
    pub name: String,
    /// User id.
    pub uid: u32,
    /// Id of the primary group.
    pub gid: u32,
    /// Ids of all groups, the primary one first.
    pub groups: Vec<u32>,
}

#[derive(Clone, Debug)]
struct User {
    name: String,
    uid: u32,
    gid: u32,
    home: Option<PathBuf>,
}

#[derive(Clone, Debug)]
struct Group {
    name: String,
    gid: u32,
    members: Vec<String>,
}

/// Whether this process runs as root.
pub fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

impl Accounts {
    /// Reads both files of this machine.
    /// Errors: [`FileError`] when one of them cannot be read.
    pub fn read() -> Result<Self, FileError> {
        Self::read_in(&RootFs::here())
    }

    /// Reads both files of a machine, so that ids have the names that they have there.
    /// Errors: [`FileError`] when one of them cannot be read.
    pub fn read_in(tree: &RootFs) -> Result<Self, FileError> {
        let text = |path: &str| Ok(String::from_utf8_lossy(&files::read(&tree.find(Path::new(path))?, MAX_BYTES)?).into_owned());
        Ok(Self::parse(&text("/etc/passwd")?, &text("/etc/group")?))
    }

    /// Every user.
    pub fn all(&self) -> impl Iterator<Item = Account> + '_ {
        self.users.iter().filter_map(|user| self.account(&user.name))
    }

    /// Takes the two texts apart; lines that are not of their form are ignored.
    pub fn parse(passwd: &str, group: &str) -> Self {
        let users = passwd.lines().filter_map(|line| {
            let mut fields = line.split(':');
            let (name, _, uid, gid) = (fields.next()?, fields.next()?, fields.next()?, fields.next()?);
            let home = fields.nth(1).filter(|home| home.starts_with('/')).map(PathBuf::from);
            Some(User { name: name.to_owned(), uid: uid.parse().ok()?, gid: gid.parse().ok()?, home })
        });
        let groups = group.lines().filter_map(|line| {
            let mut fields = line.split(':');
            let (name, _, gid, members) = (fields.next()?, fields.next()?, fields.next()?, fields.next()?);
            let members = members.split(',').filter(|member| !member.is_empty()).map(str::to_owned).collect();
            Some(Group { name: name.to_owned(), gid: gid.parse().ok()?, members })
        });
        Self { users: users.collect(), groups: groups.collect() }
    }

    /// A user by name.
    pub fn account(&self, name: &str) -> Option<Account> {
        let user = self.users.iter().find(|user| user.name == name)?;
        let mut groups = vec![user.gid];
        let joined = self.groups.iter().filter(|group| group.members.iter().any(|member| member == name)).map(|group| group.gid);
        groups.extend(joined.filter(|gid| *gid != user.gid));
        Some(Account { name: user.name.clone(), uid: user.uid, gid: user.gid, groups })
    }

    /// The home of a user, when it is an absolute path.
    pub fn home(&self, name: &str) -> Option<&Path> {
        self.users.iter().find(|user| user.name == name)?.home.as_deref()
    }

    /// The name of a user, or the number when no user has it.
    pub fn user_name(&self, uid: u32) -> String {
        self.users.iter().find(|user| user.uid == uid).map_or_else(|| uid.to_string(), |user| user.name.clone())
    }

    /// The name of a group, or the number when none has it.
    pub fn group_name(&self, gid: u32) -> String {
        self.groups.iter().find(|group| group.gid == gid).map_or_else(|| gid.to_string(), |group| group.name.clone())
    }

    /// All users of a group: its members, and the users whose primary group it is.
    pub fn members(&self, gid: u32) -> Vec<&str> {
        let primary = self.users.iter().filter(|user| user.gid == gid).map(|user| user.name.as_str());
        let joined = self.groups.iter().filter(|group| group.gid == gid).flat_map(|group| group.members.iter().map(String::as_str));
        let mut members: Vec<&str> = primary.chain(joined).collect();
        members.sort_unstable();
        members.dedup();
        members
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSWD: &str =
        "root:x:0:0:root:/root:/bin/bash\nserver:x:1000:1000::/home/server:/bin/sh\nother:x:1001:100::/:/bin/sh\nbroken:x:\n";
    const GROUP: &str = "root:x:0:\nserver:x:1000:\nweb:x:33:server,other\nusers:x:100:\n";

    #[test]
    fn a_user_has_the_primary_group_and_every_joined_one() {
        let accounts = Accounts::parse(PASSWD, GROUP);
        let server = accounts.account("server").expect("it is there");
        assert_eq!((server.uid, server.gid, server.groups), (1000, 1000, vec![1000, 33]));
        assert_eq!((accounts.home("server"), accounts.home("broken")), (Some(Path::new("/home/server")), None));
        assert_eq!(accounts.account("broken"), None);
        assert_eq!(accounts.account("no-such-user"), None);
    }

    #[test]
    fn a_group_holds_its_members_and_the_users_whose_primary_group_it_is() {
        let accounts = Accounts::parse(PASSWD, GROUP);
        assert_eq!(accounts.members(33), ["other", "server"]);
        assert_eq!(accounts.members(100), ["other"]);
        assert_eq!(
            (accounts.group_name(33).as_str(), accounts.group_name(4).as_str(), accounts.user_name(0).as_str()),
            ("web", "4", "root")
        );
    }
}
