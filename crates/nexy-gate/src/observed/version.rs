//! The version that is released, or the answer when the workspace does not tell it.

use nexy_contract::check::Answer;
use nexy_contract::{Fix, Record, ReleaseVersion, text::shell_word};
use nexy_outside::Workspace;
use nexy_outside::frame::version_file::{self, NoVersion};

/// The version of the record, else the one of the workspace.
pub(crate) fn released(workspace: &Workspace, record: Option<&Record>) -> Result<ReleaseVersion, Answer> {
    if let Some(record) = record {
        return Ok(record.version);
    }
    version_file::read(workspace).map_err(|error| match error {
        NoVersion::Wrong(because) => Answer::fail(because, "one version X.Y.Z.W", Fix::command("nexy-version set X.Y.Z.W")),
        NoVersion::Unreadable(because) => {
            let fix = Fix::command(format!("ls -l {}", shell_word(&workspace.target.layout.version_file)));
            Answer::unknown(because, "a file that can be read", fix)
        }
    })
}
