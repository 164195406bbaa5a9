//! Fuzzes the reader of what `az` left behind: it says an end of the script only when the line with this run's number says it.

use super::{Target, promised};
use crate::random::digest;
use nexy_contract::run_command::{Az, LOOK, Nonce, SENTINEL, read};

const NONCE: &str = "0123456789abcdef0123456789abcdef";
/// Between the standard output of `az` and its standard error; neither holds it.
const SEAM: u8 = 0xff;

pub(super) const TARGET: Target = Target {
    name: "run-command",
    seeds: &[
        b"{\"value\":[{\"message\":\"Enable succeeded: \\n[stdout]\\n{}\\nNEXY-END 0123456789abcdef0123456789abcdef 0\\n\\n[stderr]\\nnote\"}]}\xff",
        b"\xffERROR: (VMExtensionProvisioningError) Enable failed: command terminated with exit status=3\n[stdout]\nx\nNEXY-END 0123456789abcdef0123456789abcdef 3\n\n[stderr]\n\n",
        b"{\"value\":[{\"message\":\"Last script execution didn't finish.\"}]}\xff",
        b"\xffERROR: (Conflict) Run command extension execution is in progress.",
        b"\xffERROR: Please run 'az login' to setup account.",
    ],
    tokens: &[
        b"[stdout]\\n", b"\\n[stderr]\\n", b"[stdout]\n", b"\n[stderr]\n", b"\\n", b"\n", b"\"", b"\\", b"}", b"]", b"\\ud83d", b"\\u0000",
        b"NEXY-END ", b"0123456789abcdef0123456789abcdef", b"NEXY-END 0123456789abcdef0123456789abcdef 0\\n",
        b"NEXY-END 0123456789abcdef0123456789abcdef 1\n", b"ffffffffffffffffffffffffffffffff", b" 0", b" 1", b" 256", b"Enable failed", b"exit status=0",
        b"exit status=1", b"Last script execution didn't finish", b"Run command extension execution is in progress", b"\xff", b"\xd1", b"{\"value\":[", b"\"message\":",
    ],
    run,
};

fn run(bytes: &[u8]) -> Result<u64, String> {
    let nonce: Nonce = NONCE.parse()?;
    let mut streams = bytes.splitn(2, |byte| *byte == SEAM);
    let (stdout, stderr) = (streams.next().unwrap_or_default(), streams.next().unwrap_or_default());
    let mut answers = String::new();
    for exit in [None, Some(0), Some(1)] {
        let az = Az { exit, stdout, stderr };
        match read(&az, &nonce, None, LOOK) {
            Ok(answered) => {
                let line = format!("{SENTINEL} {NONCE} {}", answered.status);
                let said = [stdout, stderr].iter().any(|stream| String::from_utf8_lossy(stream).contains(&line));
                // JSON may spell a letter by its number.
                promised(said || stdout.contains(&b'\\'), "an end is said by a line of this run")?;
                promised(!answered.document.contains(&line), "the line itself is no part of the document")?;
                promised(
                    answered.exit().code() == 69 || answered.exit().code() == answered.status,
                    "it ends as the script did, or is unknown",
                )?;
                answers += &format!("end {} {} ", answered.status, answered.cut);
            }
            Err(problem) => {
                promised(problem.exit.code() == 69 || problem.exit.code() == 75, "without an end it is unknown or busy")?;
                promised(problem.exit.code() == 69 || (stdout.trim_ascii().is_empty() && exit != Some(0)), "busy only when nothing ran")?;
                // What stands further behind is foreign text.
                answers += &format!("{} {:.24} ", problem.exit.code(), problem.because);
            }
        }
    }
    Ok(digest(answers.as_bytes()))
}
