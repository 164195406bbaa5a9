//! What the running update server says right after a manifest was installed.

use nexy_contract::{Exit, Problem, manifest::ManifestFacts};
use nexy_outside::Workspace;

/// What the update server announces.
pub(crate) struct Served {
    pub(crate) version: String,
    pub(crate) length: u64,
}

pub(crate) fn ask(_workspace: &Workspace, _facts: &ManifestFacts) -> Result<Served, Problem> {
    Err(Problem::new(Exit::Bug, "", "", ""))
}
