//! Whether GitHub lists in every channel the asset that was released: its size, its digest, and the version of its label.

use crate::{
    context::Context,
    expected::{self, Manifest, NotKnown},
    probe::{Answer, Explain, Probe},
};
use nexy_contract::fix::{command, note};
use nexy_contract::{Fix, target_file::ArtifactRow};
use nexy_outside::net::live_asset::{self, LiveAsset};

/// The row of the table.
pub(crate) const PROBE: Probe = Probe {
    id: "release-assets",
    asks: "Does GitHub list in every channel the asset that was released, with its size, digest and version?",
    profiles: &["release", "done"],
    advice_in: &[],
    runbook: "S3 §6.1, S2 §6.3",
    explain: Explain {
        symptom: "The release page shows another file than the one that was released, or a label of another version, and a person rolls back to the wrong one.",
        check: "Asks GitHub's API for the assets of every channel of [[artifacts]]. The one that clients update from must have the size and digest of the manifest and a label of its version; one that a record names, those of the record. Another one must only be uploaded whole, and a channel to which nothing was released holds none.",
        fix: &[command("nexy-publish show"), note("Then publish the right bytes again: make release.")],
        verify: &[command("nexy-verify release-assets")],
    },
    check,
};

/// What GitHub lists under an artifact's name, and what it should be, if that is known.
pub(super) struct Listed<'a> {
    pub(super) row: &'a ArtifactRow,
    pub(super) asset: Result<Option<LiveAsset>, NotKnown>,
    pub(super) wanted: Option<Manifest>,
}

fn check(context: &Context) -> Answer {
    match look(context) {
        Ok(listed) => judge(&listed),
        Err(not_known) => not_known.answer("a size and a digest to compare with"),
    }
}

/// Looks at every channel.
pub(super) fn look(context: &Context) -> Result<Vec<Listed<'_>>, NotKnown> {
    let target = &context.workspace.target;
    let downloads = expected::downloads(context.record.as_ref(), context.manifest())?;
    let listed = |row| {
        let asset = live_asset::listed(target, row, context.token());
        let wanted = downloads.iter().find(|download| download.url == target.public_url(row)).cloned();
        let not_known = |problem: nexy_contract::Problem| NotKnown { because: problem.message(), fix: problem.fix };
        Listed { row, asset: asset.map_err(not_known), wanted }
    };
    Ok(target.artifacts.iter().map(listed).collect())
}

fn judge(listed: &[Listed<'_>]) -> Answer {
    let mut passed = Vec::new();
    for Listed { row, asset, wanted } in listed {
        let (name, channel) = (&row.name, &row.channel);
        let right = match wanted {
            Some(wanted) => {
                format!(
                    "{channel} lists {name} {}: {} bytes, sha256 {} (from {})",
                    wanted.version, wanted.size_bytes, wanted.sha256, wanted.origin
                )
            }
            None => format!("{channel} lists {name}, whole"),
        };
        let asset = match asset {
            Ok(asset) => asset,
            Err(not_known) => return not_known.answer(right),
        };
        let no = |found: String| {
            let mend = Fix::command("nexy-publish show").then_note("then publish the right bytes again:").then_command("make release");
            Answer::fail(found, &right, mend)
        };
        let (asset, wanted) = match (asset, wanted) {
            (None, Some(_)) => return no(format!("GitHub lists no uploaded {name} in {channel}")),
            (None, None) => {
                passed.push(format!("{channel} holds no {name}, and nothing was released to it"));
                continue;
            }
            (Some(asset), None) => {
                passed.push(format!("{channel} lists {name}: {} bytes", asset.size_bytes));
                continue;
            }
            (Some(asset), Some(wanted)) => (asset, wanted),
        };
        if asset.size_bytes != wanted.size_bytes || asset.sha256.is_some_and(|sha256| sha256 != wanted.sha256) {
            let sha256 = asset.sha256.map_or_else(|| "no digest".to_owned(), |sha256| format!("sha256 {sha256}"));
            return no(format!("GitHub lists {name} in {channel} with {} bytes, {sha256}", asset.size_bytes));
        }
        if let Some(version) = asset.version.filter(|version| *version != wanted.version) {
            return no(format!("the label of {name} in {channel} names {version}"));
        }
        let mut found = format!("{channel} lists {name} with {} bytes", asset.size_bytes);
        found += if asset.sha256.is_some() { ", the right digest" } else { ", without a digest (`live-artifact` hashes its bytes)" };
        found +=
            &asset.version.map_or_else(|| " and a label that names no version".to_owned(), |version| format!(" and version {version}"));
        passed.push(found);
    }
    Answer::pass(passed.join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use nexy_contract::{ReleaseVersion, Sha256Digest, Target, Verdict};

    fn judged(asset: Option<LiveAsset>, known: bool) -> Answer {
        let target = Target::parse(include_str!("../../../../nexy.toml")).expect("the committed nexy.toml");
        let wanted = Manifest {
            version: ReleaseVersion::new([2, 0, 0, 4]),
            url: "https://h/Nexy.dmg".to_owned(),
            size_bytes: 5,
            sha256: Sha256Digest::of(b"bytes"),
            origin: "the record".to_owned(),
        };
        judge(&[Listed { row: &target.artifacts[0], asset: Ok(asset), wanted: known.then_some(wanted) }])
    }

    fn asset(size_bytes: u64, bytes: Option<&[u8]>, version: Option<[u32; 4]>) -> Option<LiveAsset> {
        Some(LiveAsset { size_bytes, sha256: bytes.map(Sha256Digest::of), version: version.map(ReleaseVersion::new) })
    }

    #[test]
    fn size_digest_and_version_must_be_those_that_were_released() {
        const BYTES: Option<&[u8]> = Some(b"bytes");
        const VERSION: Option<[u32; 4]> = Some([2, 0, 0, 4]);
        for (asset, known, verdict, said) in [
            (asset(5, BYTES, VERSION), true, Verdict::Pass, "the right digest and version 2.0.0.4"),
            (asset(5, None, VERSION), true, Verdict::Pass, "without a digest"),
            (asset(5, BYTES, None), true, Verdict::Pass, "a label that names no version"),
            (asset(6, BYTES, VERSION), true, Verdict::Fail, "with 6 bytes"),
            (asset(5, Some(b"bytez"), VERSION), true, Verdict::Fail, "with 5 bytes, sha256 "),
            (asset(6, None, VERSION), true, Verdict::Fail, "with 6 bytes, no digest"),
            (asset(5, BYTES, Some([2, 0, 0, 3])), true, Verdict::Fail, "names 2.0.0.3"),
            (None, true, Verdict::Fail, "no uploaded Nexy.dmg in Update"),
            (asset(7, None, None), false, Verdict::Pass, "lists Nexy.dmg: 7 bytes"),
            (None, false, Verdict::Pass, "nothing was released to it"),
        ] {
            let answer = judged(asset, known);
            assert_eq!(answer.verdict, verdict, "{said}");
            assert!(answer.found.contains(said), "{answer:?}");
        }
    }
}
