//! How much memory a process holds, as the kernel counts it.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;
use std::{fs, thread};

/// The largest resident size that a process has had so far, in bytes; none when it is gone.
pub(crate) fn peak(process: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches(" kB").parse::<u64>().ok().map(|kib| kib * 1024)
}

/// A gate that has read its target and waits for a record on standard input.
pub(crate) fn of_a_waiting_gate(tools: &Path) -> u64 {
    let world = nexy_standin::world::World::with(&nexy_standin::world::Options {
        tools: Some(tools.to_owned()),
        ..nexy_standin::world::Options::on_disk()
    });
    let mut gate = Command::new(tools.join("nexy-gate"))
        .args(["--target", world.workspace().join("nexy.toml").to_str().unwrap(), "hard", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    thread::sleep(Duration::from_millis(200));
    let peak = peak(gate.id()).unwrap();
    drop(gate.stdin.take());
    gate.wait().unwrap();
    peak
}
