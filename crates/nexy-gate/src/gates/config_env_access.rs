//! The service can read its environment file, and nobody else can read, change or replace it.

mod repair;

use super::config_env;
use crate::{
    access::{self, Access, Stranger},
    context::Context,
    gate::{Answer, Explain, Gate, Machine, Takes},
    tally::Tally,
};
use nexy_contract::fix::{command, note};
use nexy_contract::text::{excerpt, shell_word};
use nexy_outside::{
    accounts::{Account, Accounts},
    acl::Tag,
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
        check: "Computes from owner, group, mode and access control list of the file and of every folder and link on the way to it what the \
                unit's user and everybody else may do, and then really reads the file as that user (as root, through setpriv). When the two \
                disagree, the answer is unknown; so it is with --root, where nobody can be tried.",
        fix: &[
            command("sudo chown root:GROUP FILE"),
            command("sudo chmod 640 FILE"),
            note(
                "with the unit user's group and the path of vm.config_env; a list is taken away by setfacl -b. The \
                     gate prints the commands with this machine's values, and --print-fix makes them a script.",
            ),
        ],
        verify: &[command("sudo nexy-gate config-env-access"), command("systemctl is-active UNIT"), note("after the next start")],
    },
    check,
    repair: Some(repair::repair),
};

/// The widest mode that the rulebook allows.
const WIDEST: u32 = 0o640;
const AGAIN: &str = "sudo nexy-gate config-env-access";

/// All that was looked at, as it was seen.
struct Looked {
    path: PathBuf,
    /// Where links lead.
    real: PathBuf,
    checkout: PathBuf,
    accounts: Accounts,
    account: Account,
    /// The file first, then every folder and link on the way to it.
    steps: Vec<Standing>,
    trial: Trial,
}

impl Looked {
    fn facts(&self) -> Facts<'_> {
        let Self { path, checkout, accounts, account, steps, trial, .. } = self;
        Facts { path, access: Access { accounts, account, checkout }, steps, trial }
    }
}

/// What is judged.
struct Facts<'a> {
    path: &'a Path,
    access: Access<'a>,
    /// The file first, then every folder and link on the way to it.
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
    let (target, tree) = (&context.workspace.target, &context.tree);
    let (path, user) = (Path::new(&target.vm.config_env), &target.service.user);
    let accounts = match Accounts::read_in(tree) {
        Ok(accounts) => accounts,
        Err(error) => return Err(cannot_look(path, &error, user)),
    };
    let Some(account) = accounts.account(user) else {
        return Err(access::no_account(user, &format!("reads {}", path.display())));
    };
    let steps = match ownership::way(tree, path) {
        Ok(steps) => steps,
        Err(error) if error.is_missing() => return Err(config_env::not_there(&error, context)),
        Err(error) => return Err(cannot_look(path, &error, user)),
    };
    let trial = match steps.first().map(|file| file.kind) {
        _ if !tree.is_here() => Trial::NotTried("a mounted tree has no processes".to_owned()),
        Some(Kind::File) => trial::read_as(&account, path),
        _ => Trial::NotTried("it is no regular file".to_owned()),
    };
    let real = tree.walk(path).map_or_else(|_| path.to_path_buf(), |walk| tree.name(&walk.end));
    Ok(Looked { path: path.to_path_buf(), real, checkout: (&target.vm.checkout).into(), accounts, account, steps, trial })
}

fn cannot_look(path: &Path, error: &FileError, user: &str) -> Answer {
    let found = format!("cannot look at the way to {}: {}", path.display(), error.because());
    Answer::unknown(found, format!("a file that {user} can read and nobody else can touch"), AGAIN)
}

fn judge(facts: &Facts<'_>) -> Answer {
    let Access { accounts, account, .. } = facts.access;
    let Some((file, way)) = facts.steps.split_first() else {
        return Answer::unknown("nothing was looked at", "a file", AGAIN);
    };
    let mut tally = Tally::default();
    judge_file(facts, file, &mut tally);
    for step in way {
        for fault in facts.access.faults_of_step(step, way) {
            // Whether its user gets there is said below, where the trial is known.
            if !fault.is_about_passing {
                tally.fail(&*fault.found, fault.fix(step));
            }
        }
    }
    for (found, fix) in facts.steps.iter().filter_map(access::blind_spot) {
        tally.unknown(found, fix);
    }
    judge_reading(facts, file, way, &mut tally);
    let group = accounts.group_name(account.gid);
    tally.answer(format!("{} of root:{group}, mode 0640 or less, readable by {}", facts.path.display(), account.name))
}

fn judge_file(facts: &Facts<'_>, file: &Standing, tally: &mut Tally) {
    let Access { accounts, account, .. } = facts.access;
    let shown = facts.path.display();
    let fix = mend_file(facts, file);
    if file.kind != Kind::File {
        tally.fail(format!("{shown} is no regular file"), format!("ls -ld {}", access::shown(file)));
        return;
    }
    if file.uid != 0 {
        tally.fail(format!("{shown} belongs to {}, not to root", accounts.user_name(file.uid)), &*fix);
    }
    if file.gid != account.gid {
        let (found, wanted) = (accounts.group_name(file.gid), accounts.group_name(account.gid));
        tally.fail(format!("the group of {shown} is {found}, not {wanted}"), &*fix);
    }
    if file.mode & !WIDEST != 0 {
        tally.fail(format!("the mode of {shown} is {:04o}, which lets more in than 0640", file.mode), &*fix);
    }
    for Stranger { names, by } in facts.access.strangers(file, Right::Read) {
        match by {
            // Said above, in the rulebook's words.
            Tag::Others => {}
            Tag::OwningGroup if file.gid != account.gid => {}
            Tag::OwningGroup => {
                let group = accounts.group_name(file.gid);
                let found = format!("{names} can read {shown}, being in the group {group}, which should be {}'s alone", account.name);
                tally.fail(found, leave_group(accounts, &names, file.gid, &group));
            }
            _ => tally.fail(format!("{names} can read {shown} by its access control list"), &*fix),
        }
    }
}

/// Who has joined a group can be taken out; whose own group it is, a person must give another one.
fn leave_group(accounts: &Accounts, names: &str, gid: u32, group: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    for name in names.split(" and ") {
        let is_own = accounts.account(name).is_some_and(|account| account.gid == gid);
        lines.push(if is_own {
            format!("give {} another primary group than {}", excerpt(name, 80), excerpt(group, 80))
        } else {
            format!("sudo gpasswd --delete {} {}", shell_word(name), shell_word(group))
        });
    }
    lines.push(AGAIN.to_owned());
    lines.join("\n")
}

/// The rule and the trial; each alone can be fooled.
fn judge_reading(facts: &Facts<'_>, file: &Standing, way: &[Standing], tally: &mut Tally) {
    let (shown, user) = (facts.path.display(), facts.access.account.name.as_str());
    if facts.steps.iter().any(|step| matches!(step.acl, Acl::Unreadable(_))) {
        // Without the list the rule is no rule, and that it is missing has been said.
        return;
    }
    let closed: Vec<_> = way
        .iter()
        .flat_map(|step| facts.access.faults_of_step(step, way).into_iter().map(move |fault| (step, fault)))
        .filter(|(_, fault)| fault.is_about_passing)
        .collect();
    let may_read = file.grants(facts.access.account, Right::Read);
    let by_rule = may_read && closed.is_empty();
    let path = shell_word(&shown.to_string());
    let look_closer = format!("namei -l {path}\ngetfacl -p {path}");
    match (by_rule, facts.trial) {
        (true, Trial::Allowed) => tally.pass(format!("{user} can read {shown} (by its modes, and tried), and nobody else can touch it")),
        (true, Trial::Refused(because)) => {
            let found = format!("by its modes {user} can read {shown}, but could not when it was tried: {}", excerpt(because, 200));
            tally.unknown(found, look_closer);
        }
        (true, Trial::NotTried(because)) => {
            tally.unknown(format!("it was not tried whether {user} can read {shown}: {}", excerpt(because, 200)), AGAIN);
        }
        (false, Trial::Allowed) => {
            tally.unknown(format!("by its modes {user} cannot read {shown}, but could when it was tried"), look_closer);
        }
        (false, _) => {
            if !may_read {
                tally.fail(format!("{user} cannot read {shown} ({})", access::standing(file)), mend_file(facts, file));
            }
            for (step, fault) in closed {
                tally.fail(&*fault.found, fault.fix(step));
            }
        }
    }
}

/// The rulebook's own commands, one a line; a list goes first, in one step with the mode, so that nobody gets more for a moment.
fn mend_file(facts: &Facts<'_>, file: &Standing) -> String {
    let group = facts.access.accounts.group_name(facts.access.account.gid);
    let path = shell_word(&facts.path.display().to_string());
    let mut lines = vec![format!("sudo chown root:{} {path}", shell_word(&group))];
    if file.acl != Acl::Absent {
        lines.push(format!("sudo setfacl {FORGET_LIST} {path}"));
    }
    lines.push(format!("sudo chmod {WIDEST:o} {path}"));
    lines.join("\n")
}

/// No list, and the widest mode, in one step.
const FORGET_LIST: &str = "-b -m u::rw,g::r,o::-";

#[cfg(test)]
mod tests;
