//! The manager has loaded the unit that the release was made for, and what it starts is there.

mod repair;

pub(crate) use repair::repair;

use crate::{
    context::Context,
    gate::{Answer, Explain, Gate, Machine, Takes},
    loaded_command::{self, LoadedCommand},
    unit_drift::Drift,
    unit_repair::UnitFile,
};
use nexy_contract::{
    target::{Service, Target},
    text::{excerpt, shell_word},
};
use nexy_outside::{
    files,
    ownership::{self, Kind, Standing},
    systemd,
};
use std::{collections::BTreeMap, path::Path};

pub(crate) const GATE: Gate = Gate {
    id: "exec-start",
    asks: "Would the service manager start what the release expects, as the expected user, from the expected folder?",
    profiles: &["before-checkout", "hard"],
    runbook: "S0 §1.1, S1 §6.2",
    at: Machine::Vm,
    takes: Takes::RunningSystem,
    explain: Explain {
        symptom: "`can't open file` in the journal after a restart: command, working directory and layout have drifted apart.",
        check: "Asks the manager itself (systemctl show), not the unit's files: drop-ins override them. Command, user and working directory \
                must be those of [service] in nexy.toml, nothing may wait for a reload, and program and script must exist.",
        fix: "Set ExecStart, User and WorkingDirectory in the unit file, take them out of every drop-in, then: sudo systemctl daemon-reload. \
              The gate prints the commands; it never restarts anything.",
        verify: "nexy-gate exec-start",
    },
    check,
};

const PROPERTIES: &[&str] = &["ExecStart", "User", "WorkingDirectory", "FragmentPath", "DropInPaths", "NeedDaemonReload", "LoadState"];
const UNIT_FILE_BYTES: u64 = 1 << 20;

pub(super) type Properties = BTreeMap<String, String>;

/// What a path of the command leads to; `Err` holds why nobody can tell.
type Looked = Result<Option<Standing>, String>;

/// A path, and what it leads to.
type PathSeen = (String, Looked);

/// All that was looked at, as it was seen.
struct Seen {
    properties: Properties,
    unit_files: Vec<UnitFile>,
    program: Option<PathSeen>,
    script: Option<PathSeen>,
}

impl Seen {
    fn facts<'a>(&'a self, target: &'a Target) -> Facts<'a> {
        let (program, script) = (self.program.clone(), self.script.clone());
        Facts { target, properties: &self.properties, unit_files: &self.unit_files, program, script }
    }
}

/// What is judged.
struct Facts<'a> {
    target: &'a Target,
    properties: &'a Properties,
    unit_files: &'a [UnitFile],
    program: Option<PathSeen>,
    script: Option<PathSeen>,
}

fn check(context: &Context) -> Answer {
    let target = &context.workspace.target;
    match look(target) {
        Ok(seen) => judge(&seen.facts(target)),
        Err(answer) => answer,
    }
}

/// Looks at everything, or answers why there is nothing to judge.
fn look(target: &Target) -> Result<Seen, Answer> {
    let unit = &target.service.unit;
    let properties = match systemd::show(unit, PROPERTIES) {
        Ok(properties) => properties,
        Err(error) => {
            return Err(Answer::unknown(error.to_string(), expected(&target.service), format!("on the VM: systemctl status {unit}")));
        }
    };
    let command = commands(&properties).into_iter().next().flatten();
    let program = command.as_ref().map(|command| at(command.program.clone()));
    let script = command.as_ref().and_then(|command| command.script(value(&properties, "WorkingDirectory"))).map(at);
    Ok(Seen { unit_files: unit_files(&properties), properties, program, script })
}

fn at(path: String) -> PathSeen {
    let looked = match ownership::look(Path::new(&path)) {
        Ok(standing) => Ok(Some(standing)),
        Err(error) if error.is_missing() => Ok(None),
        Err(error) => Err(error.because()),
    };
    (path, looked)
}

/// The unit's main file and its drop-ins, in the order in which they count.
pub(super) fn unit_files(properties: &Properties) -> Vec<UnitFile> {
    let paths = [("FragmentPath", false), ("DropInPaths", true)];
    let named = paths.iter().flat_map(|(key, is_drop_in)| value(properties, key).split_whitespace().map(move |path| (path, *is_drop_in)));
    let read = |(path, is_drop_in): (&str, bool)| UnitFile {
        path: path.to_owned(),
        is_drop_in,
        text: files::read_text(Path::new(path), UNIT_FILE_BYTES).ok(),
    };
    named.map(read).collect()
}

fn judge(facts: &Facts<'_>) -> Answer {
    let service = &facts.target.service;
    let unit = &service.unit;
    match value(facts.properties, "LoadState") {
        "loaded" => {}
        "" => {
            return Answer::unknown(
                format!("the manager says nothing about {unit}"),
                expected(service),
                format!("systemctl status {unit}"),
            );
        }
        state => {
            let fix = match state {
                "masked" => format!("sudo systemctl unmask {unit}; nexy-gate exec-start"),
                "not-found" => {
                    format!("put the unit's file at /etc/systemd/system/{unit}; sudo systemctl daemon-reload; nexy-gate exec-start")
                }
                _ => format!("systemd-analyze verify {unit}; sudo systemctl daemon-reload; nexy-gate exec-start"),
            };
            return Answer::fail(format!("the manager's state of {unit} is {}", excerpt(state, 40)), expected(service), fix);
        }
    }
    let mut drift = Drift::default();
    judge_command(facts, &mut drift);
    for (key, wanted) in [("User", &service.user), ("WorkingDirectory", &service.working_directory)] {
        let found = value(facts.properties, key);
        if found != wanted {
            drift.value(facts.unit_files, key, wanted, &format!("{key} is `{}`", excerpt(found, 200)));
        }
    }
    match value(facts.properties, "NeedDaemonReload") {
        "no" => {}
        "yes" => drift.no("files of the unit have changed since the manager read them", None),
        _ => drift.blind("the manager does not say whether it must reload", &format!("systemctl status {unit}")),
    }
    judge_paths(facts, &mut drift);
    let right = format!("{} would start `{}` as {}", service.unit, service.exec_start, service.user);
    drift.answer(facts.unit_files, right, expected(service))
}

fn judge_command(facts: &Facts<'_>, drift: &mut Drift) {
    let wanted = &facts.target.service.exec_start;
    let commands = commands(facts.properties);
    match commands.as_slice() {
        [Some(command)] => {
            let words: Vec<&str> = wanted.split(' ').collect();
            if command.words != words {
                drift.value(facts.unit_files, "ExecStart", wanted, &format!("ExecStart is `{}`", excerpt(&command.words.join(" "), 300)));
            } else if words.first().is_none_or(|program| *program != command.program) {
                let found = format!("ExecStart runs {} under another name", excerpt(&command.program, 200));
                drift.value(facts.unit_files, "ExecStart", wanted, &found);
            } else if command.ignores_errors {
                drift.value(facts.unit_files, "ExecStart", wanted, "ExecStart begins with `-`, so a failed start counts as a good one");
            }
        }
        [] => drift.value(facts.unit_files, "ExecStart", wanted, "ExecStart is not set"),
        [None] => drift
            .blind("the manager's ExecStart cannot be understood", &format!("systemctl show -p ExecStart {}", facts.target.service.unit)),
        several => drift.value(facts.unit_files, "ExecStart", wanted, &format!("ExecStart is set {} times", several.len())),
    }
}

fn judge_paths(facts: &Facts<'_>, drift: &mut Drift) {
    let service = &facts.target.service;
    if let Some((path, looked)) = &facts.program {
        let shown = excerpt(path, 300);
        match looked {
            Ok(Some(found)) if found.kind == Kind::File && found.mode & 0o111 != 0 => {}
            Ok(Some(found)) if found.kind == Kind::File => {
                drift.no(&format!("{shown} is not executable"), Some(format!("sudo chmod a+x {}", shell_word(path))));
            }
            Ok(_) => {
                let venv = Path::new(path).parent().and_then(Path::parent).unwrap_or(Path::new("/"));
                let fix = format!("sudo -u {} python3 -m venv {}", service.user, shell_word(&venv.display().to_string()));
                drift.no(&format!("there is no program {shown}"), Some(fix));
            }
            Err(because) => drift.blind(&format!("cannot look at {shown}: {because}"), "sudo nexy-gate exec-start"),
        }
    }
    if let Some((path, looked)) = &facts.script {
        let shown = excerpt(path, 300);
        match looked {
            Ok(Some(found)) if found.kind == Kind::File => {}
            Ok(_) => {
                let entry_point = &facts.target.layout.entry_point;
                let is_ours = *path == format!("{}/{entry_point}", facts.target.vm.checkout);
                let checkout = shell_word(&facts.target.vm.checkout);
                // A drifted command names a file that nobody should create; the command itself is mended above.
                let restore = format!("sudo -u {} git -C {checkout} checkout HEAD -- {}", service.user, shell_word(entry_point));
                drift.no(&format!("the command would open {shown}, and there is no such file"), is_ours.then_some(restore));
            }
            Err(because) => drift.blind(&format!("cannot look at {shown}: {because}"), "sudo nexy-gate exec-start"),
        }
    }
}

fn expected(service: &Service) -> String {
    format!("ExecStart={}, User={}, WorkingDirectory={}", service.exec_start, service.user, service.working_directory)
}

pub(super) fn value<'a>(properties: &'a Properties, key: &str) -> &'a str {
    properties.get(key).map_or("", String::as_str)
}

/// Every ExecStart that is in effect; `None` for one in a form that is not known.
fn commands(properties: &Properties) -> Vec<Option<LoadedCommand>> {
    value(properties, "ExecStart").lines().map(loaded_command::read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use nexy_contract::Verdict;
    use nexy_outside::ownership::Acl;

    pub(super) const MAIN: &str = "/etc/systemd/system/app.service";

    pub(super) fn target() -> Target {
        let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../nexy.toml")).expect("the committed file");
        let mut target = Target::parse(&text).expect("it is right");
        target.vm.checkout = "/srv/app".to_owned();
        target.layout.entry_point = "server/run.py".to_owned();
        target.service = Service {
            unit: "app.service".to_owned(),
            user: "server".to_owned(),
            working_directory: "/srv/app".to_owned(),
            exec_start: "/srv/app/venv/bin/python3 server/run.py".to_owned(),
        };
        target
    }

    pub(super) fn loaded(command: &str) -> String {
        let program = command.split(' ').next().unwrap_or_default();
        format!("{{ path={program} ; argv[]={command} ; ignore_errors=no ; start_time=[n/a] ; pid=0 ; code=(null) ; status=0/0 }}")
    }

    pub(super) fn good() -> Properties {
        [
            ("ExecStart", loaded("/srv/app/venv/bin/python3 server/run.py")),
            ("User", "server".to_owned()),
            ("WorkingDirectory", "/srv/app".to_owned()),
            ("FragmentPath", MAIN.to_owned()),
            ("DropInPaths", String::new()),
            ("NeedDaemonReload", "no".to_owned()),
            ("LoadState", "loaded".to_owned()),
        ]
        .map(|(key, value)| (key.to_owned(), value))
        .into()
    }

    pub(super) fn there(mode: u32) -> Looked {
        Ok(Some(Standing { path: "/f".into(), kind: Kind::File, uid: 0, gid: 0, mode, acl: Acl::Absent }))
    }

    fn answer_of(properties: &Properties, unit_files: &[UnitFile], program: Looked, script: Looked) -> Answer {
        let command = commands(properties).into_iter().next().flatten();
        let script_path = command.as_ref().and_then(|command| command.script(value(properties, "WorkingDirectory")));
        let program = command.map(|command| (command.program, program));
        let script = script_path.map(|path| (path, script));
        judge(&Facts { target: &target(), properties, unit_files, program, script })
    }

    fn answer(key: &str, changed: &str) -> Answer {
        let mut properties = good();
        properties.insert(key.to_owned(), changed.to_owned());
        let main = UnitFile { path: MAIN.to_owned(), is_drop_in: false, text: Some("[Service]\nExecStart=/x\n".to_owned()) };
        answer_of(&properties, &[main], there(0o755), there(0o644))
    }

    #[test]
    fn the_expected_unit_passes() {
        assert_eq!(answer_of(&good(), &[], there(0o755), there(0o644)).verdict, Verdict::Pass);
    }

    #[test]
    fn every_drift_is_a_no_that_names_it_and_ends_with_a_reload_and_never_a_restart() {
        for (key, changed, said) in [
            ("ExecStart", loaded("/srv/app/venv/bin/python3 server/server/run.py"), "server/server/run.py"),
            ("ExecStart", loaded("/srv/app/venv/bin/python3 -u server/run.py"), "-u server/run.py"),
            ("ExecStart", String::new(), "ExecStart is not set"),
            ("ExecStart", format!("{}\n{}", loaded("/bin/a"), loaded("/bin/b")), "ExecStart is set 2 times"),
            ("ExecStart", good()["ExecStart"].replace("ignore_errors=no", "ignore_errors=yes"), "begins with `-`"),
            ("ExecStart", good()["ExecStart"].replace("path=/srv/app/venv/bin/python3", "path=/bin/sh"), "runs /bin/sh under another name"),
            ("User", String::new(), "User is ``"),
            ("WorkingDirectory", "/srv/app/server".to_owned(), "WorkingDirectory is `/srv/app/server`"),
            ("NeedDaemonReload", "yes".to_owned(), "have changed since"),
        ] {
            let answer = answer(key, &changed);
            assert_eq!(answer.verdict, Verdict::Fail, "{key}={changed}");
            assert!(answer.found.contains(said), "{key}: {}", answer.found);
            assert!(answer.fix.ends_with("sudo systemctl daemon-reload\nsudo nexy-gate exec-start"), "{}", answer.fix);
            assert!(!answer.fix.contains("restart"), "{}", answer.fix);
        }
    }

    #[test]
    fn a_unit_that_is_not_loaded_is_a_no_and_one_that_nobody_speaks_of_is_unknown() {
        assert_eq!(answer("LoadState", "not-found").verdict, Verdict::Fail);
        assert_eq!(answer("LoadState", "masked").verdict, Verdict::Fail);
        assert_eq!(answer("LoadState", "").verdict, Verdict::Unknown);
        assert_eq!(answer("NeedDaemonReload", "").verdict, Verdict::Unknown);
        assert_eq!(answer("ExecStart", "a form of another century").verdict, Verdict::Unknown);
    }

    #[test]
    fn a_drop_in_that_overrides_the_command_is_named_and_mended() {
        let mut properties = good();
        properties.insert("ExecStart".to_owned(), loaded("/srv/app/venv/bin/python3 run.py"));
        let drop_in = "/etc/systemd/system/app.service.d/override.conf";
        let files = [
            UnitFile { path: MAIN.to_owned(), is_drop_in: false, text: Some(format!("ExecStart={}", target().service.exec_start)) },
            UnitFile { path: drop_in.to_owned(), is_drop_in: true, text: Some("[Service]\nExecStart=\nExecStart=x\n".to_owned()) },
        ];
        let answer = answer_of(&properties, &files, there(0o755), Ok(None));
        assert!(answer.found.contains(drop_in) && answer.found.contains("would open /srv/app/run.py"), "{}", answer.found);
        assert!(answer.fix.contains(&format!("/d' {drop_in}\nsudo systemctl")), "{}", answer.fix);
        assert!(!answer.fix.contains("git"), "{}", answer.fix);
    }

    #[test]
    fn program_and_script_must_be_there_and_a_closed_folder_is_unknown() {
        let with = |program: Looked, script: Looked| answer_of(&good(), &[], program, script);
        let no_script = with(there(0o755), Ok(None));
        assert!(no_script.fix.contains("checkout HEAD -- server/run.py"), "{}", no_script.fix);
        assert_eq!(no_script.verdict, Verdict::Fail);
        assert!(with(there(0o644), there(0o644)).fix.contains("chmod a+x /srv/app/venv/bin/python3"));
        assert!(with(Ok(None), there(0o644)).fix.contains("python3 -m venv /srv/app/venv"));
        assert_eq!(with(there(0o755), Err("permission denied".to_owned())).verdict, Verdict::Unknown);
        assert_eq!(with(Err("permission denied".to_owned()), there(0o644)).verdict, Verdict::Unknown);
    }
}
