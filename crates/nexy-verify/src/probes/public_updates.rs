//! Whether the public update server announces the version of the manifest.

use crate::{
    context::Context,
    health::{self, Question},
    probe::{Answer, Explain, PUBLIC, Probe},
};
use nexy_contract::fix::{command, note};

/// The row of the table.
pub(crate) const PROBE: Probe = Probe {
    id: "public-updates",
    asks: "Does the public update server announce the version of the manifest?",
    profiles: &["public", "updates"],
    advice_in: &[],
    runbook: "S3 §4.3, S3 §6.3",
    explain: Explain {
        symptom: "A manifest that was written, but never reached the VM: users are offered the old version.",
        check: "curl -fsS PUBLIC/updates/health: 200, status healthy, latest_version = latest_build = the version of the manifest.",
        fix: &[note("Deliver the manifest with the record of the release: scripts/manifest_to_vm.sh - <RECORD.")],
        verify: &[command("nexy-verify updates --wait 2m")],
    },
    interval: PUBLIC,
    check,
};

fn check(context: &Context) -> Answer {
    health::check(
        context,
        &Question {
            url: format!("{}/updates/health", context.public),
            word: "healthy",
            version: context.manifest().clone().map(|manifest| (manifest.version, manifest.origin)),
            fix_silence: "ask the server behind it: scripts/vm.sh nexy-verify local".to_owned(),
            fix_version: "deliver the manifest of the release again: scripts/manifest_to_vm.sh - <RECORD".to_owned(),
        },
    )
}
