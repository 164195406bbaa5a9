//! The row that every gate is.

use crate::context::Context;
use nexy_contract::question::Row;
pub(crate) use nexy_contract::question::{Answer, Explain};

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

/// What can be done about a gate on this machine. It is found from the same facts as the finding, and finding it changes nothing.
#[derive(Debug)]
pub(crate) struct Repair {
    /// What the gate says now.
    pub(crate) now: Answer,
    /// The commands of the finding, in the same order; none when the gate passes, could not look, or leaves all to a person.
    pub(crate) steps: Vec<RepairStep>,
}

/// One command of a finding, and what the script asks before it runs the command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RepairStep {
    /// As root types it; the finding shows it behind `sudo`.
    pub(crate) command: String,
    /// What must hold.
    pub(crate) guard: Guard,
}

/// What a script asks before a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Guard {
    /// Nothing: a second run of the command changes nothing.
    None,
    /// A condition of a POSIX shell; when it does not hold, the command has nothing to do.
    OnlyIf(String),
    /// A condition of a POSIX shell; when it does not hold, the script ends with exit 1 and the message.
    StopUnless {
        /// The condition.
        condition: String,
        /// What a person reads.
        message: String,
    },
}

impl Repair {
    /// No command is known: the answer says what a person does.
    pub(crate) fn none(now: Answer) -> Self {
        Self { now, steps: Vec::new() }
    }
}

impl RepairStep {
    /// A command that needs no guard.
    pub(crate) fn new(command: impl Into<String>) -> Self {
        Self { command: command.into(), guard: Guard::None }
    }

    /// The same command, run only if a condition holds.
    pub(crate) fn only_if(self, condition: impl Into<String>) -> Self {
        Self { guard: Guard::OnlyIf(condition.into()), ..self }
    }

    /// The same command, before which the script stops unless a condition holds.
    pub(crate) fn or_stop(self, condition: impl Into<String>, message: impl Into<String>) -> Self {
        Self { guard: Guard::StopUnless { condition: condition.into(), message: message.into() }, ..self }
    }
}
