//! The committed `nexy.toml`, line by line, with addresses, paths and waits of this world.

use super::World;
use crate::Listener;
use assert_cmd::Command;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// The repository that this crate stands in.
pub(super) fn repository() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap().to_owned()
}

/// The text of this world's `nexy.toml`.
pub(super) fn text(world: &World, short_waits: bool) -> String {
    let mut text = fs::read_to_string(repository().join("nexy.toml")).unwrap();
    let standin = &world.standin;
    let vm = world.vm();
    let below = |name: &str| vm.join(name).display().to_string();
    let strings = [
        ("github", "api_url", standin.api_url()),
        ("github", "uploads_url", standin.url(Listener::Uploads)),
        ("github", "web_url", standin.web_url()),
        ("vm", "checkout", vm.display().to_string()),
        ("vm", "config_env", below("config.env")),
        ("vm", "tools", below("bin")),
        ("vm", "target_file", below("etc/nexy.toml")),
        ("vm", "lock_dir", below("lock")),
        ("vm", "log_dir", below("log")),
        ("vm", "receipts", below("receipts")),
        ("database", "backups", below("backups")),
        ("service", "user", user().to_owned()),
        ("service", "working_directory", vm.display().to_string()),
        ("service", "exec_start", exec_start(&vm)),
        ("endpoints", "local_server", standin.url(Listener::Server)),
        ("endpoints", "local_updates", standin.url(Listener::Updates)),
        ("endpoints", "public", standin.url(Listener::Public)),
        ("gemini", "api_url", standin.url(Listener::Gemini)),
    ];
    for (section, key, value) in strings {
        text = set(&text, section, key, &format!("\"{value}\""));
    }
    let waits = [
        ("mutation_pause_ms", 0),
        ("az_conflict_wait_s", 1),
        ("connect_timeout_s", 2),
        ("stall_timeout_s", 3),
        ("request_timeout_s", 10),
        ("public_url_wait_s", 3),
        ("az_timeout_s", 30),
        ("retry_total_s", 20),
    ];
    let count = if short_waits { waits.len() } else { 2 };
    for (key, value) in &waits[..count] {
        text = set(&text, "limits", key, &value.to_string());
    }
    text
}

/// How the service is started on the VM.
pub(super) fn exec_start(vm: &Path) -> String {
    format!("{} server/main.py", vm.join("venv/bin/python3").display())
}

/// The user who runs the test, and therefore everything in this world.
#[must_use]
pub fn user() -> &'static str {
    static NAME: OnceLock<String> = OnceLock::new();
    NAME.get_or_init(|| {
        let output = Command::new("id").arg("-un").unwrap();
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    })
}

/// Replaces the value of one key in one section, which must be there exactly once.
pub(super) fn set(text: &str, section: &str, key: &str, value: &str) -> String {
    let mut inside = false;
    let mut found = 0;
    let mut out = String::new();
    for line in text.lines() {
        if line.starts_with('[') {
            inside = line == format!("[{section}]");
        }
        if inside && line.split('=').next().unwrap().trim() == key {
            found += 1;
            out.push_str(&format!("{key} = {value}\n"));
        } else {
            out.push_str(line);
            out.push('\n');
        }
    }
    assert_eq!(found, 1, "nexy.toml holds [{section}] {key} {found} times");
    out
}
