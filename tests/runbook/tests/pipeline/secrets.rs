//! The token in a whole release: GitHub's API and upload hosts see it, and no other place holds it.

use crate::{STAGES, pipe};
use nexy_standin::{leak_scan, world::World};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

const SENTINEL: &str = "ghp_SENTINELzQ7vX2mK9pL4wR8tY1uB6nH3";

/// Every file below a folder, names included.
fn everything_below(folder: &Path, seen: &mut Vec<(String, String)>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let kind = entry.file_type().expect("a kind of file");
        if kind.is_dir() {
            everything_below(&path, seen);
        } else if kind.is_file() && entry.metadata().is_ok_and(|file| file.len() < 8 << 20) {
            let text = String::from_utf8_lossy(&std::fs::read(&path).unwrap_or_default()).into_owned();
            seen.push((path.display().to_string(), text));
        }
    }
}

/// The arguments of every process that runs below this one's world, as every account on the machine can read them.
fn command_lines(until: &AtomicBool, world: &str) -> Vec<String> {
    let mut lines = Vec::new();
    while !until.load(Ordering::SeqCst) {
        for process in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
            let line = String::from_utf8_lossy(&std::fs::read(process.path().join("cmdline")).unwrap_or_default()).replace('\0', " ");
            if line.contains(world) && !lines.contains(&line) {
                lines.push(line);
            }
        }
        thread::sleep(std::time::Duration::from_millis(2));
    }
    lines
}

#[test]
fn the_token_stands_in_no_stream_no_file_no_argument_and_no_foreign_request() {
    let world = World::new();
    world.standin.set_token(SENTINEL);
    let done = AtomicBool::new(false);
    let root = world.workspace().parent().expect("a root").to_path_buf();
    let (ran, arguments) = thread::scope(|scope| {
        let watcher = scope.spawn(|| command_lines(&done, &root.display().to_string()));
        let pipeline = pipe(&STAGES.map(str::to_owned));
        let ran =
            world.shell(&format!("{pipeline} | tee record.json")).env("GH_TOKEN", SENTINEL).env("GH_ENTERPRISE_TOKEN", SENTINEL).run();
        done.store(true, Ordering::SeqCst);
        (ran, watcher.join().expect("the watcher"))
    });
    ran.exits(0);
    leak_scan::assert_none(SENTINEL, &ran.stdout, "standard output");
    leak_scan::assert_none(SENTINEL, &ran.stderr, "standard error");
    // Other systems have no /proc; there the arguments are seen in the logs of the scripted programs alone.
    let watched = arguments.iter().any(|line| line.contains("nexy-publish"));
    assert!(watched || !Path::new("/proc/self").exists(), "the watcher saw no tool at work: {arguments:?}");
    for line in arguments {
        leak_scan::assert_none(SENTINEL, &line, "the arguments of a process");
    }
    let mut files = Vec::new();
    everything_below(&root, &mut files);
    assert!(files.iter().any(|(path, _)| path.ends_with("record.json")));
    for (path, text) in files {
        leak_scan::assert_none(SENTINEL, &path, "a file name");
        leak_scan::assert_none(SENTINEL, &text, &path);
    }
    for request in world.standin.requests() {
        let entitled = ["api", "uploads"].contains(&request.listener.as_str());
        assert!(entitled || !request.has_authorization, "{} {} got the token", request.listener, request.call());
    }
}
