//! The judgement on every input, and the commands that the repair finds for it.

use super::*;
use nexy_contract::Verdict;
use nexy_outside::{
    acl::{AccessList, Tag},
    ownership::Acl,
};

const PASSWD: &str = "root:x:0:0::/root:/bin/sh\nserver:x:1000:1000::/srv:/bin/sh\nother:x:1001:1001::/:/bin/sh\n";
const GROUP: &str = "root:x:0:\nserver:x:1000:\nother:x:1001:\nteam:x:50:server,other\n";
const PATH: &str = "/srv/app/updates";

fn step(path: &str, uid: u32, gid: u32, mode: u32) -> Standing {
    Standing { path: path.into(), kind: Kind::Folder, uid, gid, mode, acl: Acl::Absent }
}

fn good() -> Vec<Standing> {
    vec![step(PATH, 1000, 1000, 0o755), step("/srv/app", 1000, 1000, 0o755), step("/srv", 0, 0, 0o755), step("/", 0, 0, 0o755)]
}

fn with(change: impl FnOnce(&mut Vec<Standing>)) -> Vec<Standing> {
    let mut steps = good();
    change(&mut steps);
    steps
}

fn answer_of(seen: Seen) -> Answer {
    let accounts = Accounts::parse(PASSWD, GROUP);
    let account = accounts.account("server").expect("it is there");
    let access = Access { accounts: &accounts, account: &account, checkout: Path::new("/srv/app") };
    judge(access, &[Folder { path: PATH.into(), seen }])
}

fn answer(steps: Vec<Standing>, trial: Trial) -> Answer {
    answer_of(Seen::There { steps, trial })
}

fn not_tried() -> Trial {
    Trial::NotTried("no root".to_owned())
}

#[test]
fn a_folder_that_the_user_alone_can_write_into_passes_by_rule_and_by_trial() {
    for steps in [
        good(),
        with(|steps| steps[0].mode = 0o700),
        with(|steps| (steps[0].uid, steps[0].mode) = (0, 0o775)),
        with(|steps| steps[2].mode = 0o711),
    ] {
        assert_eq!(answer(steps, Trial::Allowed).verdict, Verdict::Pass);
    }
}

#[test]
fn every_other_owner_or_mode_is_a_no_with_the_commands_that_mend_it() {
    for (steps, said, fix) in [
        (
            with(|steps| steps[0].uid = 0),
            "server cannot write into /srv/app/updates (mode 0755, of root)",
            "sudo chown server /srv/app/updates",
        ),
        (with(|steps| steps[0].mode = 0o555), "server cannot write", "sudo chmod u+rwx /srv/app/updates"),
        (
            with(|steps| (steps[0].uid, steps[0].mode) = (1001, 0o055)),
            "belongs to other",
            "sudo chown server /srv/app/updates\nsudo chmod u+rwx /srv/app/updates",
        ),
        (with(|steps| steps[0].mode = 0o757), "everybody can write", "sudo chmod o-w /srv/app/updates"),
        (with(|steps| steps[0].mode = 0o1777), "everybody can write", "sudo chmod o-w /srv/app/updates"),
        (with(|steps| (steps[0].gid, steps[0].mode) = (50, 0o775)), "other can write", "sudo chmod g-w /srv/app/updates"),
        (with(|steps| steps[1].mode = 0o655), "server cannot pass /srv/app ", "sudo chmod u+x /srv/app"),
        (with(|steps| steps[2].mode = 0o777), "everybody can replace what is in /srv ", "sudo chmod o-w /srv"),
    ] {
        let answer = answer(steps, not_tried());
        assert_eq!(
            (answer.verdict, answer.fix.text().lines().take(fix.lines().count()).collect::<Vec<_>>().join("\n").as_str()),
            (Verdict::Fail, fix)
        );
        assert!(answer.found.contains(said), "{}", answer.found);
    }
}

#[test]
fn a_list_is_judged_entry_by_entry() {
    let listed = |entry, mask| {
        let list =
            AccessList::of(vec![(Tag::Owner, 7), entry, (Tag::OwningGroup, 5), (Tag::Mask, mask), (Tag::Others, 5)]).expect("a list");
        with(|steps| (steps[0].mode, steps[0].acl) = (0o705 | mask << 3, Acl::List(list)))
    };
    let other = answer(listed((Tag::User(1001), 7), 7), Trial::Allowed);
    assert_eq!((other.verdict, other.fix.text().as_str()), (Verdict::Fail, "sudo setfacl -n -x u:other /srv/app/updates"));
    assert_eq!(answer(listed((Tag::User(1001), 7), 5), Trial::Allowed).verdict, Verdict::Pass);
    let hidden = with(|steps| steps[1].acl = Acl::Unreadable("it is strange".to_owned()));
    assert_eq!(answer(hidden, Trial::Allowed).verdict, Verdict::Unknown);
}

#[test]
fn a_rule_that_was_not_tried_or_that_the_trial_contradicts_is_unknown() {
    assert_eq!(answer(good(), not_tried()).verdict, Verdict::Unknown);
    let refused = answer(good(), Trial::Refused("read-only file system".to_owned()));
    assert_eq!(refused.verdict, Verdict::Unknown);
    assert!(refused.found.contains("read-only file system"), "{}", refused.found);
    // What others can do is a no, whatever the trial says.
    assert_eq!(answer(with(|steps| steps[0].mode = 0o757), Trial::Refused(String::new())).verdict, Verdict::Fail);
}

#[test]
fn a_missing_folder_is_made_what_stands_in_its_way_is_a_persons_and_a_hidden_one_is_unknown() {
    let missing = answer_of(Seen::Missing { steps: good()[1..].to_vec() });
    assert_eq!(missing.verdict, Verdict::Fail);
    assert_eq!(
        missing.fix.text(),
        "sudo mkdir -p /srv/app/updates\nsudo chown server:server /srv/app/updates\nsudo chmod 755 /srv/app/updates"
    );
    let file = answer_of(Seen::InTheWay("/srv/app".into()));
    assert_eq!(file.verdict, Verdict::Fail);
    assert!(file.found.contains("/srv/app is no folder"), "{}", file.found);
    assert_eq!(answer_of(Seen::Hidden("permission denied".to_owned())).verdict, Verdict::Unknown);
    let accounts = Accounts::parse(PASSWD, GROUP);
    let account = accounts.account("server").expect("it is there");
    let access = Access { accounts: &accounts, account: &account, checkout: Path::new("/srv/app") };
    assert_eq!(judge(access, &[]).verdict, Verdict::Unknown);
}
