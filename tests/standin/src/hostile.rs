//! A hostile account: a program of that account that exchanges files and folders without a pause, until it is dropped.

use crate::skip::has_program;
use std::{
    os::unix::process::CommandExt as _,
    path::Path,
    process::{Child, Command, Stdio},
};

/// How often root does something while the hostile account is at work.
pub const TRIES: usize = 200;

/// The running program of the account.
#[derive(Debug)]
pub struct Hostile(Child);

impl Hostile {
    /// Repeats these Perl statements with the rights of an account; the paths are `$ARGV[0]` and so on. `None`, loudly, without Perl.
    ///
    /// # Panics
    /// When it does not start.
    #[must_use]
    pub fn start(test: &str, (uid, gid): (u32, u32), statements: &str, paths: &[&Path]) -> Option<Self> {
        if !has_program(test, "perl", "perl-base") {
            return None;
        }
        let program = format!("while (getppid() != 1) {{ {statements} }}");
        let mut command = Command::new("perl");
        command.args(["-e", &program, "--"]).args(paths).uid(uid).gid(gid).current_dir("/");
        Some(Self(command.stdin(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()))
    }
}

impl Drop for Hostile {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}
