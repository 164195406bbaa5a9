//! Selects the probes of a run, and whether each is required or advice there.

use crate::{
    probe::{Probe, TOOL},
    probes::{PROBES, PROFILES},
};
use nexy_contract::{
    Problem, Record, Severity,
    check::Row,
    record::Kind,
    selection::{self, Table},
};

/// What is asked in one run.
#[derive(Debug)]
pub(crate) struct Selection {
    /// The probes, in the order of the table.
    pub(crate) probes: Vec<Chosen>,
    /// The names as they were given, each once.
    pub(crate) names: Vec<String>,
    /// What the report calls this run: the names joined by `+`.
    pub(crate) profile: String,
}

impl Selection {
    /// Whether a version that a person has named is meant for the manifest as well. In `local` and `public` it is not: code
    /// goes before artifacts, so right after a deployment the manifest is still the one before.
    pub(crate) fn asks_for_the_release(&self) -> bool {
        self.names.iter().any(|name| name != "local" && name != "public")
    }
}

/// Decides at the end of a release of code and artifacts, and informs where only one of both has moved.
const VERSIONS: &str = "versions-agree";
/// Decides where the code has moved.
const DEPLOYED: &str = "workflow-run";

impl Selection {
    /// The same for a record: whether code and manifest must be of one version is what its kind says.
    pub(crate) fn for_record(&self, record: &Record) -> Self {
        let together = record.moves_code_and_manifest();
        let by_kind = |probe: &Probe| match probe.id {
            id if self.names.iter().any(|name| name == id) => None,
            VERSIONS => Some(together),
            DEPLOYED => Some(together || record.kind == Kind::ServerOnly),
            _ => None,
        };
        let severity = |decides| if decides { Severity::Gate } else { Severity::Advice };
        let probes = self.probes.iter().map(|(probe, counts)| (*probe, by_kind(probe).map_or(*counts, severity)));
        Self { probes: probes.collect(), names: self.names.clone(), profile: self.profile.clone() }
    }
}

/// A probe of this run, and whether it decides.
pub(crate) type Chosen = (&'static Probe, Severity);

/// The rows of the table.
pub(crate) fn rows() -> Vec<Row> {
    PROBES.iter().map(|probe| probe.row()).collect()
}

/// Finds the probes that `names` stand for.
pub(crate) fn choose(names: &[String]) -> Result<Selection, Problem> {
    let selection::Selection { chosen, names, profile } = table(&rows()).choose(names)?;
    let chosen = chosen.into_iter().filter_map(|place| Some((PROBES[place], PROBES[place].severity(&names)?)));
    Ok(Selection { probes: chosen.collect(), profile, names })
}

/// Finds one probe by its id.
pub(crate) fn one(id: &str) -> Result<&'static Probe, Problem> {
    Ok(PROBES[table(&rows()).one(id)?])
}

fn table(rows: &[Row]) -> Table<'_> {
    Table { tool: TOOL, noun: "probe", rows, profiles: PROFILES }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(words: &str) -> Result<Selection, Problem> {
        let names: Vec<String> = words.split_whitespace().map(str::to_owned).collect();
        choose(&names)
    }

    fn severity(words: &str, id: &str) -> Option<Severity> {
        let selection = chosen(words).expect("known names");
        selection.probes.iter().find(|(probe, _)| probe.id == id).map(|(_, severity)| *severity)
    }

    #[test]
    fn a_probe_that_only_informs_in_a_profile_decides_when_it_is_asked_by_name() {
        assert_eq!(severity("updates", "versions-agree"), Some(Severity::Advice));
        assert_eq!(severity("updates versions-agree", "versions-agree"), Some(Severity::Gate));
        assert_eq!(severity("release", "versions-agree"), Some(Severity::Advice));
        assert_eq!(severity("done", "versions-agree"), Some(Severity::Gate));
        assert_eq!(severity("feed-advice", "feed-advice"), Some(Severity::Gate));
        assert_eq!(severity("updates", "feed"), Some(Severity::Gate));
        assert_eq!(severity("local", "feed"), None);
    }

    #[test]
    fn the_kind_of_a_record_says_what_must_be_of_one_version_and_whether_code_was_deployed() {
        let target = nexy_contract::Target::parse(include_str!("../../../nexy.toml")).expect("the committed nexy.toml");
        let sha256 = nexy_contract::Sha256Digest::of(b"");
        let version = nexy_contract::ReleaseVersion::new([2, 0, 0, 4]);
        let mut record = Record::new(version, target.identity(sha256), Vec::new());
        record.manifests =
            vec![nexy_contract::record::ManifestFile { path: "m".to_owned(), sha256, version, delivered: None, window_s: None }];
        for (kind, versions, deployed) in [
            (Kind::Release, Severity::Gate, Severity::Gate),
            (Kind::Update, Severity::Advice, Severity::Advice),
            (Kind::ServerOnly, Severity::Advice, Severity::Gate),
        ] {
            record.kind = kind;
            let selection = chosen("done").expect("a profile").for_record(&record);
            let of = |id: &str| selection.probes.iter().find(|(probe, _)| probe.id == id).map(|(_, severity)| *severity);
            assert_eq!((of(VERSIONS), of(DEPLOYED)), (Some(versions), Some(deployed)), "{kind:?}");
        }
    }

    #[test]
    fn every_profile_holds_something_that_decides() {
        for profile in PROFILES {
            let selection = chosen(profile).expect("a profile");
            assert!(selection.probes.iter().any(|(_, severity)| *severity == Severity::Gate), "{profile}");
        }
    }
}
