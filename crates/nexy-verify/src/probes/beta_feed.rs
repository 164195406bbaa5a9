//! Whether the public beta feed offers what the manifest says; without a manifest of its own the server makes it from the stable one.

use super::feed;
use crate::{
    context::{Context, Place},
    fetch,
    probe::{Answer, Explain, Probe},
};
use nexy_contract::Fix;
use nexy_contract::fix::{command, note};

/// The row of the table.
pub(crate) const PROBE: Probe = Probe {
    id: "beta-feed",
    asks: "Does the public beta feed offer what the manifest says, and nothing of its own?",
    profiles: &["updates", "release", "done"],
    advice_in: &["updates", "release"],
    runbook: "S2 §4.9",
    explain: Explain {
        symptom: "Clients of the beta channel are offered another version than all others: a manifest_beta.json was left beside the manifest.",
        check: "GET PUBLIC/updates/appcast-beta.xml, and hold it against the manifest as `feed` does. The server makes it from manifest.json when there is no manifest_beta.json, which `single-manifest` refuses. A server that has no beta feed (404) passes.",
        fix: &[note("On the VM, this names the file that is too many:"), command("sudo nexy-gate single-manifest")],
        verify: &[command("nexy-verify beta-feed")],
    },
    check,
};

/// Where the beta feed stands below the public base URL.
const PATH: &str = "/updates/appcast-beta.xml";

fn check(context: &Context) -> Answer {
    let url = format!("{}{PATH}", context.public);
    let look = fetch::fetch(context, &url, Place::Outside);
    if matches!(look, Ok((404, _))) {
        return Answer::pass(format!("{url} answers 404: there is no beta feed"));
    }
    let mend =
        Fix::note("if the stable feed is right (`nexy-verify feed`), a manifest_beta.json lies beside its manifest; the VM names it:")
            .then_command("scripts/vm.sh nexy-gate single-manifest");
    feed::judge(&url, &look, context.manifest(), &mend)
}
