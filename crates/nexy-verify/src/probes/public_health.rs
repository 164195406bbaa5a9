//! Whether the server that users reach says that it is well and of the expected version.

use crate::{
    context::Context,
    health::{self, Question},
    probe::{Answer, Explain, PUBLIC, Probe},
};
use nexy_contract::fix::{command, note};

/// The row of the table.
pub(crate) const PROBE: Probe = Probe {
    id: "public-health",
    asks: "Does the server that users reach say that it is well, and of the expected version?",
    profiles: &["public"],
    advice_in: &[],
    runbook: "S0 §4.2, S3 §6.3",
    explain: Explain {
        symptom: "The public name leads to another machine, or the web server in front passes /health to the wrong place.",
        check: "curl -fsS PUBLIC/health, with certificates checked: 200, status OK, latest_version = latest_build = the version of the code.",
        fix: &[note(
            "Compare with the VM itself: scripts/vm.sh nexy-verify local. If that passes, look at DNS and at \
                     the web server in front.",
        )],
        verify: &[command("nexy-verify public --wait 2m")],
    },
    interval: PUBLIC,
    check,
};

fn check(context: &Context) -> Answer {
    health::check(
        context,
        &Question {
            url: format!("{}/health", context.public),
            word: "OK",
            version: context.code().clone().map(|code| (code.version, code.origin)),
            fix_silence: "ask the server behind it: scripts/vm.sh nexy-verify local".to_owned(),
            fix_version: "see which version runs on the VM: scripts/vm.sh nexy-verify local   (another one: deploy the tag again)"
                .to_owned(),
        },
    )
}
