//! The names and labels of an artifact's assets on a channel: one name for each slot, built and read here alone,
//! and what a rolled-back one says against a publication.

pub use crate::channels::{ROLLED_BACK_SUFFIX, labelled_version as version};
use crate::{ReleaseVersion, Sha256Digest};

/// What an asset's name means for one artifact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slot {
    /// `Nexy.dmg`: what users download.
    Live,
    /// `Nexy.prev.dmg`: what a rollback returns to.
    Previous,
    /// `Nexy.next-<sha12>.dmg`: uploaded, and not live yet.
    Staged,
    /// `Nexy.bad-<sha12>.dmg`: rolled back.
    RolledBack,
    /// `Nexy.old-<id>.dmg`: the former previous asset, kept until the new one is confirmed.
    Parked,
    /// Any other name; never touched.
    Other,
}

/// The slot that a name belongs to.
pub fn slot(artifact: &str, name: &str) -> Slot {
    let infix = name.strip_prefix(split(artifact).0).and_then(|rest| rest.strip_suffix(split(artifact).1)).unwrap_or_default();
    let has_digits = |start: &str| {
        infix
            .strip_prefix(start)
            .is_some_and(|digits| digits.len() == 12 && digits.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f')))
    };
    match infix {
        _ if name == artifact => Slot::Live,
        ".prev" => Slot::Previous,
        _ if has_digits(".next-") => Slot::Staged,
        _ if has_digits(".bad-") => Slot::RolledBack,
        _ if has_digits(".old-") => Slot::Parked,
        _ => Slot::Other,
    }
}

/// The name of a staged asset. It follows from the bytes, so that a run after a crash finds the upload of the earlier run.
pub fn staged(artifact: &str, sha256: Sha256Digest) -> String {
    infixed(artifact, &format!("next-{}", sha256.short()))
}

/// The name of the asset that a rollback returns to.
pub fn previous(artifact: &str) -> String {
    infixed(artifact, "prev")
}

/// The name of a parked asset, with as many digits as the other names have.
pub fn parked(artifact: &str, id: u64) -> String {
    infixed(artifact, &format!("old-{:012}", id % 1_000_000_000_000))
}

/// The name of a rolled-back asset.
pub fn rolled_back(artifact: &str, sha256: Sha256Digest) -> String {
    infixed(artifact, &format!("bad-{}", sha256.short()))
}

/// The name that a restored asset gets when the new one replaces it: a rolled-back one gets its own name again.
pub fn after_restore(artifact: &str, name: &str) -> String {
    if slot(artifact, name) == Slot::RolledBack { name.to_owned() } else { previous(artifact) }
}

/// The label of a live asset, for people who look at the web page: `Nexy.dmg 2.0.0.4`.
pub fn label(artifact: &str, version: ReleaseVersion) -> String {
    format!("{artifact} {version}")
}

/// The label of an upload. The machine tag shows which machine made it, so that no other machine takes it for a leftover.
pub fn staged_label(artifact: &str, version: ReleaseVersion, machine_tag: &str) -> String {
    format!("{} (upload {machine_tag})", label(artifact, version))
}

/// The label of a parked asset: its own, and the tag of the machine that parked it.
pub fn parked_label(artifact: &str, label: &str, machine_tag: &str) -> String {
    format!("{} (upload {machine_tag})", if label.is_empty() { artifact } else { label })
}

/// The label of a rolled-back asset while it is live because nothing else is there.
pub fn rolled_back_label(artifact: &str, label: &str) -> String {
    format!("{}{ROLLED_BACK_SUFFIX}", if label.is_empty() { artifact } else { label })
}

/// Whether a label says that its asset was rolled back and is live only because nothing else was there.
pub fn is_rolled_back(label: &str) -> bool {
    label.ends_with(ROLLED_BACK_SUFFIX)
}

/// What a rolled-back asset says against a publication.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Against {
    /// It holds the same bytes.
    Bytes,
    /// It has this version, which is not lower: clients that have it follow only a higher one.
    Version(ReleaseVersion),
}

/// Asks an asset that was rolled back about a publication of these bytes under this version; `None` when it says nothing against it.
pub fn against(
    artifact: &str,
    name: &str,
    label: Option<&str>,
    held: Option<Sha256Digest>,
    publishing: (ReleaseVersion, Sha256Digest),
) -> Option<(Against, String)> {
    let (wanted, sha256) = publishing;
    if name == rolled_back(artifact, sha256) || held == Some(sha256) {
        return Some((Against::Bytes, format!("these bytes were rolled back: {name} is on the channel")));
    }
    let known = label.and_then(|label| version(artifact, label)).filter(|known| wanted <= *known)?;
    let because = format!("{known} was rolled back ({name}), and clients that have it follow only a higher version");
    Some((Against::Version(known), because))
}

/// Whether a label carries this machine tag.
pub fn has_machine_tag(label: &str, machine_tag: &str) -> bool {
    label.ends_with(&format!(" (upload {machine_tag})"))
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
    fn a_rolled_back_asset_speaks_against_its_bytes_and_against_every_version_that_is_not_higher() {
        let (four, five) = (ReleaseVersion::new([2, 0, 0, 4]), ReleaseVersion::new([2, 0, 0, 5]));
        let (bad, new) = (Sha256Digest::of(b"bad"), Sha256Digest::of(b"new"));
        let name = rolled_back("A.dmg", bad);
        let said =
            |name: &str, label: Option<&str>, held, publishing| against("A.dmg", name, label, held, publishing).map(|(against, _)| against);
        assert_eq!(said(&name, None, None, (five, bad)), Some(Against::Bytes));
        assert_eq!(said("A.bad-0.dmg", None, Some(bad), (five, bad)), Some(Against::Bytes));
        assert_eq!(said(&name, Some("A.dmg 2.0.0.4"), Some(bad), (four, new)), Some(Against::Version(four)));
        assert_eq!(said(&name, Some("A.dmg 2.0.0.5"), Some(bad), (four, new)), Some(Against::Version(five)));
        assert_eq!(said(&name, Some("A.dmg 2.0.0.4"), Some(bad), (five, new)), None);
        assert_eq!(said(&name, None, None, (four, new)), None);
    }

    #[test]
    fn every_slot_has_its_own_name() {
        let sha256 = Sha256Digest::of(b"");
        assert_eq!(staged("Nexy.dmg", sha256), "Nexy.next-e3b0c44298fc.dmg");
        assert_eq!(rolled_back("Nexy.dmg", sha256), "Nexy.bad-e3b0c44298fc.dmg");
        assert_eq!(previous("Nexy.dmg"), "Nexy.prev.dmg");
        assert_eq!(parked("Nexy.dmg", 7), "Nexy.old-000000000007.dmg");
        assert_eq!(slot("Nexy.dmg", &parked("Nexy.dmg", u64::MAX)), Slot::Parked);
        for (name, expected) in [
            ("Nexy.dmg", Slot::Live),
            ("Nexy.prev.dmg", Slot::Previous),
            ("Nexy.next-e3b0c44298fc.dmg", Slot::Staged),
            ("Nexy.bad-e3b0c44298fc.dmg", Slot::RolledBack),
            ("Nexy.next-e3b0c44298fc.pkg", Slot::Other),
            ("Nexy.next-.dmg", Slot::Other),
            ("Nexy.next-zzzzzzzzzzzz.dmg", Slot::Other),
            ("Nexy.bad-e3b0c44298fc0.dmg", Slot::Other),
            ("Nexy.prev.dmg.sig", Slot::Other),
            ("Nexy", Slot::Other),
            ("notes.txt", Slot::Other),
        ] {
            assert_eq!(slot("Nexy.dmg", name), expected, "{name}");
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
            let aside = parked_label("Nexy.dmg", &before, "0123456789ab");
            assert_eq!((version("Nexy.dmg", &aside), has_machine_tag(&aside, "0123456789ab")), (known, true));
        }
        assert!(has_machine_tag(&upload, "0123456789ab") && !has_machine_tag(&upload, "ba9876543210"));
        for other in ["", "Nexy.dmg", "Nexy.dmg 2.0.0", "Nexy.pkg 2.0.0.4", "Nexy.dmg 2.0.0.4 beta", "Nexy.dmg  2.0.0.4"] {
            assert_eq!(version("Nexy.dmg", other), None, "{other}");
        }
    }
}
