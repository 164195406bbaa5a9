//! The story of `check`: compares every version place with VERSION, and the manifests as the phase demands.

use crate::{cli::Phase, set::MAX_BYTES};
use nexy_contract::{
    Exit, Finding, Fix, Problem, ReleaseVersion, Report, Severity, Verdict,
    manifest::{ManifestFacts, one_artifact::Pair},
    target_file::VersionPlace,
    text::shell_word,
    version_places,
};
use nexy_outside::{
    Common, Workspace, clock,
    frame::{manifests, published, version_file},
    fs::files,
    net::token,
};
use std::time::Duration;

const RUNBOOK: &str = "S3 §1";

pub(crate) fn run(workspace: &Workspace, phase: Phase, common: &Common) -> Result<Exit, Problem> {
    let version = version_file::must_read(workspace)?;
    let mut findings: Vec<Finding> = workspace.target.version_places.iter().map(|place| place_finding(workspace, place, version)).collect();
    findings.push(manifest_finding(workspace, phase, version));
    findings.extend(published_finding(workspace, phase));
    let profile = match phase {
        Phase::Prepared => "prepared",
        Phase::Published => "published",
    };
    let report = Report::new("nexy-version", profile, clock::now(), Vec::new(), findings);
    common.print_report(&report)?;
    Ok(report.verdict.exit())
}

fn place_finding(workspace: &Workspace, place: &VersionPlace, version: ReleaseVersion) -> Finding {
    let expected = format!("{version} as in the version file");
    let set = Fix::command(format!("nexy-version set {version}"));
    let correct = Fix::note(format!("correct {} or its row in nexy.toml, then:", place.file)).then(&set);
    let (verdict, found, fix) = match files::read_text_if_there(&workspace.path(&place.file), MAX_BYTES) {
        Ok(Some(text)) => match version_places::read(place, &text) {
            Ok(spots) => match spots.iter().find(|spot| spot.version != version) {
                None => (Verdict::Pass, format!("{version}"), Fix::none()),
                Some(spot) => (Verdict::Fail, format!("line {} says {}", spot.line, spot.version), set),
            },
            Err(error) => (Verdict::Fail, error.to_string(), correct),
        },
        Ok(None) => (Verdict::Fail, format!("{} does not exist", place.file), correct),
        Err(error) => (Verdict::Unknown, error.to_string(), Fix::note("make it readable, then run the same command again")),
    };
    finding(version_places::name(place), verdict, found, expected, fix)
}

fn manifest_finding(workspace: &Workspace, phase: Phase, version: ReleaseVersion) -> Finding {
    let expected = match phase {
        Phase::Prepared => format!("the same version in every manifest, at most {version}"),
        Phase::Published => format!("{version} in every manifest"),
    };
    let (verdict, found, fix) = match manifests::read_all(workspace) {
        Err(error) => (Verdict::Unknown, error.to_string(), Fix::note("make it readable, then run the same command again")),
        Ok(found) => {
            let texts: Vec<(&str, Option<&[u8]>)> =
                found.iter().map(|manifest| (manifest.path.as_str(), manifest.bytes.as_deref())).collect();
            judge_manifests(&texts, phase, version)
        }
    };
    finding("manifests".to_owned(), verdict, found, expected, fix)
}

/// After a publication its version has one artifact, for ever.
fn published_finding(workspace: &Workspace, phase: Phase) -> Option<Finding> {
    let found = manifests::read_all(workspace).ok().filter(|_| phase == Phase::Published)?;
    let facts = found.iter().find_map(|manifest| ManifestFacts::read(manifest.bytes.as_ref()?).ok())?;
    let pair = Pair { version: facts.version, sha256: facts.sha256 };
    let token = || token::find(&workspace.target).ok().map(|token| token.secret);
    let answer = published::look(workspace, pair, None, token).judge(pair);
    let severity = if answer.verdict == Verdict::Unknown { Severity::Advice } else { Severity::Gate };
    Some(answer.counting(severity).finding("one-artifact", RUNBOOK, Duration::ZERO))
}

/// The manifests must be equal and, depending on the phase, not newer than VERSION or equal to it.
fn judge_manifests(manifests: &[(&str, Option<&[u8]>)], phase: Phase, version: ReleaseVersion) -> (Verdict, String, Fix) {
    let fail = |found: String, fix: Fix| (Verdict::Fail, found, fix);
    let publish = Fix::command("make release");
    let Some((first_path, first)) = manifests.first() else {
        return fail("nexy.toml names no manifest folder".to_owned(), Fix::note("name one in layout.manifest_dirs of nexy.toml"));
    };
    if let Some((path, _)) = manifests.iter().find(|(_, text)| text != first) {
        return fail(
            format!("{path} and {first_path} differ"),
            Fix::note("see which one describes the live artifact:").then_command("nexy-manifest check"),
        );
    }
    let Some(text) = first else {
        return match phase {
            Phase::Prepared => (Verdict::Pass, "no manifest yet".to_owned(), Fix::none()),
            Phase::Published => fail("there is no manifest".to_owned(), publish),
        };
    };
    match ManifestFacts::read(text) {
        Err(error) => fail(
            format!("{first_path}: {error}"),
            Fix::command(format!("git log -p -- {}", shell_word(first_path))).then_note("restore the last sound one from there"),
        ),
        Ok(facts) if facts.version == version => (Verdict::Pass, format!("{version}"), Fix::none()),
        Ok(facts) if facts.version > version => fail(
            format!("the manifests say {}, which is newer than {version}", facts.version),
            Fix::note(format!("choose a version above {}:", facts.version)).then_command("nexy-version set X.Y.Z.W"),
        ),
        Ok(facts) => match phase {
            Phase::Prepared => (Verdict::Pass, format!("{}, not yet published", facts.version), Fix::none()),
            Phase::Published => fail(format!("the manifests say {}", facts.version), publish),
        },
    }
}

fn finding(id: String, verdict: Verdict, found: String, expected: String, fix: Fix) -> Finding {
    Finding { id, verdict, severity: Severity::Gate, found, expected, fix, runbook: RUNBOOK.to_owned(), elapsed_ms: 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(version: &str) -> String {
        format!(
            r#"{{"version":"{version}","build":"{version}","artifact":{{"type":"dmg","url":"https://x.test/a","size":1,"sha256":"{}"}}}}"#,
            "0".repeat(64)
        )
    }

    fn verdict(texts: &[Option<&str>], phase: Phase) -> Verdict {
        let named: Vec<_> = texts.iter().map(|text| ("m.json", text.map(str::as_bytes))).collect();
        judge_manifests(&named, phase, ReleaseVersion::new([2, 0, 0, 4])).0
    }

    #[test]
    fn manifests_may_be_older_only_before_the_publication() {
        let (old, same, new) = (manifest("2.0.0.3"), manifest("2.0.0.4"), manifest("2.0.0.5"));
        for (text, prepared, published) in
            [(&old, Verdict::Pass, Verdict::Fail), (&same, Verdict::Pass, Verdict::Pass), (&new, Verdict::Fail, Verdict::Fail)]
        {
            let pair = [Some(text.as_str()), Some(text.as_str())];
            assert_eq!(verdict(&pair, Phase::Prepared), prepared);
            assert_eq!(verdict(&pair, Phase::Published), published);
        }
        let said = |texts: &[(&str, Option<&[u8]>)]| judge_manifests(texts, Phase::Published, ReleaseVersion::new([2, 0, 0, 4])).1;
        assert_eq!(said(&[("a", Some(new.as_bytes()))]), "the manifests say 2.0.0.5, which is newer than 2.0.0.4");
        assert_eq!(said(&[("a", Some(same.as_bytes())), ("b", Some(old.as_bytes()))]), "b and a differ");
        assert_eq!(verdict(&[Some(&same), Some(&old)], Phase::Prepared), Verdict::Fail);
        assert_eq!(verdict(&[Some(&same), None], Phase::Prepared), Verdict::Fail);
        assert_eq!(verdict(&[None, None], Phase::Prepared), Verdict::Pass);
        assert_eq!(verdict(&[None, None], Phase::Published), Verdict::Fail);
        assert_eq!(verdict(&[Some("{"), Some("{")], Phase::Prepared), Verdict::Fail);
        assert_eq!(verdict(&[], Phase::Prepared), Verdict::Fail);
    }
}
