//! Feeds parsers with mutated inputs for a while, and keeps the one that broke a promise.
//!
//! The compiler's own coverage needs a nightly toolchain, so what is new is told by what a parser says of an input: each new
//! answer makes the input a parent of further ones. The same seed gives the same inputs in the same order.

#![expect(clippy::disallowed_methods, reason = "a program for developers: it writes what it found, and measures its own minute")]

mod mutate;
mod random;
pub mod targets;

pub use random::{Random, digest};
pub use targets::{TARGETS, Target};

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// The input that broke a promise, and which promise.
#[derive(Debug)]
pub struct Broken {
    /// The input.
    pub input: Vec<u8>,
    /// What was promised, or what the panic said.
    pub because: String,
}

/// What a run has done.
#[derive(Debug, Default)]
pub struct Done {
    /// Inputs that were tried.
    pub tried: u64,
    /// Different answers that were seen.
    pub answers: usize,
}

/// Until when it goes on.
#[derive(Clone, Copy, Debug)]
pub enum Until {
    /// For this long.
    Passed(Duration),
    /// For so many inputs.
    Tried(u64),
}

/// Tries one input.
///
/// # Errors
/// The promise that it broke.
pub fn try_one(target: &Target, input: &[u8]) -> Result<u64, String> {
    catch_unwind(AssertUnwindSafe(|| (target.run)(input))).unwrap_or_else(|panic| {
        let said = panic.downcast_ref::<String>().cloned().or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string));
        Err(format!("it panicked: {}", said.unwrap_or_default()))
    })
}

/// Tries mutated inputs until `until`.
///
/// # Errors
/// The first input that broke a promise, made as small as removing pieces makes it.
pub fn run(target: &Target, seed: u64, until: Until) -> Result<Done, Broken> {
    let mut random = Random::new(seed);
    let mut parents: Vec<Vec<u8>> = target.seeds.iter().map(|seed| seed.to_vec()).collect();
    let mut answers = BTreeSet::new();
    let mut done = Done::default();
    let started = Instant::now();
    for seed in &parents {
        answers.insert(try_one(target, seed).map_err(|because| Broken { input: seed.clone(), because })?);
    }
    loop {
        let is_over = match until {
            Until::Passed(time) => done.tried % 256 == 0 && started.elapsed() >= time,
            Until::Tried(count) => done.tried >= count,
        };
        if is_over {
            done.answers = answers.len();
            return Ok(done);
        }
        let input = mutate::child(&mut random, &parents, target.tokens);
        done.tried += 1;
        match try_one(target, &input) {
            Ok(answer) => {
                if answers.insert(answer) {
                    parents.push(input);
                }
            }
            Err(because) => return Err(smaller(target, Broken { input, because })),
        }
    }
}

/// Takes pieces away as long as it stays broken.
fn smaller(target: &Target, mut broken: Broken) -> Broken {
    let mut piece = broken.input.len() / 2;
    while piece > 0 {
        let mut at = 0;
        while at + piece <= broken.input.len() {
            let mut input = broken.input.clone();
            input.drain(at..at + piece);
            match try_one(target, &input) {
                Err(because) => broken = Broken { input, because },
                Ok(_) => at += piece,
            }
        }
        piece /= 2;
    }
    broken
}

/// Keeps a broken input as a file that can be replayed.
///
/// # Errors
/// When it cannot be written.
pub fn keep(folder: &Path, target: &Target, broken: &Broken) -> std::io::Result<PathBuf> {
    std::fs::create_dir_all(folder)?;
    let file = folder.join(format!("{}-{:016x}", target.name, digest(&broken.input)));
    std::fs::write(&file, &broken.input)?;
    Ok(file)
}
