//! Programs: found by name on `PATH`, with a deadline, bounded output, and nothing of ours but a named environment and input.

pub mod as_user;
pub mod azure;
pub mod disk_image;
pub mod environment;
pub mod git;
pub mod journal;
pub mod systemd;

use crate::{environment::get, fs::accounts::Account};
use environment::ALWAYS;
use nexy_contract::text;
use std::{
    collections::BTreeSet,
    io::{self, Read},
    os::unix::process::{CommandExt as _, ExitStatusExt as _},
    process::{Child, Command, ExitStatus, Stdio},
    sync::{Mutex, MutexGuard, PoisonError, mpsc},
    time::{Duration, Instant},
};

/// How a program is run.
#[derive(Clone, Debug)]
#[must_use]
pub struct Run {
    name: String,
    arguments: Vec<String>,
    allowed: Vec<String>,
    set: Vec<(String, std::ffi::OsString)>,
    folder: Option<std::path::PathBuf>,
    timeout: Duration,
    bound: Bound,
    /// Programs that it runs through; the first one makes a session of its own.
    needs: &'static [&'static str],
    /// What it reads on standard input.
    input: Vec<u8>,
    /// Why this process cannot run it as the account that was named.
    forbidden: Option<String>,
}

/// How much of each stream is kept.
#[derive(Clone, Copy, Debug)]
enum Bound {
    /// More than this is an error.
    AtMost(u64),
    /// The end of whatever comes.
    Tail(usize),
}

/// What a program did.
#[derive(Debug)]
pub struct Ran {
    /// How it ended.
    pub status: ExitStatus,
    /// What it printed.
    pub stdout: Vec<u8>,
    /// What it printed for people.
    pub stderr: Vec<u8>,
}

/// Why a program did not run to its end.
#[derive(Debug, thiserror::Error)]
pub enum ProgramError {
    /// It is not on `PATH`.
    #[error("the program `{0}` is not on PATH")]
    Missing(String),
    /// It could not be started or waited for, and why.
    #[error("cannot run `{0}`: {1}")]
    Failed(String, String),
    /// It took longer than this, and was ended.
    #[error("`{name}` did not end within {} s", after.as_secs())]
    Timeout {
        /// The program.
        name: String,
        /// The limit.
        after: Duration,
    },
    /// It printed more than so many bytes on one of its streams.
    #[error("`{0}` printed more than {1} bytes")]
    TooMuch(String, u64),
}

impl Ran {
    /// Whether it ended with status 0.
    pub fn succeeded(&self) -> bool {
        self.status.success()
    }

    /// Its exit status, or 128 plus the signal that ended it.
    pub fn code(&self) -> i32 {
        self.status.code().unwrap_or_else(|| 128 + self.status.signal().unwrap_or(0))
    }

    /// What it printed, with what is no UTF-8 replaced.
    pub fn stdout_text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    /// The first line that it printed for people, escaped.
    pub fn complaint(&self) -> String {
        let text = String::from_utf8_lossy(&self.stderr);
        text::excerpt(text.lines().find(|line| !line.trim().is_empty()).unwrap_or("it said nothing"), 200)
    }
}

impl Run {
    /// A program with its arguments; 30 s and 1 MiB a stream unless told otherwise.
    pub fn new(name: &str, arguments: &[&str]) -> Self {
        Self {
            name: name.to_owned(),
            arguments: arguments.iter().map(ToString::to_string).collect(),
            allowed: Vec::new(),
            set: Vec::new(),
            folder: None,
            timeout: Duration::from_secs(30),
            bound: Bound::AtMost(1 << 20),
            needs: &[],
            input: Vec::new(),
            forbidden: None,
        }
    }

    /// Environment variables that it may see beside `PATH` and the language.
    pub fn allow(mut self, names: &[&str]) -> Self {
        self.allowed.extend(names.iter().map(ToString::to_string));
        self
    }

    /// A variable with this value, whatever ours says; never a secret.
    pub fn set(mut self, name: &str, value: impl Into<std::ffi::OsString>) -> Self {
        self.set.push((name.to_owned(), value.into()));
        self
    }

    /// The most that it may print on each stream, in bytes.
    pub const fn max_bytes(mut self, max_bytes: u64) -> Self {
        self.bound = Bound::AtMost(max_bytes);
        self
    }

    /// Runs it as another account, with nothing of ours but what is named: through `setpriv`, which only root can use. It gets a
    /// session of its own, so that it cannot type into root's terminal, and no open file of ours, such as the lock of a run.
    /// A program that is missing then ends with 127. An ordinary user can run it as no other account, which is an error of the run.
    pub fn as_account(mut self, account: &Account) -> Self {
        let me = rustix::process::geteuid();
        if me.as_raw() != account.uid && !me.is_root() {
            self.forbidden = Some(format!("only root can run it as {}; run the same command again with sudo", account.name));
        } else if me.as_raw() != account.uid {
            let program = std::mem::replace(&mut self.name, "setsid".to_owned());
            let (uid, gid) = (account.uid.to_string(), account.gid.to_string());
            let session = ["sh", "-c", "exec 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-; exec \"$@\"", "sh"];
            let rights = ["setpriv", "--reuid", &uid, "--regid", &gid, "--init-groups", "--no-new-privs", "--", &program];
            self.arguments.splice(0..0, session.into_iter().chain(rights).map(str::to_owned));
            self.needs = &["setpriv", "setsid"];
        }
        self
    }

    /// What it reads on standard input; nothing otherwise.
    pub fn input(mut self, input: &[u8]) -> Self {
        self.input = input.to_vec();
        self
    }

    /// The folder to run in.
    pub fn folder(mut self, folder: &std::path::Path) -> Self {
        self.folder = Some(folder.to_path_buf());
        self
    }

    /// The longest run.
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Keeps only so many last bytes of each stream; it may print as much as it likes.
    pub const fn keep_tail(mut self, bytes: usize) -> Self {
        self.bound = Bound::Tail(bytes);
        self
    }

    /// Runs it to its end.
    /// Errors: [`ProgramError`]; an exit status other than 0 is no error here.
    pub fn run(self) -> Result<Ran, ProgramError> {
        let failed = |name: &str, error: &io::Error| ProgramError::Failed(name.to_owned(), text::os_words(error));
        if let Some(because) = self.forbidden {
            return Err(ProgramError::Failed(self.name, because));
        }
        if let Some(missing) = self.needs.iter().find(|name| !is_on_path(name)) {
            return Err(ProgramError::Missing((*missing).to_owned()));
        }
        #[expect(clippy::disallowed_methods, reason = "this is the door that all others are sent to")]
        let mut command = Command::new(&self.name);
        let stdin = if self.input.is_empty() { Stdio::null() } else { Stdio::piped() };
        command.args(&self.arguments).env_clear().stdin(stdin).stdout(Stdio::piped()).stderr(Stdio::piped());
        if self.needs.is_empty() {
            // A leader of a group could not make a session; `setsid` makes it the leader of both.
            command.process_group(0);
        }
        for name in ALWAYS.iter().copied().chain(self.allowed.iter().map(String::as_str)) {
            if let Some(value) = get(name) {
                command.env(name, value);
            }
        }
        command.envs(self.set.iter().map(|(name, value)| (name, value)));
        if let Some(folder) = &self.folder {
            command.current_dir(folder);
        }
        let mut child = command.spawn().map_err(|error| match error.kind() {
            // A folder of PATH that may not be searched hides that the program is in none of the others.
            io::ErrorKind::NotFound => ProgramError::Missing(self.name.clone()),
            io::ErrorKind::PermissionDenied if !is_on_path(&self.name) => ProgramError::Missing(self.name.clone()),
            _ => failed(&self.name, &error),
        })?;
        let running = Running::new(&child);
        if let Some(mut stdin) = child.stdin.take() {
            // A program that reads only a part of it says so itself.
            std::thread::spawn(move || io::Write::write_all(&mut stdin, &self.input));
        }
        let deadline = Instant::now() + self.timeout;
        let stdout = gather(child.stdout.take(), self.bound);
        let stderr = gather(child.stderr.take(), self.bound);
        let collected = collect(&stdout, deadline).and_then(|out| Ok((out, collect(&stderr, deadline)?)));
        let (stdout, stderr) = match collected {
            Ok(collected) => collected,
            Err(lost) => {
                end(&mut child);
                return Err(match lost {
                    Lost::Late => ProgramError::Timeout { name: self.name, after: self.timeout },
                    Lost::TooMuch(max_bytes) => ProgramError::TooMuch(self.name, max_bytes),
                    Lost::Broken(error) => failed(&self.name, &error),
                });
            }
        };
        let status = loop {
            match child.try_wait().map_err(|error| failed(&self.name, &error))? {
                Some(status) => break status,
                None if Instant::now() >= deadline => {
                    end(&mut child);
                    return Err(ProgramError::Timeout { name: self.name, after: self.timeout });
                }
                None => std::thread::sleep(Duration::from_millis(1)),
            }
        };
        drop(running);
        Ok(Ran { status, stdout, stderr })
    }
}

/// Process groups that have not ended yet, by the number of their leader.
static RUNNING: Mutex<BTreeSet<u32>> = Mutex::new(BTreeSet::new());

/// One of [`RUNNING`], for as long as it lives.
struct Running(u32);

impl Running {
    fn new(child: &Child) -> Self {
        all_running().insert(child.id());
        Self(child.id())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        all_running().remove(&self.0);
    }
}

fn all_running() -> MutexGuard<'static, BTreeSet<u32>> {
    RUNNING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether there is a process of this number, also one of another account; `false` for what is no number.
pub fn exists(process: &str) -> bool {
    let number = process.parse().ok().filter(|number| *number > 0).and_then(rustix::process::Pid::from_raw);
    number.is_some_and(|number| rustix::process::test_kill_process(number) != Err(rustix::io::Errno::SRCH))
}

/// Ends every program that this process has started and that has not ended yet.
pub fn end_all() {
    for leader in std::mem::take(&mut *all_running()) {
        end_group(leader);
    }
}

fn is_on_path(name: &str) -> bool {
    get("PATH").is_some_and(|path| std::env::split_paths(&path).any(|folder| folder.join(name).is_file()))
}

enum Lost {
    Late,
    TooMuch(u64),
    Broken(io::Error),
}

type Gathered = mpsc::Receiver<Result<Vec<u8>, Lost>>;

fn gather(stream: Option<impl Read + Send + 'static>, bound: Bound) -> Gathered {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let read = match (stream, bound) {
            (None, _) => Ok(Vec::new()),
            (Some(stream), Bound::AtMost(max_bytes)) => whole(stream, max_bytes),
            (Some(stream), Bound::Tail(bytes)) => tail(stream, bytes).map_err(Lost::Broken),
        };
        // The receiver is gone only when the run was given up.
        let _ = sender.send(read);
    });
    receiver
}

fn whole(stream: impl Read, max_bytes: u64) -> Result<Vec<u8>, Lost> {
    let mut bytes = Vec::new();
    stream.take(max_bytes + 1).read_to_end(&mut bytes).map_err(Lost::Broken)?;
    if bytes.len() as u64 > max_bytes { Err(Lost::TooMuch(max_bytes)) } else { Ok(bytes) }
}

fn tail(mut stream: impl Read, bytes: usize) -> io::Result<Vec<u8>> {
    let (mut kept, mut piece) = (Vec::new(), [0; 8 << 10]);
    loop {
        let read = match stream.read(&mut piece) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        kept.extend_from_slice(&piece[..read]);
        if kept.len() >= bytes.saturating_mul(2).max(piece.len()) {
            kept.drain(..kept.len() - bytes);
        }
    }
    kept.drain(..kept.len().saturating_sub(bytes));
    Ok(kept)
}

fn collect(gathered: &Gathered, deadline: Instant) -> Result<Vec<u8>, Lost> {
    match gathered.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
        Ok(result) => result,
        Err(_) => Err(Lost::Late),
    }
}

/// Ends the program and all processes that it started: it leads a process group of its own.
fn end(child: &mut Child) {
    end_group(child.id());
    let _ = child.kill();
    let _ = child.wait();
}

fn end_group(leader: u32) {
    if let Some(group) = i32::try_from(leader).ok().and_then(rustix::process::Pid::from_raw) {
        // It may have ended a moment ago.
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sh(script: &str) -> Run {
        Run::new("sh", &["-c", script])
    }

    #[test]
    fn a_process_exists_by_its_number() {
        assert!(exists(&std::process::id().to_string()));
        for process in ["", "x", "0", "-1", "999999999"] {
            assert!(!exists(process), "{process}");
        }
    }

    #[test]
    fn status_and_both_streams_come_back() {
        let ran = sh("echo out; echo err >&2; exit 3").run().expect("sh runs");
        assert_eq!((ran.code(), ran.stdout_text().as_str(), ran.complaint().as_str()), (3, "out\n", "err"));
        assert_eq!(sh("kill -9 $$").run().expect("sh runs").code(), 137);
    }

    #[test]
    fn a_program_sees_only_what_it_was_allowed_and_no_input() {
        let ran = sh("cat; env | cut -d= -f1 | grep -v -e ^PWD -e ^SHLVL -e ^_ | sort").run().expect("sh runs");
        for name in ran.stdout_text().lines() {
            assert!(ALWAYS.contains(&name), "{name} was passed on");
        }
    }

    #[test]
    fn a_variable_that_is_set_counts_more_than_ours() {
        let ran = sh("echo \"$PATH $GREETING\"").set("GREETING", "hello").set("PATH", "/usr/bin:/bin").run().expect("sh runs");
        assert_eq!(ran.stdout_text(), "/usr/bin:/bin hello\n");
    }

    #[test]
    fn a_program_that_hangs_is_ended_with_its_children() {
        let error = sh("sleep 60 & sleep 60").timeout(Duration::from_millis(50)).run().expect_err("it hangs");
        assert!(matches!(error, ProgramError::Timeout { .. }), "{error}");
    }

    #[test]
    fn another_account_runs_it_without_our_groups() {
        let nobody = crate::fs::accounts::Accounts::read().expect("the accounts").account("nobody").expect("it is on every machine");
        // The sixth field is the session, after the name in parentheses.
        let ran = sh("id -u; id -G; sed 's/.*) //' /proc/$$/stat | cut -d ' ' -f 4; echo $$").as_account(&nobody).run();
        if !rustix::process::geteuid().is_root() {
            let error = ran.expect_err("it is another account").to_string();
            assert!(error.starts_with("cannot run `sh`: only root can run it as nobody; "), "{error}");
            return;
        }
        let said = ran.expect("setpriv is there").stdout_text();
        let lines: Vec<&str> = said.lines().collect();
        assert_eq!((lines[0], lines[1]), (nobody.uid.to_string().as_str(), nobody.gid.to_string().as_str()));
        assert_eq!(lines[2], lines[3], "it leads a session of its own");
    }

    #[test]
    fn endless_output_is_bounded() {
        let error = sh("yes").run().expect_err("it never stops");
        assert!(matches!(error, ProgramError::TooMuch(..)), "{error}");
    }

    #[test]
    fn only_the_end_is_kept_when_that_is_all_that_is_wanted() {
        let ran = sh("yes | head -c 3000000; echo the end").keep_tail(8).run().expect("sh runs");
        assert_eq!(ran.stdout, b"the end\n");
        assert_eq!(sh("echo short").keep_tail(100).run().expect("sh runs").stdout, b"short\n");
    }

    #[test]
    fn a_missing_program_is_named() {
        let error = Run::new("no-such-program-anywhere", &[]).run().expect_err("it is missing");
        assert_eq!(error.to_string(), "the program `no-such-program-anywhere` is not on PATH");
    }
}
