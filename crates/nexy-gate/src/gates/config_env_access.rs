//! The service can read its environment file, and nobody else can read, change or replace it.

mod repair;

pub(crate) use repair::repair;

use super::config_env;
use crate::{
    context::Context,
    gate::{Answer, Explain, Gate, Machine, Takes},
    tally::Tally,
};
use nexy_contract::text::shell_word;
use nexy_outside::{
    accounts::{Account, Accounts},
    files::FileError,
    ownership::{self, Acl, Kind, Right, Standing},
    trial::{self, Trial},
};
use std::path::{Path, PathBuf};

pub(crate) const GATE: Gate = Gate {
    id: "config-env-access",
    asks: "Can the service's user read the environment file, and nobody else touch it?",
    profiles: &["before-checkout", "hard"],
    runbook: "S0 §1.1, S1 §6.1",
    at: Machine::Vm,
    takes: Takes::Outside,
    explain: Explain {
        symptom: "PermissionError at the service's start after the file was copied or edited; or a file with keys that others can read.",
        check: "Computes from owner, group and mode of the file and of every folder above it what the unit's user may do, and then really \
                reads the file as that user (as root, through setpriv). When the two disagree, the answer is unknown.",
        fix: "sudo chown root:GROUP FILE && sudo chmod 640 FILE, with the unit user's group and the path of vm.config_env.",
        verify: "sudo nexy-gate config-env-access; systemctl is-active UNIT after the next start",
    },
    check,
};

/// The widest mode that the rulebook allows.
const WIDEST: u32 = 0o640;
const STICKY: u32 = 0o1000;

/// All that was looked at, as it was seen.
struct Looked {
    path: PathBuf,
    /// Where links lead.
    real: PathBuf,
    checkout: PathBuf,
    accounts: Accounts,
    account: Account,
    /// The file first, then every folder on the way to it.
    steps: Vec<Standing>,
    trial: Trial,
}

impl Looked {
    fn facts(&self) -> Facts<'_> {
        let Self { path, checkout, accounts, account, steps, trial, .. } = self;
        Facts { path, checkout, accounts, account, steps, trial }
    }
}

/// What is judged.
struct Facts<'a> {
    path: &'a Path,
    checkout: &'a Path,
    accounts: &'a Accounts,
    account: &'a Account,
    /// The file first, then every folder on the way to it.
    steps: &'a [Standing],
    trial: &'a Trial,
}

fn check(context: &Context) -> Answer {
    match look(context) {
        Ok(looked) => judge(&looked.facts()),
        Err(answer) => answer,
    }
}

/// Looks at everything, or answers why there is nothing to judge.
fn look(context: &Context) -> Result<Looked, Answer> {
    let target = &context.workspace.target;
    let (path, user) = (Path::new(&target.vm.config_env), &target.service.user);
    let accounts = match Accounts::read() {
        Ok(accounts) => accounts,
        Err(error) => return Err(cannot_look(&error, user)),
    };
    let Some(account) = accounts.account(user) else {
        return Err(Answer::fail(
            format!("this machine has no user {user}"),
            format!("the service's user {user}, who reads {}", path.display()),
            format!("sudo useradd --create-home {user}, or run this on the VM"),
        ));
    };
    let steps = match ownership::look_at_all_steps(path) {
        Ok(steps) => steps,
        Err(error) if error.is_missing() => return Err(config_env::not_there(&error, path, user)),
        Err(error) => return Err(cannot_look(&error, user)),
    };
    let trial = match steps.first().map(|file| file.kind) {
        Some(Kind::File) => trial::read_as(&account, path),
        _ => Trial::NotTried("it is no regular file".to_owned()),
    };
    let real = path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
    Ok(Looked { path: path.to_path_buf(), real, checkout: (&target.vm.checkout).into(), accounts, account, steps, trial })
}

fn cannot_look(error: &FileError, user: &str) -> Answer {
    Answer::unknown(error.to_string(), format!("a file that {user} can read and nobody else can touch"), "sudo nexy-gate config-env-access")
}

fn judge(facts: &Facts<'_>) -> Answer {
    let Some((file, folders)) = facts.steps.split_first() else {
        return Answer::unknown("nothing was looked at", "a file", "sudo nexy-gate config-env-access");
    };
    let mut tally = Tally::default();
    judge_file(facts, file, &mut tally);
    for folder in folders {
        judge_folder(facts, folder, &mut tally);
    }
    for step in facts.steps.iter().filter(|step| step.acl != Acl::Absent) {
        let path = shell_word(&step.path.display().to_string());
        tally.unknown(
            format!("an access control list may grant more on {path} than its mode shows"),
            format!("getfacl {path}; sudo setfacl --remove-all {path}"),
        );
    }
    judge_reading(facts, file, folders, &mut tally);
    let group = facts.accounts.group_name(facts.account.gid);
    tally.answer(format!("{} of root:{group}, mode 0640 or less, readable by {}", facts.path.display(), facts.account.name))
}

fn judge_file(facts: &Facts<'_>, file: &Standing, tally: &mut Tally) {
    let shown = facts.path.display();
    let fix = mend_file(facts);
    if file.kind != Kind::File {
        tally.fail(format!("{shown} is no regular file"), format!("ls -ld {shown}"));
        return;
    }
    if file.uid != 0 {
        tally.fail(format!("{shown} belongs to {}, not to root", facts.accounts.user_name(file.uid)), &*fix);
    }
    if file.gid != facts.account.gid {
        let (found, wanted) = (facts.accounts.group_name(file.gid), facts.accounts.group_name(facts.account.gid));
        tally.fail(format!("the group of {shown} is {found}, not {wanted}"), &*fix);
    }
    if file.mode & !WIDEST != 0 {
        tally.fail(format!("the mode of {shown} is {:04o}, which lets more in than 0640", file.mode), &*fix);
    }
}

/// Whoever can write into a folder can replace what is in it; root and the unit's user, who owns the checkout, may.
fn judge_folder(facts: &Facts<'_>, folder: &Standing, tally: &mut Tally) {
    let path = shell_word(&folder.path.display().to_string());
    let user = facts.account.name.as_str();
    if folder.uid != 0 && folder.uid != facts.account.uid {
        let owner = if folder.path.starts_with(facts.checkout) { user } else { "root" };
        let found = format!("{path} belongs to {}, who can replace what is in it", facts.accounts.user_name(folder.uid));
        tally.fail(found, format!("sudo chown {owner} {path}"));
    }
    if folder.mode & STICKY != 0 {
        // Only the owner of an entry can replace it, and every entry on the way is judged here.
        return;
    }
    if folder.mode & 0o002 != 0 {
        tally.fail(format!("everybody can replace what is in {path} (mode {:04o})", folder.mode), format!("sudo chmod o-w {path}"));
    }
    if folder.mode & 0o020 != 0 {
        let others = writers(facts, folder);
        if !others.is_empty() {
            let found = format!("{} can replace what is in {path} (mode {:04o})", others.join(" and "), folder.mode);
            tally.fail(found, format!("sudo chmod g-w {path}"));
        }
    }
}

/// Who is in the folder's group, beside root and the unit's user.
fn writers<'a>(facts: &Facts<'a>, folder: &Standing) -> Vec<&'a str> {
    let user = facts.account.name.as_str();
    facts.accounts.members(folder.gid).into_iter().filter(|name| !["root", user].contains(name)).collect()
}

/// The class of a mode that counts for the account, as chmod calls it.
fn class(account: &Account, folder: &Standing) -> char {
    if folder.uid == account.uid {
        'u'
    } else if account.groups.contains(&folder.gid) {
        'g'
    } else {
        'o'
    }
}

/// The rule and the trial; each alone can be fooled.
fn judge_reading(facts: &Facts<'_>, file: &Standing, folders: &[Standing], tally: &mut Tally) {
    let (shown, user) = (facts.path.display(), facts.account.name.as_str());
    let closed: Vec<&Standing> = folders.iter().filter(|folder| !folder.grants(facts.account, Right::Execute)).collect();
    let by_rule = file.grants(facts.account, Right::Read) && closed.is_empty();
    let look_closer = format!("namei -l {shown}; getfacl -p {shown}");
    match (by_rule, facts.trial) {
        (true, Trial::Read) => tally.pass(format!("{user} can read {shown} (by its modes, and tried), and nobody else can touch it")),
        (true, Trial::Refused) => {
            tally.unknown(format!("by its modes {user} can read {shown}, but could not when it was tried"), look_closer)
        }
        (true, Trial::NotTried(because)) => {
            tally.unknown(format!("it was not tried whether {user} can read {shown}: {because}"), "sudo nexy-gate config-env-access");
        }
        (false, Trial::Read) => tally.unknown(format!("by its modes {user} cannot read {shown}, but could when it was tried"), look_closer),
        (false, _) => {
            if !file.grants(facts.account, Right::Read) {
                tally.fail(format!("{user} cannot read {shown} (mode {:04o})", file.mode), mend_file(facts));
            }
            for folder in closed {
                let path = shell_word(&folder.path.display().to_string());
                let class = class(facts.account, folder);
                tally.fail(format!("{user} cannot pass {path} (mode {:04o})", folder.mode), format!("sudo chmod {class}+x {path}"));
            }
        }
    }
}

/// The rulebook's own commands.
fn mend_file(facts: &Facts<'_>) -> String {
    let group = facts.accounts.group_name(facts.account.gid);
    let path = shell_word(&facts.path.display().to_string());
    format!("sudo chown root:{group} {path} && sudo chmod 640 {path}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use nexy_contract::Verdict;

    const PASSWD: &str = "root:x:0:0::/root:/bin/sh\nserver:x:1000:1000::/srv:/bin/sh\nother:x:1001:1001::/:/bin/sh\n";
    const GROUP: &str = "root:x:0:\nserver:x:1000:\nother:x:1001:\nteam:x:50:server,other\n";

    fn step(path: &str, uid: u32, gid: u32, mode: u32) -> Standing {
        let kind = if path.ends_with("settings") { Kind::File } else { Kind::Folder };
        Standing { path: path.into(), kind, uid, gid, mode, acl: Acl::Absent }
    }

    /// As the rulebook wants it: the file of root and the service's group, in a checkout of the service's user.
    fn good() -> Vec<Standing> {
        vec![
            step("/srv/app/settings", 0, 1000, 0o640),
            step("/srv/app", 1000, 1000, 0o755),
            step("/srv", 0, 0, 0o755),
            step("/", 0, 0, 0o755),
        ]
    }

    fn answer(steps: &[Standing], trial: &Trial) -> Answer {
        let accounts = Accounts::parse(PASSWD, GROUP);
        let account = accounts.account("server").expect("it is there");
        let (path, checkout) = (Path::new("/srv/app/settings"), Path::new("/srv/app"));
        judge(&Facts { path, checkout, accounts: &accounts, account: &account, steps, trial })
    }

    fn with(change: impl FnOnce(&mut Vec<Standing>)) -> Vec<Standing> {
        let mut steps = good();
        change(&mut steps);
        steps
    }

    #[test]
    fn the_rulebooks_own_state_passes_and_so_does_a_stricter_mode() {
        assert_eq!(answer(&good(), &Trial::Read).verdict, Verdict::Pass);
        assert_eq!(answer(&with(|steps| steps[0].mode = 0o440), &Trial::Read).verdict, Verdict::Pass);
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
            let answer = answer(&steps, &Trial::Read);
            assert_eq!(answer.verdict, Verdict::Fail, "{said}");
            assert!(answer.found.contains(said), "{}", answer.found);
            assert_eq!(answer.fix, "sudo chown root:server /srv/app/settings && sudo chmod 640 /srv/app/settings");
        }
    }

    #[test]
    fn a_file_that_the_user_cannot_reach_is_a_no() {
        for (steps, said) in [
            (with(|steps| steps[0].mode = 0o600), "server cannot read /srv/app/settings"),
            (with(|steps| steps[2].mode = 0o750), "server cannot pass /srv "),
            (with(|steps| steps[1].mode = 0o655), "server cannot pass /srv/app "),
        ] {
            for trial in [Trial::Refused, Trial::NotTried("no root".to_owned())] {
                let answer = answer(&steps, &trial);
                assert_eq!(answer.verdict, Verdict::Fail, "{said}");
                assert!(answer.found.contains(said), "{}", answer.found);
            }
        }
    }

    #[test]
    fn rule_and_trial_that_disagree_are_unknown_and_so_is_a_rule_alone() {
        assert_eq!(answer(&good(), &Trial::Refused).verdict, Verdict::Unknown);
        assert_eq!(answer(&with(|steps| steps[0].mode = 0o600), &Trial::Read).verdict, Verdict::Unknown);
        assert_eq!(answer(&with(|steps| steps[2].mode = 0o700), &Trial::Read).verdict, Verdict::Unknown);
        let alone = answer(&good(), &Trial::NotTried("only root can try it as server".to_owned()));
        assert_eq!((alone.verdict, alone.fix.as_str()), (Verdict::Unknown, "sudo nexy-gate config-env-access"));
    }

    #[test]
    fn a_folder_that_others_can_write_into_is_a_no() {
        for (steps, said, fix) in [
            (with(|steps| steps[1].mode = 0o757), "everybody can replace what is in /srv/app", "sudo chmod o-w /srv/app"),
            (with(|steps| (steps[1].gid, steps[1].mode) = (50, 0o775)), "other can replace what is in /srv/app", "sudo chmod g-w /srv/app"),
            (with(|steps| steps[1].uid = 1001), "/srv/app belongs to other", "sudo chown server /srv/app"),
            (with(|steps| steps[2].uid = 1001), "/srv belongs to other", "sudo chown root /srv"),
        ] {
            let answer = answer(&steps, &Trial::Read);
            assert_eq!(answer.verdict, Verdict::Fail, "{said}");
            assert!(answer.found.contains(said), "{}", answer.found);
            assert_eq!(answer.fix, fix);
        }
    }

    #[test]
    fn a_group_of_the_user_alone_and_a_sticky_folder_let_nobody_in() {
        assert_eq!(answer(&with(|steps| steps[1].mode = 0o775), &Trial::Read).verdict, Verdict::Pass);
        assert_eq!(answer(&with(|steps| steps[2].mode = 0o1777), &Trial::Read).verdict, Verdict::Pass);
    }

    #[test]
    fn an_access_control_list_makes_it_unknown() {
        for acl in [Acl::Present, Acl::Unreadable] {
            assert_eq!(answer(&with(|steps| steps[1].acl = acl), &Trial::Read).verdict, Verdict::Unknown);
        }
    }

    #[test]
    fn a_folder_in_place_of_the_file_is_a_no() {
        let steps = with(|steps| steps[0].kind = Kind::Folder);
        assert_eq!(answer(&steps, &Trial::NotTried("it is no regular file".to_owned())).verdict, Verdict::Fail);
    }
}
