//! The names that an artifact has on its way: one for each place, and each tells whose it is.

use nexy_contract::{ReleaseVersion, Sha256Digest};

/// What a name on a channel means for one artifact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// What users download.
    Live,
    /// What a rollback returns to.
    Previous,
    /// Uploaded, and not live yet.
    Staged,
    /// Rolled back.
    Bad,
    /// Was previous, and makes way for the next previous.
    Aside,
    /// None of ours.
    Other,
}

/// The place that a name stands for.
pub(crate) fn place(artifact: &str, name: &str) -> Place {
    let infix = name.strip_prefix(split(artifact).0).and_then(|rest| rest.strip_suffix(split(artifact).1)).unwrap_or_default();
    let has_digits = |start: &str| {
        infix
            .strip_prefix(start)
            .is_some_and(|digits| digits.len() == 12 && digits.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f')))
    };
    match infix {
        _ if name == artifact => Place::Live,
        ".prev" => Place::Previous,
        _ if has_digits(".next-") => Place::Staged,
        _ if has_digits(".bad-") => Place::Bad,
        _ if has_digits(".old-") => Place::Aside,
        _ => Place::Other,
    }
}

/// `Nexy.dmg` with these bytes, before it is live: `Nexy.next-<sha12>.dmg`. The name follows from the bytes, so that a run
/// after a crash finds what the earlier one has staged.
pub(crate) fn staged(artifact: &str, sha256: Sha256Digest) -> String {
    infixed(artifact, &format!("next-{}", sha256.short()))
}

/// What was live before and is kept for a rollback: `Nexy.prev.dmg`.
pub(crate) fn previous(artifact: &str) -> String {
    infixed(artifact, "prev")
}

/// What gave up the name of the previous artifact, until the new one is confirmed: `Nexy.old-<id>.dmg`, with as many digits as
/// the others have.
pub(crate) fn aside(artifact: &str, id: u64) -> String {
    infixed(artifact, &format!("old-{:012}", id % 1_000_000_000_000))
}

/// The name that an artifact gets when it was live only for the meantime: what was rolled back keeps its name.
pub(crate) fn resting(artifact: &str, name: &str) -> String {
    if place(artifact, name) == Place::Bad { name.to_owned() } else { previous(artifact) }
}

/// What was rolled back, and must not come back by mistake: `Nexy.bad-<sha12>.dmg`.
pub(crate) fn bad(artifact: &str, sha256: Sha256Digest) -> String {
    infixed(artifact, &format!("bad-{}", sha256.short()))
}

/// What the label says, for people who look at the web page: `Nexy.dmg 2.0.0.4`.
pub(crate) fn label(artifact: &str, version: ReleaseVersion) -> String {
    format!("{artifact} {version}")
}

/// The label of what was moved aside, with the mark of the machine on which that was done.
pub(crate) fn aside_label(artifact: &str, label: &str, mark: &str) -> String {
    format!("{} (upload {mark})", if label.is_empty() { artifact } else { label })
}

/// How the label of an artifact ends that was rolled back, and is live only because nothing else was there.
pub(crate) const ROLLED_BACK: &str = " (rolled back)";

/// The label of what was rolled back while it is live for want of anything else.
pub(crate) fn rolled_back_label(artifact: &str, label: &str) -> String {
    format!("{}{ROLLED_BACK}", if label.is_empty() { artifact } else { label })
}

/// The label of an upload. The mark tells on which machine it was made, so that nobody takes another's for a leftover.
pub(crate) fn staged_label(artifact: &str, version: ReleaseVersion, mark: &str) -> String {
    format!("{artifact} {version} (upload {mark})")
}

/// The version that a label names.
pub(crate) fn version(artifact: &str, label: &str) -> Option<ReleaseVersion> {
    let rest = label.strip_prefix(artifact)?.strip_prefix(' ')?;
    let (version, more) = rest.split_once(' ').unwrap_or((rest, ""));
    (more.is_empty() || more.starts_with("(upload ") || more == ROLLED_BACK.trim_start()).then(|| version.parse().ok()).flatten()
}

/// Whether a label says that the upload was made under this mark.
pub(crate) fn has_mark(label: &str, mark: &str) -> bool {
    label.ends_with(&format!(" (upload {mark})"))
}

fn infixed(artifact: &str, infix: &str) -> String {
    let (stem, suffix) = split(artifact);
    format!("{stem}.{infix}{suffix}")
}

/// Stem, and suffix with its dot.
fn split(artifact: &str) -> (&str, &str) {
    artifact.rfind('.').map_or((artifact, ""), |dot| artifact.split_at(dot))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_has_its_own_name() {
        let sha256 = Sha256Digest::of(b"");
        assert_eq!(staged("Nexy.dmg", sha256), "Nexy.next-e3b0c44298fc.dmg");
        assert_eq!(bad("Nexy.dmg", sha256), "Nexy.bad-e3b0c44298fc.dmg");
        assert_eq!(previous("Nexy.dmg"), "Nexy.prev.dmg");
        assert_eq!(aside("Nexy.dmg", 7), "Nexy.old-000000000007.dmg");
        assert_eq!(place("Nexy.dmg", &aside("Nexy.dmg", u64::MAX)), Place::Aside);
        for (name, expected) in [
            ("Nexy.dmg", Place::Live),
            ("Nexy.prev.dmg", Place::Previous),
            ("Nexy.next-e3b0c44298fc.dmg", Place::Staged),
            ("Nexy.bad-e3b0c44298fc.dmg", Place::Bad),
            ("Nexy.next-e3b0c44298fc.pkg", Place::Other),
            ("Nexy.next-.dmg", Place::Other),
            ("Nexy.next-zzzzzzzzzzzz.dmg", Place::Other),
            ("Nexy.bad-e3b0c44298fc0.dmg", Place::Other),
            ("Nexy.prev.dmg.sig", Place::Other),
            ("Nexy", Place::Other),
            ("notes.txt", Place::Other),
        ] {
            assert_eq!(place("Nexy.dmg", name), expected, "{name}");
        }
    }

    #[test]
    fn a_label_tells_its_version_and_its_machine() {
        let four = ReleaseVersion::new([2, 0, 0, 4]);
        assert_eq!(version("Nexy.dmg", &label("Nexy.dmg", four)), Some(four));
        let bad = rolled_back_label("Nexy.dmg", &label("Nexy.dmg", four));
        assert_eq!(version("Nexy.dmg", &bad), Some(four));
        let upload = staged_label("Nexy.dmg", four, "0123456789ab");
        assert_eq!(version("Nexy.dmg", &upload), Some(four));
        for known in [Some(four), None] {
            let before = known.map(|version| label("Nexy.dmg", version)).unwrap_or_default();
            let aside = aside_label("Nexy.dmg", &before, "0123456789ab");
            assert_eq!((version("Nexy.dmg", &aside), has_mark(&aside, "0123456789ab")), (known, true));
        }
        assert!(has_mark(&upload, "0123456789ab") && !has_mark(&upload, "ba9876543210"));
        for other in ["", "Nexy.dmg", "Nexy.dmg 2.0.0", "Nexy.pkg 2.0.0.4", "Nexy.dmg 2.0.0.4 beta", "Nexy.dmg  2.0.0.4"] {
            assert_eq!(version("Nexy.dmg", other), None, "{other}");
        }
    }
}
