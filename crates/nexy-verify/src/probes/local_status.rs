//! Whether the status page of the main server on the VM names the expected version.

use crate::{
    context::Context,
    health::{self, Question},
    probe::{Answer, Explain, LOCAL, Probe},
};
use nexy_contract::fix::{command, note};

/// The row of the table.
pub(crate) const PROBE: Probe = Probe {
    id: "local-status",
    asks: "Does the status page of the main server name the expected version?",
    profiles: &["local"],
    advice_in: &[],
    runbook: "S0 §4.1",
    explain: Explain {
        symptom: "The status page tells operators another version than the one that was deployed.",
        check: "curl -fsS LOCAL_SERVER/status: 200, status running, latest_version = latest_build = the version of the code.",
        fix: &[note("As for local-health: both read the same values when the service starts.")],
        verify: &[command("nexy-verify local-status")],
    },
    interval: LOCAL,
    check,
};

fn check(context: &Context) -> Answer {
    let target = &context.workspace.target;
    health::check(
        context,
        &Question {
            url: format!("{}/status", target.endpoints.local_server),
            word: "running",
            version: context.code().clone().map(|code| (code.version, code.origin)),
            fix_silence: format!(
                "journalctl -u {0} -n 200 --no-pager   (on the VM; then: sudo nexy-gate hard && sudo systemctl restart {0})",
                target.service.unit
            ),
            fix_version: format!(
                "correct or remove SERVER_VERSION and SERVER_BUILD in {} if they stand there, then: sudo nexy-gate hard && sudo systemctl restart {}",
                target.vm.config_env, target.service.unit
            ),
        },
    )
}
