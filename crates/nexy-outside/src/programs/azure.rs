//! `az`: asked for JSON, with a deadline, and with nothing but what it needs to find its login and the network.

use crate::programs::{
    ProgramError, Ran, Run,
    environment::{NETWORK, PERSON},
};
use std::time::Duration;

/// Runs `az` with these words.
/// Errors: [`ProgramError`]; an exit status other than 0 is no error here.
pub fn az(words: &[&str], timeout: Duration) -> Result<Ran, ProgramError> {
    let words = [words, &["-o", "json", "--only-show-errors"]].concat();
    Run::new("az", &words).allow(PERSON).allow(NETWORK).timeout(timeout).run()
}
