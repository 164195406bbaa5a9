//! One version, one artifact, for ever. The same bytes under a second version make clients update to them again and again; other
//! bytes under the same version reach no client that has it (incidents 28 and 46).

use crate::{Fix, ReleaseVersion, Sha256Digest, check::Answer};

/// A version and the bytes that are announced under it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pair {
    /// The version.
    pub version: ReleaseVersion,
    /// The digest of the artifact.
    pub sha256: Sha256Digest,
}

/// A pair that was seen, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// Version and bytes.
    pub pair: Pair,
    /// Where they stood.
    pub origin: Origin,
}

/// Where a pair was seen, and so what it proves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The label of the live asset, which a publication has written.
    Label,
    /// The record of a publication or rollback that was done, by its path.
    Record(String),
    /// A manifest in git that is not older than the first of these records, by its commit.
    Told(String),
    /// An older manifest in git, by its commit. It may say anything, and stops nothing.
    Earlier(String),
}

impl Known {
    fn place(&self) -> String {
        match &self.origin {
            Origin::Label => "label of the live asset".to_owned(),
            Origin::Record(path) => path.clone(),
            Origin::Told(commit) | Origin::Earlier(commit) => format!("manifest of commit {commit:.12}"),
        }
    }
}

/// What was seen of the pairs that were announced.
#[derive(Clone, Debug, Default)]
pub struct Evidence {
    /// The pairs.
    pub known: Vec<Known>,
    /// What a person should know besides.
    pub remark: Option<String>,
    /// What could not be looked at, and what to do about it.
    pub not_seen: Option<(String, Fix)>,
}

impl Evidence {
    /// The answer about the pair that is, or is about to become, current. What contradicts it is a no, whatever was not seen.
    pub fn judge(&self, pair: Pair) -> Answer {
        const EXPECTED: &str = "one version for these bytes, and these bytes for this version, for ever";
        match (judge(pair, &self.known), &self.not_seen) {
            (Err(contradiction), _) => Answer::fail(&contradiction.said, EXPECTED, contradiction.fix()),
            (Ok(_), Some((what, fix))) => Answer::unknown(format!("not compared with {what}"), EXPECTED, fix),
            (Ok(advice), None) => {
                let mut said = vec![format!("nothing that was published contradicts {} {}", pair.version, pair.sha256.short())];
                said.extend(self.remark.iter().cloned());
                // One of the past is enough to make a person look.
                said.extend(advice.into_iter().take(1).map(|past| format!("before these tools published: {past}")));
                Answer::pass(said.join("; "))
            }
        }
    }
}

/// What is known against a pair.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contradiction {
    /// In words.
    pub said: String,
    /// The next version that nothing contradicts.
    pub next: ReleaseVersion,
}

impl Contradiction {
    /// The way out, on the laptop.
    pub fn fix(&self) -> Fix {
        Fix::note("release the next version, which has bytes of its own:")
            .then_command(format!("nexy-version set {}", self.next))
            .then_note("build that version and put it into the inbox, then:")
            .then_command("make release")
    }
}

/// Whether these tools have delivered a pair before, so that nothing speaks against it.
pub fn is_delivered(pair: Pair, known: &[Known]) -> bool {
    known.iter().any(|known| matches!(known.origin, Origin::Label | Origin::Record(_)) && known.pair == pair)
}

/// Judges the pair that is, or is about to become, current. A pair that was delivered before is right, whatever else is known.
///
/// # Errors
/// What contradicts it, with the way out. The good answer holds what only older manifests say against it.
fn judge(pair: Pair, known: &[Known]) -> Result<Vec<String>, Contradiction> {
    let mut advice = Vec::new();
    if is_delivered(pair, known) {
        return Ok(advice);
    }
    let highest = known.iter().map(|known| known.pair.version).fold(pair.version, Ord::max);
    for known in known {
        let because = match (known.pair.version == pair.version, known.pair.sha256 == pair.sha256) {
            (false, true) => format!(
                "the bytes {} were published as {} already ({}); as {} clients would update to them again and again",
                pair.sha256.short(),
                known.pair.version,
                known.place(),
                pair.version
            ),
            (true, false) => format!(
                "{} was published with other bytes already, {} ({}); clients that have it would never update to {}",
                pair.version,
                known.pair.sha256.short(),
                known.place(),
                pair.sha256.short()
            ),
            _ => continue,
        };
        if matches!(known.origin, Origin::Earlier(_)) {
            advice.push(because);
        } else {
            return Err(Contradiction { said: because, next: highest.next() });
        }
    }
    Ok(advice)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Verdict;

    fn pair(version: u32, bytes: &str) -> Pair {
        Pair { version: ReleaseVersion::new([2, 0, 0, version]), sha256: Sha256Digest::of(bytes.as_bytes()) }
    }

    fn label(pair: Pair) -> Known {
        Known { pair, origin: Origin::Label }
    }

    fn record(pair: Pair) -> Known {
        Known { pair, origin: Origin::Record("releases/2.0.0.7/30-publish.json".to_owned()) }
    }

    fn told(pair: Pair) -> Known {
        Known { pair, origin: Origin::Told("0123456789abcdef".to_owned()) }
    }

    fn earlier(pair: Pair) -> Known {
        Known { pair, origin: Origin::Earlier("0123456789abcdef".to_owned()) }
    }

    #[test]
    fn each_origin_alone_says_what_it_proves() {
        let (now, same_bytes, same_version, other) = (pair(8, "b"), pair(7, "b"), pair(8, "a"), pair(7, "a"));
        for (origin, is_proof) in [(label as fn(Pair) -> Known, true), (record, true), (told, true), (earlier, false)] {
            assert_eq!(judge(now, &[origin(now)]), Ok(vec![]));
            assert_eq!(judge(now, &[origin(other)]), Ok(vec![]));
            for (known, said) in [(same_bytes, "were published as 2.0.0.7 already"), (same_version, "with other bytes already")] {
                match judge(now, &[origin(known)]) {
                    Err(contradiction) => assert!(is_proof && contradiction.said.contains(said), "{contradiction:?}"),
                    Ok(advice) => assert!(!is_proof && advice.len() == 1 && advice[0].contains(said), "{advice:?}"),
                }
            }
        }
        assert_eq!(judge(now, &[]), Ok(vec![]));
    }

    #[test]
    fn a_pair_that_was_delivered_before_is_never_refused() {
        let back = pair(7, "b");
        for delivered in [label(back), record(back)] {
            for against in [label(pair(8, "b")), record(pair(7, "a")), told(pair(8, "b")), earlier(pair(6, "b"))] {
                assert_eq!(judge(back, &[against.clone(), delivered.clone()]), Ok(vec![]), "{against:?}");
            }
        }
        // A manifest in git was perhaps written by hand, so it excuses nothing.
        for only_told in [told(pair(8, "b")), earlier(pair(8, "b"))] {
            assert!(judge(pair(8, "b"), &[only_told, label(pair(7, "b"))]).is_err());
        }
    }

    #[test]
    fn what_was_not_seen_never_passes_and_excuses_no_contradiction() {
        let not_seen = Some(("git's history: it refuses".to_owned(), Fix::command("git log -1")));
        let with = |known: Vec<Known>| Evidence { known, remark: None, not_seen: not_seen.clone() }.judge(pair(8, "b"));
        let unknown = with(vec![label(pair(7, "a"))]);
        assert_eq!((unknown.verdict, unknown.found.as_str()), (Verdict::Unknown, "not compared with git's history: it refuses"));
        assert_eq!(with(vec![label(pair(7, "b"))]).verdict, Verdict::Fail);
        let seen = Evidence { known: vec![earlier(pair(7, "b"))], remark: Some("a remark".to_owned()), not_seen: None };
        let passed = seen.judge(pair(8, "b"));
        assert!(passed.passes() && passed.found.contains("a remark; before these tools published: "), "{passed:?}");
    }

    #[test]
    fn the_way_out_is_above_everything_that_is_known() {
        let known = [earlier(pair(9, "z")), label(pair(7, "b"))];
        let contradiction = judge(pair(8, "b"), &known).expect_err("the bytes are those of 2.0.0.7");
        assert_eq!(contradiction.next, ReleaseVersion::new([2, 0, 0, 10]));
        assert_eq!(contradiction.fix().lines().len(), 4);
        let lower = judge(pair(6, "b"), &[label(pair(7, "b"))]).expect_err("a lower version");
        assert_eq!(lower.next, ReleaseVersion::new([2, 0, 0, 8]));
    }
}
