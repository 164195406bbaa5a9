//! Whether every channel serves the bytes that belong to it: downloaded as users download them, and compared.

use super::release_assets::{self, Listed};
use crate::{
    context::Context,
    download,
    expected::{Manifest, NotKnown},
    probe::{Answer, Explain, Probe},
};
use nexy_contract::Fix;
use nexy_contract::fix::{command, note};

/// The row of the table.
pub(crate) const PROBE: Probe = Probe {
    id: "channel-assets",
    asks: "Does every channel serve the bytes that belong to it, the package too?",
    profiles: &["done"],
    advice_in: &[],
    runbook: "S3 §4.1, S3 §6.1",
    explain: Explain {
        symptom: "Clients update, and a person who installs the package anew gets bytes that were never released, or none.",
        check: "Downloads the public URL of every artifact of [[artifacts]] to its end. Its size and SHA-256 must be those of the manifest or of the record; of an artifact that neither names, those that GitHub lists for the asset. What another probe of the run has downloaded already comes once more only when the server has other bytes.",
        fix: &[command("nexy-publish show"), note("Then publish the right bytes again: make release.")],
        verify: &[command("nexy-verify channel-assets")],
    },
    check,
};

fn check(context: &Context) -> Answer {
    let listed = match release_assets::look(context) {
        Ok(listed) => listed,
        Err(not_known) => return not_known.answer("a size and a digest to compare with"),
    };
    let mut passed = Vec::new();
    for listed in listed {
        let url = context.workspace.target.public_url(listed.row);
        let wanted = match wanted(context, listed, &url) {
            Ok(Some(wanted)) => wanted,
            Ok(None) => {
                passed.push(format!("nothing was released to {url}"));
                continue;
            }
            Err(not_known) => return not_known.answer(format!("the size and the digest of {url}")),
        };
        let answer = download::judge(&wanted, &download::download(context, &wanted));
        if !answer.passes() {
            return answer;
        }
        passed.push(answer.found);
    }
    Answer::pass(passed.join("; "))
}

/// What the channel must serve; nothing when nothing was released to it.
fn wanted(context: &Context, listed: Listed<'_>, url: &str) -> Result<Option<Manifest>, NotKnown> {
    if listed.wanted.is_some() {
        return Ok(listed.wanted);
    }
    let Some(asset) = listed.asset? else { return Ok(None) };
    let Some(sha256) = asset.sha256 else {
        let because = format!("neither the manifest nor a record names {}, and GitHub lists no digest of it", listed.row.name);
        let fix = Fix::note("ask with the record of its release:").then_command("nexy-verify done - <releases/VERSION/60-verify.json");
        return Err(NotKnown { because, fix });
    };
    let version = asset.version.map_or_else(|| context.code().as_ref().map(|(version, _)| *version).map_err(Clone::clone), Ok)?;
    Ok(Some(Manifest { version, url: url.to_owned(), size_bytes: asset.size_bytes, sha256, origin: "GitHub's list".to_owned() }))
}
