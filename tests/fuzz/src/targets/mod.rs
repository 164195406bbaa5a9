//! What is fed, and what it promises; a new one is a file in this folder and a row in the table.

mod appcast;
mod config_env;
mod diagnose;
mod manifest;
mod nexy_toml;
mod run_command;

use crate::random::digest;

/// One parser.
#[derive(Debug)]
pub struct Target {
    /// Its name on the command line.
    pub name: &'static str,
    /// Inputs to begin with.
    pub seeds: &'static [&'static [u8]],
    /// Words of its grammar.
    pub tokens: &'static [&'static [u8]],
    /// Tries one input: a number that stands for the kind of answer, or the promise that was broken.
    pub run: fn(&[u8]) -> Result<u64, String>,
}

/// Every parser that is fed.
pub const TARGETS: &[Target] =
    &[config_env::TARGET, manifest::TARGET, appcast::TARGET, run_command::TARGET, diagnose::TARGET, nexy_toml::TARGET];

/// A promise that must hold.
fn promised(holds: bool, promise: &str) -> Result<(), String> {
    if holds { Ok(()) } else { Err(promise.to_owned()) }
}

/// A number for an answer in words; foreign text, which stands behind the first ones, would make every answer a new one.
fn kind(answer: &str) -> u64 {
    let words: String = answer.chars().take(60).filter(char::is_ascii_alphabetic).collect();
    digest(words.as_bytes())
}
