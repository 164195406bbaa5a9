//! `az`: asked for JSON, with a deadline, and with nothing but what it needs to find its login and the network.

use crate::programs::{ProgramError, Ran, Run};
use std::time::Duration;

/// Where it keeps its login, and how it gets out.
const ENVIRONMENT: &[&str] = &[
    "HOME",
    "AZURE_CONFIG_DIR",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
    "https_proxy",
    "http_proxy",
    "all_proxy",
    "no_proxy",
    "REQUESTS_CA_BUNDLE",
    "SSL_CERT_FILE",
];

/// Runs `az` with these words.
/// Errors: [`ProgramError`]; an exit status other than 0 is no error here.
pub fn az(words: &[&str], timeout: Duration) -> Result<Ran, ProgramError> {
    let words = [words, &["-o", "json", "--only-show-errors"]].concat();
    Run::new("az", &words).allow(ENVIRONMENT).timeout(timeout).run()
}
