//! Whether the code that runs and the manifest that is announced are of one version, as at the end of a whole release.

use crate::{
    context::{Context, Place},
    fetch::{self, Unread},
    health::{self, Said},
    probe::{Answer, Explain, Probe},
};
use nexy_contract::fix::{command, note};
use nexy_contract::{Fix, ReleaseVersion, text};

/// The row of the table.
pub(crate) const PROBE: Probe = Probe {
    id: "versions-agree",
    asks: "Are the code that runs and the manifest that is announced of one version?",
    profiles: &["updates", "release", "done"],
    advice_in: &["updates", "release"],
    runbook: "S3 §6.3",
    explain: Explain {
        symptom: "The server is of one version and offers clients another one; right after a deployment or a publication alone this is meant so. With a record it decides, unless the record is of an update alone (nexy-version record --kind update) or of a rollback.",
        check: "curl -fsS PUBLIC/health and PUBLIC/updates/health: both name the same latest_version.",
        fix: &[note("Do the half that is missing: deploy the code, or publish the artifacts and deliver their manifest.")],
        verify: &[command("nexy-verify versions-agree")],
    },
    check,
};

fn check(context: &Context) -> Answer {
    let ask = |path: &str| {
        let url = format!("{}{path}", context.public);
        health::read(&url, &fetch::fetch(context, &url, Place::Outside))
    };
    judge(&ask("/health"), &ask("/updates/health"), context.expect)
}

fn judge(code: &Result<Said, Unread>, manifest: &Result<Said, Unread>, expect: Option<ReleaseVersion>) -> Answer {
    let wanted = "/health and /updates/health name the same version";
    let (code, manifest) = match (code, manifest) {
        (Ok(code), Ok(manifest)) => (code, manifest),
        (Err(Unread::Nothing(not_known)), _) | (_, Err(Unread::Nothing(not_known))) => return not_known.answer(wanted),
        (Err(Unread::Useless(found)), _) | (_, Err(Unread::Useless(found))) => {
            return Answer::unknown(found, wanted, Fix::note("mend that first:").then_command("nexy-verify public"));
        }
    };
    if code.version.is_empty() || code.version != manifest.version {
        return Answer::fail(
            format!("the code is `{}`, the manifest `{}`", text::excerpt(&code.version, 40), text::excerpt(&manifest.version, 40)),
            wanted,
            Fix::note(
                "deploy the code or publish the artifacts of the version that is behind; nothing is to do if only one of both was meant to move",
            ),
        );
    }
    if let Some(expected) = expect.filter(|expected| code.version != expected.to_string()) {
        let found = format!("code and manifest are both `{}`", text::excerpt(&code.version, 40));
        let mend = Fix::note(format!("deploy the code of {0} and publish its artifacts; what is of another version says:", expected.tag()));
        return Answer::fail(
            found,
            format!("{expected} (from --expect)"),
            mend.then_command(format!("nexy-verify public updates --expect {expected}")),
        );
    }
    Answer::pass(format!("code and manifest are both {}", text::excerpt(&code.version, 40)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expected::NotKnown;
    use nexy_contract::Verdict;

    fn said(version: &str) -> Result<Said, Unread> {
        Ok(Said { status: "OK".to_owned(), version: version.to_owned(), build: version.to_owned() })
    }

    #[test]
    fn one_version_passes_and_two_fail() {
        assert_eq!(judge(&said("2.0.0.4"), &said("2.0.0.4"), None).verdict, Verdict::Pass);
        assert_eq!(judge(&said("2.0.0.4"), &said("2.0.0.3"), None).verdict, Verdict::Fail);
        assert_eq!(judge(&said(""), &said(""), None).verdict, Verdict::Fail);
        for (named, verdict) in [([2, 0, 0, 4], Verdict::Pass), ([2, 0, 0, 5], Verdict::Fail)] {
            assert_eq!(judge(&said("2.0.0.4"), &said("2.0.0.4"), Some(ReleaseVersion::new(named))).verdict, verdict);
        }
    }

    #[test]
    fn without_both_answers_nothing_is_known() {
        let nothing = || Err(Unread::Nothing(NotKnown { because: "refused".to_owned(), fix: Fix::note("check") }));
        let useless = || Err(Unread::Useless("answers 500".to_owned()));
        for (code, manifest) in [
            (nothing(), said("2.0.0.4")),
            (said("2.0.0.4"), nothing()),
            (useless(), said("2.0.0.4")),
            (said("2.0.0.4"), useless()),
            (nothing(), useless()),
        ] {
            assert_eq!(judge(&code, &manifest, None).verdict, Verdict::Unknown);
        }
    }
}
