//! The rule that a publication needs a fresh, complete, passing `before-publish` report about the same bytes.

use crate::{
    Exit, Finding, Fix, Problem, Record, Report, Severity, Sha256Digest, Verdict,
    record::Artifact,
    report::{SeenAsset, Subject},
    target_file::Limits,
};
use jiff::Timestamp;

/// The tool whose report is asked for.
pub const BY: &str = "nexy-gate";

/// The profile that must have passed.
pub const PROFILE: &str = "before-publish";

/// Every question of that profile. The asking tool has the same list, and a rules test holds the two together: a report
/// made by an older tool, which lacks a question, does not count.
pub const IDS: &[&str] = &[
    "version-synced",
    "target-canonical",
    "no-legacy",
    "git-remotes",
    "release-inbox",
    "artifact-genuine",
    "artifact-version",
    "version-moves",
    "fixed-channel",
    "not-rolled-back",
    "github-token",
    "github-quota",
    "code-repo-has-no-release",
    "server-deployed",
];

const AGAIN: &str = "nexy-version record | nexy-gate before-publish - | nexy-publish -";

/// Why a record does not entitle to a publication.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The report is missing, too old or incomplete; a person may excuse it with a reason.
    Excusable(String),
    /// The report is about something else; no reason excuses that.
    Final(String),
}

impl Refusal {
    /// The problem to print.
    pub fn problem(&self) -> Problem {
        let (because, first) = match self {
            Self::Excusable(because) => (because, "ask again, then publish at once:"),
            Self::Final(because) => (because, "start again from the bytes in the inbox:"),
        };
        Problem::new(Exit::No, "nothing is published", because, Fix::note(first).then_command(AGAIN))
    }
}

/// Judges whether `record` entitles to publish, as of `now`.
/// Errors: the [`Refusal`] that comes first: a missing report, a gap in it, its age, and then what it was about.
pub fn judge<'a>(record: &'a Record, now: Timestamp, limits: &Limits) -> Result<&'a Report, Refusal> {
    let report =
        record.latest_report(BY, PROFILE).ok_or_else(|| Refusal::Excusable(format!("the record holds no {PROFILE} report by {BY}")))?;
    if report.verdict != Verdict::Pass {
        return Err(Refusal::Final(format!("the {PROFILE} report says {}", report.verdict.word())));
    }
    about_these_bytes(report, &record.artifacts)?;
    let missing: Vec<&str> =
        IDS.iter().copied().filter(|id| !report.findings.iter().any(|finding| finding.id == *id && answers(finding))).collect();
    if !missing.is_empty() {
        return Err(Refusal::Excusable(format!("the {PROFILE} report does not answer {}", missing.join(", "))));
    }
    if let Some(unseen) = report.subjects.iter().find(|subject| !subject.looked) {
        return Err(Refusal::Excusable(format!("the {PROFILE} report did not see what is live as {}", unseen.name)));
    }
    let age_s = now.as_second() - report.at.as_second();
    if age_s < -limits.clock_skew_s {
        return Err(Refusal::Excusable(format!("the {PROFILE} report comes from the future, {} s ahead of this clock", -age_s)));
    }
    if age_s > limits.report_max_age_s {
        return Err(Refusal::Excusable(format!(
            "the {PROFILE} report is {age_s} s old, at most {} s are allowed",
            limits.report_max_age_s
        )));
    }
    Ok(report)
}

/// An unknown finding counts as answered only where `nexy.toml` makes its check advice.
fn answers(finding: &Finding) -> bool {
    finding.verdict == Verdict::Pass || (finding.verdict == Verdict::Unknown && finding.severity == Severity::Advice)
}

fn about_these_bytes(report: &Report, artifacts: &[Artifact]) -> Result<(), Refusal> {
    for artifact in artifacts {
        let name = &artifact.name;
        let Some(judged) = report.subjects.iter().find(|subject| subject.name == *name) else {
            return Err(Refusal::Final(format!("the {PROFILE} report did not look at {name}")));
        };
        if judged.sha256 != artifact.sha256 || judged.size_bytes != artifact.size_bytes {
            let bytes = |size_bytes: u64, sha256: Sha256Digest| format!("{size_bytes} bytes {}", sha256.short());
            let (judged, held) = (bytes(judged.size_bytes, judged.sha256), bytes(artifact.size_bytes, artifact.sha256));
            let because = format!("the {PROFILE} report judged other bytes of {name}: {judged}, the record has {held}");
            return Err(Refusal::Final(because));
        }
    }
    Ok(())
}

/// Whether the live asset is still the one that the checker saw; `Err` holds what changed, in words.
/// Errors: the sentence that follows "nothing was swapped".
pub fn still_as_judged(subject: &Subject, live: Option<&SeenAsset>) -> Result<(), String> {
    if !subject.looked {
        return Ok(());
    }
    let name = &subject.name;
    match (&subject.live, live) {
        (None, None) => Ok(()),
        (Some(seen), Some(live)) if seen.asset_id == live.asset_id && (seen.sha256 == live.sha256 || seen.sha256.is_none()) => Ok(()),
        (Some(seen), Some(live)) => {
            Err(format!("{name} was asset {} when the gates looked, now it is asset {}", seen.asset_id, live.asset_id))
        }
        (Some(seen), None) => Err(format!("{name} was asset {} when the gates looked, now the channel has none", seen.asset_id)),
        (None, Some(live)) => Err(format!("the channel had no {name} when the gates looked, now asset {} is there", live.asset_id)),
    }
}

#[cfg(test)]
mod tests;
