//! The gates and probes of the VM on a real machine: a real service manager, real accounts, the committed `nexy.toml`.

#![expect(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods, reason = "tests start a machine and stop at the first surprise")]

mod environment;
mod machine;
mod states;

use machine::{CHECKOUT, Machine, UNIT, USER, unit};
use nexy_standin::world::fix_text;
use serde_json::Value;

const FILES: &str = "nexy-gate config-env config-env-keys config-env-access exec-start server-version-env";

/// The finding of one gate or probe.
fn finding<'a>(report: &'a Value, id: &str) -> &'a Value {
    report["findings"].as_array().unwrap().iter().find(|finding| finding["id"] == id).unwrap_or_else(|| panic!("no {id} in {report:#}"))
}

#[track_caller]
fn holds(report: &Value, id: &str, key: &str, words: &str) {
    let finding = finding(report, id);
    assert!(finding[key].as_str().is_some_and(|text| text.contains(words)), "expected {words:?} in {key} of {finding:#}");
}

/// Which life of the service runs; a restart would show.
fn life(machine: &Machine) -> String {
    machine.must(&format!("systemctl show -p MainPID,NRestarts,InvocationID,ActiveState {UNIT}"))
}

#[test]
fn the_machine_of_the_rulebook_passes_for_root_and_is_unknown_to_its_own_user() {
    let Some(machine) = Machine::boot("the_machine_of_the_rulebook_passes") else { return };
    machine.ask(FILES, 0);
    machine.ask("nexy-verify unit-active --wait 10s --stable 2s", 0);
    // The service's user may read the file, but cannot determine whether others can: the answer is unknown.
    let report = machine.ask(&format!("setpriv --reuid nobody --regid nogroup --clear-groups -- {FILES}"), 69);
    assert_eq!(finding(&report, "config-env-access")["verdict"], "unknown");
}

#[test]
fn what_the_manager_has_loaded_counts_and_the_printed_script_mends_it_without_a_restart() {
    let Some(machine) = Machine::boot("what_the_manager_has_loaded_counts") else { return };
    let before = life(&machine);
    let drop_in = format!("/etc/systemd/system/{UNIT}.d/override.conf");
    machine.write(&drop_in, format!("[Service]\nExecStart=\nExecStart={CHECKOUT}/venv/bin/python3 server/server/main.py\n"));
    // The folder is new, so the manager itself sees nothing to reload; the next reload would change what it starts.
    holds(&machine.ask("nexy-gate exec-start", 1), "exec-start", "found", "has not read /etc/systemd/system");
    machine.must("systemctl daemon-reload");
    let drifted = machine.ask("nexy-gate exec-start", 1);
    holds(&drifted, "exec-start", "found", "server/server/main.py");
    holds(&drifted, "exec-start", "found", "override.conf");
    for _ in 0..2 {
        machine.must("nexy-gate --print-fix exec-start | sh");
        machine.ask("nexy-gate exec-start", 0);
    }
    assert_eq!(life(&machine), before, "nothing was restarted");
    machine.must(&format!("systemctl restart {UNIT}"));
    machine.ask("nexy-verify unit-active --wait 10s --stable 2s", 0);
}

#[test]
fn a_drifted_user_folder_or_command_in_the_main_file_is_mended_by_the_printed_script() {
    let Some(machine) = Machine::boot("a_drifted_user_folder_or_command") else { return };
    let main = format!("/etc/systemd/system/{UNIT}");
    for (from, to) in [
        ("User=azureuser", "User=root"),
        ("WorkingDirectory=/home/azureuser/voice-assistant", "WorkingDirectory=/home/azureuser/voice-assistant/server"),
        ("python3 server/main.py", "python3 main.py"),
        ("ExecStart=", "ExecStart=-"),
    ] {
        let wrong = unit("Restart=no\n").replacen(from, to, 1);
        assert_ne!(wrong, unit("Restart=no\n"), "{from}");
        machine.write(&main, wrong);
        machine.must("systemctl daemon-reload");
        machine.ask("nexy-gate exec-start", 1);
        machine.must("nexy-gate --print-fix exec-start | sh");
        machine.ask("nexy-gate exec-start", 0);
    }
}

#[test]
fn a_masked_or_missing_unit_is_a_no() {
    let Some(machine) = Machine::boot("a_masked_or_missing_unit_is_a_no") else { return };
    machine.must(&format!("systemctl stop {UNIT} && mv /etc/systemd/system/{UNIT} /srv/ && systemctl daemon-reload"));
    holds(&machine.ask("nexy-gate exec-start", 1), "exec-start", "found", "not-found");
    machine.must(&format!("systemctl mask {UNIT}"));
    holds(&machine.ask("nexy-gate exec-start", 1), "exec-start", "found", "masked");
    machine.must(&format!("systemctl unmask {UNIT} && mv /srv/{UNIT} /etc/systemd/system/ && systemctl daemon-reload"));
    machine.ask("nexy-gate exec-start", 0);
}

#[test]
fn a_service_that_dies_again_and_again_never_counts_as_running() {
    let Some(machine) = Machine::boot("a_service_that_dies_again_and_again") else { return };
    let server = format!("{CHECKOUT}/server/main.py");
    let good = machine.must(&format!("cat {server}"));
    machine.ask("nexy-verify unit-active --wait 20s", 0);
    // It lives long enough for many looks, and seldom enough for the start limit.
    machine.write(&server, "import time\ntime.sleep(2)\nraise SystemExit(1)\n");
    machine.must(&format!("systemctl restart {UNIT}"));
    for words in ["unit-active", "unit-active --wait 4s", "local"] {
        machine.must(&format!("until systemctl is-active --quiet {UNIT}; do sleep 0.05; done"));
        let report = machine.ask(&format!("nexy-verify {words}"), 1);
        assert_eq!(finding(&report, "unit-active")["verdict"], "fail", "{words}: {report:#}");
        if words == "local" {
            assert!(fix_text(&finding(&report, "local-health")["fix"]).contains(&format!("journalctl -u {UNIT} -n 50")), "{report:#}");
        }
    }
    // Between two deaths, and to one look, it is well.
    machine.must(&format!("until systemctl is-active --quiet {UNIT}; do sleep 0.05; done"));
    let report = machine.ask("nexy-verify unit-active --stable 0s", 1);
    holds(&report, "unit-active", "found", "times within the last hour; the last time ");
    // systemd keeps its count where a person starts the service while it waits; the journal knows better.
    machine.write(&server, &good);
    machine.must(&format!("until [ \"$(systemctl show -p SubState --value {UNIT})\" = auto-restart ]; do sleep 0.02; done; sleep 0.2"));
    machine.must(&format!("systemctl restart {UNIT}"));
    assert_ne!(machine.must(&format!("systemctl show -p NRestarts --value {UNIT}")).trim(), "0");
    machine.ask("nexy-verify unit-active --stable 0s", 0);
    // The start limit: systemd gives up, and refuses a restart until its count is forgotten.
    machine.write(&server, "raise SystemExit(1)\n");
    machine.must(&format!("systemctl restart {UNIT}; until systemctl is-failed --quiet {UNIT}; do sleep 0.05; done"));
    let report = machine.ask("nexy-verify unit-active", 1);
    machine.write(&server, good);
    machine.sh(&format!("systemctl restart {UNIT}")).exits(1);
    let fix = fix_text(&finding(&report, "unit-active")["fix"]);
    machine.must(&fix.lines().find(|line| line.contains("reset-failed")).unwrap().replace("sudo ", ""));
    machine.must(&format!("systemctl restart {UNIT}"));
    machine.ask("nexy-verify unit-active --wait 20s", 0);
}

#[test]
fn a_stale_version_in_a_drop_in_or_another_environment_file_is_seen_and_taken_out() {
    let Some(machine) = Machine::boot("a_stale_version_in_a_drop_in") else { return };
    machine.ask("nexy-gate server-version-env", 0);
    let drop_in = format!("/etc/systemd/system/{UNIT}.d/version.conf");
    machine.write(&drop_in, "[Service]\nEnvironment=SERVER_VERSION=1.6.1.34\n");
    machine.must("systemctl daemon-reload");
    let report = machine.ask("nexy-gate server-version-env", 1);
    holds(&report, "server-version-env", "found", "1.6.1.34");
    machine.must(&format!("rm {drop_in}"));
    machine.write("/etc/nexy-extra.env", "SERVER_BUILD=1.6.1.34\n");
    machine.write(&drop_in, "[Service]\nEnvironmentFile=-/etc/nexy-extra.env\n");
    machine.must("systemctl daemon-reload");
    holds(&machine.ask("nexy-gate server-version-env", 1), "server-version-env", "found", "/etc/nexy-extra.env");
    let fix = fix_text(&finding(&machine.ask("nexy-gate server-version-env", 1), "server-version-env")["fix"]).replace("sudo ", "");
    machine.must(&fix);
    machine.ask("nexy-gate server-version-env", 0);
}

#[test]
fn every_folder_that_systemd_reads_is_looked_at_and_no_other() {
    let Some(machine) = Machine::boot("every_folder_that_systemd_reads") else { return };
    let prefix = UNIT.split('-').next().unwrap();
    let mut paths = Vec::new();
    for folder in machine.must("systemctl show -p UnitPath --value").split_whitespace().filter(|folder| !folder.contains("generator")) {
        for name in [UNIT, &format!("{prefix}-.service"), "service", "other-name.service"] {
            let path = format!("{folder}/{name}.d/{}.conf", paths.len());
            machine.write(&path, "[Service]\nUMask=0022\n");
            paths.push(path);
        }
        machine.write(&format!("{folder}/other.service.d/x.conf"), "[Service]\nUMask=0022\n");
    }
    machine.must(&format!("ln -s {UNIT} /etc/systemd/system/other-name.service && ln -s /dev/null /etc/systemd/system/{UNIT}.d/0.conf"));
    // Of the two names that one folder has, the manager prints the one that it found first.
    let loaded = |machine: &Machine| machine.must(&format!("systemctl show -p DropInPaths --value {UNIT}"));
    let before = loaded(&machine);
    assert_eq!(before.trim(), "", "the folders are new, so the manager sees nothing");
    holds(&machine.ask("nexy-gate exec-start", 1), "exec-start", "found", "has not read /etc/systemd/system");
    machine.must("systemctl daemon-reload");
    let count = loaded(&machine).split_whitespace().count();
    assert!(count > 30, "only {count} drop-ins are read; this compares nothing");
    machine.ask("nexy-gate exec-start", 0);
}

/// Whether a process of the service really reads its code, writes into its folder and starts its interpreter.
fn works(machine: &Machine, settings: &[&str]) -> bool {
    let settings: String = settings.iter().map(|setting| format!("-p {setting} ")).collect();
    let python = r#"open("server/main.py").read(); open("server/updates/downloads/tried", "w")"#;
    let run = format!("systemd-run --quiet --wait --collect -p User={USER} -p WorkingDirectory={CHECKOUT} {settings}");
    machine.sh(&format!("{run} -- {CHECKOUT}/venv/bin/python3 -c '{python}'")).code == Some(0)
}

#[test]
fn what_a_setting_hides_or_locks_is_judged_as_systemd_does_it() {
    let Some(machine) = Machine::boot("what_a_setting_hides_or_locks") else { return };
    let folders = ["server/updates/downloads", "server/updates/manifests", "server/server/updates/manifests"];
    folders.iter().for_each(|folder| drop(machine.must(&format!("install -d -o {USER} {CHECKOUT}/{folder}"))));
    let (write, bind) = (format!("ReadWritePaths={CHECKOUT}"), format!("BindPaths={CHECKOUT}"));
    let exec = format!("NoExecPaths={CHECKOUT}/venv");
    let (locked, hidden) = (format!("ReadOnlyPaths={CHECKOUT}/server"), format!("InaccessiblePaths=-{CHECKOUT}/server"));
    let mut failed = 0;
    for settings in [
        &["ProtectHome=yes"][..],
        &["ProtectHome=read-only"],
        &["ProtectHome=read-only", &write],
        &["ProtectHome=tmpfs"],
        &["ProtectHome=tmpfs", &bind],
        &["ProtectHome=yes", &bind],
        &["ProtectSystem=full"],
        &["ProtectSystem=strict"],
        &["ProtectSystem=strict", &write],
        &["TemporaryFileSystem=/home"],
        &["TemporaryFileSystem=/home", &bind],
        &["InaccessiblePaths=/srv"],
        &[&hidden],
        &[&locked],
        &[&locked, &write],
        &["ReadOnlyPaths=/", &write],
        &["NoExecPaths=/", "ExecPaths=/usr"],
        &["NoExecPaths=/"],
        &[&exec],
        &["PrivateTmp=yes"],
        &["PrivateDevices=yes"],
        &["PrivateUsers=yes"],
    ] {
        let is_well = works(&machine, settings);
        failed += usize::from(!is_well);
        machine.write(&format!("/etc/systemd/system/{UNIT}.d/sandbox.conf"), format!("[Service]\n{}\n", settings.join("\n")));
        machine.must("systemctl daemon-reload");
        let said = machine.sh("nexy-gate exec-start --format json --quiet");
        assert_eq!(said.code, Some(i32::from(!is_well)), "{settings:?}\n{}", said.stdout);
    }
    assert!(failed >= 8, "only {failed} settings are in the way; this compares nothing");
}
