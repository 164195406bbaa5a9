//! The names that an artifact has on its way: one for each place, and each tells whose it is.

use nexy_contract::{ReleaseVersion, Sha256Digest};

/// `Nexy.dmg` with these bytes, before it is live: `Nexy.next-<sha12>.dmg`. The name follows from the bytes, so that a run
/// after a crash finds what the earlier one has staged.
pub(crate) fn staged(artifact: &str, sha256: Sha256Digest) -> String {
    infixed(artifact, &format!("next-{}", sha256.short()))
}

/// What was live before and is kept for a rollback: `Nexy.prev.dmg`.
pub(crate) fn previous(artifact: &str) -> String {
    infixed(artifact, "prev")
}

/// What the label says, for people who look at the web page: `Nexy.dmg 2.0.0.4`.
pub(crate) fn label(artifact: &str, version: ReleaseVersion) -> String {
    format!("{artifact} {version}")
}

/// Whether a name is one that this tool gives to staged files of `artifact`.
pub(crate) fn is_staged(artifact: &str, name: &str) -> bool {
    let (stem, suffix) = split(artifact);
    name.strip_prefix(stem)
        .and_then(|rest| rest.strip_prefix(".next-"))
        .and_then(|rest| rest.strip_suffix(suffix))
        .is_some_and(|digits| digits.len() == 12 && digits.bytes().all(|digit| digit.is_ascii_hexdigit()))
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
        assert_eq!(previous("Nexy.dmg"), "Nexy.prev.dmg");
        assert_eq!(label("Nexy.dmg", ReleaseVersion::new([2, 0, 0, 4])), "Nexy.dmg 2.0.0.4");
        assert!(is_staged("Nexy.dmg", &staged("Nexy.dmg", sha256)));
        for other in ["Nexy.dmg", "Nexy.prev.dmg", "Nexy.next-e3b0c44298fc.pkg", "Nexy.next-.dmg", "Nexy.next-zzzzzzzzzzzz.dmg"] {
            assert!(!is_staged("Nexy.dmg", other), "{other}");
        }
    }
}
