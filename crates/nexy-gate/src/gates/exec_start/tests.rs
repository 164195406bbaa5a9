//! The judgement on every property of the unit and on every path of its command.

use super::paths::{Found, Missing, PathSeen};
use super::*;
use nexy_contract::Verdict;
use nexy_outside::{
    accounts::Accounts,
    ownership::{Acl, Kind, Standing},
    trial::Trial,
};

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

pub(super) fn there(mode: u32) -> Found {
    let step = |path: &str, kind, mode| Standing { path: path.into(), kind, uid: 0, gid: 0, mode, acl: Acl::Absent };
    Found::There(vec![step("/f", Kind::File, mode), step("/", Kind::Folder, 0o755)])
}

fn folder(mode: u32) -> Found {
    let Found::There(mut steps) = there(mode) else { return Found::Nothing };
    steps[0].kind = Kind::Folder;
    Found::There(steps)
}

pub(super) fn paths(program: Option<PathSeen>, script: Option<PathSeen>) -> Paths {
    let accounts = Accounts::parse("root:x:0:0::/root:/bin/sh\nserver:x:1000:1000::/srv:/bin/sh\n", "root:x:0:\nserver:x:1000:\n");
    let account = accounts.account("server").expect("it is there");
    let folder = Some(("/srv/app".to_owned(), folder(0o755)));
    Paths { accounts: Ok((accounts, account)), program, script, folder, trial: Some(Trial::Allowed) }
}

fn answer_with(properties: &Properties, unit_files: &[UnitFile], paths: &Paths) -> Answer {
    judge(&Facts { target: &target(), properties, unit_files, paths, unread: &Ok(Vec::new()) })
}

fn answer_of(properties: &Properties, unit_files: &[UnitFile], program: Found, script: Found) -> Answer {
    let command = commands(properties).into_iter().next().flatten();
    let script_path = command.as_ref().and_then(|command| command.script(value(properties, "WorkingDirectory")));
    let program = command.map(|command| (command.program, program));
    answer_with(properties, unit_files, &paths(program, script_path.map(|path| (path, script))))
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
    let answer = answer_of(&properties, &files, there(0o755), Found::Nothing);
    assert!(answer.found.contains(drop_in) && answer.found.contains("would open /srv/app/run.py"), "{}", answer.found);
    assert!(answer.fix.contains(&format!("/d' {drop_in}\nsudo systemctl")), "{}", answer.fix);
    assert!(!answer.fix.contains("git"), "{}", answer.fix);
}

#[test]
fn program_and_script_must_be_there_and_a_closed_folder_is_unknown() {
    let with = |program: Found, script: Found| answer_of(&good(), &[], program, script);
    let no_script = with(there(0o755), Found::Nothing);
    assert!(no_script.fix.contains("checkout HEAD -- server/run.py"), "{}", no_script.fix);
    assert_eq!(no_script.verdict, Verdict::Fail);
    assert!(with(there(0o750), there(0o644)).fix.contains("chmod a+rx /srv/app/venv/bin/python3"));
    assert!(with(there(0o755), there(0o640)).found.contains("server cannot read /srv/app/server/run.py"));
    assert!(with(Found::Nothing, there(0o644)).fix.contains("python3 -m venv /srv/app/venv"));
    let gone = with(Found::Dangling, there(0o644));
    assert!(gone.found.contains("leads to an interpreter that is gone"), "{}", gone.found);
    assert!(
        gone.fix.starts_with("sudo -u server python3 -m venv --upgrade /srv/app/venv\nsudo -u server /srv/app/venv/bin/pip install -r ")
    );
    let hidden = || Found::Hidden("permission denied".to_owned());
    assert_eq!(with(there(0o755), hidden()).verdict, Verdict::Unknown);
    assert_eq!(with(hidden(), there(0o644)).verdict, Verdict::Unknown);
}

#[test]
fn what_the_account_cannot_reach_or_start_is_a_no_and_what_was_not_tried_is_unknown() {
    let seen = |change: &dyn Fn(&mut Paths)| {
        let (program, script) =
            (("/srv/app/venv/bin/python3".to_owned(), there(0o755)), ("/srv/app/server/run.py".to_owned(), there(0o644)));
        let mut paths = paths(Some(program), Some(script));
        change(&mut paths);
        answer_with(&good(), &[], &paths)
    };
    assert_eq!(seen(&|_| {}).verdict, Verdict::Pass);
    let refused = seen(&|paths| paths.trial = Some(Trial::Refused("No module named 'encodings'".to_owned())));
    assert_eq!(refused.verdict, Verdict::Fail);
    assert!(
        refused.found.contains("server cannot start /srv/app/venv/bin/python3") && refused.found.contains("encodings"),
        "{}",
        refused.found
    );
    assert_eq!(seen(&|paths| paths.trial = Some(Trial::NotTried("no root".to_owned()))).verdict, Verdict::Unknown);
    assert_eq!(seen(&|paths| paths.trial = None).verdict, Verdict::Pass, "what is no Python is not started");
    let closed = seen(&|paths| paths.folder = Some(("/srv/app".to_owned(), folder(0o700))));
    assert!(closed.found.contains("server cannot pass /f (mode 0700)") && closed.fix.starts_with("sudo chmod o+x /f\n"), "{closed:?}");
    assert_eq!(seen(&|paths| paths.folder = Some(("/srv/app".to_owned(), Found::Nothing))).verdict, Verdict::Fail);
    assert_eq!(seen(&|paths| paths.folder = Some(("/srv/app".to_owned(), there(0o755)))).verdict, Verdict::Fail);
    assert_eq!(seen(&|paths| paths.accounts = Err(Missing::User)).verdict, Verdict::Fail);
    assert_eq!(seen(&|paths| paths.accounts = Err(Missing::Accounts("permission denied".to_owned()))).verdict, Verdict::Unknown);
}

#[test]
fn a_drop_in_that_the_manager_has_not_read_is_a_no_and_a_folder_that_nobody_may_list_is_unknown() {
    let (target, paths) = (target(), paths(None, None));
    let answer = |unread: Result<Vec<String>, String>| {
        judge(&Facts { target: &target, properties: &good(), unit_files: &[], paths: &paths, unread: &unread })
    };
    let late = answer(Ok(vec!["/etc/systemd/system/app.service.d/new.conf".to_owned()]));
    assert_eq!(late.verdict, Verdict::Fail);
    assert!(late.found.contains("has not read /etc/systemd/system/app.service.d/new.conf"), "{}", late.found);
    assert!(late.fix.contains("sudo systemctl daemon-reload"), "{}", late.fix);
    assert_eq!(answer(Err("permission denied".to_owned())).verdict, Verdict::Unknown);
    assert_eq!(answer(Ok(Vec::new())).verdict, Verdict::Pass);
}
