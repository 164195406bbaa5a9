//! Judgements about folders and links of a way, with and without lists.

use super::*;
use nexy_outside::acl::AccessList;
use std::path::PathBuf;

const PASSWD: &str =
    "root:x:0:0::/root:/bin/sh\nserver:x:1000:1000::/srv:/bin/sh\nother:x:1001:1001::/:/bin/sh\nthird:x:1002:1001::/:/bin/sh\n";
const GROUP: &str = "root:x:0:\nserver:x:1000:\nother:x:1001:\nteam:x:50:server,other\nalone:x:51:server\n";

fn folder(path: &str, uid: u32, gid: u32, mode: u32) -> Standing {
    Standing { path: path.into(), kind: Kind::Folder, uid, gid, mode, acl: Acl::Absent }
}

/// A folder with a list; its mode shows the mask.
fn listed(uid: u32, gid: u32, entries: &[(Tag, u32)]) -> Standing {
    let list = AccessList::of(entries.to_vec()).expect("a list");
    let rights = |tag| list.rights(tag).unwrap_or(0);
    let mode = rights(Tag::Owner) << 6 | list.mask() << 3 | rights(Tag::Others);
    Standing { mode, acl: Acl::List(list), ..folder("/srv/app", uid, gid, 0) }
}

fn with<T>(judge: impl FnOnce(Access<'_>) -> T) -> T {
    let accounts = Accounts::parse(PASSWD, GROUP);
    let account = accounts.account("server").expect("it is there");
    judge(Access { accounts: &accounts, account: &account, checkout: Path::new("/srv/app") })
}

fn faults(step: &Standing) -> Vec<(String, String)> {
    with(|access| {
        let faults = access.faults_of_step(step, std::slice::from_ref(step));
        faults.into_iter().map(|fault| (fault.found, fault.change.command("P").expect("names that can be typed"))).collect()
    })
}

fn commands(step: &Standing) -> Vec<String> {
    faults(step).into_iter().map(|(_, command)| command).collect()
}

#[test]
fn what_root_or_the_services_user_alone_can_write_is_right() {
    for step in [
        folder("/srv/app", 1000, 1000, 0o755),
        folder("/srv", 0, 0, 0o755),
        folder("/srv/app", 1000, 51, 0o775),
        folder("/srv/app", 1000, 1000, 0o700),
        folder("/tmp", 0, 0, 0o1777),
        listed(1000, 1000, &[(Tag::Owner, 7), (Tag::User(1001), 5), (Tag::OwningGroup, 5), (Tag::Mask, 7), (Tag::Others, 5)]),
        listed(1000, 1000, &[(Tag::Owner, 7), (Tag::User(1001), 7), (Tag::OwningGroup, 5), (Tag::Mask, 5), (Tag::Others, 5)]),
        listed(0, 0, &[(Tag::Owner, 7), (Tag::User(1000), 7), (Tag::OwningGroup, 0), (Tag::Mask, 7), (Tag::Others, 0)]),
        listed(0, 0, &[(Tag::Owner, 7), (Tag::OwningGroup, 0), (Tag::Group(51), 7), (Tag::Mask, 7), (Tag::Others, 0)]),
    ] {
        assert_eq!(faults(&step), [], "{step:?}");
    }
}

#[test]
fn whoever_else_can_write_is_named_with_the_one_command_that_stops_it() {
    for (step, who, command) in [
        (folder("/srv/app", 1000, 1000, 0o757), "everybody can replace", "chmod o-w P"),
        (folder("/srv/app", 1000, 50, 0o775), "other can replace", "chmod g-w P"),
        (folder("/srv/app", 1000, 1001, 0o775), "other and third can replace", "chmod g-w P"),
        (folder("/srv/app", 1001, 1000, 0o755), "belongs to other", "chown server P"),
        (folder("/srv", 1001, 1000, 0o755), "belongs to other", "chown root P"),
        (
            listed(1000, 1000, &[(Tag::Owner, 7), (Tag::User(1001), 7), (Tag::OwningGroup, 5), (Tag::Mask, 7), (Tag::Others, 5)]),
            "other can replace",
            "setfacl -n -x u:other P",
        ),
        (
            listed(1000, 1000, &[(Tag::Owner, 7), (Tag::User(4711), 2), (Tag::OwningGroup, 5), (Tag::Mask, 7), (Tag::Others, 5)]),
            "4711 can replace",
            "setfacl -n -x u:4711 P",
        ),
        (
            listed(1000, 1000, &[(Tag::Owner, 7), (Tag::OwningGroup, 5), (Tag::Group(50), 3), (Tag::Mask, 7), (Tag::Others, 5)]),
            "other can replace",
            "setfacl -n -x g:team P",
        ),
        (
            listed(1000, 50, &[(Tag::Owner, 7), (Tag::User(1000), 7), (Tag::OwningGroup, 7), (Tag::Mask, 7), (Tag::Others, 5)]),
            "other can replace",
            "chmod g-w P",
        ),
    ] {
        let found = faults(&step);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].0.contains(who) && found[0].1 == command, "{found:?}");
    }
}

#[test]
fn an_entry_of_its_own_keeps_somebody_out_whom_a_group_would_let_in() {
    let step = listed(
        1000,
        1000,
        &[(Tag::Owner, 7), (Tag::User(1001), 5), (Tag::OwningGroup, 5), (Tag::Group(50), 7), (Tag::Mask, 7), (Tag::Others, 5)],
    );
    assert_eq!(faults(&step), []);
}

#[test]
fn a_user_who_cannot_pass_gets_the_smallest_right_that_lets_it_pass() {
    assert_eq!(commands(&folder("/srv/app", 1000, 1000, 0o655)), ["chmod u+x P"]);
    assert_eq!(commands(&folder("/srv", 0, 1000, 0o740)), ["chmod g+x P"]);
    assert_eq!(commands(&folder("/srv", 0, 0, 0o750)), ["chmod o+x P"]);
    let by_list = listed(0, 0, &[(Tag::Owner, 7), (Tag::User(1000), 4), (Tag::OwningGroup, 5), (Tag::Mask, 4), (Tag::Others, 5)]);
    assert_eq!(commands(&by_list), ["setfacl -n -m u:server:rx,m::rx P"]);
}

#[test]
fn a_link_in_a_folder_that_all_share_is_its_owners_to_turn() {
    let link = |uid| Standing { kind: Kind::Link, ..folder("/tmp/link", uid, 0, 0o777) };
    let judged = |link: Standing, folder: Standing| with(|access| access.faults_of_step(&link, &[link.clone(), folder]).len());
    assert_eq!(judged(link(1001), folder("/tmp", 0, 0, 0o1777)), 1);
    assert_eq!(judged(link(1000), folder("/tmp", 0, 0, 0o1777)), 0);
    assert_eq!(judged(link(1001), folder("/tmp", 0, 0, 0o755)), 0);
}

#[test]
fn changes_end_in_a_step_without_faults_whatever_was_wrong() {
    let lists: Vec<Vec<(Tag, u32)>> = vec![
        vec![],
        vec![(Tag::Owner, 6), (Tag::User(1000), 4), (Tag::User(1001), 7), (Tag::OwningGroup, 7), (Tag::Mask, 7), (Tag::Others, 2)],
        vec![(Tag::Owner, 7), (Tag::OwningGroup, 7), (Tag::Group(50), 2), (Tag::Group(1001), 7), (Tag::Mask, 6), (Tag::Others, 0)],
        vec![(Tag::Owner, 0), (Tag::User(1001), 7), (Tag::OwningGroup, 7), (Tag::Mask, 0), (Tag::Others, 7)],
    ];
    with(|access| {
        for list in &lists {
            for (uid, gid, mode) in [(0, 0, 0o700), (1001, 1001, 0o777), (1000, 50, 0o070), (0, 50, 0o1777), (1001, 1000, 0o002)] {
                let mut step = if list.is_empty() { folder("/srv/app", uid, gid, mode) } else { listed(uid, gid, list) };
                let before = step.clone();
                let commands = access.mend(&mut step, &[]).expect("names that can be typed");
                assert!(access.faults_of_step(&step, &[]).is_empty(), "{before:?} {commands:?} {step:?}");
            }
        }
    });
}

#[test]
fn a_name_that_nobody_can_read_gets_no_command() {
    let owner = |name: &str| Change::Owner { name: name.to_owned(), uid: 1 }.command("P");
    assert_eq!(owner("a b"), None);
    assert_eq!(owner("a\u{1b}b"), None);
    assert_eq!(owner("a").as_deref(), Some("chown a P"));
    let unreadable = Standing { acl: Acl::Unreadable("no".to_owned()), ..folder("/a b", 0, 0, 0o755) };
    assert_eq!(blind_spot(&unreadable).map(|(_, fix)| fix).as_deref(), Some("getfacl -p '/a b'"));
    assert_eq!(blind_spot(&folder("/", 0, 0, 0o755)), None);
    assert_eq!(PathBuf::from("/srv/app"), folder("/srv/app", 0, 0, 0).path);
}
