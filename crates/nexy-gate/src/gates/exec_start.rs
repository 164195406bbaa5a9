//! The manager has loaded the unit that the release was made for, and what it starts is within the service's reach.

mod paths;

use crate::{
    context::Context,
    gate::{Answer, Explain, Gate, Machine, Repair, RepairStep, Takes},
    systemd_unit::{
        edit::{self, Directive, UnitFile},
        files,
        loaded::{self, LoadedCommand, Properties, value},
        sandbox::{self, Obstacle},
    },
};
use nexy_contract::fix::{command, note};
use nexy_contract::{
    target::{Service, Target},
    text::{excerpt, shell_word},
};
use nexy_outside::{systemd, tree::RootFs};
use paths::Paths;

pub(crate) const GATE: Gate = Gate {
    id: "exec-start",
    asks: "Would the service manager start what the release expects, as the expected user, from the expected folder?",
    profiles: &["before-checkout", "hard"],
    runbook: "S0 §1.1, S1 §6.2",
    at: Machine::Vm,
    takes: Takes::RunningSystem,
    explain: Explain {
        symptom: "`can't open file` in the journal after a restart: command, working directory and layout have drifted apart.",
        check: "Asks the manager itself (systemctl show), not the unit's files: drop-ins override them. Command and its prefixes, user and \
                working directory must be those of [service] in nexy.toml; nothing may wait for a reload, in any folder that systemd reads; \
                and no setting may hide or lock the service's folders (Protect*, Private*, Root*, *Paths, DynamicUser, \
                TemporaryFileSystem). Program, script and working directory must be there and within the user's reach; a Python \
                interpreter is really started as that user, since a venv outlives the Python that it was made of.",
        fix: &[
            note("Set ExecStart, User and WorkingDirectory in the unit file, take them out of every drop-in, then"),
            command("sudo systemctl daemon-reload"),
            note("The gate prints the commands, and --print-fix makes them a script; it never restarts anything."),
        ],
        verify: &[command("sudo nexy-gate exec-start")],
    },
    check: |context| repair(context).now,
    repair: Some(repair),
};

const PROPERTIES: [&str; 9] =
    ["ExecStart", "ExecStartEx", "User", "Group", "WorkingDirectory", "FragmentPath", "DropInPaths", "NeedDaemonReload", "LoadState"];
const AGAIN: &str = "sudo nexy-gate exec-start";

/// All that was looked at.
struct Facts {
    properties: Properties,
    /// The files that the unit is made of, and those that a reload would add.
    unit_files: Vec<UnitFile>,
    /// Drop-ins that the manager has not read.
    unread: Result<Vec<String>, String>,
    paths: Paths,
    obstacles: Vec<Obstacle>,
}

/// Looks at everything, and finds the commands of the finding; changes nothing.
fn repair(context: &Context) -> Repair {
    let target = &context.workspace.target;
    match look(target) {
        Ok(facts) => judge(target, &facts),
        Err(answer) => Repair::none(answer),
    }
}

fn look(target: &Target) -> Result<Facts, Answer> {
    let unit = &target.service.unit;
    let properties = systemd::show(unit, &[&PROPERTIES[..], &sandbox::PROPERTIES].concat()).map_err(|error| {
        Answer::unknown(error.to_string(), expected(&target.service), format!("look on the VM:\nsystemctl status {}", shell_word(unit)))
    })?;
    let tree = RootFs::here();
    let unread = files::unread(&tree, unit, &loaded::drop_ins(&properties));
    let mut unit_files = loaded::unit_files(&properties);
    for path in unread.iter().flatten() {
        let text = files::read(&tree, path).ok().flatten();
        unit_files.push(UnitFile { path: path.clone(), is_drop_in: true, text });
    }
    let paths = paths::look(target, &properties);
    let obstacles =
        sandbox::obstacles(&properties, &paths.needs(target), |path| tree.walk(path).map_or_else(|_| path.into(), |walk| walk.end));
    Ok(Facts { properties, unit_files, unread, paths, obstacles })
}

/// What was found so far, and what mends it.
#[derive(Debug, Default)]
struct Assessment {
    wrong: Vec<String>,
    blind: Vec<String>,
    fix: Vec<String>,
    steps: Vec<RepairStep>,
    /// Files of the unit are changed, so the manager must read them.
    needs_reload: bool,
}

impl Assessment {
    /// This is wrong.
    fn wrong(&mut self, found: impl Into<String>) {
        self.wrong.push(found.into());
    }

    /// This could not be looked at; the command looks closer.
    fn blind(&mut self, found: impl Into<String>, command: impl Into<String>) {
        self.blind.push(found.into());
        self.command(command);
    }

    /// What a person types; each command is said once.
    fn command(&mut self, command: impl Into<String>) {
        let command = command.into();
        if !self.fix.contains(&command) {
            self.fix.push(command);
        }
    }

    /// What a person reads.
    fn note(&mut self, note: impl Into<String>) {
        self.command(note);
    }

    /// Adds what was found about something else; what mends it only where that is known to be the right thing.
    fn add(&mut self, other: Self, with_fix: bool) {
        self.wrong.extend(other.wrong);
        self.blind.extend(other.blind);
        if with_fix {
            other.fix.into_iter().for_each(|line| self.command(line));
            self.steps.extend(other.steps);
        }
    }

    /// A command of the finding and of the script.
    fn step(&mut self, step: RepairStep) {
        self.command(format!("sudo {}", step.command));
        self.steps.push(step);
    }
}

fn judge(target: &Target, facts: &Facts) -> Repair {
    let service = &target.service;
    if let Some(answer) = not_loaded(service, value(&facts.properties, "LoadState")) {
        return Repair::none(answer);
    }
    let mut found = Assessment::default();
    let drifted = [
        (judge_command(service, facts, &mut found), Directive { name: "ExecStart", wanted: &service.exec_start }),
        (judge_user(service, facts, &mut found), Directive { name: "User", wanted: &service.user }),
        (judge_folder(service, facts, &mut found), Directive { name: "WorkingDirectory", wanted: &service.working_directory }),
    ];
    let waits = judge_reload(service, facts, &mut found);
    // What waits for a reload is in the files, and not in what the manager says.
    let directives: Vec<Directive<'_>> =
        drifted.iter().filter(|(has_drifted, _)| waits || *has_drifted).map(|(_, directive)| *directive).collect();
    let is_whole = mend(service, facts, &directives, waits, &mut found);
    // What a drifted command opens is told, and not mended.
    let mut about_paths = Assessment::default();
    paths::judge(target, &facts.paths, &mut about_paths);
    found.add(about_paths, directives.is_empty());
    judge_obstacles(service, facts, &mut found);
    answer(service, facts, found, is_whole)
}

fn answer(service: &Service, facts: &Facts, mut found: Assessment, is_whole: bool) -> Repair {
    if found.wrong.is_empty() && found.blind.is_empty() {
        return Repair::none(Answer::pass(format!("{} would start `{}` as {}", service.unit, service.exec_start, service.user)));
    }
    if found.needs_reload {
        found.step(RepairStep::new("systemctl daemon-reload"));
    }
    found.command(AGAIN);
    let make = if found.wrong.is_empty() { Answer::unknown } else { Answer::fail };
    let mut words = [found.wrong, found.blind].concat();
    let drop_ins: Vec<&str> = facts.unit_files.iter().filter(|file| file.is_drop_in).map(|file| file.path.as_str()).collect();
    if !drop_ins.is_empty() {
        words.push(format!("drop-ins: {}", excerpt(&drop_ins.join(" "), 300)));
    }
    let now = make(words.join("; "), expected(service), found.fix.join("\n"));
    // All or nothing: a unit that is mended by half would start something else.
    Repair { now, steps: if is_whole { found.steps } else { Vec::new() } }
}

fn not_loaded(service: &Service, state: &str) -> Option<Answer> {
    let unit = shell_word(&service.unit);
    let found = format!("the manager's state of {unit} is {}", excerpt(state, 40));
    let fix = match state {
        "loaded" => return None,
        "" => {
            let found = format!("the manager says nothing about {unit}");
            return Some(Answer::unknown(found, expected(service), format!("systemctl status {unit}")));
        }
        "masked" => format!("sudo systemctl unmask {unit}\n{AGAIN}"),
        "not-found" => format!("put the unit's file at /etc/systemd/system/{unit}, then\nsudo systemctl daemon-reload\n{AGAIN}"),
        _ => format!("systemd-analyze verify {unit}\nsudo systemctl daemon-reload\n{AGAIN}"),
    };
    Some(Answer::fail(found, expected(service), fix))
}

/// Whether ExecStart must be set anew.
fn judge_command(service: &Service, facts: &Facts, found: &mut Assessment) -> bool {
    let wanted = &service.exec_start;
    let before = found.wrong.len();
    match loaded::commands(&facts.properties).as_slice() {
        [Some(command)] => {
            let words: Vec<&str> = wanted.split(' ').collect();
            if command.words != words {
                found.wrong(format!("ExecStart is `{}`", excerpt(&command.words.join(" "), 300)));
            } else if words.first().is_none_or(|program| *program != command.program) {
                found.wrong(format!("ExecStart runs {} under another name", excerpt(&command.program, 200)));
            }
            judge_prefixes(service, facts, command, found);
        }
        [] => found.wrong("ExecStart is not set"),
        [None] => {
            let closer = format!("systemctl show -p ExecStart {}", shell_word(&service.unit));
            found.blind("the manager's ExecStart cannot be understood", closer);
        }
        several => found.wrong(format!("ExecStart is set {} times", several.len())),
    }
    found.wrong.len() > before
}

fn judge_prefixes(service: &Service, facts: &Facts, command: &LoadedCommand, found: &mut Assessment) {
    let mut flags: Vec<&str> = command.flags.iter().map(String::as_str).collect();
    if !loaded::tells_flags(&facts.properties) {
        let prefixes =
            facts.unit_files.iter().map(|file| Some(edit::prefixes(file.text.as_deref()?, "ExecStart"))).collect::<Option<String>>();
        let Some(prefixes) = prefixes.filter(|_| !facts.unit_files.is_empty()) else {
            let closer = format!("systemctl cat {}", shell_word(&service.unit));
            return found.blind("the manager does not tell the prefixes of ExecStart, and a file of the unit cannot be read", closer);
        };
        flags.extend(prefixes.contains('+').then_some("privileged"));
        flags.extend(prefixes.contains('!').then_some("no-setuid"));
    }
    for flag in flags {
        match flag {
            "ignore-failure" => found.wrong("ExecStart begins with `-`, so a failed start counts as a good one"),
            "privileged" => found.wrong("ExecStart begins with `+`, so the server runs as root whatever User= says"),
            "no-setuid" => found.wrong("ExecStart begins with `!`, so the server starts as root whatever User= says"),
            // No kernel of today lacks ambient capabilities, and without a `$` there is nothing to expand.
            "ambient" => {}
            "no-env-expand" if !service.exec_start.contains('$') => {}
            other => found.blind(format!("ExecStart has a prefix that is not known: {}", excerpt(other, 40)), AGAIN),
        }
    }
}

/// Whether User must be set anew.
fn judge_user(service: &Service, facts: &Facts, found: &mut Assessment) -> bool {
    let user = value(&facts.properties, "User");
    let accounts = facts.paths.accounts.as_ref().ok();
    let group = value(&facts.properties, "Group");
    if let (false, Some(accounts), Some(account)) = (group.is_empty(), accounts, &facts.paths.account)
        && group != account.gid.to_string()
        && group != accounts.group_name(account.gid)
    {
        found.wrong(format!("Group is `{}`, so the server is not in the group of {}", excerpt(group, 80), service.user));
        found.command(format!("sudo systemctl edit --full {}", shell_word(&service.unit)));
        found.note("take Group= out there");
        found.needs_reload = true;
    }
    if loaded::is_user(accounts, user, &service.user) {
        return false;
    }
    if accounts.is_none() && user.parse::<u32>().is_ok() {
        found.blind(format!("cannot determine whether User={user} is {}", service.user), format!("id {}", shell_word(&service.user)));
        return false;
    }
    found.wrong(format!("User is `{}`", excerpt(user, 200)));
    true
}

/// Whether WorkingDirectory must be set anew.
fn judge_folder(service: &Service, facts: &Facts, found: &mut Assessment) -> bool {
    let folder = &facts.paths.working_directory;
    let is_right = folder.path.as_ref().is_some_and(|path| *path == service.working_directory);
    if !is_right {
        found.wrong(format!("WorkingDirectory is `{}`", excerpt(value(&facts.properties, "WorkingDirectory"), 200)));
    }
    if folder.may_be_missing {
        found.wrong("WorkingDirectory begins with `-` (systemctl shows `!`), so the server starts in / when the folder does not exist");
    }
    !is_right || folder.may_be_missing
}

/// Whether files wait for a reload.
fn judge_reload(service: &Service, facts: &Facts, found: &mut Assessment) -> bool {
    let mut waits = false;
    match value(&facts.properties, "NeedDaemonReload") {
        "no" => {}
        "yes" => {
            found.wrong("files of the unit have changed since the manager read them");
            waits = true;
        }
        _ => found.blind("the manager does not say whether it must reload", format!("systemctl status {}", shell_word(&service.unit))),
    }
    match &facts.unread {
        Ok(unread) if unread.is_empty() => {}
        Ok(unread) => {
            found.wrong(format!("the manager has not read {}", excerpt(&unread.join(" "), 300)));
            waits = true;
        }
        Err(because) => found.blind(because, AGAIN),
    }
    waits
}

/// Finds the edits of the unit's files; whether commands can do all of them.
fn mend(service: &Service, facts: &Facts, directives: &[Directive<'_>], waits: bool, found: &mut Assessment) -> bool {
    let edit = edit::edit(&facts.unit_files, &service.unit, directives);
    let is_whole = edit.by_hand.is_empty() && edit.unreadable.is_empty();
    let does_nothing = is_whole && edit.steps.is_empty() && !directives.is_empty() && !waits;
    found.needs_reload |= waits || !directives.is_empty();
    edit.steps.into_iter().for_each(|step| found.step(step));
    for (path, what) in edit.by_hand {
        found.command(format!("sudoedit {}", shell_word(&path)));
        found.note(what);
    }
    for (path, directive) in edit.unreadable {
        found.command(format!("sudo grep -n {directive}= {}", shell_word(&path)));
    }
    if does_nothing {
        // The files are right and loaded, and yet it differs.
        found.command(format!("sudo systemctl edit --full {}", shell_word(&service.unit)));
        directives.iter().for_each(|directive| found.note(format!("set there, once: {}={}", directive.name, directive.wanted)));
    }
    is_whole && !does_nothing
}

fn judge_obstacles(service: &Service, facts: &Facts, found: &mut Assessment) {
    for obstacle in &facts.obstacles {
        let edit = format!("sudo systemctl edit --full {}", shell_word(&service.unit));
        if obstacle.is_certain {
            found.wrong(&obstacle.found);
            found.command(edit);
            found.needs_reload = true;
            found.note(format!("take {}= out there, or except the service's folders from it", obstacle.setting));
        } else {
            found.blind(format!("cannot determine what the service reaches: {}", obstacle.found), edit);
        }
    }
}

fn expected(service: &Service) -> String {
    format!("ExecStart={}, User={}, WorkingDirectory={}", service.exec_start, service.user, service.working_directory)
}

#[cfg(test)]
mod tests;
