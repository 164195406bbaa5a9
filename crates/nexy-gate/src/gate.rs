//! Type `Gate`: one row of the table of gates.

pub(crate) use crate::answer_builder::{Guard, Repair, RepairStep};
use crate::context::Context;
use nexy_contract::check::Row;
pub(crate) use nexy_contract::check::{Answer, Explain};

/// What every gate is made of.
pub(crate) mod prelude {
    pub(crate) use crate::gate::{Answer, Explain, Gate, Machine, Takes};
    pub(crate) use crate::{answer_builder::AnswerBuilder, context::Context};
    pub(crate) use nexy_contract::fix::{command, note};
    pub(crate) use nexy_contract::text::{excerpt, shell_word};
    pub(crate) use nexy_contract::{Fix, Target, Verdict};
}

/// The tool's name in reports.
pub(crate) const TOOL: &str = nexy_contract::before_publish::BY;

/// Which machine a gate looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Machine {
    /// The one with the workspace.
    Laptop,
    /// Any that has the repository: the workspace on the laptop, the checkout on the VM.
    Either,
    /// The one that runs the server; or, with `--root`, the tree of one.
    Vm,
}

/// What it takes to look; what leaves this process runs beside the others, a few at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Takes {
    /// Reading files; one after another, since they share a disk.
    Files,
    /// Starting programs, or the network.
    Outside,
    /// As `Outside`, for as long as `quality.timeout_s` allows.
    LongRun,
    /// As `Outside`, and something of the machine must be running: not to be had with `--root`.
    RunningSystem,
}

/// One question that must be answered before anything goes out.
#[derive(Debug)]
pub(crate) struct Gate {
    /// Its name on the command line and in reports: the name of its file, with dashes.
    pub(crate) id: &'static str,
    /// The question.
    pub(crate) asks: &'static str,
    /// The profiles that it belongs to.
    pub(crate) profiles: &'static [&'static str],
    /// The section of the rulebook that asks it: `S3 §2.2`.
    pub(crate) runbook: &'static str,
    /// Which machine it looks at.
    pub(crate) at: Machine,
    /// What it takes to look.
    pub(crate) takes: Takes,
    /// What `--explain` says.
    pub(crate) explain: Explain,
    /// Looks, and judges.
    pub(crate) check: fn(&Context) -> Answer,
    /// Finds the commands that make it pass; `None` for a gate whose rulebook gives no commands.
    pub(crate) repair: Option<fn(&Context) -> Repair>,
}

impl Gate {
    /// Its row in `--list`.
    pub(crate) fn row(&self) -> Row {
        Row { id: self.id, profiles: self.profiles, asks: self.asks, runbook: self.runbook }
    }
}
