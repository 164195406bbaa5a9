//! A program that runs: it can be signalled, and it is waited for with a deadline.

use super::Ran;
use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use std::io::Read;
use std::process::{Child, ExitStatus, Output};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// So often the deadline and the interrupt are looked at.
const GLANCE: Duration = Duration::from_millis(10);

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
        let _already_ended = kill_process(self.process(), named(name));
    }

    /// Sends a signal to it and to all that it has started, as a terminal does.
    pub fn signal_group(&self, name: &str) {
        let _already_ended = kill_process_group(self.process(), named(name));
    }

    fn process(&self) -> Pid {
        Pid::from_child(&self.child)
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
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return (status, false);
            }
            let late = Instant::now() > self.deadline;
            let interrupted = self.interrupt.as_ref().is_some_and(|flag| flag.load(Ordering::SeqCst));
            if late || interrupted {
                self.signal_group("KILL");
                return (self.child.wait().unwrap(), late);
            }
            self.sleep_until_its_end();
        }
    }

    /// Sleeps until the program ends, and at most for a glance: thousands of programs are waited for.
    #[cfg(target_os = "linux")]
    fn sleep_until_its_end(&self) {
        use rustix::event::{PollFd, PollFlags, Timespec, poll};
        let glance = Timespec { tv_sec: 0, tv_nsec: GLANCE.subsec_nanos().into() };
        match rustix::process::pidfd_open(self.process(), rustix::process::PidfdFlags::empty()) {
            Ok(process) => {
                let _ended_or_not = poll(&mut [PollFd::new(&process, PollFlags::IN)], Some(&glance));
            }
            Err(_not_allowed_here) => thread::sleep(GLANCE / 10),
        }
    }

    #[cfg(not(target_os = "linux"))]
    fn sleep_until_its_end(&self) {
        thread::sleep(GLANCE / 10);
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

fn named(signal: &str) -> Signal {
    match signal {
        "INT" => Signal::INT,
        "TERM" => Signal::TERM,
        "KILL" => Signal::KILL,
        other => panic!("no test sends the signal {other} yet"),
    }
}

fn collect(mut pipe: impl Read + Send + 'static) -> JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        let _cut = pipe.read_to_end(&mut bytes);
        bytes
    })
}
