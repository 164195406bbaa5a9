//! The service can write into the folders that its server writes into, and no other account can.

use crate::{
    answer_builder::AnswerBuilder,
    context::Context,
    gate::{Answer, Explain, Gate, Machine, Repair, Takes},
    permissions::{self, Change, Permissions, Way},
};
use nexy_contract::{
    Fix,
    fix::{command, note},
    text::{excerpt, shell_word},
};
use nexy_outside::{
    fs::{
        accounts::{Account, Accounts},
        permissions::{Acl, Kind, PathMetadata, Right, look_in, path_chain},
        root_fs::RootFs,
    },
    programs::as_user::{self, UserAttempt},
};
use std::path::{Path, PathBuf};

pub(crate) const GATE: Gate = Gate {
    id: "update-dirs",
    asks: "Can the service's user, and no other account, write into the folders that the server writes into?",
    profiles: &["before-checkout"],
    runbook: "S1 §5, S0 §5.2",
    at: Machine::Vm,
    takes: Takes::Outside,
    explain: Explain {
        symptom: "PermissionError for a folder of the update server in the journal: it was made by another account, or never made.",
        check: "Computes from owner, group and mode of every folder of layout.writable_dirs in vm.checkout, and of every folder and link on \
                the way to it, whether the unit's user can list it and write into it and no other account can; an access control list there \
                is itself a failure. Then makes and removes an empty file there as that user. When the two disagree, the answer is unknown; \
                so it is with --root, where no account can be tried.",
        fix: &[
            command("sudo mkdir -p FOLDER"),
            command("sudo chown USER:GROUP FOLDER"),
            command("sudo chmod 755 FOLDER"),
            note(
                "An access control list is taken away by setfacl -b. The gate prints the commands with this machine's values, and \
                 --print-fix makes them a script.",
            ),
        ],
        verify: &[command("sudo nexy-gate update-dirs")],
    },
    check: |context| repair(context).now,
    repair: Some(repair),
};

const AGAIN: &str = "sudo nexy-gate update-dirs";
const ALL_RIGHTS: [Right; 3] = [Right::Read, Right::Write, Right::Execute];
/// Every account may look, the owner alone may write.
const MODE: u32 = 0o755;

/// One folder of `layout.writable_dirs`.
#[derive(Clone, Debug)]
struct Folder {
    path: PathBuf,
    /// Where it leads; for a folder that does not exist, where the nearest one above it leads.
    real: PathBuf,
    seen: Seen,
}

#[derive(Clone, Debug)]
enum Seen {
    /// The folder first, then every step of the way to it.
    There { steps: Vec<PathMetadata>, trial: UserAttempt },
    /// The nearest folder above it that is there first, then the way to that.
    Missing { steps: Vec<PathMetadata> },
    /// This path, the folder's or one above it, is no folder; and what a command begins with that renames it, if that is known.
    InTheWay(PathBuf, Option<String>),
    /// It cannot be looked at, and why.
    Hidden(String),
}

/// Looks, and judges; the commands of the finding are those of the script.
fn repair(context: &Context) -> Repair {
    let (target, tree) = (&context.workspace.target, &context.tree);
    let user = &target.service.user;
    let accounts = match Accounts::read_in(tree) {
        Ok(accounts) => accounts,
        Err(error) => {
            let found = format!("cannot determine who {user} is: {}", error.because());
            return Repair::none(Answer::unknown(found, expected(user), Fix::command(AGAIN)));
        }
    };
    let Some(account) = accounts.account(user) else {
        return Repair::none(permissions::no_account(user, "writes into the folders of layout.writable_dirs"));
    };
    let checkout = Path::new(&target.vm.checkout);
    let real_checkout = tree.walk(checkout).map_or_else(|_| checkout.to_path_buf(), |walk| tree.name(&walk.end));
    if look_in(tree, checkout).is_err_and(|error| error.is_missing()) {
        let fix = Fix::note(format!("look on the VM; if this is the VM, clone the repository there as {user}")).then_command(AGAIN);
        return Repair::none(Answer::fail(format!("the checkout {} does not exist", checkout.display()), expected(user), fix));
    }
    let folders: Vec<_> = target.layout.writable_dirs.iter().map(|folder| look_at(tree, &account, checkout.join(folder))).collect();
    judge(Permissions { accounts: &accounts, account: &account, checkout: &real_checkout }, &folders)
}

fn look_at(tree: &RootFs, account: &Account, path: PathBuf) -> Folder {
    let mut real = tree.walk(&path).map_or_else(|_| path.clone(), |walk| tree.name(&walk.end));
    let mut seen = match path_chain(tree, &path) {
        Ok(steps) if steps.first().is_none_or(|first| first.kind != Kind::Folder) => in_the_way(tree, &path),
        Ok(steps) => Seen::There { trial: try_it(tree, account, &path, &steps), steps },
        Err(error) if error.is_missing() => missing(tree, &path),
        Err(error) => Seen::Hidden(error.because()),
    };
    if let Seen::Missing { steps } = &mut seen
        && let Some(above) = steps.first_mut()
    {
        real = tree.walk(&above.path).map_or_else(|_| above.path.clone(), |walk| tree.name(&walk.end));
        above.path.clone_from(&real);
    }
    Folder { path, real, seen }
}

/// Where the rule says no, no account is tried: an attempt that succeeds all the same would only change something.
fn try_it(tree: &RootFs, account: &Account, path: &Path, steps: &[PathMetadata]) -> UserAttempt {
    let is_known = steps.iter().all(|step| step.acl == Acl::Absent);
    let may_pass = steps.iter().skip(1).all(|step| step.kind == Kind::Link || step.grants(account, Right::Execute));
    match steps.first() {
        _ if !tree.is_here() => UserAttempt::NotTried("a mounted tree has no processes".to_owned()),
        Some(folder) if is_known && may_pass && folder.grants_all(account, &ALL_RIGHTS) => as_user::write_in_as(account, path),
        _ => UserAttempt::NotTried("its modes say no".to_owned()),
    }
}

fn in_the_way(tree: &RootFs, path: &Path) -> Seen {
    Seen::InTheWay(path.to_path_buf(), permissions::as_owner_of_folder(tree, path))
}

fn missing(tree: &RootFs, path: &Path) -> Seen {
    for above in path.ancestors() {
        if tree.is_link(above).unwrap_or(false) && look_in(tree, above).is_err_and(|error| error.is_missing()) {
            return in_the_way(tree, above);
        }
        match path_chain(tree, above) {
            Ok(steps) if steps.first().is_some_and(|first| first.kind == Kind::Folder) => return Seen::Missing { steps },
            Ok(_) => return in_the_way(tree, above),
            Err(error) if error.is_missing() => {}
            Err(error) => return Seen::Hidden(error.because()),
        }
    }
    Seen::Hidden("no folder above it exists".to_owned())
}

fn expected(user: &str) -> String {
    format!("every folder of layout.writable_dirs there, where {user} and no other account can write")
}

fn judge(permissions: Permissions<'_>, folders: &[Folder]) -> Repair {
    let mut answer = AnswerBuilder::default();
    for folder in folders {
        judge_one(permissions, folder, &mut answer);
    }
    answer.repair(expected(&permissions.account.name), Fix::note("name the folders in nexy.toml: layout.writable_dirs"))
}

fn judge_one(permissions: Permissions<'_>, folder: &Folder, answer: &mut AnswerBuilder) {
    let path = shell_word(&folder.path.display().to_string());
    match &folder.seen {
        Seen::There { steps, trial } => judge_folder(permissions, folder, steps, trial, answer),
        Seen::Missing { steps } => {
            let way = Way::new(permissions, &folder.real, steps);
            judge_chain(permissions, &way, steps, answer);
            if let Some(above) = steps.first() {
                way.fail_missing(&folder.path, above, &format!("the folder {path} does not exist"), answer);
            }
        }
        Seen::InTheWay(other, as_owner) => {
            let moved = permissions::set_aside(as_owner.as_deref(), &other.display().to_string());
            let other = shell_word(&other.display().to_string());
            let fix =
                Fix::command(format!("ls -ld {other}")).then_note("if no program needs it, move it away:").then(moved).then_command(AGAIN);
            answer.fail(format!("{other} is not a directory"), fix);
        }
        Seen::Hidden(because) => answer.unknown(format!("cannot look at {path}: {because}"), Fix::command(AGAIN)),
    }
}

/// The rulebook's owner and mode, whatever is wrong with the folder.
fn right(permissions: Permissions<'_>, acl: &Acl) -> Vec<Change> {
    let Permissions { accounts, account, .. } = permissions;
    let owner = Change::Owner(format!("{}:{}", account.name, accounts.group_name(account.gid)));
    let list = (*acl == Acl::Present).then(|| Change::ByOwner("setfacl -b".to_owned()));
    [owner].into_iter().chain(list).chain([Change::ByOwner(format!("chmod {MODE:o}"))]).collect()
}

fn judge_folder(permissions: Permissions<'_>, folder: &Folder, steps: &[PathMetadata], trial: &UserAttempt, answer: &mut AnswerBuilder) {
    let Some((itself, chain)) = steps.split_first() else { return };
    let way = Way::new(permissions, &folder.real, chain);
    let (path, user) = (permissions::quoted_path(itself), &permissions.account.name);
    let mut is_right = judge_chain(permissions, &way, chain, answer);
    if let Some((found, fix)) = permissions::unreadable_acl(itself) {
        return answer.unknown(found, fix);
    }
    for found in faults(permissions, itself) {
        is_right = false;
        way.fail_end(itself, &found, &right(permissions, &itself.acl), answer);
    }
    match trial {
        _ if !is_right => {}
        UserAttempt::Allowed => answer.pass(format!("{user} can write into {path} (by its modes, and tried), and no other account can")),
        UserAttempt::Refused(because) => {
            let found = format!("by its modes {user} can write into {path}, but could not when it was tried: {}", excerpt(because, 200));
            answer.unknown(found, Fix::commands([format!("namei -l {path}"), format!("df -h {path}")]));
        }
        UserAttempt::NotTried(because) => {
            let found = format!("not verified by trying whether {user} can write into {path}: {}", excerpt(because, 200));
            answer.unknown(found, Fix::command(AGAIN));
        }
    }
}

/// Whether nothing is wrong with the way. What is nearest to the root is mended first, so that the next command can pass it.
fn judge_chain(permissions: Permissions<'_>, way: &Way<'_>, chain: &[PathMetadata], answer: &mut AnswerBuilder) -> bool {
    let mut is_right = true;
    for step in chain.iter().rev() {
        if let Some((found, fix)) = permissions::unreadable_acl(step) {
            answer.unknown(found, fix);
            is_right = false;
            continue;
        }
        for fault in permissions.faults_of_step(step, chain) {
            is_right = false;
            way.fail(step, &fault, answer);
        }
    }
    is_right
}

/// What is wrong with the folder itself. No other account may write into it, sticky or not: what stands there is served to clients.
fn faults(permissions: Permissions<'_>, folder: &PathMetadata) -> Vec<String> {
    let Permissions { accounts, account, .. } = permissions;
    let (path, mode) = (permissions::quoted_path(folder), permissions::mode_text(folder));
    let owner = accounts.user_name(folder.uid);
    let mut faults = Vec::new();
    if folder.uid != 0 && folder.uid != account.uid {
        faults.push(format!("{path} belongs to {owner}"));
    }
    if let Some(fault) = permissions::extended_acl(folder) {
        faults.push(fault.found);
        return faults;
    }
    let others = permissions.others_with(folder, Right::Write).into_iter();
    faults.extend(others.map(|(names, _)| format!("{names} can write into {path} ({mode})")));
    if !folder.grants_all(account, &ALL_RIGHTS) {
        faults.push(format!("{} cannot write into {path} ({mode}, of {owner})", account.name));
    }
    faults
}

#[cfg(test)]
mod tests;
