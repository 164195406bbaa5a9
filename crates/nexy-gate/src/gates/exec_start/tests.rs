//! The judgement on every property of the unit and on every path of its command.

use super::*;
use crate::systemd_unit::reach::{Found, PathSeen};
use nexy_outside::{
    fs::{
        accounts::Accounts,
        permissions::{Acl, Kind, PathMetadata},
    },
    programs::as_user::UserAttempt,
};

const MAIN: &str = "/etc/systemd/system/app.service";

fn target() -> Target {
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

fn loaded(command: &str) -> String {
    let program = command.split(' ').next().unwrap_or_default();
    format!("{{ path={program} ; argv[]={command} ; flags= ; start_time=[n/a] ; pid=0 ; code=(null) ; status=0/0 }}")
}

fn good() -> Properties {
    [
        ("ExecStartEx", loaded("/srv/app/venv/bin/python3 server/run.py")),
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

fn there(mode: u32) -> Found {
    let step = |path: &str, kind, mode| PathMetadata { path: path.into(), kind, uid: 0, gid: 0, mode, acl: Acl::Absent };
    Found::There { real: "/f".into(), steps: vec![step("/f", Kind::File, mode), step("/", Kind::Folder, 0o755)] }
}

fn folder(mode: u32) -> Found {
    let Found::There { real, mut steps } = there(mode) else { return Found::Nothing };
    steps[0].kind = Kind::Folder;
    Found::There { real, steps }
}

fn paths(properties: &Properties, program: Option<PathSeen>, script: Option<PathSeen>) -> Paths {
    let accounts = Accounts::parse("root:x:0:0::/root:/bin/sh\nserver:x:1000:1000::/srv/app:/bin/sh\n", "root:x:0:\nserver:x:1000:\n");
    let account = accounts.account("server").expect("it is there");
    let working_directory = loaded::working_directory(properties, accounts.home("server"));
    let folder = Some(("/srv/app".to_owned(), folder(0o755)));
    let (accounts, account, trial) = (Ok(accounts), Some(account), Some(UserAttempt::Allowed));
    Paths { accounts, account, working_directory, checkout: "/srv/app".into(), program, script, folder, trial }
}

fn facts(properties: Properties, unit_files: Vec<UnitFile>, program: Found, script: Found) -> Facts {
    let command = loaded::commands(&properties).into_iter().next().flatten();
    let script_path = command.as_ref().and_then(|command| command.script(value(&properties, "WorkingDirectory")));
    let program = command.map(|command| (command.program, program));
    let paths = paths(&properties, program, script_path.map(|path| (path, script)));
    Facts { properties, unit_files, unread: Ok(Vec::new()), paths, obstacles: Vec::new() }
}

/// The expected unit with these properties, made of these files.
fn with(changes: &[(&str, &str)], unit_files: Vec<UnitFile>) -> Facts {
    let mut properties = good();
    properties.extend(changes.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())));
    facts(properties, unit_files, there(0o755), there(0o644))
}

fn main(text: &str) -> UnitFile {
    UnitFile { path: MAIN.to_owned(), is_drop_in: false, text: Some(text.to_owned()) }
}

fn drop_in(path: &str, text: &str) -> UnitFile {
    UnitFile { path: path.to_owned(), is_drop_in: true, text: Some(text.to_owned()) }
}

const DROP_IN: &str = "/etc/systemd/system/app.service.d/over.conf";

fn right() -> UnitFile {
    let service = target().service;
    main(&format!("[Service]\nExecStart={}\nUser={}\nWorkingDirectory={}\n", service.exec_start, service.user, service.working_directory))
}

fn judged(facts: &Facts) -> Answer {
    judge(&target(), facts).now
}

fn commands(facts: &Facts) -> Vec<String> {
    judge(&target(), facts).steps.into_iter().map(|step| step.command).collect()
}

#[test]
fn the_expected_unit_passes_in_every_spelling_that_means_the_same() {
    let ambient = good()["ExecStartEx"].replace("flags=", "flags=ambient no-env-expand");
    for change in [
        ("LoadState", "loaded"),
        ("User", "1000"),
        ("Group", "server"),
        ("Group", "1000"),
        ("WorkingDirectory", "~"),
        ("ExecStartEx", &ambient),
    ] {
        let repair = judge(&target(), &with(&[change], vec![right()]));
        assert!(repair.now.passes() && repair.steps.is_empty(), "{change:?}: {:?}", repair.now);
    }
}

#[test]
fn every_drift_is_a_no_that_names_it_and_ends_with_a_reload_and_never_a_restart() {
    let command = |to: &str| loaded(to);
    let flagged = |flag: &str| good()["ExecStartEx"].replace("flags=", &format!("flags={flag}"));
    for (key, changed, said) in [
        ("ExecStartEx", command("/srv/app/venv/bin/python3 server/server/run.py"), "server/server/run.py"),
        ("ExecStartEx", command("/srv/app/venv/bin/python3 -u server/run.py"), "-u server/run.py"),
        ("ExecStartEx", format!("{}\n{}", command("/bin/a"), command("/bin/b")), "ExecStart is set 2 times"),
        ("ExecStartEx", good()["ExecStartEx"].replace("path=/srv/app/venv/bin/python3", "path=/bin/sh"), "runs /bin/sh under another name"),
        ("ExecStartEx", flagged("ignore-failure"), "begins with `-`"),
        ("ExecStartEx", flagged("privileged"), "begins with `+`, so the server runs as root"),
        ("ExecStartEx", flagged("no-setuid"), "begins with `!`"),
        ("User", String::new(), "User is ``"),
        ("User", "1001".to_owned(), "User is `1001`"),
        ("WorkingDirectory", "/srv/app/server".to_owned(), "WorkingDirectory is `/srv/app/server`"),
        ("WorkingDirectory", "!/srv/app".to_owned(), "WorkingDirectory begins with `-`"),
        ("WorkingDirectory", String::new(), "WorkingDirectory is ``"),
        ("NeedDaemonReload", "yes".to_owned(), "have changed since"),
    ] {
        let answer = judged(&with(&[(key, &changed)], vec![main("[Service]\nExecStart=/x\n")]));
        assert_eq!(answer.verdict, Verdict::Fail, "{key}={changed}");
        assert!(answer.found.contains(said), "{key}: {}", answer.found);
        assert!(answer.fix.text().ends_with("sudo systemctl daemon-reload\nsudo nexy-gate exec-start"), "{}", answer.fix);
        assert!(!answer.fix.text().contains("restart"), "{}", answer.fix);
    }
    let mut nothing = good();
    nothing.retain(|key, _| !key.starts_with("ExecStart"));
    assert!(judged(&facts(nothing, vec![], there(0o755), there(0o644))).found.contains("ExecStart is not set"));
    let other_group = judged(&with(&[("Group", "root")], vec![right()]));
    assert!(other_group.verdict == Verdict::Fail && other_group.found.contains("Group is `root`"), "{other_group:?}");
}

#[test]
fn a_unit_that_is_not_loaded_is_a_no_and_what_the_manager_does_not_tell_is_unknown() {
    let verdict = |key: &str, changed: &str| judged(&with(&[(key, changed)], vec![])).verdict;
    for state in ["not-found", "masked", "bad-setting", "error"] {
        assert_eq!(verdict("LoadState", state), Verdict::Fail, "{state}");
    }
    assert_eq!(verdict("LoadState", ""), Verdict::Unknown);
    assert_eq!(verdict("NeedDaemonReload", ""), Verdict::Unknown);
    assert_eq!(verdict("ExecStartEx", "a form of another century"), Verdict::Unknown);
    assert_eq!(verdict("ExecStartEx", &good()["ExecStartEx"].replace("flags=", "flags=via-shell")), Verdict::Unknown);
}

#[test]
fn a_manager_that_does_not_tell_the_prefixes_leaves_them_to_the_files() {
    let verdict = |files: Vec<UnitFile>| {
        let mut properties = good();
        let command = properties.remove("ExecStartEx").expect("it is there").replace("flags=", "ignore_errors=no");
        properties.insert("ExecStart".to_owned(), command);
        judged(&facts(properties, files, there(0o755), there(0o644))).verdict
    };
    assert_eq!(verdict(vec![right()]), Verdict::Pass);
    for prefix in ["+", "-+", "!", "@!"] {
        assert_eq!(verdict(vec![right(), drop_in(DROP_IN, &format!("[Service]\nExecStart={prefix}/x\n"))]), Verdict::Fail, "{prefix}");
    }
    assert_eq!(verdict(vec![UnitFile { text: None, ..right() }]), Verdict::Unknown);
    assert_eq!(verdict(vec![]), Verdict::Unknown);
}

#[test]
fn only_the_file_that_is_wrong_is_changed_after_its_copy_and_before_the_reload() {
    let bad = loaded("/srv/app/venv/bin/python3 run.py");
    let over = drop_in(DROP_IN, "[Service]\nExecStart=\nExecStart=x\n");
    let facts = with(&[("ExecStartEx", &bad)], vec![right(), over]);
    let [copy, edit, reload] = &commands(&facts)[..] else { panic!("{:?}", commands(&facts)) };
    assert!(copy.starts_with(&format!("cp -p -- {DROP_IN} ")) && edit.starts_with("sed -i ") && edit.ends_with(DROP_IN), "{copy} {edit}");
    assert_eq!(reload, "systemctl daemon-reload");
    // The finding shows the same commands, and what the drifted command opens is told and not mended.
    let answer = judged(&facts);
    assert_eq!(answer.fix.text(), format!("sudo {copy}\nsudo {edit}\nsudo {reload}\nsudo nexy-gate exec-start"));
    assert!(answer.found.contains(DROP_IN), "{}", answer.found);
}

#[test]
fn what_waits_for_a_reload_is_looked_for_in_the_files() {
    assert_eq!(commands(&with(&[("NeedDaemonReload", "yes")], vec![right()])), ["systemctl daemon-reload"]);
    let other = main(&right().text.expect("it is there").replace("User=server", "User=other"));
    let script = commands(&with(&[("NeedDaemonReload", "yes")], vec![other]));
    assert!(script[1].contains("a User=server") && !script[1].contains("ExecStart"), "{script:?}");
    let mut late = with(&[], vec![right(), drop_in(DROP_IN, "[Service]\nExecStart=\nExecStart=/x\n")]);
    late.unread = Ok(vec![DROP_IN.to_owned()]);
    let answer = judged(&late);
    assert!(answer.verdict == Verdict::Fail && answer.found.contains(&format!("has not read {DROP_IN}")), "{answer:?}");
    assert_eq!(commands(&late).len(), 3);
    late.unread = Err("permission denied".to_owned());
    assert_eq!(judged(&late).verdict, Verdict::Unknown);
}

#[test]
fn what_only_a_person_can_mend_gets_no_script_at_all() {
    let bad = loaded("/bin/x");
    let bad = [("ExecStartEx", bad.as_str()), ("User", "other")];
    let own = drop_in(DROP_IN, "[Service]\nUser=other\n");
    for (files, said) in [
        (
            vec![main("[Service]\nExecStart=/bin/x \\\n y\n"), own],
            "sudoedit /etc/systemd/system/app.service\nset there, once: ExecStart=/srv",
        ),
        (vec![drop_in("/etc/systemd/system/service.d/all.conf", "[Service]\nExecStart=/bin/x\n")], "all.conf\ntake ExecStart= out there"),
        (vec![UnitFile { text: None, ..right() }], "sudo grep -n ExecStart= /etc/systemd/system/app.service"),
        (vec![], "sudo systemctl edit --full app.service\nset there, once: ExecStart=/srv"),
    ] {
        let repair = judge(&target(), &with(&bad, files));
        assert!(repair.steps.is_empty() && repair.now.fix.text().contains(said), "{said}: {repair:?}");
    }
    assert!(commands(&with(&[("LoadState", "masked")], vec![main("[Service]\n")])).is_empty());
}

#[test]
fn a_setting_that_hides_the_folders_is_a_no_and_one_that_may_is_unknown() {
    let with_obstacle = |is_certain| {
        let mut facts = with(&[], vec![right()]);
        facts.obstacles = vec![Obstacle { setting: "ProtectHome", found: "ProtectHome=yes hides /srv/app".to_owned(), is_certain }];
        judge(&target(), &facts)
    };
    let certain = with_obstacle(true);
    assert_eq!(certain.now.verdict, Verdict::Fail);
    assert!(certain.now.found.contains("ProtectHome=yes hides /srv/app"), "{}", certain.now.found);
    assert!(
        certain.now.fix.text().starts_with("sudo systemctl edit --full app.service\ntake ProtectHome= out there"),
        "{}",
        certain.now.fix
    );
    assert_eq!(with_obstacle(false).now.verdict, Verdict::Unknown);
}

#[test]
fn program_and_script_must_be_there_and_a_closed_folder_is_unknown() {
    let with = |program: Found, script: Found| judged(&facts(good(), vec![right()], program, script));
    let no_script = with(there(0o755), Found::Nothing);
    assert!(no_script.fix.text().contains("checkout HEAD -- server/run.py"), "{}", no_script.fix);
    assert_eq!(no_script.verdict, Verdict::Fail);
    assert!(with(there(0o750), there(0o644)).found.contains("server cannot run /srv/app/venv/bin/python3"));
    assert!(with(there(0o755), there(0o640)).found.contains("server cannot read /srv/app/server/run.py"));
    assert!(with(Found::Nothing, there(0o644)).fix.text().contains("python3 -m venv /srv/app/venv"));
    let gone = with(Found::Dangling, there(0o644));
    assert!(gone.found.contains("leads to an interpreter that does not exist"), "{}", gone.found);
    assert!(
        gone.fix
            .text()
            .starts_with("sudo -u server python3 -m venv --upgrade /srv/app/venv\nsudo -u server /srv/app/venv/bin/pip install -r ")
    );
    let hidden = || Found::Hidden("permission denied".to_owned());
    assert_eq!(with(there(0o755), hidden()).verdict, Verdict::Unknown);
    assert_eq!(with(hidden(), there(0o644)).verdict, Verdict::Unknown);
}

#[test]
fn what_the_account_cannot_reach_or_start_is_a_no_and_what_was_not_tried_is_unknown() {
    let seen = |change: &dyn Fn(&mut Paths)| {
        let mut facts = with(&[], vec![right()]);
        change(&mut facts.paths);
        judged(&facts)
    };
    let refused = seen(&|paths| paths.trial = Some(UserAttempt::Refused("No module named 'encodings'".to_owned())));
    assert_eq!(refused.verdict, Verdict::Fail);
    assert!(
        refused.found.contains("server cannot start /srv/app/venv/bin/python3") && refused.found.contains("encodings"),
        "{}",
        refused.found
    );
    assert_eq!(seen(&|paths| paths.trial = Some(UserAttempt::NotTried("no root".to_owned()))).verdict, Verdict::Unknown);
    assert_eq!(seen(&|paths| paths.trial = None).verdict, Verdict::Pass, "what is no Python is not started");
    let closed = seen(&|paths| paths.folder = Some(("/srv/app".to_owned(), folder(0o700))));
    assert!(
        closed.found.contains("server cannot pass /f (mode 0700)")
            && closed.fix.text().starts_with("sudo chgrp -h server /f\nsudo chmod g=x /f\n"),
        "{closed:?}"
    );
    assert_eq!(seen(&|paths| paths.folder = Some(("/srv/app".to_owned(), Found::Nothing))).verdict, Verdict::Fail);
    assert_eq!(seen(&|paths| paths.folder = Some(("/srv/app".to_owned(), there(0o755)))).verdict, Verdict::Fail);
    assert_eq!(seen(&|paths| paths.account = None).verdict, Verdict::Fail);
    assert_eq!(seen(&|paths| paths.accounts = Err("permission denied".to_owned())).verdict, Verdict::Unknown);
}

#[test]
fn a_number_is_compared_with_the_accounts_or_unknown() {
    let mut facts = with(&[("User", "1000")], vec![right()]);
    facts.paths.accounts = Err("permission denied".to_owned());
    assert_eq!(judged(&facts).verdict, Verdict::Unknown);
}
