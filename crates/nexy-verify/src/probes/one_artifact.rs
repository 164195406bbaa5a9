//! Whether the version that clients are told has the bytes that it was published with, and these bytes no other version.

use crate::{
    context::Context,
    probe::{Answer, Explain, Probe},
};
use nexy_contract::fix::{command, note};
use nexy_contract::manifest::one_artifact::Pair;
use nexy_outside::frame::published;

/// The row of the table.
pub(crate) const PROBE: Probe = Probe {
    id: "one-artifact",
    asks: "Were these bytes published under this version, and under no other?",
    profiles: &["updates", "release", "done"],
    advice_in: &[],
    runbook: "S3 §1, §6.2",
    explain: Explain {
        symptom: "Clients update to the same build again and again: the version was raised, by hand, over the artifact of an earlier one. Or clients that have the version never get its new bytes.",
        check: "Compares version and sha256 of the manifest with the records in releases/, the label of the live asset (nexy-publish show), and git's history of the manifest since the first of these records. A pair that was delivered before passes, also after a rollback.",
        fix: &[
            note("Release the next version with a build of its own; a version or an artifact is never used again:"),
            command("nexy-version set X.Y.Z.W"),
            command("make release"),
        ],
        verify: &[command("nexy-verify one-artifact"), command("nexy-publish show")],
    },
    check,
};

fn check(context: &Context) -> Answer {
    let manifest = match context.manifest() {
        Ok(manifest) => manifest,
        Err(not_known) => return not_known.answer("a manifest to compare with what was published"),
    };
    let workspace = &context.workspace;
    let pair = Pair { version: manifest.version, sha256: manifest.sha256 };
    let feed = workspace.target.feed_artifact().map(|row| row.name.as_str()).unwrap_or_default();
    let of_record = context.record.as_ref().and_then(|record| published::of_record(record, feed, "the record"));
    published::look(workspace, pair, of_record.map(|(_, known)| known), || context.token()).judge(pair)
}
