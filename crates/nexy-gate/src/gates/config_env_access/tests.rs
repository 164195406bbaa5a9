//! The judgement on every input: the file, the way to it, lists, and what the trial said.

use super::*;
use nexy_contract::Verdict;
use nexy_outside::acl::AccessList;

const PASSWD: &str = "root:x:0:0::/root:/bin/sh\nserver:x:1000:1000::/srv:/bin/sh\nother:x:1001:1001::/:/bin/sh\n";
const GROUP: &str = "root:x:0:\nserver:x:1000:\nother:x:1001:\nteam:x:50:server,other\n";

fn step(path: &str, uid: u32, gid: u32, mode: u32) -> Standing {
    let kind = if path.ends_with("settings") { Kind::File } else { Kind::Folder };
    Standing { path: path.into(), kind, uid, gid, mode, acl: Acl::Absent }
}

/// As the rulebook wants it: the file of root and the service's group, in a checkout of the service's user.
fn good() -> Vec<Standing> {
    vec![step("/srv/app/settings", 0, 1000, 0o640), step("/srv/app", 1000, 1000, 0o755), step("/srv", 0, 0, 0o755), step("/", 0, 0, 0o755)]
}

fn answer(steps: &[Standing], trial: &Trial) -> Answer {
    let accounts = Accounts::parse(PASSWD, GROUP);
    let account = accounts.account("server").expect("it is there");
    let (path, checkout) = (Path::new("/srv/app/settings"), Path::new("/srv/app"));
    judge(&Facts { path, access: Access { accounts: &accounts, account: &account, checkout }, steps, trial })
}

fn refused() -> Trial {
    Trial::Refused("cannot open it".to_owned())
}

fn with(change: impl FnOnce(&mut Vec<Standing>)) -> Vec<Standing> {
    let mut steps = good();
    change(&mut steps);
    steps
}

#[test]
fn the_rulebooks_own_state_passes_and_so_does_a_stricter_mode() {
    assert_eq!(answer(&good(), &Trial::Allowed).verdict, Verdict::Pass);
    assert_eq!(answer(&with(|steps| steps[0].mode = 0o440), &Trial::Allowed).verdict, Verdict::Pass);
}

#[test]
fn a_wrong_owner_group_or_mode_is_a_no_with_the_rulebooks_commands() {
    for (steps, said) in [
        (with(|steps| steps[0].uid = 1000), "belongs to server, not to root"),
        (with(|steps| steps[0].gid = 50), "is team, not server"),
        (with(|steps| steps[0].mode = 0o644), "is 0644"),
        (with(|steps| steps[0].mode = 0o660), "is 0660"),
        (with(|steps| steps[0].mode = 0o4640), "is 4640"),
    ] {
        let answer = answer(&steps, &Trial::Allowed);
        assert_eq!(answer.verdict, Verdict::Fail, "{said}");
        assert!(answer.found.contains(said), "{}", answer.found);
        assert_eq!(answer.fix.text(), "sudo chown root:server /srv/app/settings\nsudo chmod 640 /srv/app/settings");
    }
}

#[test]
fn a_file_that_the_user_cannot_reach_is_a_no() {
    for (steps, said) in [
        (with(|steps| steps[0].mode = 0o600), "server cannot read /srv/app/settings"),
        (with(|steps| steps[2].mode = 0o750), "server cannot pass /srv "),
        (with(|steps| steps[1].mode = 0o655), "server cannot pass /srv/app "),
    ] {
        for trial in [refused(), Trial::NotTried("no root".to_owned())] {
            let answer = answer(&steps, &trial);
            assert_eq!(answer.verdict, Verdict::Fail, "{said}");
            assert!(answer.found.contains(said), "{}", answer.found);
        }
    }
}

#[test]
fn rule_and_trial_that_disagree_are_unknown_and_so_is_a_rule_alone() {
    assert_eq!(answer(&good(), &refused()).verdict, Verdict::Unknown);
    assert_eq!(answer(&with(|steps| steps[0].mode = 0o600), &Trial::Allowed).verdict, Verdict::Unknown);
    assert_eq!(answer(&with(|steps| steps[2].mode = 0o700), &Trial::Allowed).verdict, Verdict::Unknown);
    let alone = answer(&good(), &Trial::NotTried("only root can try it as server".to_owned()));
    assert_eq!((alone.verdict, alone.fix.text().as_str()), (Verdict::Unknown, "sudo nexy-gate config-env-access"));
}

#[test]
fn a_fault_of_the_way_is_a_no_with_its_command() {
    let answer = answer(&with(|steps| steps[1].mode = 0o757), &Trial::Allowed);
    assert_eq!((answer.verdict, answer.fix.text().as_str()), (Verdict::Fail, "sudo chmod o-w /srv/app"));
    assert!(answer.found.contains("everybody can replace what is in /srv/app"), "{}", answer.found);
}

#[test]
fn whoever_is_in_the_files_group_can_read_it_and_must_leave() {
    let with_group = |group: &str| {
        let accounts = Accounts::parse(PASSWD, group);
        let account = accounts.account("server").expect("it is there");
        let (path, checkout) = (Path::new("/srv/app/settings"), Path::new("/srv/app"));
        let access = Access { accounts: &accounts, account: &account, checkout };
        judge(&Facts { path, access, steps: &good(), trial: &Trial::Allowed })
    };
    let answer = with_group("root:x:0:\nserver:x:1000:other\n");
    assert_eq!(answer.verdict, Verdict::Fail);
    assert!(answer.found.contains("other can read /srv/app/settings, being in the group server"), "{}", answer.found);
    assert_eq!(answer.fix.text(), "sudo gpasswd --delete other server\nsudo nexy-gate config-env-access");
    assert_eq!(with_group("root:x:0:\nserver:x:1000:server,root\n").verdict, Verdict::Pass);
}

#[test]
fn a_list_is_judged_entry_by_entry_and_one_that_nobody_can_read_is_unknown() {
    let listed = |entries: Vec<(Tag, u32)>| {
        with(|steps| {
            let list = AccessList::of(entries).expect("a list");
            (steps[0].mode, steps[0].acl) = (0o600 | list.mask() << 3, Acl::List(list));
        })
    };
    let classes = |named| vec![(Tag::Owner, 6), named, (Tag::OwningGroup, 4), (Tag::Mask, 4), (Tag::Others, 0)];
    let answer_of = |steps: &[Standing]| answer(steps, &Trial::Allowed);
    assert_eq!(answer_of(&listed(classes((Tag::User(1000), 6)))).verdict, Verdict::Pass);
    let other = answer_of(&listed(classes((Tag::User(1001), 4))));
    assert_eq!(other.verdict, Verdict::Fail);
    assert!(other.found.contains("other can read /srv/app/settings by its access control list"), "{}", other.found);
    assert!(other.fix.text().contains("sudo setfacl -b -m u::rw,g::r,o::- /srv/app/settings\nsudo chmod 640"), "{}", other.fix);
    let no_mask = vec![(Tag::Owner, 6), (Tag::User(1001), 7), (Tag::OwningGroup, 4), (Tag::Mask, 0), (Tag::Others, 0)];
    assert!(answer_of(&listed(no_mask)).found.contains("server cannot read /srv/app/settings"));
    for place in [0, 2] {
        let steps = with(|steps| steps[place].acl = Acl::Unreadable("it is strange".to_owned()));
        for trial in [Trial::Allowed, refused()] {
            assert_eq!(answer(&steps, &trial).verdict, Verdict::Unknown);
        }
    }
}

#[test]
fn a_folder_in_place_of_the_file_is_a_no() {
    let steps = with(|steps| steps[0].kind = Kind::Folder);
    assert_eq!(answer(&steps, &Trial::NotTried("it is no regular file".to_owned())).verdict, Verdict::Fail);
}
