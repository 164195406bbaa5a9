//! The manager has loaded the unit that the release was made for, and what it starts is within the service's reach.

use crate::{
    answer_builder::AnswerBuilder,
    context::Context,
    gate::{Answer, Explain, Gate, Machine, Repair, RepairStep, Takes},
    systemd_unit::{
        edit::{self, Directive, UnitFile},
        files,
        loaded::{self, LoadedCommand, Properties, value},
        reach::{self, Paths},
        sandbox::{self, Obstacle},
    },
};
use nexy_contract::{
    Fix, Verdict,
    fix::{command, note},
    target_file::{Service, Target},
    text::{excerpt, shell_word},
};
use nexy_outside::{fs::root_fs::RootFs, programs::systemd};

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
const RELOAD: &str = "systemctl daemon-reload";

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
        let fix = Fix::note("look on the VM:").then_command(format!("systemctl status {}", shell_word(unit)));
        Answer::unknown(error.to_string(), expected(&target.service), fix)
    })?;
    let tree = RootFs::here();
    let unread = files::unread(&tree, unit, &loaded::drop_ins(&properties));
    let mut unit_files = loaded::unit_files(&properties);
    for path in unread.iter().flatten() {
        let text = files::read(&tree, path).ok().flatten();
        unit_files.push(UnitFile { path: path.clone(), is_drop_in: true, text });
    }
    let paths = reach::look(target, &properties);
    let obstacles =
        sandbox::obstacles(&properties, &paths.needs(target), |path| tree.walk(path).map_or_else(|_| path.into(), |walk| walk.end));
    Ok(Facts { properties, unit_files, unread, paths, obstacles })
}

fn judge(target: &Target, facts: &Facts) -> Repair {
    let service = &target.service;
    if let Some(answer) = not_loaded(service, value(&facts.properties, "LoadState")) {
        return Repair::none(answer);
    }
    let mut answer = AnswerBuilder::default();
    answer.pass(format!("{} would start `{}` as {}", service.unit, service.exec_start, service.user));
    let drifts = [
        (Directive { name: "ExecStart", wanted: &service.exec_start }, command_faults(service, facts, &mut answer)),
        (Directive { name: "User", wanted: &service.user }, user_faults(service, facts, &mut answer)),
        (Directive { name: "WorkingDirectory", wanted: &service.working_directory }, folder_faults(service, facts)),
    ];
    let waits = reload_faults(service, facts, &mut answer);
    // What waits for a reload is in the files, and not in what the manager says.
    let directives: Vec<Directive<'_>> =
        drifts.iter().filter(|(_, faults)| !waits.is_empty() || !faults.is_empty()).map(|(directive, _)| *directive).collect();
    let has_drifted = drifts.iter().any(|(_, faults)| !faults.is_empty());
    let faults: Vec<String> = drifts.into_iter().flat_map(|(_, faults)| faults).chain(waits.iter().cloned()).collect();
    if !faults.is_empty() {
        mend(service, facts, &directives, &faults, !waits.is_empty(), &mut answer);
    }
    if has_drifted {
        // What a drifted command opens is told, and not mended.
        let mut told = AnswerBuilder::default();
        reach::judge(target, &facts.paths, &mut told);
        let told = told.repair("", Fix::none()).now;
        if told.verdict == Verdict::Fail {
            answer.fail(told.found, Fix::none());
        }
    } else {
        reach::judge(target, &facts.paths, &mut answer);
    }
    judge_group(service, facts, &mut answer);
    judge_obstacles(service, facts, &mut answer);
    let mut repair = answer.repair(expected(service), Fix::none());
    if !repair.now.passes() {
        let drop_ins: Vec<&str> = facts.unit_files.iter().filter(|file| file.is_drop_in).map(|file| file.path.as_str()).collect();
        if !drop_ins.is_empty() {
            repair.now.found += &format!("; drop-ins: {}", excerpt(&drop_ins.join(" "), 300));
        }
        repair.now.fix = repair.now.fix.then_command(AGAIN);
    }
    repair
}

fn not_loaded(service: &Service, state: &str) -> Option<Answer> {
    let unit = shell_word(&service.unit);
    let found = format!("the manager's state of {unit} is {}", excerpt(state, 40));
    let fix = match state {
        "loaded" => return None,
        "" => {
            let found = format!("the manager says nothing about {unit}");
            return Some(Answer::unknown(found, expected(service), Fix::command(format!("systemctl status {unit}"))));
        }
        // Unmasking takes away the link by which a boot starts it.
        "masked" => Fix::commands([format!("sudo systemctl unmask {unit}"), format!("sudo systemctl enable {unit}")]),
        "not-found" => {
            Fix::note(format!("put the unit's file at /etc/systemd/system/{unit}, then")).then_command("sudo systemctl daemon-reload")
        }
        _ => Fix::command(format!("systemd-analyze verify {unit}")).then_command("sudo systemctl daemon-reload"),
    };
    Some(Answer::fail(found, expected(service), fix.then_command(AGAIN)))
}

/// Why ExecStart must be set anew.
fn command_faults(service: &Service, facts: &Facts, answer: &mut AnswerBuilder) -> Vec<String> {
    let wanted = &service.exec_start;
    match loaded::commands(&facts.properties).as_slice() {
        [Some(command)] => {
            let words: Vec<&str> = wanted.split(' ').collect();
            let mut faults = prefix_faults(service, facts, command, answer);
            if command.words != words {
                faults.insert(0, format!("ExecStart is `{}`", excerpt(&command.words.join(" "), 300)));
            } else if words.first().is_none_or(|program| *program != command.program) {
                faults.insert(0, format!("ExecStart runs {} under another name", excerpt(&command.program, 200)));
            }
            faults
        }
        [] => vec!["ExecStart is not set".to_owned()],
        [None] => {
            let closer = format!("systemctl show -p ExecStart {}", shell_word(&service.unit));
            answer.unknown("the manager's ExecStart cannot be understood", Fix::command(closer));
            Vec::new()
        }
        several => vec![format!("ExecStart is set {} times", several.len())],
    }
}

fn prefix_faults(service: &Service, facts: &Facts, command: &LoadedCommand, answer: &mut AnswerBuilder) -> Vec<String> {
    let mut flags: Vec<&str> = command.flags.iter().map(String::as_str).collect();
    if !loaded::tells_flags(&facts.properties) {
        let prefixes =
            facts.unit_files.iter().map(|file| Some(edit::prefixes(file.text.as_deref()?, "ExecStart"))).collect::<Option<String>>();
        match prefixes.filter(|_| !facts.unit_files.is_empty()) {
            Some(prefixes) => {
                flags.extend(prefixes.contains('+').then_some("privileged"));
                flags.extend(prefixes.contains('!').then_some("no-setuid"));
            }
            None => {
                let found = "the manager does not tell the prefixes of ExecStart, and a file of the unit cannot be read";
                answer.unknown(found, Fix::command(format!("systemctl cat {}", shell_word(&service.unit))));
            }
        }
    }
    let mut faults = Vec::new();
    for flag in flags {
        match flag {
            "ignore-failure" => faults.push("ExecStart begins with `-`, so a failed start counts as a good one".to_owned()),
            "privileged" => faults.push("ExecStart begins with `+`, so the server runs as root whatever User= says".to_owned()),
            "no-setuid" => faults.push("ExecStart begins with `!`, so the server starts as root whatever User= says".to_owned()),
            // No kernel of today lacks ambient capabilities, and without a `$` there is nothing to expand.
            "ambient" => {}
            "no-env-expand" if !service.exec_start.contains('$') => {}
            other => {
                let found = format!("ExecStart has a prefix that is not known: {}", excerpt(other, 40));
                answer.unknown(found, Fix::command(format!("systemctl cat {}", shell_word(&service.unit))));
            }
        }
    }
    faults
}

/// Why User must be set anew.
fn user_faults(service: &Service, facts: &Facts, answer: &mut AnswerBuilder) -> Vec<String> {
    let user = value(&facts.properties, "User");
    let accounts = facts.paths.accounts.as_ref().ok();
    if loaded::is_user(accounts, user, &service.user) {
        return Vec::new();
    }
    if accounts.is_none() && user.parse::<u32>().is_ok() {
        let found = format!("cannot determine whether User={user} is {}", service.user);
        answer.unknown(found, Fix::command(format!("id {}", shell_word(&service.user))));
        return Vec::new();
    }
    vec![format!("User is `{}`", excerpt(user, 200))]
}

/// Why WorkingDirectory must be set anew.
fn folder_faults(service: &Service, facts: &Facts) -> Vec<String> {
    let folder = &facts.paths.working_directory;
    let mut faults = Vec::new();
    if folder.path.as_ref().is_none_or(|path| *path != service.working_directory) {
        faults.push(format!("WorkingDirectory is `{}`", excerpt(value(&facts.properties, "WorkingDirectory"), 200)));
    }
    if folder.may_be_missing {
        let found = "WorkingDirectory begins with `-` (systemctl shows `!`), so the server starts in / when the folder does not exist";
        faults.push(found.to_owned());
    }
    faults
}

/// Why files wait for a reload.
fn reload_faults(service: &Service, facts: &Facts, answer: &mut AnswerBuilder) -> Vec<String> {
    let mut faults = Vec::new();
    match value(&facts.properties, "NeedDaemonReload") {
        "no" => {}
        "yes" => faults.push("files of the unit have changed since the manager read them".to_owned()),
        _ => {
            let closer = format!("systemctl status {}", shell_word(&service.unit));
            answer.unknown("the manager does not say whether it must reload", Fix::command(closer));
        }
    }
    match &facts.unread {
        Ok(unread) if unread.is_empty() => {}
        Ok(unread) => faults.push(format!("the manager has not read {}", excerpt(&unread.join(" "), 300))),
        Err(because) => answer.unknown(because, Fix::command(AGAIN)),
    }
    faults
}

/// Finds the edits of the unit's files. The script gets all of them or none: a unit that is mended by half would start something
/// else.
fn mend(service: &Service, facts: &Facts, directives: &[Directive<'_>], faults: &[String], waits: bool, answer: &mut AnswerBuilder) {
    let edit = edit::edit(&facts.unit_files, &service.unit, directives);
    let found = faults.join("; ");
    if edit.by_hand.is_empty() && edit.unreadable.is_empty() && (waits || !edit.steps.is_empty()) {
        let mut steps = edit.steps;
        steps.push(RepairStep::new(RELOAD));
        return answer.fail_with_steps(found, steps);
    }
    let mut fix = Fix::commands(edit.steps.iter().map(|step| format!("sudo {}", step.command)));
    for (path, what) in &edit.by_hand {
        fix = fix.then_command(format!("sudoedit {}", shell_word(path))).then_note(what.clone());
    }
    for (path, directive) in &edit.unreadable {
        fix = fix.then_command(format!("sudo grep -n {directive}= {}", shell_word(path)));
    }
    if fix.is_empty() {
        // The files are right and loaded, and yet it differs.
        fix = directives
            .iter()
            .fold(by_hand(service), |fix, Directive { name, wanted }| fix.then_note(format!("set there, once: {name}={wanted}")));
    }
    answer.fail(found, fix.then_command(format!("sudo {RELOAD}")));
}

fn by_hand(service: &Service) -> Fix {
    Fix::command(format!("sudo systemctl edit --full {}", shell_word(&service.unit)))
}

fn judge_group(service: &Service, facts: &Facts, answer: &mut AnswerBuilder) {
    let group = value(&facts.properties, "Group");
    let (Ok(accounts), Some(account)) = (&facts.paths.accounts, &facts.paths.account) else { return };
    if !["", account.gid.to_string().as_str(), accounts.group_name(account.gid).as_str()].contains(&group) {
        let found = format!("Group is `{}`, so the server is not in the group of {}", excerpt(group, 80), service.user);
        answer.fail(found, by_hand(service).then_note("take Group= out there").then_command(format!("sudo {RELOAD}")));
    }
}

fn judge_obstacles(service: &Service, facts: &Facts, answer: &mut AnswerBuilder) {
    for Obstacle { setting, found, is_certain } in &facts.obstacles {
        let fix = by_hand(service).then_note(format!("take {setting}= out there, or except the service's folders from it"));
        let fix = fix.then_command(format!("sudo {RELOAD}"));
        match is_certain {
            true => answer.fail(found, fix),
            false => answer.unknown(format!("cannot determine what the service reaches: {found}"), fix),
        }
    }
}

fn expected(service: &Service) -> String {
    format!("ExecStart={}, User={}, WorkingDirectory={}", service.exec_start, service.user, service.working_directory)
}

#[cfg(test)]
mod tests;
