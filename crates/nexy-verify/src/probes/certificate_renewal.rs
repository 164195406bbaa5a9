//! Whether the certificate of the public host is renewed in time.

use crate::{
    certificate,
    probe::{Explain, Probe},
};
use nexy_contract::fix::{command, note};

/// The row of the table.
pub(crate) const PROBE: Probe = Probe {
    id: "certificate-renewal",
    asks: "Is the certificate of the public host valid for three weeks or more?",
    profiles: &["public", "release", "done"],
    advice_in: &["public", "release", "done"],
    runbook: "S0 §4.2",
    explain: Explain {
        symptom: "The certificate is accepted today, and is not renewed: one night every client refuses the server.",
        check: "Reads the end of the certificate that endpoints.public shows; 21 days or more must be left. Programs that renew it begin 30 days before its end, so less means that they have failed for days. `public-tls` says no when fewer than 3 are left.",
        fix: &[note(
            "On the VM: see why it was not renewed (`systemctl list-timers`, the log of the program that renews it), and renew it.",
        )],
        verify: &[command("nexy-verify certificate-renewal")],
    },
    check: |context| certificate::check(context, ADVISED_DAYS),
};

/// Programs that renew certificates begin 30 days before the end; nine days of failing are no accident.
const ADVISED_DAYS: i64 = 21;
