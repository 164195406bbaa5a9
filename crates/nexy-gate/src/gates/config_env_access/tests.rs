//! The judgement on every input: the file, the way to it, and what the attempt said; and the commands that mend it.

use super::*;
use crate::permissions::tests::roots;
use nexy_contract::Verdict;

const PASSWD: &str = "root:x:0:0::/root:/bin/sh\nserver:x:1000:1000::/srv:/bin/sh\nother:x:1001:1001::/:/bin/sh\n";
const GROUP: &str = "root:x:0:\nserver:x:1000:\nother:x:1001:\nteam:x:50:server,other\n";

fn step(path: &str, uid: u32, gid: u32, mode: u32) -> PathMetadata {
    let kind = if path.ends_with("settings") { Kind::File } else { Kind::Folder };
    PathMetadata { path: path.into(), kind, uid, gid, mode, acl: Acl::Absent }
}

/// As the rulebook wants it: the file of root and the service's group, in a checkout of the service's user.
fn good() -> Vec<PathMetadata> {
    vec![step("/srv/app/settings", 0, 1000, 0o640), step("/srv/app", 1000, 1000, 0o755), step("/srv", 0, 0, 0o755), step("/", 0, 0, 0o755)]
}

fn repair_in(group: &str, steps: &[PathMetadata], trial: &UserAttempt) -> Repair {
    let accounts = Accounts::parse(PASSWD, group);
    let account = accounts.account("server").expect("it is there");
    let permissions = Permissions { accounts: &accounts, account: &account, checkout: Path::new("/srv/app") };
    judge(&Facts { path: Path::new("/srv/app/settings"), real: "/srv/app/settings".into(), permissions, steps, trial: trial.clone() })
}

fn answer(steps: &[PathMetadata], trial: &UserAttempt) -> Answer {
    repair_in(GROUP, steps, trial).now
}

fn refused() -> UserAttempt {
    UserAttempt::Refused("cannot open it".to_owned())
}

fn with(change: impl FnOnce(&mut Vec<PathMetadata>)) -> Vec<PathMetadata> {
    let mut steps = good();
    change(&mut steps);
    steps
}

#[test]
fn the_rulebooks_own_state_passes_and_so_does_a_stricter_mode() {
    assert_eq!(answer(&good(), &UserAttempt::Allowed).verdict, Verdict::Pass);
    assert_eq!(answer(&with(|steps| steps[0].mode = 0o440), &UserAttempt::Allowed).verdict, Verdict::Pass);
}

#[test]
fn a_wrong_owner_group_or_mode_is_a_no_with_the_rulebooks_commands() {
    let (given, own) = (roots("chown -h server", "/srv/app/settings"), &*roots("chown -h root:server", "/srv/app/settings"));
    // Its mode is the service's user's to change, in whose folder it can be exchanged for a link.
    let all = format!("{given}\nsudo -u server chmod 640 /srv/app/settings\n{own}");
    for (steps, said, fix) in [
        (with(|steps| steps[0].uid = 1000), "belongs to server, not to root", own),
        (with(|steps| (steps[0].uid, steps[0].mode) = (1000, 0o644)), "is 0644", &all),
        (with(|steps| steps[0].gid = 50), "is team, not server", own),
        (with(|steps| steps[0].mode = 0o644), "is 0644", &all),
        (with(|steps| steps[0].mode = 0o660), "is 0660", &all),
        (with(|steps| steps[0].mode = 0o4640), "is 4640", &all),
    ] {
        let answer = answer(&steps, &UserAttempt::Allowed);
        assert_eq!(answer.verdict, Verdict::Fail, "{said}");
        assert!(answer.found.contains(said), "{}", answer.found);
        assert_eq!(answer.fix.text(), fix);
    }
}

#[test]
fn a_file_that_the_user_cannot_reach_is_a_no() {
    for (steps, said) in [
        (with(|steps| steps[0].mode = 0o600), "server cannot read /srv/app/settings"),
        (with(|steps| steps[2].mode = 0o750), "server cannot pass /srv "),
        (with(|steps| steps[1].mode = 0o655), "server cannot pass /srv/app "),
    ] {
        for trial in [refused(), UserAttempt::NotTried("no root".to_owned())] {
            let answer = answer(&steps, &trial);
            assert_eq!(answer.verdict, Verdict::Fail, "{said}");
            assert!(answer.found.contains(said), "{}", answer.found);
        }
    }
}

#[test]
fn rule_and_trial_that_disagree_are_unknown_and_so_is_a_rule_alone() {
    assert_eq!(answer(&good(), &refused()).verdict, Verdict::Unknown);
    assert_eq!(answer(&with(|steps| steps[0].mode = 0o600), &UserAttempt::Allowed).verdict, Verdict::Unknown);
    assert_eq!(answer(&with(|steps| steps[2].mode = 0o700), &UserAttempt::Allowed).verdict, Verdict::Unknown);
    let alone = answer(&good(), &UserAttempt::NotTried("only root can try it as server".to_owned()));
    assert_eq!((alone.verdict, alone.fix.text().as_str()), (Verdict::Unknown, "sudo nexy-gate config-env-access"));
}

#[test]
fn a_fault_of_the_way_is_a_no_with_its_command() {
    let answer = answer(&with(|steps| steps[1].mode = 0o757), &UserAttempt::Allowed);
    assert_eq!((answer.verdict, answer.fix.text().as_str()), (Verdict::Fail, "sudo -u server chmod o-w /srv/app"));
    assert!(answer.found.contains("everybody can replace what is in /srv/app"), "{}", answer.found);
}

#[test]
fn whoever_is_in_the_files_group_can_read_it_and_must_leave() {
    let with_group = |group: &str| repair_in(group, &good(), &UserAttempt::Allowed).now;
    let answer = with_group("root:x:0:\nserver:x:1000:other\n");
    assert_eq!(answer.verdict, Verdict::Fail);
    assert!(answer.found.contains("other can read /srv/app/settings, being in the group server"), "{}", answer.found);
    assert_eq!(answer.fix.text(), "sudo gpasswd --delete other server\nsudo nexy-gate config-env-access");
    assert_eq!(with_group("root:x:0:\nserver:x:1000:server,root\n").verdict, Verdict::Pass);
}

#[test]
fn a_list_is_a_failure_and_one_that_cannot_be_read_is_unknown_and_gets_no_script() {
    let by_user = "sudo -u server setfacl -b /srv/app/settings\nsudo -u server chmod 640 /srv/app/settings";
    let (given, own) = (roots("chown -h server", "/srv/app/settings"), roots("chown -h root:server", "/srv/app/settings"));
    for (place, fix) in [(0, format!("{given}\n{by_user}\n{own}")), (2, "sudo setfacl -b /srv".to_owned())] {
        // The mode shows the mask of the list where it would show the group.
        let listed = with(|steps| (steps[place].mode, steps[place].acl) = (steps[place].mode | 0o070, Acl::Present));
        let answer = answer(&listed, &UserAttempt::Allowed);
        assert_eq!((answer.verdict, answer.fix.text()), (Verdict::Fail, fix));
        assert!(answer.found.ends_with("has an access control list, so its mode is not the whole truth"), "{}", answer.found);
        let hidden = with(|steps| (steps[0].mode, steps[place].acl) = (0o600, Acl::Unreadable("it is strange".to_owned())));
        for trial in [UserAttempt::Allowed, refused()] {
            let repair = repair_in(GROUP, &hidden, &trial);
            assert_eq!((repair.now.verdict, repair.steps), (Verdict::Unknown, vec![]));
        }
    }
}

#[test]
fn a_folder_in_place_of_the_file_is_a_failure_without_a_script() {
    let steps = with(|steps| steps[0].kind = Kind::Folder);
    let repair = repair_in(GROUP, &steps, &UserAttempt::NotTried("it is not a regular file".to_owned()));
    assert_eq!((repair.now.verdict, repair.steps), (Verdict::Fail, vec![]));
}
