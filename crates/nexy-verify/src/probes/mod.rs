//! The table of probes; each stands in the file of its name, and those that read a health document are rows of `server_says`.

mod beta_feed;
mod certificate_renewal;
mod channel_assets;
pub(crate) mod feed;
mod feed_advice;
mod gated;
mod journal_clean;
mod live_artifact;
mod local_feed;
mod manifest_pair;
mod one_artifact;
mod process_newer;
mod public_grpc;
mod public_headers;
mod public_tls;
mod release_assets;
mod server_says;
mod unit_active;
mod versions_agree;
mod vm_asked;
mod workflow_run;

use crate::probe::Probe;
use nexy_contract::Fix;

/// Every probe, in the order in which they are asked: what is near comes before what is far, what is small before what is large.
pub(crate) const PROBES: &[&Probe] = &[
    &unit_active::PROBE,
    &process_newer::PROBE,
    &journal_clean::PROBE,
    &server_says::PROBES[0],
    &server_says::PROBES[1],
    &server_says::PROBES[2],
    &manifest_pair::PROBE,
    &local_feed::PROBE,
    &public_tls::PROBE,
    &certificate_renewal::PROBE,
    &public_grpc::PROBE,
    &server_says::PROBES[3],
    &server_says::PROBES[4],
    &server_says::PROBES[5],
    &public_headers::PROBE,
    &feed::PROBE,
    &beta_feed::PROBE,
    &one_artifact::PROBE,
    &release_assets::PROBE,
    &live_artifact::PROBE,
    &channel_assets::PROBE,
    &feed_advice::PROBE,
    &versions_agree::PROBE,
    &workflow_run::PROBE,
    &gated::PROBE,
    &vm_asked::PROBE,
];

/// Clients are told something else than the manifest here says: it is delivered again, unless it is wrong itself.
fn deliver() -> Fix {
    Fix::note("on the laptop, deliver the manifest of the release again, if it is right itself:")
        .then_command("nexy-manifest check && make manifest-deliver")
}

/// Every profile, from the machine outwards.
pub(crate) const PROFILES: &[&str] = &["local", "public", "updates", "release", "done"];

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
        let of_documents = |id| server_says::PROBES.iter().any(|probe| probe.id == id);
        let rows = PROBES.iter().map(|probe| if of_documents(probe.id) { "server-says" } else { probe.id });
        assert_eq!(files, rows.map(str::to_owned).collect());
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
