//! The judgement on every input, and the commands that mend it.

use super::*;
use crate::permissions::tests::roots;
use nexy_contract::Verdict;

const PASSWD: &str = "root:x:0:0::/root:/bin/sh\nserver:x:1000:1000::/srv:/bin/sh\nother:x:1001:1001::/:/bin/sh\n";
const GROUP: &str = "root:x:0:\nserver:x:1000:\nother:x:1001:\nteam:x:50:server,other\n";
const PATH: &str = "/srv/app/updates";

fn step(path: &str, uid: u32, gid: u32, mode: u32) -> PathMetadata {
    PathMetadata { path: path.into(), kind: Kind::Folder, uid, gid, mode, acl: Acl::Absent }
}

fn good() -> Vec<PathMetadata> {
    vec![step(PATH, 1000, 1000, 0o755), step("/srv/app", 1000, 1000, 0o755), step("/srv", 0, 0, 0o755), step("/", 0, 0, 0o755)]
}

fn with(change: impl FnOnce(&mut Vec<PathMetadata>)) -> Vec<PathMetadata> {
    let mut steps = good();
    change(&mut steps);
    steps
}

fn repair_of(folders: &[Folder]) -> Repair {
    let accounts = Accounts::parse(PASSWD, GROUP);
    let account = accounts.account("server").expect("it is there");
    judge(Permissions { accounts: &accounts, account: &account, checkout: Path::new("/srv/app") }, folders)
}

fn answer_of(seen: Seen) -> Answer {
    repair_of(&[Folder { path: PATH.into(), real: PATH.into(), seen }]).now
}

fn answer(steps: Vec<PathMetadata>, trial: UserAttempt) -> Answer {
    answer_of(Seen::There { steps, trial })
}

fn not_tried() -> UserAttempt {
    UserAttempt::NotTried("no root".to_owned())
}

#[test]
fn a_folder_that_the_user_alone_can_write_into_passes_by_rule_and_by_trial() {
    for steps in [
        good(),
        with(|steps| steps[0].mode = 0o700),
        with(|steps| (steps[0].uid, steps[0].mode) = (0, 0o775)),
        with(|steps| steps[2].mode = 0o711),
    ] {
        assert_eq!(answer(steps, UserAttempt::Allowed).verdict, Verdict::Pass);
    }
}

#[test]
fn every_other_owner_mode_or_list_is_a_failure_with_the_commands_that_mend_it() {
    let (given, mode) = (roots("chown -h server:server", PATH), "sudo -u server chmod 755 /srv/app/updates");
    let right = &*format!("{given}\n{mode}");
    let listed = &*format!("{given}\nsudo -u server setfacl -b /srv/app/updates\n{mode}");
    for (steps, said, fix) in [
        (with(|steps| steps[0].uid = 0), "server cannot write into /srv/app/updates (mode 0755, of root)", right),
        (with(|steps| steps[0].mode = 0o555), "server cannot write", right),
        (with(|steps| (steps[0].uid, steps[0].mode) = (1001, 0o055)), "belongs to other", right),
        (with(|steps| steps[0].mode = 0o757), "everybody can write", right),
        (with(|steps| steps[0].mode = 0o1777), "everybody can write", right),
        (with(|steps| (steps[0].gid, steps[0].mode) = (50, 0o775)), "other can write", right),
        (with(|steps| steps[0].acl = Acl::Present), "/srv/app/updates has an access control list", listed),
        (with(|steps| steps[1].mode = 0o655), "server cannot pass /srv/app ", "sudo -u server chmod u+x /srv/app"),
        (with(|steps| steps[1].acl = Acl::Present), "/srv/app has an access control list", "sudo -u server setfacl -b /srv/app"),
        (with(|steps| steps[2].mode = 0o777), "everybody can replace what is in /srv ", "sudo chmod o-w /srv"),
    ] {
        let answer = answer(steps, not_tried());
        assert_eq!((answer.verdict, answer.fix.text().as_str()), (Verdict::Fail, fix));
        assert!(answer.found.contains(said), "{}", answer.found);
    }
}

#[test]
fn a_rule_that_was_not_tried_or_that_the_trial_contradicts_is_unknown() {
    assert_eq!(answer(good(), not_tried()).verdict, Verdict::Unknown);
    let refused = answer(good(), UserAttempt::Refused("read-only file system".to_owned()));
    assert_eq!(refused.verdict, Verdict::Unknown);
    assert!(refused.found.contains("read-only file system"), "{}", refused.found);
    for place in [0, 1] {
        let hidden = with(|steps| steps[place].acl = Acl::Unreadable("it is strange".to_owned()));
        assert_eq!(answer(hidden, UserAttempt::Allowed).verdict, Verdict::Unknown);
    }
    // What others can do is a failure, whatever the trial says.
    assert_eq!(answer(with(|steps| steps[0].mode = 0o757), UserAttempt::Refused(String::new())).verdict, Verdict::Fail);
}

#[test]
fn a_missing_folder_is_made_what_stands_in_its_way_is_a_persons_and_a_hidden_one_is_unknown() {
    let missing = answer_of(Seen::Missing { steps: good()[1..].to_vec() });
    assert_eq!((missing.verdict, missing.fix.text()), (Verdict::Fail, "sudo -u server mkdir -p -m 755 /srv/app/updates".to_owned()));
    let file = answer_of(Seen::InTheWay("/srv/app".into(), None));
    assert_eq!(file.verdict, Verdict::Fail);
    assert!(file.found.contains("/srv/app is not a directory"), "{}", file.found);
    assert_eq!(answer_of(Seen::Hidden("permission denied".to_owned())).verdict, Verdict::Unknown);
    assert_eq!(repair_of(&[]).now.verdict, Verdict::Unknown);
}

#[test]
fn the_commands_name_where_a_link_leads_and_what_is_wrong_with_two_folders_is_mended_once() {
    let seen = Seen::There { steps: with(|steps| (steps[0].uid, steps[1].mode) = (0, 0o757)), trial: not_tried() };
    let folder = |path: &str| Folder { path: path.into(), real: "/data".into(), seen: seen.clone() };
    let Repair { now, steps } = repair_of(&[folder("/srv/app/a"), folder("/srv/app/b")]);
    let commands: Vec<_> = steps.iter().map(|step| step.command.as_str()).collect();
    assert_eq!(commands, ["chmod o-w /srv/app", "chown -h server:server /data", "chmod 755 /data"]);
    assert_eq!(now.fix.lines().len(), 3);
}
