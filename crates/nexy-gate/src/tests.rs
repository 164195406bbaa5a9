//! What the unit tests of the gates share.

use nexy_contract::{Target, Verdict, check::Answer};

/// What the committed `nexy.toml` says.
pub(crate) fn target() -> Target {
    Target::parse(include_str!("../../../nexy.toml")).expect("the committed nexy.toml")
}

/// Claims a verdict, and words of the finding.
#[track_caller]
pub(crate) fn says(answer: &Answer, verdict: Verdict, words: &str) {
    assert!(answer.verdict == verdict && answer.found.contains(words), "expected {verdict:?} {words:?}: {answer:?}");
}
