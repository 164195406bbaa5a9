//! Serves the stand-in to other processes, or plays one of its scripted programs.
//!
//! `nexy-standin --state DIR serve [--ports-file FILE]` · `… az …` · `… systemctl …` · `… journalctl …`
#![expect(clippy::unwrap_used, clippy::disallowed_methods, reason = "test support: a broken double must stop the test loudly")]

use nexy_standin::{Listener, Standin, programs};
use signal_hook::consts::{SIGINT, SIGTERM};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

const USAGE: &str = "usage: nexy-standin --state DIR serve [--ports-file FILE]\n       \
                     nexy-standin --state DIR az|systemctl|journalctl ARGUMENTS…\n";

fn main() -> ExitCode {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some(state) = take(&mut arguments, "--state").map(PathBuf::from) else {
        return usage();
    };
    if arguments.is_empty() {
        return usage();
    }
    let program = arguments.remove(0);
    match program.as_str() {
        "serve" => {
            let ports_file = take(&mut arguments, "--ports-file").map(PathBuf::from);
            if !arguments.is_empty() {
                return usage();
            }
            serve(&state, ports_file.as_deref());
            ExitCode::SUCCESS
        }
        "vm-agent" if arguments.len() == 1 => ExitCode::from(programs::vm_agent(&state, Path::new(&arguments[0]))),
        _ => {
            let said = programs::play(&program, &state, &arguments);
            io::stderr().write_all(said.stderr.as_bytes()).unwrap();
            io::stdout().write_all(said.stdout.as_bytes()).unwrap();
            ExitCode::from(said.code)
        }
    }
}

fn usage() -> ExitCode {
    io::stderr().write_all(USAGE.as_bytes()).unwrap();
    ExitCode::from(2)
}

/// Takes a flag with its value out of the arguments, only when it comes first.
fn take(arguments: &mut Vec<String>, flag: &str) -> Option<String> {
    if arguments.len() < 2 || arguments[0] != flag {
        return None;
    }
    arguments.remove(0);
    Some(arguments.remove(0))
}

/// Says the addresses as one JSON object and runs until stdin closes or a signal comes.
fn serve(state: &Path, ports_file: Option<&Path>) {
    let standin = Standin::start(state);
    let addresses: serde_json::Map<String, serde_json::Value> =
        Listener::ALL.into_iter().map(|listener| (listener.name().to_owned(), standin.url(listener).into())).collect();
    let text = format!("{}\n", serde_json::Value::Object(addresses));
    match ports_file {
        Some(file) => {
            let temporary = file.with_extension("writing");
            std::fs::write(&temporary, text).unwrap();
            std::fs::rename(&temporary, file).unwrap();
        }
        None => io::stdout().write_all(text.as_bytes()).unwrap(),
    }
    let end = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        signal_hook::flag::register(signal, Arc::clone(&end)).unwrap();
    }
    let closed = Arc::clone(&end);
    thread::spawn(move || {
        let mut rest = Vec::new();
        let _closed = io::stdin().read_to_end(&mut rest);
        closed.store(true, Ordering::SeqCst);
    });
    while !end.load(Ordering::SeqCst) {
        thread::sleep(Duration::from_millis(20));
    }
}
