//! Program, script and working directory of the command: there, and within reach of the account that the service runs as.

use super::{Properties, commands, value};
use crate::{
    access::{self, Access, Change},
    unit_drift::Drift,
};
use nexy_contract::{
    target::Target,
    text::{excerpt, shell_word},
};
use nexy_outside::{
    accounts::{Account, Accounts},
    ownership::{self, Kind, Right, Standing},
    tree::Tree,
    trial::{self, Trial},
};
use std::path::Path;

const AGAIN: &str = "sudo nexy-gate exec-start";

/// What a path of the command leads to.
#[derive(Clone, Debug)]
pub(super) enum Found {
    /// It first, then every step of the way to it.
    There(Vec<Standing>),
    /// A link that leads nowhere.
    Dangling,
    /// Nothing.
    Nothing,
    /// Nobody can tell, and why.
    Hidden(String),
}

/// One path, and what it leads to.
pub(super) type PathSeen = (String, Found);

/// Everything that the command needs.
#[derive(Debug)]
pub(super) struct Paths {
    /// Everybody, and the account of the service; `Err` holds why there is none.
    pub(super) accounts: Result<(Accounts, Account), Missing>,
    /// What is run.
    pub(super) program: Option<PathSeen>,
    /// Its first argument that is no option.
    pub(super) script: Option<PathSeen>,
    /// Where it is run.
    pub(super) folder: Option<PathSeen>,
    /// Whether the interpreter starts as the account; `None` when the program is no Python.
    pub(super) trial: Option<Trial>,
}

/// Why the account is not known.
#[derive(Debug)]
pub(super) enum Missing {
    /// The machine has no such user.
    User,
    /// Nobody may read who its users are.
    Accounts(String),
}

/// Looks at the paths of the command that these properties name, for the account of the target.
pub(super) fn look(target: &Target, properties: &Properties) -> Paths {
    let command = commands(properties).into_iter().next().flatten();
    let folder = value(properties, "WorkingDirectory");
    let accounts = Accounts::read().map_err(|error| Missing::Accounts(error.because()));
    let accounts = accounts.and_then(|accounts| match accounts.account(&target.service.user) {
        Some(account) => Ok((accounts, account)),
        None => Err(Missing::User),
    });
    let program = command.as_ref().map(|command| at(command.program.clone()));
    let script = command.as_ref().and_then(|command| command.script(folder)).map(at);
    let folder = folder.starts_with('/').then(|| at(folder.to_owned()));
    let mut paths = Paths { accounts, program, script, folder, trial: None };
    paths.trial = try_interpreter(target, &paths);
    paths
}

fn at(path: String) -> PathSeen {
    let tree = Tree::here();
    let found = match ownership::way(&tree, Path::new(&path)) {
        Ok(steps) => Found::There(steps),
        Err(error) if !error.is_missing() => Found::Hidden(error.because()),
        Err(_) if tree.is_link(Path::new(&path)).unwrap_or(false) => Found::Dangling,
        Err(_) => Found::Nothing,
    };
    (path, found)
}

/// Only the program that the release names is started, and only when nothing is known to stop it.
fn try_interpreter(target: &Target, paths: &Paths) -> Option<Trial> {
    let (path, found) = paths.program.as_ref()?;
    let is_named = target.service.exec_start.split(' ').next() == Some(path);
    let is_python = Path::new(path).file_name().and_then(|name| name.to_str()).is_some_and(|name| name.starts_with("python"));
    let (Ok((_, account)), Found::There(steps)) = (&paths.accounts, found) else { return None };
    let (program, way) = steps.split_first()?;
    let may_start = may_run(program, account) && way.iter().all(|step| step.kind == Kind::Link || step.grants(account, Right::Execute));
    (is_named && is_python && may_start).then(|| trial::python_starts_as(account, Path::new(path)))
}

fn may_run(program: &Standing, account: &Account) -> bool {
    program.kind == Kind::File && program.grants(account, Right::Execute)
}

/// Holds the paths against what the command needs.
pub(super) fn judge(target: &Target, paths: &Paths, drift: &mut Drift) {
    let user = &target.service.user;
    let (accounts, account) = match &paths.accounts {
        Ok(known) => known,
        Err(Missing::User) => {
            drift.no(&format!("this machine has no user {}", excerpt(user, 80)), Some(format!("sudo useradd --create-home {user}")));
            return;
        }
        Err(Missing::Accounts(because)) => {
            drift.blind(&format!("cannot tell who {user} is: {because}"), AGAIN);
            return;
        }
    };
    let access = Access { accounts, account, checkout: Path::new(&target.vm.checkout) };
    if let Some((path, found)) = &paths.folder {
        judge_folder(access, path, found, drift);
    }
    if let Some((path, found)) = &paths.program {
        judge_program(target, access, path, found, drift);
        judge_trial(target, path, paths.trial.as_ref(), drift);
    }
    if let Some((path, found)) = &paths.script {
        judge_script(target, access, path, found, drift);
    }
}

fn judge_folder(access: Access<'_>, path: &str, found: &Found, drift: &mut Drift) {
    let shown = excerpt(path, 300);
    match found {
        Found::There(steps) if steps.first().is_some_and(|folder| folder.kind == Kind::Folder) => {
            for step in steps {
                judge_passing(access, step, drift);
            }
        }
        Found::Hidden(because) => drift.blind(&format!("cannot look at {shown}: {because}"), AGAIN),
        _ => drift.no(&format!("there is no folder {shown} to start in"), Some(format!("ls -ld {}", shell_word(path)))),
    }
}

fn judge_program(target: &Target, access: Access<'_>, path: &str, found: &Found, drift: &mut Drift) {
    let (shown, word) = (excerpt(path, 300), shell_word(path));
    match found {
        Found::There(steps) if steps.first().is_some_and(|program| program.kind == Kind::File) => {
            if let Some(program) = steps.first().filter(|program| !may_run(program, access.account)) {
                let found = format!("{} cannot run {shown} ({})", access.account.name, access::standing(program));
                drift.no(&found, Some(format!("sudo chmod a+rx {word}")));
            }
            for step in &steps[1..] {
                judge_passing(access, step, drift);
            }
        }
        Found::Hidden(because) => drift.blind(&format!("cannot look at {shown}: {because}"), AGAIN),
        Found::Dangling => {
            drift.no(&format!("{shown} leads to an interpreter that is gone"), None);
            venv_again(target, path, drift);
        }
        Found::There(_) | Found::Nothing => {
            let fix = format!("sudo -u {} python3 -m venv {}", target.service.user, shell_word(&venv_of(path)));
            drift.no(&format!("there is no program {shown}"), Some(fix));
        }
    }
}

fn judge_trial(target: &Target, path: &str, trial: Option<&Trial>, drift: &mut Drift) {
    let (shown, user) = (excerpt(path, 300), &target.service.user);
    match trial {
        None | Some(Trial::Allowed) => {}
        Some(Trial::Refused(because)) => {
            drift.no(&format!("{user} cannot start {shown}, although its modes let it: {}", excerpt(because, 200)), None);
            venv_again(target, path, drift);
        }
        Some(Trial::NotTried(because)) => {
            drift.blind(&format!("it was not tried whether {user} can start {shown}: {}", excerpt(because, 200)), AGAIN);
        }
    }
}

/// The venv keeps its packages where the new interpreter has the same version; pip brings those that are missing.
fn venv_again(target: &Target, path: &str, drift: &mut Drift) {
    let (user, venv) = (&target.service.user, venv_of(path));
    let requirements = shell_word(&format!("{}/{}", target.vm.checkout, target.layout.requirements));
    drift.command(Some(format!("sudo -u {user} python3 -m venv --upgrade {}", shell_word(&venv))));
    drift.command(Some(format!("sudo -u {user} {} install -r {requirements}", shell_word(&format!("{venv}/bin/pip")))));
}

fn venv_of(path: &str) -> String {
    Path::new(path).parent().and_then(Path::parent).unwrap_or(Path::new("/")).display().to_string()
}

fn judge_script(target: &Target, access: Access<'_>, path: &str, found: &Found, drift: &mut Drift) {
    let shown = excerpt(path, 300);
    match found {
        Found::There(steps) if steps.first().is_some_and(|script| script.kind == Kind::File) => {
            if let Some(script) = steps.first().filter(|script| !script.grants(access.account, Right::Read)) {
                let found = format!("{} cannot read {shown} ({})", access.account.name, access::standing(script));
                drift.no(&found, typed(&access.let_in(script, Right::Read as u32), script));
            }
            for step in &steps[1..] {
                judge_passing(access, step, drift);
            }
        }
        Found::Hidden(because) => drift.blind(&format!("cannot look at {shown}: {because}"), AGAIN),
        _ => {
            let entry_point = &target.layout.entry_point;
            let is_ours = *path == format!("{}/{entry_point}", target.vm.checkout);
            let checkout = shell_word(&target.vm.checkout);
            // A drifted command names a file that nobody should create; the command itself is mended above.
            let restore = format!("sudo -u {} git -C {checkout} checkout HEAD -- {}", target.service.user, shell_word(entry_point));
            drift.no(&format!("the command would open {shown}, and there is no such file"), is_ours.then_some(restore));
        }
    }
}

fn judge_passing(access: Access<'_>, step: &Standing, drift: &mut Drift) {
    if let Some((found, command)) = access::blind_spot(step) {
        drift.blind(&found, &command);
    } else if step.kind == Kind::Folder && !step.grants(access.account, Right::Execute) {
        let found = format!("{} cannot pass {} ({})", access.account.name, access::shown(step), access::standing(step));
        drift.no(&found, typed(&access.let_in(step, Right::Execute as u32), step));
    }
}

fn typed(change: &Change, step: &Standing) -> Option<String> {
    change.command(&access::shown(step)).map(|command| format!("sudo {command}"))
}
