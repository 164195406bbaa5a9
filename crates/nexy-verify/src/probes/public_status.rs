//! Whether the public status page names the expected version.

use crate::{
    context::Context,
    health::{self, Question},
    probe::{Answer, Explain, PUBLIC, Probe},
};
use nexy_contract::fix::{command, note};

/// The row of the table.
pub(crate) const PROBE: Probe = Probe {
    id: "public-status",
    asks: "Does the public status page name the expected version?",
    profiles: &["public"],
    advice_in: &[],
    runbook: "S0 §4.2",
    explain: Explain {
        symptom: "The public status page is of another version than the one that was deployed.",
        check: "curl -fsS PUBLIC/status: 200, status running, latest_version = latest_build = the version of the code.",
        fix: &[note("As for public-health.")],
        verify: &[command("nexy-verify public-status")],
    },
    interval: PUBLIC,
    check,
};

fn check(context: &Context) -> Answer {
    health::check(
        context,
        &Question {
            url: format!("{}/status", context.public),
            word: "running",
            version: context.code().clone().map(|code| (code.version, code.origin)),
            fix_silence: "ask the server behind it: scripts/vm.sh nexy-verify local".to_owned(),
            fix_version: "see which version runs on the VM: scripts/vm.sh nexy-verify local   (another one: deploy the tag again)"
                .to_owned(),
        },
    )
}
