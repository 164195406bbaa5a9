//! The report of a checker: its findings, and the verdict that follows from them (`nexy.report/1`).

use crate::{Exit, Fix, Sha256Digest, Timestamp, document, document::DocumentError};
use serde::{Deserialize, Serialize};

/// The schema id of a report.
pub const SCHEMA: &str = "nexy.report/1";

/// The answer to one question, or to all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// It was looked at, and it is right.
    Pass,
    /// It was looked at, and it is wrong.
    Fail,
    /// It could not be looked at; this never counts as a pass.
    Unknown,
}

impl Verdict {
    /// The word of documents and screens.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Unknown => "unknown",
        }
    }

    /// How a checker with this verdict ends.
    pub const fn exit(self) -> Exit {
        match self {
            Self::Pass => Exit::Yes,
            Self::Fail => Exit::No,
            Self::Unknown => Exit::CouldNotLook,
        }
    }
}

/// Whether a finding decides, or only informs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// It decides the verdict.
    Gate,
    /// It is worth knowing, and never changes a verdict.
    Advice,
}

/// What was found at one place, what should be there, and what to type.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    /// The id of the gate or probe.
    pub id: String,
    /// Its answer.
    pub verdict: Verdict,
    /// Whether the answer decides.
    pub severity: Severity,
    /// What was seen, or why nothing could be seen.
    pub found: String,
    /// What should be there; empty only when it is the same as what was found.
    pub expected: String,
    /// What to do now; empty only on a pass.
    pub fix: Fix,
    /// The section of the rulebook that asks for it, such as `S3 §2.2`.
    pub runbook: String,
    /// How long it took to look, in milliseconds.
    pub elapsed_ms: u64,
}

/// The bytes that were judged, and the live asset that was seen beside them.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Subject {
    /// The artifact's name, such as `Nexy.dmg`.
    pub name: String,
    /// Its size, in bytes.
    pub size_bytes: u64,
    /// Its digest.
    pub sha256: Sha256Digest,
    /// What was live under that name; absent when the channel had none, or when no gate looked (then `looked` is false).
    pub live: Option<SeenAsset>,
    /// Whether the channel was looked at.
    pub looked: bool,
}

/// A live asset as the checker saw it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct SeenAsset {
    /// GitHub's id of the asset; it survives renames.
    pub asset_id: u64,
    /// GitHub's digest of it, when GitHub had one.
    pub sha256: Option<Sha256Digest>,
}

/// One run of a checker over a profile or over single ids.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// Always [`SCHEMA`].
    pub schema: String,
    /// The tool that looked.
    pub by: String,
    /// The profile, or the ids joined by `+`.
    pub profile: String,
    /// When the last answer was in.
    pub at: Timestamp,
    /// The verdict over all findings.
    pub verdict: Verdict,
    /// What was judged.
    pub subjects: Vec<Subject>,
    /// One finding a question, in stable order.
    pub findings: Vec<Finding>,
}

impl Report {
    /// A report whose verdict follows from its findings.
    pub fn new(by: &str, profile: &str, at: Timestamp, subjects: Vec<Subject>, findings: Vec<Finding>) -> Self {
        Self {
            schema: SCHEMA.to_owned(),
            by: by.to_owned(),
            profile: profile.to_owned(),
            at,
            verdict: verdict_of(&findings),
            subjects,
            findings,
        }
    }

    /// Reads a bare report, as a checker prints it without `-`.
    /// Errors: [`DocumentError`] when it is none, or when its verdict contradicts its findings.
    pub fn read(bytes: &[u8]) -> Result<Self, DocumentError> {
        let report: Self = document::read(bytes, SCHEMA)?;
        report.check()?;
        Ok(report)
    }

    /// Recomputes the verdict, and holds what a person was promised: a finding that does not pass says what to type.
    /// Errors: [`DocumentError::Contradiction`].
    pub fn check(&self) -> Result<(), DocumentError> {
        let contradiction = |text: String| Err(DocumentError::Contradiction(text));
        if self.schema != SCHEMA {
            return contradiction(format!("a report calls itself `{}`, not {SCHEMA}", self.schema));
        }
        let verdict = verdict_of(&self.findings);
        if verdict != self.verdict {
            return contradiction(format!(
                "the report of {} {} says {}, its findings say {}",
                self.by,
                self.profile,
                self.verdict.word(),
                verdict.word()
            ));
        }
        if let Some(twice) = document::named_twice(self.findings.iter().map(|finding| finding.id.as_str())) {
            return contradiction(format!("the report of {} {} answers {twice} twice", self.by, self.profile));
        }
        if let Some(twice) = document::named_twice(self.subjects.iter().map(|subject| subject.name.as_str())) {
            return contradiction(format!("the report of {} {} judged {twice} twice", self.by, self.profile));
        }
        Ok(())
    }
}

/// Fail if anything decisive failed; unknown if anything decisive is unknown, or if nothing decisive was looked at.
pub fn verdict_of(findings: &[Finding]) -> Verdict {
    let decisive = || findings.iter().filter(|finding| finding.severity == Severity::Gate);
    let any = |verdict| decisive().any(|finding| finding.verdict == verdict);
    if any(Verdict::Fail) {
        Verdict::Fail
    } else if any(Verdict::Unknown) || decisive().next().is_none() {
        Verdict::Unknown
    } else {
        Verdict::Pass
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Answer;
    use std::time::Duration;

    fn finding(verdict: Verdict, severity: Severity) -> Finding {
        Answer { verdict, ..Answer::pass("") }.counting(severity).finding(format!("{verdict:?}-{severity:?}"), "", Duration::ZERO)
    }

    #[test]
    fn unknown_never_passes_and_nothing_looked_at_is_unknown() {
        use Severity::{Advice, Gate};
        use Verdict::{Fail, Pass, Unknown};
        let of = |list: &[(Verdict, Severity)]| verdict_of(&list.iter().map(|(v, s)| finding(*v, *s)).collect::<Vec<_>>());
        assert_eq!(of(&[]), Unknown);
        assert_eq!(of(&[(Pass, Advice)]), Unknown);
        assert_eq!(of(&[(Pass, Gate)]), Pass);
        assert_eq!(of(&[(Pass, Gate), (Unknown, Gate)]), Unknown);
        assert_eq!(of(&[(Unknown, Gate), (Fail, Gate)]), Fail);
        assert_eq!(of(&[(Pass, Gate), (Fail, Advice), (Unknown, Advice)]), Pass);
    }

    #[test]
    fn a_verdict_that_contradicts_its_findings_is_refused() {
        let mut report = Report::new("nexy-gate", "hard", Timestamp::UNIX_EPOCH, vec![], vec![finding(Verdict::Fail, Severity::Gate)]);
        assert!(report.check().is_ok());
        report.verdict = Verdict::Pass;
        assert!(matches!(report.check(), Err(DocumentError::Contradiction(_))));
    }
}
