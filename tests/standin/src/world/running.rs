//! A program that runs: it can be signalled, and it is waited for with a deadline.

use super::Ran;
use std::io::Read;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// So long a program is looked at every millisecond.
const BRISK: Duration = Duration::from_millis(200);

/// A program that was started and not yet waited for.
pub struct Running {
    command: String,
    child: Child,
    stdout: JoinHandle<Vec<u8>>,
    stderr: JoinHandle<Vec<u8>>,
    deadline: Instant,
    interrupt: Option<Arc<AtomicBool>>,
}

impl Running {
    /// Its process id, which is also its group's.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Whether it has come to its end.
    pub fn has_ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    /// Sends a signal to it alone: `signal("TERM")`.
    pub fn signal(&self, name: &str) {
        signal(name, &self.id().to_string());
    }

    /// Sends a signal to it and to all that it has started, as a terminal does.
    pub fn signal_group(&self, name: &str) {
        signal(name, &format!("-{}", self.id()));
    }

    /// Waits for its end; past the deadline it is killed and the test fails.
    #[must_use]
    #[track_caller]
    pub fn wait(mut self) -> Ran {
        let (status, late) = self.wait_until_deadline();
        let (stdout, stderr) = (self.stdout.join().unwrap(), self.stderr.join().unwrap());
        let ran = Ran::new(self.command, Output { status, stdout, stderr });
        assert!(!late, "killed: it did not end before the deadline\n{ran}");
        ran
    }

    fn wait_until_deadline(&mut self) -> (ExitStatus, bool) {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return (status, false);
            }
            let late = Instant::now() > self.deadline;
            let interrupted = self.interrupt.as_ref().is_some_and(|flag| flag.load(Ordering::SeqCst));
            if late || interrupted {
                signal("KILL", &format!("-{}", self.id()));
                return (self.child.wait().unwrap(), late);
            }
            // Most programs end at once; those that do not are many and wait beside each other.
            thread::sleep(if begun.elapsed() < BRISK { Duration::from_millis(1) } else { Duration::from_millis(5) });
        }
    }
}

/// Collects what a started program says until it is waited for.
pub(super) fn start(mut child: Child, command: String, deadline: Duration, interrupt: Option<Arc<AtomicBool>>) -> Running {
    Running {
        stdout: collect(child.stdout.take().unwrap()),
        stderr: collect(child.stderr.take().unwrap()),
        deadline: Instant::now() + deadline,
        interrupt,
        command,
        child,
    }
}

fn signal(name: &str, process: &str) {
    let _already_ended =
        Command::new("/bin/sh").args(["-c", "kill -s \"$1\" -- \"$2\"", "sh", name, process]).stderr(Stdio::null()).status();
}

fn collect(mut pipe: impl Read + Send + 'static) -> JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        let _cut = pipe.read_to_end(&mut bytes);
        bytes
    })
}
