//! Whether the update server on the VM writes a feed that offers clients what the manifest beside it says.

use super::{deliver, feed};
use crate::{
    context::{Context, Place},
    fetch,
    probe::{Answer, Explain, Probe},
    service,
};
use nexy_contract::Fix;
use nexy_contract::fix::{command, note};

/// The row of the table.
pub(crate) const PROBE: Probe = Probe {
    id: "local-feed",
    asks: "Does the update server on the VM offer clients exactly what the manifest of the checkout says?",
    profiles: &["local"],
    advice_in: &[],
    runbook: "S0 §4.1, S2 §4.9",
    explain: Explain {
        symptom: "Every client refuses the feed, although the update server says that it is healthy: it cannot read the manifest, or cannot write one of its texts into the feed.",
        check: "curl -fsS LOCAL_UPDATES/appcast.xml: 200, well-formed XML, version, length and url as in the manifest, and the url that nexy.toml names.",
        fix: &[
            note("These name what is wrong with the manifest, or with its owner and mode:"),
            command("sudo nexy-gate single-manifest update-dirs"),
            note("If its words are wrong, on the laptop:"),
            command("nexy-manifest check && make manifest-deliver"),
        ],
        verify: &[command("nexy-verify local-feed")],
    },
    check,
};

fn check(context: &Context) -> Answer {
    let target = &context.workspace.target;
    let url = format!("{}/appcast.xml", target.endpoints.local_updates);
    let mend = Fix::note("the server makes its feed from the manifest; these say what is wrong with it:")
        .then_command("sudo nexy-gate single-manifest update-dirs")
        .then(service::journal(&target.service.unit))
        .then(deliver());
    let manifest = match context.delivered_manifest() {
        Ok(manifest) => manifest,
        Err(answer) => return *answer,
    };
    let right = target.feed_artifact().map(|row| target.public_url(row)).unwrap_or_default();
    let look = fetch::fetch(context, &url, Place::Here);
    let answer = feed::judge(&url, &look, &Ok(manifest.clone()), &mend);
    if answer.passes() && manifest.url != right {
        let found = format!("{url} sends clients to {}, as {} says", nexy_contract::text::excerpt(&manifest.url, 160), manifest.origin);
        return Answer::fail(found, format!("{right} (from nexy.toml)"), deliver());
    }
    answer
}
