//! Whether the public host shows a certificate that clients accept, today and over the next days.

use crate::{
    certificate,
    probe::{Explain, Probe},
};
use nexy_contract::fix::{command, note};

/// The row of the table.
pub(crate) const PROBE: Probe = Probe {
    id: "public-tls",
    asks: "Does the public host show a certificate that clients accept, also in three days?",
    profiles: &["public", "release", "done"],
    advice_in: &[],
    runbook: "S0 §4.2",
    explain: Explain {
        symptom: "Every client refuses the server, its feed and its gRPC at once: the certificate has ended, is of another host, or lacks its chain.",
        check: "Connects to endpoints.public as every request does, with the same trusted authorities (SSL_CERT_FILE, else the system's store): the chain and the host name must be right, and at least 3 days left. A plain http URL on loopback, as in a rehearsal, has no TLS and passes.",
        fix: &[
            note("On the VM: renew the certificate, with its whole chain and for this host name, and let the web server in front load it."),
            note("What is shown is seen with:"),
            command("curl -sSv -o /dev/null \"$(nexy-version show endpoints.public)/health\""),
        ],
        verify: &[command("nexy-verify public-tls")],
    },
    check: |context| certificate::check(context, LEAST_DAYS),
};

/// A weekend: with less left a person who renews it by hand may come too late.
const LEAST_DAYS: i64 = 3;
