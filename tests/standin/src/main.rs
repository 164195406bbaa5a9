//! Plays one of the scripted programs: `nexy-standin --state DIR az|systemctl|journalctl ARGUMENTS…`.
#![expect(clippy::unwrap_used, clippy::disallowed_methods, reason = "test support: a broken double must stop the test loudly")]

use nexy_standin::programs;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.as_slice() {
        [flag, state, program, folder] if flag == "--state" && program == "vm-agent" => {
            ExitCode::from(programs::vm_agent(Path::new(state), Path::new(folder)))
        }
        [flag, state, program, arguments @ ..] if flag == "--state" => {
            let said = programs::play(program, Path::new(state), arguments);
            io::stderr().write_all(said.stderr.as_bytes()).unwrap();
            io::stdout().write_all(said.stdout.as_bytes()).unwrap();
            ExitCode::from(said.code)
        }
        _ => {
            io::stderr().write_all(b"usage: nexy-standin --state DIR az|systemctl|journalctl ARGUMENTS\n").unwrap();
            ExitCode::from(2)
        }
    }
}
