//! Kills a tool right before a file operation of its choice: the crash matrices of what writes files.
//!
//! A tool is run once to learn its operations, then killed before each of them, in a world like the first one:
//!
//! ```ignore
//! let Some(killer) = Killer::new("the name of the test", &world) else { return };
//! let (ran, operations) = killer.operations(tool(&world));
//! for nth in 1..=operations.len() {
//!     let world = World::new();
//!     killer.kills(tool(&world), nth);
//!     // What does a reader see now? Does the next run end well?
//! }
//! ```

use crate::skip::{Need, skipped};
use crate::world::{Ran, Tool, World};
use assert_cmd::Command;
use std::fs;
use std::path::PathBuf;

/// What the killer ends with where the system lets no program look into another.
const NOT_ALLOWED: i32 = 71;

/// A program that runs another one and kills it before one of its operations.
pub struct Killer {
    program: PathBuf,
    list: PathBuf,
}

impl Killer {
    /// Compiles it below the world's folder, with gcc; `None` where this system cannot do it, and the test is skipped.
    ///
    /// # Panics
    /// When gcc does not compile it.
    #[must_use]
    pub fn new(test: &str, world: &World) -> Option<Self> {
        if !cfg!(target_os = "linux") {
            skipped(test, "a program cannot be killed at one of its operations here", Need::Other("Linux"));
            return None;
        }
        let (program, list) = (world.root().join("killer"), world.root().join("operations"));
        let source = world.root().join("killer.c");
        fs::write(&source, include_str!("crash/killer.c")).unwrap();
        Command::new("gcc").args(["-O1", "-o"]).arg(&program).arg(&source).assert().success();
        let killer = Self { program, list };
        let tried = Command::new(&killer.program).arg("0").arg(&killer.list).arg("/bin/true").output().unwrap();
        if tried.status.code() == Some(NOT_ALLOWED) {
            skipped(test, "a program may not look into another one here", Need::Other("ptrace"));
            return None;
        }
        Some(killer)
    }

    /// Runs a tool to its end, and tells its operations in order: `open PATH` for writing, `write DESCRIPTOR`, `rename`, `unlink`
    /// and their like with the path that they change, `fsync`, and `start` for a program that it starts, whose own operations
    /// are not told. Paths are empty when an ordinary user looks at a tool that hides its memory.
    ///
    /// # Panics
    /// When it has none, as a static program that could not be looked into.
    #[must_use]
    #[track_caller]
    pub fn operations(&self, tool: Tool) -> (Ran, Vec<String>) {
        let ran = self.run(tool, 0);
        let operations = self.list();
        assert!(!operations.is_empty(), "it changes nothing\n{ran}");
        (ran, operations)
    }

    /// Runs a tool until it is killed right before the nth of its operations, counted from 1; the operation then did not happen,
    /// and all before it did. Tells what it was.
    #[track_caller]
    pub fn kills(&self, tool: Tool, nth: usize) -> String {
        self.run(tool, nth).was_killed();
        self.list().pop().unwrap()
    }

    #[track_caller]
    fn run(&self, tool: Tool, nth: usize) -> Ran {
        let words = [self.program.to_str().unwrap(), &nth.to_string(), self.list.to_str().unwrap()];
        tool.through(words).run()
    }

    fn list(&self) -> Vec<String> {
        let text = String::from_utf8_lossy(&fs::read(&self.list).unwrap()).into_owned();
        text.lines().map(|line| line.trim_end().to_owned()).collect()
    }
}
