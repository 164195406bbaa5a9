//! Whether the main server on the VM says that it is well and of the expected version.

use crate::{
    context::Context,
    health::{self, Question},
    probe::{Answer, Explain, LOCAL, Probe},
};
use nexy_contract::fix::{command, note};

/// The row of the table.
pub(crate) const PROBE: Probe = Probe {
    id: "local-health",
    asks: "Does the main server say that it is well, and of the expected version?",
    profiles: &["local"],
    advice_in: &[],
    runbook: "S0 §4.1, S1 §4",
    explain: Explain {
        symptom: "The old code goes on running after a deployment, or SERVER_VERSION in config.env hides the new version.",
        check: "curl -fsS LOCAL_SERVER/health: 200, status OK, latest_version = latest_build = the version of the code.",
        fix: &[note(
            "If VERSION on the VM is right, correct SERVER_VERSION in config.env (S0 §5.9) and restart the \
                     service; else deploy the tag again.",
        )],
        verify: &[command("nexy-verify local --wait 90s")],
    },
    interval: LOCAL,
    check,
};

fn check(context: &Context) -> Answer {
    let target = &context.workspace.target;
    health::check(
        context,
        &Question {
            url: format!("{}/health", target.endpoints.local_server),
            word: "OK",
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
