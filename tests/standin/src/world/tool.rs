//! Runs the real binaries with an empty environment, a deadline, and nothing inherited.

use super::running::{self, Running};
use super::{Ran, World};
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::thread;
use std::time::Duration;

const DEADLINE: Duration = Duration::from_secs(60);

/// The folder that cargo builds binaries into, seen from a running test or example.
pub(super) fn built_beside_the_test() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let folder = test.parent().unwrap();
    if folder.ends_with("deps") {
        return folder.parent().unwrap().to_owned();
    }
    folder.to_owned()
}

/// A program about to be run in a [`World`].
pub struct Tool {
    /// Program and arguments that it runs through.
    through: Vec<String>,
    program: PathBuf,
    target: Option<PathBuf>,
    arguments: Vec<String>,
    environment: Vec<(String, String)>,
    folder: PathBuf,
    stdin: Input,
    pid_file: Option<PathBuf>,
    deadline: Duration,
    interrupt: Option<Arc<AtomicBool>>,
}

enum Input {
    /// `/dev/null`.
    Nothing,
    /// The descriptor is not there at all.
    Closed,
    Bytes(Vec<u8>),
}

impl World {
    /// One of the tools; `--target` is added unless [`Tool::bare`] is said.
    #[must_use]
    pub fn tool(&self, name: &str) -> Tool {
        let program = self.tools().join(name);
        assert!(program.is_file(), "{} is missing; build first: cargo build --workspace --bins", program.display());
        let path = format!("{}:/usr/bin:/bin", self.programs().display());
        let target = self.workspace().join("nexy.toml");
        self.prepared(program, Some(target), &path)
    }

    /// A pipeline under `/bin/sh` in the workspace, with the tools on PATH; `NEXY_TARGET` and the scripts' `NEXY_TOML` are set.
    #[must_use]
    pub fn shell(&self, pipeline: &str) -> Tool {
        let path = format!("{}:{}:{}:/usr/bin:/bin", self.programs().display(), self.wrappers().display(), self.tools().display());
        let target = self.workspace().join("nexy.toml");
        let target = target.to_str().unwrap();
        let shell = self.prepared(PathBuf::from("/bin/sh"), None, &path);
        shell.args(["-c", pipeline]).env("NEXY_TARGET", target).env("NEXY_TOML", target)
    }

    /// Runs a pipeline under `/bin/sh`; only its last exit code is seen, as in plain dash.
    #[must_use]
    pub fn sh(&self, pipeline: &str) -> Ran {
        self.shell(pipeline).run()
    }

    fn prepared(&self, program: PathBuf, target: Option<PathBuf>, path: &str) -> Tool {
        let text = |path: PathBuf| path.to_str().unwrap().to_owned();
        // GH_TOKEN is for github.com; a loopback host takes the token of other hosts.
        let environment = [
            ("PATH", path.to_owned()),
            ("HOME", text(self.home())),
            ("TMPDIR", text(self.root().join("temporary"))),
            ("GH_TOKEN", crate::TOKEN.to_owned()),
            ("GH_ENTERPRISE_TOKEN", crate::TOKEN.to_owned()),
            ("LANG", "C.UTF-8".to_owned()),
        ];
        Tool {
            through: Vec::new(),
            program,
            target,
            arguments: Vec::new(),
            environment: environment.map(|(key, value)| (key.to_owned(), value)).to_vec(),
            folder: self.workspace(),
            stdin: Input::Nothing,
            pid_file: None,
            deadline: DEADLINE,
            interrupt: None,
        }
    }
}

impl Tool {
    /// Adds arguments.
    #[must_use]
    pub fn args<I: IntoIterator<Item: Into<String>>>(mut self, arguments: I) -> Self {
        self.arguments.extend(arguments.into_iter().map(Into::into));
        self
    }

    /// Adds one argument.
    #[must_use]
    pub fn arg(self, argument: &str) -> Self {
        self.args([argument])
    }

    /// Adds no `--target` of its own.
    #[must_use]
    pub fn bare(mut self) -> Self {
        self.target = None;
        self
    }

    /// Sets a variable.
    #[must_use]
    pub fn env(mut self, key: &str, value: &str) -> Self {
        self = self.without_env(key);
        self.environment.push((key.to_owned(), value.to_owned()));
        self
    }

    /// Takes a variable away.
    #[must_use]
    pub fn without_env(mut self, key: &str) -> Self {
        self.environment.retain(|(name, _)| name != key);
        self
    }

    /// Gives text or bytes on standard input; without this it is `/dev/null`.
    #[must_use]
    pub fn stdin(mut self, bytes: impl AsRef<[u8]>) -> Self {
        self.stdin = Input::Bytes(bytes.as_ref().to_vec());
        self
    }

    /// Starts it without a standard input at all.
    #[must_use]
    pub fn stdin_closed(mut self) -> Self {
        self.stdin = Input::Closed;
        self
    }

    /// Runs it in another folder.
    #[must_use]
    pub fn dir(mut self, folder: impl AsRef<Path>) -> Self {
        folder.as_ref().clone_into(&mut self.folder);
        self
    }

    /// Writes its process id there before it starts, for [`crate::Reply::KillPid`].
    #[must_use]
    pub fn pid_file(mut self, file: impl AsRef<Path>) -> Self {
        self.pid_file = Some(file.as_ref().to_owned());
        self
    }

    /// Another deadline than 60 s.
    #[must_use]
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// Ends it, with everything it started, as soon as the flag is raised.
    #[must_use]
    pub fn interrupted_by(mut self, flag: Arc<AtomicBool>) -> Self {
        self.interrupt = Some(flag);
        self
    }

    /// Runs it through another program, as in `env tool …`.
    pub(crate) fn through(mut self, words: [&str; 3]) -> Self {
        self.through = words.map(str::to_owned).to_vec();
        self
    }

    /// Runs it to its end.
    #[must_use]
    #[track_caller]
    pub fn run(self) -> Ran {
        self.spawn().wait()
    }

    /// Starts it.
    #[must_use]
    #[track_caller]
    pub fn spawn(self) -> Running {
        let mut arguments = self.arguments.clone();
        if let Some(target) = &self.target {
            arguments.insert(0, format!("--target={}", target.display()));
        }
        let shown = format!("{} {}", self.program.display(), arguments.join(" "));
        let mut command = self.command(&arguments);
        command
            .env_clear()
            .envs(self.environment)
            .current_dir(&self.folder)
            .stdin(match &self.stdin {
                Input::Bytes(_) => Stdio::piped(),
                _ => Stdio::null(),
            })
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // Its own group, so that the deadline ends a whole pipeline.
            .process_group(0);
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{shown}: {error}"));
        if let Input::Bytes(bytes) = self.stdin {
            let mut pipe = child.stdin.take().unwrap();
            // A program may end without reading everything.
            thread::spawn(move || pipe.write_all(&bytes));
        }
        running::start(child, shown, self.deadline, self.interrupt)
    }

    fn command(&self, arguments: &[String]) -> Command {
        let program = self.program.to_str().unwrap().to_owned();
        let words: Vec<&String> = self.through.iter().chain([&program]).chain(arguments).collect();
        let script = match (&self.pid_file, &self.stdin) {
            (Some(_), Input::Closed) => "echo $$ >\"$0\"; exec \"$@\" <&-",
            (Some(_), _) => "echo $$ >\"$0\"; exec \"$@\"",
            (None, Input::Closed) => "exec \"$@\" <&-",
            (None, _) => {
                let mut command = Command::new(words[0]);
                command.args(&words[1..]);
                return command;
            }
        };
        let mut command = Command::new("/bin/sh");
        let name = self.pid_file.as_deref().unwrap_or(Path::new("sh"));
        command.args(["-c", script]).arg(name).args(words);
        command
    }
}
