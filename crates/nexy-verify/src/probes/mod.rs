//! The table of probes; each stands in the file of its name.

mod feed;
mod feed_advice;
mod live_artifact;
mod local_health;
mod local_status;
mod local_updates;
mod public_health;
mod public_status;
mod public_updates;
pub(crate) mod unit_active;
mod versions_agree;

use crate::probe::Probe;

/// Every probe, in the order in which they are asked: what is near comes before what is far, what is small before what is large.
pub(crate) const PROBES: &[&Probe] = &[
    &unit_active::PROBE,
    &local_health::PROBE,
    &local_status::PROBE,
    &local_updates::PROBE,
    &public_health::PROBE,
    &public_status::PROBE,
    &public_updates::PROBE,
    &feed::PROBE,
    &live_artifact::PROBE,
    &feed_advice::PROBE,
    &versions_agree::PROBE,
];

/// Every profile, from the machine outwards.
pub(crate) const PROFILES: &[&str] = &["local", "public", "updates"];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_file_of_this_folder_is_a_row_of_the_table() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/probes");
        let files: BTreeSet<String> = std::fs::read_dir(folder)
            .expect("the folder of probes")
            .filter_map(|entry| entry.expect("an entry").file_name().to_str()?.strip_suffix(".rs").map(|name| name.replace('_', "-")))
            .filter(|name| name != "mod")
            .collect();
        assert_eq!(files, PROBES.iter().map(|probe| probe.id.to_owned()).collect());
    }

    #[test]
    fn every_row_is_complete() {
        for probe in PROBES {
            let words = &probe.explain;
            let texts = [probe.asks, probe.runbook, words.symptom, words.check];
            assert!(texts.iter().all(|text| !text.is_empty()), "{}", probe.id);
            assert!(!words.fix.is_empty() && !words.verify.is_empty(), "{}", probe.id);
            assert!(!probe.profiles.is_empty() && probe.profiles.iter().all(|profile| PROFILES.contains(profile)), "{}", probe.id);
            assert!(probe.advice_in.iter().all(|profile| probe.profiles.contains(profile)), "{}", probe.id);
            assert!(probe.asks.ends_with('?') && !PROFILES.contains(&probe.id), "{}", probe.id);
        }
    }
}
