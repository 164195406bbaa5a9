//! What was rolled back goes out again only with a reason.

use crate::gate::prelude::*;
use crate::observed::version;
use nexy_contract::{ReleaseVersion, Sha256Digest, asset_names, asset_names::Against};
use nexy_outside::net::github::Asset;

pub(crate) const GATE: Gate = Gate {
    id: "not-rolled-back",
    asks: "Were these bytes, or this version, never rolled back?",
    profiles: &["pre-production", "before-publish"],
    runbook: "S3 §5",
    at: Machine::Laptop,
    takes: Takes::Outside,
    explain: Explain {
        symptom: "After a rollback the bad build goes out again, or a build whose version clients of the bad one do not follow.",
        check: "Looks at the artifact's channel for assets that were rolled back: none may hold these bytes, or have this version or a \
                higher one. --allow-rolled-back REASON says that they are right after all.",
        fix: &[note("Build a version that is higher than the one that was rolled back.")],
        verify: &[command("nexy-gate not-rolled-back"), command("nexy-publish show")],
    },
    check: |context| check(context).unwrap_or_else(|answer| answer),
    repair: None,
};

const EXPECTED: &str = "bytes that were never rolled back, under a version above every one that was";

fn check(context: &Context) -> Result<Answer, Answer> {
    let version = version::released(&context.workspace, context.record.as_ref())?;
    let mut builder = AnswerBuilder::default();
    for (artifact, bytes) in context.inbox().readable() {
        match context.channels().assets.iter().find(|(name, _)| name == artifact) {
            Some((_, assets)) => judge(artifact, (version, bytes.sha256), assets, context.allow_rolled_back.as_deref(), &mut builder),
            None => builder.unknown(
                format!("cannot determine whether {artifact} was rolled back: its channel was not seen"),
                Fix::command("nexy-gate fixed-channel"),
            ),
        }
    }
    Ok(builder.answer_or(EXPECTED, Fix::command("nexy-gate release-inbox")))
}

fn judge(artifact: &str, publishing: (ReleaseVersion, Sha256Digest), assets: &[Asset], allowed: Option<&str>, builder: &mut AnswerBuilder) {
    let is_bad = |asset: &&Asset| {
        asset_names::slot(artifact, &asset.name) == asset_names::Slot::RolledBack
            || asset.name == artifact && asset.label.as_deref().is_some_and(asset_names::is_rolled_back)
    };
    let ask = |asset: &Asset| asset_names::against(artifact, &asset.name, asset.label.as_deref(), asset.sha256(), publishing);
    let (version, sha256) = publishing;
    match (assets.iter().filter(is_bad).find_map(ask), allowed) {
        (None, _) => builder.pass(format!("{artifact} {version} {} was never rolled back", sha256.short())),
        (Some((_, because)), Some(reason)) => builder.pass(format!("{because}; allowed: {}", excerpt(reason, 200))),
        (Some((against, because)), None) => {
            let fix = match against {
                Against::Bytes => Fix::note("build a new version, with a version above this one:"),
                Against::Version(_) => Fix::note("give the build a higher version:"),
            };
            let above = match against {
                Against::Version(known) => known.max(version).next(),
                Against::Bytes => version.next(),
            };
            let fix = fix
                .then_command(format!("nexy-version set {above}"))
                .then_note("if these bytes are right after all, with the reason:")
                .then_command("make release ALLOW_ROLLED_BACK='REASON'");
            builder.fail(because, fix);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asset(name: &str, label: &str, bytes: &[u8]) -> Asset {
        serde_json::from_value(serde_json::json!({
            "id": 1, "name": name, "label": label, "state": "uploaded", "size": 3,
            "digest": format!("sha256:{}", Sha256Digest::of(bytes)),
        }))
        .expect("GitHub's shape")
    }

    fn asked(assets: &[Asset], allowed: Option<&str>) -> Answer {
        let mut builder = AnswerBuilder::default();
        judge("A.dmg", (ReleaseVersion::new([2, 0, 0, 5]), Sha256Digest::of(b"new")), assets, allowed, &mut builder);
        builder.answer(EXPECTED)
    }

    #[test]
    fn what_was_rolled_back_fails_and_passes_with_a_reason() {
        let bad = |label: &str, bytes: &[u8]| asset(&asset_names::rolled_back("A.dmg", Sha256Digest::of(bytes)), label, bytes);
        let restored = asset("A.dmg", "A.dmg 2.0.0.5 (rolled back)", b"new");
        for (assets, words) in [
            (vec![bad("A.dmg 2.0.0.4", b"new")], "nexy-version set 2.0.0.6"),
            (vec![bad("A.dmg 2.0.0.5", b"old")], "nexy-version set 2.0.0.6"),
            (vec![bad("A.dmg 2.0.0.7", b"old")], "nexy-version set 2.0.0.8"),
            (vec![restored], "ALLOW_ROLLED_BACK"),
        ] {
            let answer = asked(&assets, None);
            assert_eq!(answer.verdict, Verdict::Fail, "{assets:?}");
            assert!(answer.fix.text().contains(words), "{}", answer.fix);
            let allowed = asked(&assets, Some("a wrong alarm"));
            assert_eq!(allowed.verdict, Verdict::Pass);
            assert!(allowed.found.ends_with("allowed: a wrong alarm"), "{}", allowed.found);
        }
        let live = asset("A.dmg", "A.dmg 2.0.0.4", b"old");
        let staged = asset("A.next-0123456789ab.dmg", "A.dmg 2.0.0.5", b"new");
        for assets in [vec![], vec![live, staged], vec![bad("A.dmg 2.0.0.4", b"old")], vec![bad("", b"old")]] {
            assert_eq!(asked(&assets, None).verdict, Verdict::Pass, "{assets:?}");
        }
    }
}
