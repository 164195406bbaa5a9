//! How long a tool takes to start, say something and end.

use std::{
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

/// The medians of many runs.
pub(crate) struct Start {
    pub(crate) runs: usize,
    pub(crate) tool: Duration,
    pub(crate) nothing: Duration,
}

/// Runs the tool and `/bin/true` in turns, so that both meet the same machine.
pub(crate) fn measure(tools: &Path) -> Start {
    let runs = 1000;
    let gate = tools.join("nexy-gate");
    let once = |program: &Path, argument: &str| {
        let mut command = Command::new(program);
        command.arg(argument).env_clear().stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let begun = Instant::now();
        command.status().unwrap();
        begun.elapsed()
    };
    let mut tool = Vec::new();
    let mut nothing = Vec::new();
    for _ in 0..runs {
        tool.push(once(&gate, "--list"));
        nothing.push(once(Path::new("/bin/true"), "--list"));
    }
    Start { runs, tool: median(tool), nothing: median(nothing) }
}

/// The one in the middle.
pub(crate) fn median(mut spans: Vec<Duration>) -> Duration {
    spans.sort_unstable();
    spans[spans.len() / 2]
}
