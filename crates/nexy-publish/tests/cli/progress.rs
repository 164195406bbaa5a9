//! A long transfer shows its progress: a bar on a terminal, lines elsewhere, nothing with `--quiet`.

use nexy_publish_support::judged;
use nexy_standin::skip::has_program;
use nexy_standin::world::{Ran, World};
use nexy_standin::{Fault, Listener, Reply};
use std::time::Duration;

/// A world in which the first byte of the download comes after a pause.
fn slow(pause: Duration) -> World {
    let world = World::new();
    world.set_target("limits", "stall_timeout_s", "60");
    world.set_target("limits", "request_timeout_s", "60");
    world.write("record.json", &judged(&world).to_string());
    world.standin.fault(Fault::new(Listener::Storage, "GET", "", Reply::Stall(pause)));
    world
}

/// The tool with a terminal as its standard error: `script` opens one and copies it to standard output.
fn on_a_terminal(world: &World, options: &str) -> Ran {
    world.sh(&format!("script -qec 'nexy-publish {options} - <record.json >out.json' /dev/null </dev/null"))
}

#[test]
fn a_terminal_shows_a_bar_with_rate_and_time_left_and_quiet_shows_none() {
    if !has_program("a_terminal_shows_a_bar_with_rate_and_time_left_and_quiet_shows_none", "script", "bsdutils") {
        return;
    }
    let world = slow(Duration::from_millis(900));
    let shown = on_a_terminal(&world, "");
    shown.exits(0).prints("downloading Nexy.next-").prints("MiB/s, ").prints(" left").prints(" %, ");
    assert!(shown.stdout.contains("\u{1b}[K"), "{shown}");
    let quiet = on_a_terminal(&slow(Duration::from_millis(900)), "--quiet");
    quiet.exits(0);
    assert!(!quiet.stdout.contains("MiB/s"), "{quiet}");
}

#[test]
fn elsewhere_a_line_comes_every_ten_seconds_and_never_a_bar() {
    let run = |options: &str| slow(Duration::from_millis(10_300)).sh(&format!("nexy-publish {options} - <record.json >out.json"));
    std::thread::scope(|scope| {
        let loud = scope.spawn(|| run(""));
        let quiet = scope.spawn(|| run("--quiet"));
        let loud = loud.join().expect("it ran");
        loud.exits(0).says("downloading Nexy.next-").says("of 1.0 MiB");
        assert!(loud.stderr.lines().filter(|line| line.contains("MiB/s")).count() == 1 && !loud.stderr.contains('\u{1b}'), "{loud}");
        let quiet = quiet.join().expect("it ran");
        assert!(quiet.code == Some(0) && quiet.stderr.is_empty(), "{quiet}");
    });
}
