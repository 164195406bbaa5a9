//! Whether the update server on the VM announces the version of the manifest.

use crate::{
    context::Context,
    health::{self, Question},
    probe::{Answer, Explain, LOCAL, Probe},
};
use nexy_contract::fix::{command, note};

/// The row of the table.
pub(crate) const PROBE: Probe = Probe {
    id: "local-updates",
    asks: "Does the update server on the VM announce the version of the manifest?",
    profiles: &["local"],
    advice_in: &[],
    runbook: "S0 §4.1, S2 §4.9",
    explain: Explain {
        symptom: "The update server falls back silently to another manifest, or to a version in its code, when it cannot read the right one.",
        check: "curl -fsS LOCAL_UPDATES/health: 200, status healthy, latest_version = latest_build = the version of the manifest.",
        fix: &[note("Deliver the manifest again; look for other manifest_*.json files beside it: nexy-manifest check.")],
        verify: &[command("nexy-verify local-updates")],
    },
    interval: LOCAL,
    check,
};

fn check(context: &Context) -> Answer {
    let target = &context.workspace.target;
    health::check(
        context,
        &Question {
            url: format!("{}/health", target.endpoints.local_updates),
            word: "healthy",
            version: context.manifest().clone().map(|manifest| (manifest.version, manifest.origin)),
            fix_silence: format!(
                "journalctl -u {0} -n 200 --no-pager   (on the VM; then: sudo nexy-gate hard && sudo systemctl restart {0})",
                target.service.unit
            ),
            fix_version: "deliver the manifest of the release again: scripts/manifest_to_vm.sh - <RECORD".to_owned(),
        },
    )
}
