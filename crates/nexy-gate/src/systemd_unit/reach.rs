//! Program, script and working directory of the command: there, and within reach of the account that the service runs as.

use super::{
    loaded::{self, Properties, WorkingDirectory},
    sandbox::Needs,
};
use crate::{
    answer_builder::AnswerBuilder,
    permissions::{self, Fault, Permissions, Way},
};
use nexy_contract::{
    Fix,
    target_file::Target,
    text::{excerpt, shell_word},
};
use nexy_outside::{
    fs::{
        accounts::{Account, Accounts},
        permissions::{Kind, PathMetadata, Right, path_chain},
        root_fs::RootFs,
    },
    programs::as_user::{self, UserAttempt},
};
use std::path::{Path, PathBuf};

const AGAIN: &str = "sudo nexy-gate exec-start";

/// What a path of the command leads to.
#[derive(Clone, Debug)]
pub(crate) enum Found {
    /// It first, then every step of the way to it.
    There {
        /// Where links lead.
        real: PathBuf,
        /// The steps.
        steps: Vec<PathMetadata>,
    },
    /// A link that leads nowhere.
    Dangling,
    /// Nothing.
    Nothing,
    /// It cannot be determined, and why.
    Hidden(String),
}

/// One path, and what it leads to.
pub(crate) type PathSeen = (String, Found);

/// Everything that the command needs.
#[derive(Debug)]
pub(crate) struct Paths {
    /// All accounts of the machine, or why they cannot be read.
    pub(crate) accounts: Result<Accounts, String>,
    /// The account of the service; `None` when the machine does not have it.
    pub(crate) account: Option<Account>,
    /// Where it is run, as the manager says.
    pub(crate) working_directory: WorkingDirectory,
    /// Where links of `vm.checkout` lead.
    pub(crate) checkout: PathBuf,
    /// What is run.
    pub(crate) program: Option<PathSeen>,
    /// Its first argument that is no option.
    pub(crate) script: Option<PathSeen>,
    /// Where it is run.
    pub(crate) folder: Option<PathSeen>,
    /// Whether the interpreter starts as the account; `None` when the program is no Python.
    pub(crate) trial: Option<UserAttempt>,
}

impl Paths {
    /// What no setting of the unit may hide or lock.
    pub(crate) fn needs(&self, target: &Target) -> Needs {
        let path = |seen: &Option<PathSeen>| seen.as_ref().map(|(path, _)| PathBuf::from(path));
        let checkout = Path::new(&target.vm.checkout);
        let program = path(&self.program);
        let interpreter = program.as_ref().and_then(|program| Some(RootFs::here().walk(program).ok()?.end));
        let opened = [path(&self.script), path(&self.folder), Some(PathBuf::from(&target.vm.config_env)), Some(checkout.to_path_buf())];
        Needs {
            seen: opened.into_iter().chain([program, interpreter.clone()]).flatten().collect(),
            written: target.layout.writable_dirs.iter().map(|folder| checkout.join(folder)).collect(),
            run: interpreter.into_iter().collect(),
            is_root: self.account.as_ref().is_some_and(|account| account.uid == 0),
        }
    }
}

/// Looks at the paths of the command that these properties name, for the account of the target.
pub(crate) fn look(target: &Target, properties: &Properties) -> Paths {
    let user = &target.service.user;
    let accounts = Accounts::read().map_err(|error| error.because());
    let account = accounts.as_ref().ok().and_then(|accounts| accounts.account(user));
    let working_directory = loaded::working_directory(properties, accounts.as_ref().ok().and_then(|accounts| accounts.home(user)));
    let command = loaded::commands(properties).into_iter().next().flatten();
    let folder = working_directory.path.clone();
    let program = command.as_ref().map(|command| look_at(command.program.clone()));
    let script = command.as_ref().zip(folder.as_ref()).and_then(|(command, folder)| command.script(folder)).map(look_at);
    let folder = folder.map(look_at);
    let checkout = RootFs::here().walk(Path::new(&target.vm.checkout)).map_or_else(|_| PathBuf::from(&target.vm.checkout), |walk| walk.end);
    let mut paths = Paths { accounts, account, working_directory, checkout, program, script, folder, trial: None };
    paths.trial = try_interpreter(target, &paths);
    paths
}

fn look_at(path: String) -> PathSeen {
    let tree = RootFs::here();
    let found = match path_chain(&tree, Path::new(&path)) {
        Ok(steps) => Found::There { real: tree.walk(Path::new(&path)).map_or_else(|_| PathBuf::from(&path), |walk| walk.end), steps },
        Err(error) if !error.is_missing() => Found::Hidden(error.because()),
        Err(_) if tree.is_link(Path::new(&path)).unwrap_or(false) => Found::Dangling,
        Err(_) => Found::Nothing,
    };
    (path, found)
}

/// Only the program that the release names is started, and only when nothing is known to stop it.
fn try_interpreter(target: &Target, paths: &Paths) -> Option<UserAttempt> {
    let (path, found) = paths.program.as_ref()?;
    let is_named = target.service.exec_start.split(' ').next() == Some(path);
    let is_python = Path::new(path).file_name().and_then(|name| name.to_str()).is_some_and(|name| name.starts_with("python"));
    let (Some(account), Found::There { steps, .. }) = (&paths.account, found) else { return None };
    let (program, way) = steps.split_first()?;
    let may_start = may_run(program, account) && way.iter().all(|step| step.kind == Kind::Link || step.grants(account, Right::Execute));
    (is_named && is_python && may_start).then(|| as_user::python_starts_as(account, Path::new(path)))
}

fn may_run(program: &PathMetadata, account: &Account) -> bool {
    program.kind == Kind::File && program.grants(account, Right::Execute)
}

/// Holds the paths against what the command needs.
pub(crate) fn judge(target: &Target, paths: &Paths, answer: &mut AnswerBuilder) {
    let user = &target.service.user;
    let (accounts, account) = match (&paths.accounts, &paths.account) {
        (Ok(accounts), Some(account)) => (accounts, account),
        (Ok(_), None) => {
            let fix = Fix::command(format!("sudo useradd --create-home {}", shell_word(user)));
            return answer.fail(format!("this machine has no user {}", excerpt(user, 80)), fix);
        }
        (Err(because), _) => return answer.unknown(format!("cannot determine who {user} is: {because}"), Fix::command(AGAIN)),
    };
    let permissions = Permissions { accounts, account, checkout: &paths.checkout };
    if let Some((path, found)) = &paths.folder {
        judge_folder(permissions, path, found, answer);
    }
    if let Some((path, found)) = &paths.program {
        judge_program(target, permissions, path, found, answer);
        judge_trial(target, path, paths.trial.as_ref(), answer);
    }
    if let Some((path, found)) = &paths.script {
        judge_script(target, permissions, path, found, answer);
    }
}

fn judge_folder(permissions: Permissions<'_>, path: &str, found: &Found, answer: &mut AnswerBuilder) {
    let shown = excerpt(path, 300);
    match found {
        Found::There { real, steps } if steps.first().is_some_and(|folder| folder.kind == Kind::Folder) => {
            judge_passing(permissions, real, steps, answer);
        }
        Found::Hidden(because) => answer.unknown(format!("cannot look at {shown}: {because}"), Fix::command(AGAIN)),
        _ => {
            let fix = Fix::command(format!("ls -ld {}", shell_word(path)));
            answer.fail(format!("the folder {shown} to start in does not exist"), fix);
        }
    }
}

fn judge_program(target: &Target, permissions: Permissions<'_>, path: &str, found: &Found, answer: &mut AnswerBuilder) {
    let shown = excerpt(path, 300);
    match found {
        Found::There { real, steps } if steps.first().is_some_and(|program| program.kind == Kind::File) => {
            judge_passing(permissions, real, &steps[1..], answer);
            if let Some(program) = steps.first().filter(|program| !may_run(program, permissions.account)) {
                let found = format!("{} cannot run {shown} ({})", permissions.account.name, permissions::mode_text(program));
                let changes = permissions.grant(&PathMetadata { path: real.clone(), ..program.clone() }, Right::Execute);
                Way::new(permissions, real, &steps[1..]).fail_end(program, &found, &changes, answer);
            }
        }
        Found::Hidden(because) => answer.unknown(format!("cannot look at {shown}: {because}"), Fix::command(AGAIN)),
        Found::Dangling => {
            answer.fail(format!("{shown} leads to an interpreter that does not exist"), venv_again(target, path));
        }
        Found::There { .. } | Found::Nothing => {
            let fix = Fix::command(format!("sudo -u {} python3 -m venv {}", target.service.user, shell_word(&venv_of(path))));
            answer.fail(format!("the program {shown} does not exist"), fix);
        }
    }
}

fn judge_trial(target: &Target, path: &str, trial: Option<&UserAttempt>, answer: &mut AnswerBuilder) {
    let (shown, user) = (excerpt(path, 300), &target.service.user);
    match trial {
        None | Some(UserAttempt::Allowed) => {}
        Some(UserAttempt::Refused(because)) => {
            let found = format!("{user} cannot start {shown}, although its modes let it: {}", excerpt(because, 200));
            answer.fail(found, venv_again(target, path));
        }
        Some(UserAttempt::NotTried(because)) => {
            answer.unknown(
                format!("not verified by trying whether {user} can start {shown}: {}", excerpt(because, 200)),
                Fix::command(AGAIN),
            );
        }
    }
}

/// The venv keeps its packages where the new interpreter has the same version; pip brings those that are missing.
fn venv_again(target: &Target, path: &str) -> Fix {
    let (user, venv) = (&target.service.user, venv_of(path));
    let requirements = shell_word(&format!("{}/{}", target.vm.checkout, target.layout.requirements));
    Fix::command(format!("sudo -u {user} python3 -m venv --upgrade {}", shell_word(&venv)))
        .then_command(format!("sudo -u {user} {} install -r {requirements}", shell_word(&format!("{venv}/bin/pip"))))
}

fn venv_of(path: &str) -> String {
    Path::new(path).parent().and_then(Path::parent).unwrap_or(Path::new("/")).display().to_string()
}

fn judge_script(target: &Target, permissions: Permissions<'_>, path: &str, found: &Found, answer: &mut AnswerBuilder) {
    let shown = excerpt(path, 300);
    match found {
        Found::There { real, steps } if steps.first().is_some_and(|script| script.kind == Kind::File) => {
            judge_passing(permissions, real, &steps[1..], answer);
            if let Some(script) = steps.first().filter(|script| !script.grants(permissions.account, Right::Read)) {
                let found = format!("{} cannot read {shown} ({})", permissions.account.name, permissions::mode_text(script));
                let changes = permissions.grant(&PathMetadata { path: real.clone(), ..script.clone() }, Right::Read);
                Way::new(permissions, real, &steps[1..]).fail_end(script, &found, &changes, answer);
            }
        }
        Found::Hidden(because) => answer.unknown(format!("cannot look at {shown}: {because}"), Fix::command(AGAIN)),
        _ => {
            let entry_point = &target.layout.entry_point;
            let (user, checkout, file) = (&target.service.user, shell_word(&target.vm.checkout), shell_word(entry_point));
            // No other file than the release's is created.
            let fix = match *path == format!("{}/{entry_point}", target.vm.checkout) {
                true => Fix::command(format!("sudo -u {user} git -C {checkout} checkout HEAD -- {file}")),
                false => Fix::none(),
            };
            answer.fail(format!("the command would open {shown}, and there is no such file"), fix);
        }
    }
}

/// What is nearest to the root is mended first, so that the next command can pass it.
fn judge_passing(permissions: Permissions<'_>, real: &Path, steps: &[PathMetadata], answer: &mut AnswerBuilder) {
    let way = Way::new(permissions, real, steps);
    for step in steps.iter().rev() {
        if let Some((found, fix)) = permissions::unreadable_acl(step) {
            answer.unknown(found, fix);
        } else if let Some(fault) = permissions::extended_acl(step) {
            way.fail(step, &fault, answer);
        } else if step.kind == Kind::Folder && !step.grants(permissions.account, Right::Execute) {
            let (path, mode) = (permissions::quoted_path(step), permissions::mode_text(step));
            let found = format!("{} cannot pass {path} ({mode})", permissions.account.name);
            let changes = permissions.grant(step, Right::Execute);
            way.fail(step, &Fault { found, changes, is_about_passing: true }, answer);
        }
    }
}
