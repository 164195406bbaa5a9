//! `run-command`: reads the output of `az`, prints what the script printed, and ends as the script did.

use crate::cli::Left;
use nexy_contract::{
    Exit, Fix, Problem,
    run_command::{self, Az},
};
use nexy_outside::{
    Common, Workspace,
    frame::{run, stdio},
    fs::files,
};
use std::path::Path;

/// Two streams of 4096 bytes, escaped twice, are far less than this.
const MAX_BYTES: u64 = 1 << 20;

/// Tells how the script ended.
pub(crate) fn report_script_exit(left: &Left, common: &Common) -> Result<Exit, Problem> {
    let stdout = read(&left.stdout_file)?;
    let stderr = read(&left.stderr_file)?;
    let az = Az { exit: left.az_exit, stdout: &stdout, stderr: &stderr };
    // Only for the names in a fix, so a missing nexy.toml is no reason to hide the truth.
    let workspace = Workspace::find(common).ok();
    let target = workspace.as_ref().map(|workspace| &workspace.target.release_target);
    let machine = target.map(|target| (target.resource_group.as_str(), target.vm.as_str()));
    if left.before {
        return Err(run_command::before(&az, machine));
    }
    let answered = run_command::read(&az, &left.nonce, machine, &left.look)?;
    let exit = answered.exit();
    if exit != Exit::Yes || !common.quiet {
        for line in run_command::printable_lines(&answered.complaints) {
            stdio::note(&line);
        }
    }
    if let Some(problem) = answered.problem(&left.look) {
        run::tell(crate::probe::TOOL, &problem);
    }
    if !answered.document.trim().is_empty() && !answered.cut {
        stdio::write_document(answered.document.as_bytes())?;
    }
    Ok(exit)
}

fn read(path: &Path) -> Result<Vec<u8>, Problem> {
    files::read(path, MAX_BYTES).map_err(|error| {
        error.problem(
            Exit::CouldNotLook,
            Fix::note("give the two files into which az has written; the script may have run: do not repeat one that changes things before looking"),
        )
    })
}
