//! The scripted programs: `az` for the laptop, `systemctl` and `journalctl` for the VM.

mod az;
mod az_arguments;
mod az_run;
mod journalctl;
mod systemctl;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

pub use az_run::vm_agent;
pub(crate) use journalctl::write as write_journal;
pub(crate) use systemctl::started;

/// Programs that [`install`] writes.
pub const PROGRAMS: [&str; 3] = ["az", "systemctl", "journalctl"];

/// What a program said before it ended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Said {
    /// Exit code.
    pub code: u8,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl Said {
    fn ok(stdout: impl Into<String>) -> Self {
        Self { stdout: stdout.into(), ..Self::default() }
    }

    fn error(code: u8, text: impl Into<String>) -> Self {
        let mut stderr = text.into();
        stderr.push('\n');
        Self { code, stderr, ..Self::default() }
    }
}

/// Writes one small wrapper per program, which calls the stand-in's own executable.
pub fn install(folder: &Path, state: &Path, standin: &Path) {
    for program in PROGRAMS {
        install_one(folder, program, state, standin);
    }
}

/// Writes the wrapper of one program.
pub fn install_one(folder: &Path, program: &str, state: &Path, standin: &Path) {
    fs::create_dir_all(folder).unwrap();
    let (state, standin) = (state.display(), standin.display());
    let text = format!(
        "#!/bin/sh\n\
         [ -x '{standin}' ] || {{ echo '{program}: the stand-in is not built; build first: cargo build --workspace --bins' >&2; exit 127; }}\n\
         exec '{standin}' --state '{state}' {program} \"$@\"\n"
    );
    write_program(&folder.join(program), &text);
}

/// Writes an executable script.
pub fn write_program(file: &Path, text: &str) {
    fs::write(file, text).unwrap();
    fs::set_permissions(file, fs::Permissions::from_mode(0o755)).unwrap();
}

/// Plays a program with these arguments.
#[must_use]
pub fn play(program: &str, state: &Path, arguments: &[String]) -> Said {
    crate::disk::append_line(&state.join(format!("{program}.jsonl")), &serde_json::json!({"argv": arguments}));
    match program {
        "az" => az::play(state, arguments),
        "journalctl" => journalctl::play(state, arguments),
        "systemctl" => systemctl::play(state, arguments),
        other => Said::error(2, format!("nexy-standin plays no program {other:?}")),
    }
}
