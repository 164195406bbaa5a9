//! The service can write into the folders that its server writes into, and nobody else can.

mod repair;

use crate::{
    access::{self, Access, Change, Fault},
    context::Context,
    gate::{Answer, Explain, Gate, Machine, Takes},
    tally::Tally,
};
use nexy_contract::fix::{command, note};
use nexy_contract::text::{excerpt, shell_word};
use nexy_outside::{
    accounts::{Account, Accounts},
    ownership::{self, Kind, Right, Standing},
    tree::Tree,
    trial::{self, Trial},
};
use std::path::{Path, PathBuf};

pub(crate) const GATE: Gate = Gate {
    id: "update-dirs",
    asks: "Can the service's user write into the folders that the server writes into, and nobody else?",
    profiles: &["before-checkout"],
    runbook: "S1 §5, S0 §5.2",
    at: Machine::Vm,
    takes: Takes::Outside,
    explain: Explain {
        symptom: "PermissionError for a folder of the update server in the journal: it was made by another account, or never made.",
        check: "Computes from owner, group, mode and access control list of every folder of layout.writable_dirs in vm.checkout, and of \
                every folder and link on the way to it, whether the unit's user can list it and write into it and nobody else can; then \
                makes and removes an empty file there as that user. When the two disagree, the answer is unknown; so it is with --root, \
                where nobody can be tried.",
        fix: &[
            command("sudo mkdir -p FOLDER"),
            command("sudo chown USER:GROUP FOLDER"),
            command("sudo chmod 755 FOLDER"),
            note("The gate prints the commands with this machine's values, and --print-fix makes them a script."),
        ],
        verify: &[command("sudo nexy-gate update-dirs")],
    },
    check,
    repair: Some(repair::repair),
};

const AGAIN: &str = "sudo nexy-gate update-dirs";
const ALL_RIGHTS: [Right; 3] = [Right::Read, Right::Write, Right::Execute];

/// All that was looked at, as it was seen.
struct Looked {
    checkout: PathBuf,
    accounts: Accounts,
    account: Account,
    folders: Vec<Folder>,
}

/// One folder of `layout.writable_dirs`.
#[derive(Clone, Debug)]
struct Folder {
    path: PathBuf,
    seen: Seen,
}

#[derive(Clone, Debug)]
enum Seen {
    /// The folder first, then every step of the way to it.
    There { steps: Vec<Standing>, trial: Trial },
    /// The nearest folder above it that is there first, then the way to that.
    Missing { steps: Vec<Standing> },
    /// Something else stands at this path, here or above.
    InTheWay(PathBuf),
    /// Nobody may look.
    Hidden(String),
}

impl Looked {
    fn access(&self) -> Access<'_> {
        Access { accounts: &self.accounts, account: &self.account, checkout: &self.checkout }
    }
}

fn check(context: &Context) -> Answer {
    match look(context) {
        Ok(looked) => judge(looked.access(), &looked.folders),
        Err(answer) => answer,
    }
}

/// Looks at everything, or answers why there is nothing to judge.
fn look(context: &Context) -> Result<Looked, Answer> {
    let (target, tree) = (&context.workspace.target, &context.tree);
    let user = &target.service.user;
    let accounts = match Accounts::read_in(tree) {
        Ok(accounts) => accounts,
        Err(error) => return Err(Answer::unknown(format!("cannot tell who {user} is: {}", error.because()), expected(user), AGAIN)),
    };
    let Some(account) = accounts.account(user) else {
        return Err(access::no_account(user, "writes into the folders of layout.writable_dirs"));
    };
    let checkout = PathBuf::from(&target.vm.checkout);
    match ownership::look_in(tree, &checkout) {
        Err(error) if error.is_missing() => {
            let found = format!("there is no checkout {}", checkout.display());
            let fix = format!("look on the VM; if this is the VM, clone the repository there as {user}, then\n{AGAIN}");
            return Err(Answer::fail(found, expected(user), fix));
        }
        _ => {}
    }
    let folders = target.layout.writable_dirs.iter().map(|folder| look_at(tree, &account, checkout.join(folder))).collect();
    Ok(Looked { checkout, accounts, account, folders })
}

fn look_at(tree: &Tree, account: &Account, path: PathBuf) -> Folder {
    let seen = match ownership::way(tree, &path) {
        Ok(steps) if steps.first().is_none_or(|first| first.kind != Kind::Folder) => Seen::InTheWay(path.clone()),
        Ok(steps) => Seen::There { trial: try_it(tree, account, &path, &steps), steps },
        Err(error) if error.is_missing() => missing(tree, &path),
        Err(error) => Seen::Hidden(error.because()),
    };
    Folder { path, seen }
}

/// Nobody is tried where the rule says no: a trial that was let in all the same would only have changed something.
fn try_it(tree: &Tree, account: &Account, path: &Path, steps: &[Standing]) -> Trial {
    let may_pass = steps.iter().skip(1).all(|step| step.kind == Kind::Link || step.grants(account, Right::Execute));
    match steps.first() {
        _ if !tree.is_here() => Trial::NotTried("a mounted tree has no processes".to_owned()),
        Some(folder) if may_pass && folder.grants_all(account, &ALL_RIGHTS) => trial::write_in_as(account, path),
        _ => Trial::NotTried("its modes say no".to_owned()),
    }
}

fn missing(tree: &Tree, path: &Path) -> Seen {
    for above in path.ancestors() {
        if tree.is_link(above).unwrap_or(false) && ownership::look_in(tree, above).is_err_and(|error| error.is_missing()) {
            return Seen::InTheWay(above.to_path_buf());
        }
        match ownership::way(tree, above) {
            Ok(steps) if steps.first().is_some_and(|first| first.kind == Kind::Folder) => return Seen::Missing { steps },
            Ok(_) => return Seen::InTheWay(above.to_path_buf()),
            Err(error) if error.is_missing() => {}
            Err(error) => return Seen::Hidden(error.because()),
        }
    }
    Seen::Hidden("nothing of it is there".to_owned())
}

fn expected(user: &str) -> String {
    format!("every folder of layout.writable_dirs there, where {user} and nobody else can write")
}

fn judge(access: Access<'_>, folders: &[Folder]) -> Answer {
    let mut tally = Tally::default();
    for folder in folders {
        judge_one(access, folder, &mut tally);
    }
    tally.answer(expected(&access.account.name))
}

fn judge_one(access: Access<'_>, folder: &Folder, tally: &mut Tally) {
    let path = shell_word(&folder.path.display().to_string());
    match &folder.seen {
        Seen::There { steps, trial } => judge_folder(access, &path, steps, trial, tally),
        Seen::Missing { steps } => {
            tally.fail(format!("there is no folder {path}"), made(access, &path));
            judge_way(access, steps, tally);
        }
        Seen::InTheWay(other) => {
            let other = shell_word(&other.display().to_string());
            let fix = format!("ls -ld {other}\nmove it away if nobody needs it:\nsudo mv {other} {other}.kept\n{AGAIN}");
            tally.fail(format!("{other} is no folder"), fix);
        }
        Seen::Hidden(because) => tally.unknown(format!("cannot look at {path}: {because}"), AGAIN),
    }
}

fn judge_folder(access: Access<'_>, path: &str, steps: &[Standing], trial: &Trial, tally: &mut Tally) {
    let Some((folder, way)) = steps.split_first() else { return };
    let user = &access.account.name;
    let blind: Vec<_> = steps.iter().filter_map(access::blind_spot).collect();
    if !blind.is_empty() {
        // Without its list the rule about a step is no rule.
        blind.into_iter().for_each(|(found, fix)| tally.unknown(found, fix));
        return;
    }
    let (mut mended, mut is_right) = (folder.clone(), true);
    let fix = mend(access, &mut mended).map_or_else(|| format!("ls -ld {path}"), |changes| commands(&changes, path));
    for fault in faults(access, folder) {
        is_right = false;
        tally.fail(fault.found, &*fix);
    }
    is_right &= judge_way(access, way, tally);
    let by_rule = is_right || (folder.grants_all(access.account, &ALL_RIGHTS) && way.iter().all(|step| passes(access, step, way)));
    let look_closer = format!("namei -l {path}\ngetfacl -p {path}\ndf -h {path}");
    match trial {
        Trial::Allowed if is_right => tally.pass(format!("{user} can write into {path} (by its modes, and tried), and nobody else can")),
        Trial::Refused(because) if by_rule => {
            let found = format!("by its modes {user} can write into {path}, but could not when it was tried: {}", excerpt(because, 200));
            tally.unknown(found, look_closer);
        }
        Trial::NotTried(because) if by_rule => {
            tally.unknown(format!("it was not tried whether {user} can write into {path}: {}", excerpt(because, 200)), AGAIN);
        }
        _ => {}
    }
}

fn passes(access: Access<'_>, step: &Standing, way: &[Standing]) -> bool {
    access.faults_of_step(step, way).iter().all(|fault| !fault.is_about_passing)
}

/// Whether nothing is wrong with the way.
fn judge_way(access: Access<'_>, way: &[Standing], tally: &mut Tally) -> bool {
    let mut is_right = true;
    for step in way {
        if let Some((found, fix)) = access::blind_spot(step) {
            tally.unknown(found, fix);
            is_right = false;
            continue;
        }
        for fault in access.faults_of_step(step, way) {
            is_right = false;
            tally.fail(&*fault.found, fault.fix(step));
        }
    }
    is_right
}

/// What is wrong with the folder itself. Nobody else may write into it, sticky or not: what stands there is served to clients.
fn faults(access: Access<'_>, folder: &Standing) -> Vec<Fault> {
    let (path, account) = (access::shown(folder), access.account);
    let fault = |found, change| Fault { found, change, is_about_passing: false };
    let mut faults = Vec::new();
    if folder.uid != 0 && folder.uid != account.uid {
        let found = format!("{path} belongs to {}", access.accounts.user_name(folder.uid));
        faults.push(fault(found, owner(account)));
    }
    for stranger in access.strangers(folder, Right::Write) {
        let found = format!("{} can write into {path} ({})", stranger.names, access::standing(folder));
        faults.push(fault(found, access.shut_out(stranger.by, Right::Write)));
    }
    if !folder.grants_all(account, &ALL_RIGHTS) {
        let found = format!(
            "{} cannot write into {path} ({}, of {})",
            account.name,
            access::standing(folder),
            access.accounts.user_name(folder.uid)
        );
        let change = if folder.uid == account.uid { Change::Mode { class: 'u', adds: true, rights: 7 } } else { owner(account) };
        faults.push(fault(found, change));
    }
    faults
}

fn owner(account: &Account) -> Change {
    Change::Owner { name: account.name.clone(), uid: account.uid }
}

/// More than there are entries in any list that a person keeps.
const MOST_CHANGES: usize = 100;

/// Mends the copy that is given, and says how; `None` when a name is nothing that a person could read.
fn mend(access: Access<'_>, folder: &mut Standing) -> Option<Vec<Change>> {
    let mut changes = Vec::new();
    while let Some(fault) = faults(access, folder).into_iter().next().filter(|_| changes.len() < MOST_CHANGES) {
        fault.change.command("")?;
        fault.change.apply(folder);
        changes.push(fault.change);
    }
    Some(changes)
}

fn commands(changes: &[Change], path: &str) -> String {
    changes.iter().filter_map(|change| Some(format!("sudo {}", change.command(path)?))).collect::<Vec<_>>().join("\n")
}

/// Makes the folder as the rulebook's commands would have made it.
fn made(access: Access<'_>, path: &str) -> String {
    let owner = shell_word(&format!("{}:{}", access.account.name, access.accounts.group_name(access.account.gid)));
    format!("sudo mkdir -p {path}\nsudo chown {owner} {path}\nsudo chmod {MODE:o} {path}")
}

/// Everybody may look, its owner alone may write.
const MODE: u32 = 0o755;

#[cfg(test)]
mod tests;
