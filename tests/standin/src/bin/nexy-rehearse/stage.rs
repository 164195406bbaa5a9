//! One step: the very command a person would type, run under `/bin/sh`, and what is claimed about it.

use crate::look::Requests;
use crate::{say, show};
use nexy_standin::world::{Ran, World};
use serde_json::Value;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

/// What a look at the outcome says: what was seen, or what should have been.
pub(crate) type Claim = Result<String, String>;

/// A rehearsal that is going on.
pub(crate) struct Rehearsal<'a> {
    pub(crate) world: &'a World,
    interrupted: Arc<AtomicBool>,
    number: usize,
    begun: Instant,
    /// How many requests had come when the step began.
    mark: usize,
}

/// A command with the record that goes in and the one that comes out.
pub(crate) struct Step<'a> {
    pub(crate) name: &'a str,
    pub(crate) command: &'a str,
    /// The record that the command reads, by the name of the step that wrote it.
    pub(crate) reads: Option<&'a str>,
    pub(crate) exits: &'a [i32],
}

impl<'a> Step<'a> {
    /// A step that must succeed.
    pub(crate) fn new(name: &'a str, command: &'a str, reads: Option<&'a str>) -> Self {
        Self { name, command, reads, exits: &[0] }
    }

    /// A step that must be refused, with one of these exit codes.
    pub(crate) fn refused(self, exits: &'a [i32]) -> Self {
        Self { exits, ..self }
    }
}

impl<'a> Rehearsal<'a> {
    pub(crate) fn new(world: &'a World, interrupted: Arc<AtomicBool>, begun: Instant) -> Self {
        Self { world, interrupted, number: 0, begun, mark: 0 }
    }

    pub(crate) fn heading(&self, text: &str) {
        say(&show::heading(text));
    }

    /// Where the record lies that a step wrote.
    pub(crate) fn record_file(&self, step: &str) -> PathBuf {
        self.world.workspace().join(format!("releases/{step}.json"))
    }

    /// The record that a step wrote.
    pub(crate) fn record(&self, step: &str) -> Result<Value, String> {
        let file = self.record_file(step);
        let text = std::fs::read(&file).map_err(|error| format!("{}: {error}", file.display()))?;
        serde_json::from_slice(&text).map_err(|error| format!("the record of {step} is no JSON: {error}"))
    }

    /// The requests of the step that has just run.
    pub(crate) fn requests(&self) -> Requests {
        Requests::since(&self.world.standin, self.mark)
    }

    /// Runs a step, looks at what it did, and shows both on one line.
    pub(crate) fn run(&mut self, step: &Step<'_>, look: impl FnOnce(&Self, &Ran) -> Claim) -> Result<(), String> {
        let name = step.name;
        let input = step.reads.map_or(String::new(), |from| format!(" <releases/{from}.json"));
        // A pipe keeps its own redirections to itself: only its last command writes the file.
        let typed = format!("{}{input} >releases/{name}.json", step.command);
        self.mark = Requests::of(&self.world.standin).all();
        say(&show::command(step.command));
        let begun = Instant::now();
        let ran = self.world.shell(&typed).interrupted_by(Arc::clone(&self.interrupted)).run();
        let time = begun.elapsed();
        if self.interrupted.load(Ordering::SeqCst) {
            return Err("interrupted".to_owned());
        }
        let claim = if ran.code.is_some_and(|code| step.exits.contains(&code)) {
            look(self, &ran)
        } else {
            Err(format!("expected exit {:?}, seen {:?}", step.exits, ran.code))
        };
        self.show(name, time, &claim);
        claim.map(drop).map_err(|wrong| failure(name, &wrong, &ran))
    }

    /// A step of the person or of chance, which no tool takes part in.
    pub(crate) fn note(&mut self, name: &str, what: &str, look: impl FnOnce(&Self) -> Claim) -> Result<(), String> {
        say(&show::deed(what));
        let begun = Instant::now();
        let claim = look(self);
        self.show(name, begun.elapsed(), &claim);
        if self.interrupted.load(Ordering::SeqCst) {
            return Err("interrupted".to_owned());
        }
        claim.map(drop).map_err(|wrong| format!("\nREHEARSAL FAILED at {name}: {wrong}"))
    }

    /// The first step: how long it took to lay everything out.
    pub(crate) fn laid_out(&mut self, what: &str, seen: &str) {
        let time = self.begun.elapsed();
        say(&show::deed(what));
        self.show("lay out", time, &Ok(seen.to_owned()));
    }

    fn show(&mut self, name: &str, time: std::time::Duration, claim: &Claim) {
        let result = match claim {
            Ok(seen) => format!("ok: {seen}"),
            Err(wrong) => format!("WRONG: {wrong}"),
        };
        self.number += 1;
        say(&show::result(self.number, name, time, &result));
    }
}

fn failure(name: &str, wrong: &str, ran: &Ran) -> String {
    let told = if ran.stderr.is_empty() { "(nothing)" } else { ran.stderr.trim_end() };
    format!("\nREHEARSAL FAILED at {name}: {wrong}\n{}\nit said:\n{told}", ran.command)
}
