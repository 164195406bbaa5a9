//! The service can read its environment file, and no other account can read, change or replace it.

use crate::{
    answer_builder::AnswerBuilder,
    context::Context,
    gate::{Answer, Explain, Gate, Machine, Repair, Takes},
    observed::config_env,
    permissions::{self, Change, Class, Fault, Permissions, Way},
};
use nexy_contract::{
    Fix,
    fix::{command, note},
    text::{excerpt, shell_word},
};
use nexy_outside::{
    fs::{
        accounts::Accounts,
        files::FileError,
        permissions::{Acl, Kind, PathMetadata, Right, path_chain},
    },
    programs::as_user::{self, UserAttempt},
};
use std::path::{Path, PathBuf};

pub(crate) const GATE: Gate = Gate {
    id: "config-env-access",
    asks: "Can the service's user read the environment file, and no other account touch it?",
    profiles: &["before-checkout", "hard"],
    runbook: "S0 §1.1, S1 §6.1",
    at: Machine::Vm,
    takes: Takes::Outside,
    explain: Explain {
        symptom: "PermissionError at the service's start after the file was copied or edited; or a file with keys that others can read.",
        check: "Computes from owner, group and mode of the file and of every folder and link on the way to it what the unit's user and all \
                other accounts may do; an access control list there is itself a failure. Then really reads the file as that user (as root, \
                through setpriv). When the two disagree, the answer is unknown; so it is with --root, where no account can be tried.",
        fix: &[
            command("sudo chown root:GROUP FILE"),
            command("sudo chmod 640 FILE"),
            note(
                "With the unit user's group and the path of vm.config_env; an access control list is taken away by setfacl -b. The gate \
                 prints the commands with this machine's values, and --print-fix makes them a script.",
            ),
        ],
        verify: &[command("sudo nexy-gate config-env-access"), note("After the next start:"), command("systemctl is-active UNIT")],
    },
    check: |context| repair(context).now,
    repair: Some(repair),
};

/// The widest mode that the rulebook allows.
const WIDEST: u32 = 0o640;
const AGAIN: &str = "sudo nexy-gate config-env-access";

/// What is judged.
struct Facts<'a> {
    path: &'a Path,
    /// Where links lead.
    real: PathBuf,
    permissions: Permissions<'a>,
    /// The file first, then every folder and link on the way to it.
    steps: &'a [PathMetadata],
    trial: UserAttempt,
}

/// Looks, and judges; the commands of the finding are those of the script.
fn repair(context: &Context) -> Repair {
    let (target, tree) = (&context.workspace.target, &context.tree);
    let (path, user) = (Path::new(&target.vm.config_env), &target.service.user);
    let accounts = match Accounts::read_in(tree) {
        Ok(accounts) => accounts,
        Err(error) => return Repair::none(cannot_look(path, &error, user)),
    };
    let Some(account) = accounts.account(user) else {
        return Repair::none(permissions::no_account(user, &format!("reads {}", path.display())));
    };
    let steps = match path_chain(tree, path) {
        Ok(steps) => steps,
        Err(error) if error.is_missing() => return Repair::none(config_env::cannot_read(&error, target, tree)),
        Err(error) => return Repair::none(cannot_look(path, &error, user)),
    };
    let trial = match steps.first().map(|file| file.kind) {
        _ if !tree.is_here() => UserAttempt::NotTried("a mounted tree has no processes".to_owned()),
        Some(Kind::File) => as_user::read_as(&account, path),
        _ => UserAttempt::NotTried("it is not a regular file".to_owned()),
    };
    let leads_to = |path: &Path| tree.walk(path).map_or_else(|_| path.to_path_buf(), |walk| tree.name(&walk.end));
    let (real, checkout) = (leads_to(path), leads_to(Path::new(&target.vm.checkout)));
    let permissions = Permissions { accounts: &accounts, account: &account, checkout: &checkout };
    judge(&Facts { path, real, permissions, steps: &steps, trial })
}

fn cannot_look(path: &Path, error: &FileError, user: &str) -> Answer {
    let found = format!("cannot look at the way to {}: {}", path.display(), error.because());
    Answer::unknown(found, format!("a file that {user} can read and no other account can touch"), Fix::command(AGAIN))
}

fn judge(facts: &Facts<'_>) -> Repair {
    let Permissions { accounts, account, .. } = facts.permissions;
    let nothing = Fix::command(AGAIN);
    let mut answer = AnswerBuilder::default();
    if let Some((file, chain)) = facts.steps.split_first() {
        let way = Way::new(facts.permissions, &facts.real, chain);
        let faults = faults_of(facts.permissions, chain);
        for (step, fault) in faults.iter().filter(|(_, fault)| !fault.is_about_passing) {
            way.fail(step, fault, &mut answer);
        }
        judge_file(facts, &way, file, &mut answer);
        for (found, fix) in facts.steps.iter().filter_map(permissions::unreadable_acl) {
            answer.unknown(found, fix);
        }
        if file.kind == Kind::File && facts.steps.iter().all(|step| step.acl == Acl::Absent) {
            judge_reading(facts, &way, file, &faults, &mut answer);
        }
    }
    let group = accounts.group_name(account.gid);
    let expected = format!("{} of root:{group}, mode 0640 or less, readable by {}", facts.path.display(), account.name);
    let mut repair = answer.repair(expected, nothing);
    if facts.steps.iter().any(|step| matches!(step.acl, Acl::Unreadable(_))) {
        // A list that cannot be read may grant more than is known, so no script says that it mends all.
        repair.steps.clear();
    }
    repair
}

/// What is nearest to the root is mended first, so that the next command can pass it.
fn faults_of<'a>(permissions: Permissions<'_>, chain: &'a [PathMetadata]) -> Vec<(&'a PathMetadata, Fault)> {
    chain.iter().rev().flat_map(|step| permissions.faults_of_step(step, chain).into_iter().map(move |fault| (step, fault))).collect()
}

fn judge_file(facts: &Facts<'_>, way: &Way<'_>, file: &PathMetadata, answer: &mut AnswerBuilder) {
    let Permissions { accounts, account, .. } = facts.permissions;
    let shown = facts.path.display();
    if file.kind != Kind::File {
        return answer.fail(format!("{shown} is not a regular file"), Fix::command(format!("ls -ld {}", permissions::quoted_path(file))));
    }
    let mut found = Vec::new();
    if file.uid != 0 {
        found.push(format!("{shown} belongs to {}, not to root", accounts.user_name(file.uid)));
    }
    let group = accounts.group_name(file.gid);
    if file.gid != account.gid {
        found.push(format!("the group of {shown} is {group}, not {}", accounts.group_name(account.gid)));
    }
    match permissions::extended_acl(file) {
        Some(fault) => found.push(fault.found),
        None if file.mode & !WIDEST != 0 => {
            found.push(format!("the mode of {shown} is {:04o}, which lets more in than 0640", file.mode));
        }
        None => {}
    }
    found.into_iter().for_each(|found| way.fail_end(file, &found, &right(facts, file), answer));
    for (names, class) in facts.permissions.others_with(file, Right::Read) {
        // Another group or a wider mode was named above.
        if class == Class::Group && file.gid == account.gid && file.acl == Acl::Absent {
            let found = format!("{names} can read {shown}, being in the group {group}, which should be {}'s alone", account.name);
            answer.fail(found, leave_group(accounts, &names, file.gid, &group));
        }
    }
}

/// An account that has joined a group can be taken out of it; an account whose own group it is needs another one.
fn leave_group(accounts: &Accounts, names: &str, gid: u32, group: &str) -> Fix {
    let mut fix = Fix::none();
    for name in names.split(" and ") {
        fix = match accounts.account(name).is_some_and(|account| account.gid == gid) {
            true => fix.then_note(format!("give {} another primary group than {}", excerpt(name, 80), excerpt(group, 80))),
            false => fix.then_command(format!("sudo gpasswd --delete {} {}", shell_word(name), shell_word(group))),
        };
    }
    fix.then_command(AGAIN)
}

/// The rule and the attempt; each alone can be fooled.
fn judge_reading(facts: &Facts<'_>, way: &Way<'_>, file: &PathMetadata, faults: &[(&PathMetadata, Fault)], answer: &mut AnswerBuilder) {
    let (shown, user) = (facts.path.display(), facts.permissions.account.name.as_str());
    let closed: Vec<_> = faults.iter().filter(|(_, fault)| fault.is_about_passing).collect();
    let may_read = file.grants(facts.permissions.account, Right::Read);
    let by_rule = may_read && closed.is_empty();
    let path = shell_word(&shown.to_string());
    let look_closer = || Fix::commands([format!("namei -l {path}"), format!("getfacl -p {path}")]);
    match (by_rule, &facts.trial) {
        (true, UserAttempt::Allowed) => {
            answer.pass(format!("{user} can read {shown} (by its modes, and tried), and no other account can touch it"));
        }
        (true, UserAttempt::Refused(because)) => {
            let found = format!("by its modes {user} can read {shown}, but could not when it was tried: {}", excerpt(because, 200));
            answer.unknown(found, look_closer());
        }
        (true, UserAttempt::NotTried(because)) => {
            let found = format!("not verified by trying whether {user} can read {shown}: {}", excerpt(because, 200));
            answer.unknown(found, Fix::command(AGAIN));
        }
        (false, UserAttempt::Allowed) => {
            answer.unknown(format!("by its modes {user} cannot read {shown}, but could when it was tried"), look_closer());
        }
        (false, _) => {
            for (step, fault) in closed {
                way.fail(step, fault, answer);
            }
            if !may_read {
                let found = format!("{user} cannot read {shown} ({})", permissions::mode_text(file));
                way.fail_end(file, &found, &right(facts, file), answer);
            }
        }
    }
}

/// The rulebook's mode and owner. The mode comes first, while the file can be its user's.
fn right(facts: &Facts<'_>, file: &PathMetadata) -> Vec<Change> {
    let Permissions { accounts, account, .. } = facts.permissions;
    let list = (file.acl == Acl::Present).then(|| Change::ByOwner("setfacl -b".to_owned()));
    let is_right = list.is_none() && file.mode & !WIDEST == 0 && file.mode & 0o040 != 0;
    let mode = (!is_right).then(|| Change::ByOwner(format!("chmod {WIDEST:o}")));
    let owner = Change::Owner(format!("root:{}", accounts.group_name(account.gid)));
    list.into_iter().chain(mode).chain([owner]).collect()
}

#[cfg(test)]
mod tests;
