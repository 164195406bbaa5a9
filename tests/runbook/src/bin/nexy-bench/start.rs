//! How long a tool takes to start, say something and end.

use crate::timed;
use std::{path::Path, process::Command, time::Duration};

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
    let once = |program: &Path| timed(Command::new(program).arg("--list").env_clear()).0;
    let mut tool = Vec::new();
    let mut nothing = Vec::new();
    for _ in 0..runs {
        tool.push(once(&gate));
        nothing.push(once(Path::new("/bin/true")));
    }
    Start { runs, tool: median(tool), nothing: median(nothing) }
}

/// The one in the middle.
pub(crate) fn median(mut spans: Vec<Duration>) -> Duration {
    spans.sort_unstable();
    spans[spans.len() / 2]
}
