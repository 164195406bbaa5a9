//! What systemd really reads out of an environment file, held against what the gate `config-env` says about the same file.

use crate::machine::{CHECKOUT, Machine, set_config_env};
use nexy_contract::config_env::{self, Severity};

/// Files that a person could have written: lines that all readers agree on, and one line for each rule.
const FILES: &[&str] = &[
    "K=abc\n",
    "K=a/b.c:d@e%f+g,h=i-j\n",
    "K=\n",
    "A=1\n\n# K=x\nK=2\n",
    "export K=abc\n",
    "K=abc # c\n",
    "K=a b\n",
    "K=a&b\n",
    "K=a;b\n",
    "K=$(id)\n",
    "K=${X}y\n",
    "K=$X\n",
    "K=\"abc\"def\n",
    "K=\"abc\nL=1\n",
    "K='abc'\n",
    "K=\"a b\"\n",
    "K = abc\n",
    " K=abc\n",
    "K=abc \n",
    "\t K=abc\t\n",
    "K= \n",
    "K=abc\u{c}\n",
    "K=abc\r\nL=1\r\n",
    "\u{feff}K=abc\n",
    "K=1\nK=2\n",
    "K=1\nK=1\n",
    "K=a\\\nL=1\n",
    "K=a\\nb\n",
    "K=`id`\n",
    "k=lower\n",
    "1K=x\n",
    "K-L=x\n",
    "K.L=x\n",
    "K\n",
    "=x\n",
    "; K=x\nL=1\n",
    "K=#x\n",
    "K=a#b\n",
    "K=a\"b\n",
    "K=a'b\n",
    "K=\"\"\n",
    "K=a!b\n",
    "K=a~b\n",
    "K=a|b\n",
    "K=a<b\n",
    "K=a*b\n",
    "K=ä\n",
    "K=a\tb\n",
    "K=abc",
];

/// What the manager gives to a process that it starts with this file.
fn of_systemd(machine: &Machine, text: &str) -> Vec<(String, String)> {
    machine.write("/run/sample.env", text);
    let said = machine.sh("systemd-run --quiet --wait --pipe --collect -p EnvironmentFile=/run/sample.env -- /usr/bin/env -0");
    let own = ["LANG", "PATH", "INVOCATION_ID", "JOURNAL_STREAM", "SYSTEMD_EXEC_PID", "LOGNAME", "USER", "HOME", "SHELL", "TERM"];
    let mut pairs: Vec<(String, String)> = said
        .stdout
        .split('\0')
        .filter_map(|pair| pair.split_once('='))
        .filter(|(key, _)| !own.contains(key))
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .collect();
    pairs.sort();
    pairs
}

/// Whether the server's reading, as the contract has it, is what systemd has given.
fn agrees(text: &str, systemd: &[(String, String)]) -> bool {
    let parsed = config_env::parse(text.as_bytes());
    let mut keys: Vec<&str> = parsed.entries.iter().filter(|entry| entry.value.is_some()).map(|entry| entry.key.as_str()).collect();
    keys.sort_unstable();
    keys.dedup();
    keys.len() == systemd.len()
        && systemd.iter().all(|(key, value)| {
            let entry = parsed.entry(key);
            entry.is_some_and(|entry| !entry.expands && entry.value.as_ref().is_some_and(|found| found.is(value)))
        })
}

#[test]
fn a_file_that_systemd_reads_otherwise_never_passes() {
    let Some(machine) = Machine::boot("a_file_that_systemd_reads_otherwise_never_passes") else { return };
    let mut differing = 0;
    for text in FILES {
        let systemd = of_systemd(&machine, text);
        let is_clean = config_env::parse(text.as_bytes()).problems.iter().all(|problem| problem.severity == Severity::Unusual);
        let is_same = agrees(text, &systemd);
        differing += usize::from(!is_same);
        assert!(is_same || !is_clean, "systemd reads {text:?} as {systemd:?}, and no rule speaks of it");
        set_config_env(&machine, text);
        machine.sh("nexy-gate config-env --format json --quiet").exits(i32::from(!is_clean || !text.contains("=")));
    }
    assert!(differing >= 10, "only {differing} files are read otherwise; this compares nothing");
    assert!(machine.must(&format!("stat -c %a {CHECKOUT}/config.env")).starts_with("640"));
}
