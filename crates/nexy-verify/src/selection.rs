//! Which probes a command line names: ids and profiles, each probe once, in the order of the table.

use crate::probe::Probe;
use nexy_contract::{Exit, Problem, Severity, nearest::nearest};

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

/// A probe of this run.
#[derive(Debug)]
pub(crate) struct Chosen {
    /// The probe.
    pub(crate) probe: &'static Probe,
    /// Whether it decides.
    pub(crate) severity: Severity,
}

/// Finds the probes that `names` stand for.
pub(crate) fn choose(names: &[String], probes: &[&'static Probe], profiles: &[&'static str]) -> Result<Selection, Problem> {
    if names.is_empty() {
        return Err(Problem::new(
            Exit::Usage,
            "no probe was named, so none was asked",
            format!("profiles: {}; ids: {}", profiles.join(", "), ids(probes).join(", ")),
            "nexy-verify --list   (then name a profile or ids)",
        ));
    }
    let known = [profiles, &ids(probes)].concat();
    if let Some(name) = names.iter().find(|name| !known.contains(&name.as_str())) {
        return Err(unknown(name, &known));
    }
    let mut once: Vec<String> = Vec::new();
    for name in names {
        if !once.contains(name) {
            once.push(name.clone());
        }
    }
    let chosen = probes.iter().filter_map(|probe| Some(Chosen { probe, severity: probe.severity(&once)? })).collect();
    Ok(Selection { probes: chosen, profile: once.join("+"), names: once })
}

/// Finds one probe by its id.
pub(crate) fn one(id: &str, probes: &[&'static Probe]) -> Result<&'static Probe, Problem> {
    probes.iter().copied().find(|probe| probe.id == id).ok_or_else(|| unknown(id, &ids(probes)))
}

fn ids(probes: &[&'static Probe]) -> Vec<&'static str> {
    probes.iter().map(|probe| probe.id).collect()
}

fn unknown(name: &str, known: &[&str]) -> Problem {
    let fix = match nearest(name, known.iter().copied()) {
        Some(nearest) => format!("did you mean `{nearest}`? All names: nexy-verify --list"),
        None => "nexy-verify --list".to_owned(),
    };
    Problem::new(Exit::Usage, format!("there is no probe or profile `{name}`"), "nothing was asked", fix)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probes::{PROBES, PROFILES};

    fn chosen(words: &str) -> Result<Selection, Problem> {
        let names: Vec<String> = words.split_whitespace().map(str::to_owned).collect();
        choose(&names, PROBES, PROFILES)
    }

    fn severity(words: &str, id: &str) -> Option<Severity> {
        let selection = chosen(words).expect("known names");
        selection.probes.iter().find(|chosen| chosen.probe.id == id).map(|chosen| chosen.severity)
    }

    #[test]
    fn probes_are_asked_once_and_in_the_order_of_the_table() {
        let selection = chosen("feed public public-updates updates public").expect("known names");
        assert_eq!(selection.profile, "feed+public+public-updates+updates");
        let asked: Vec<&str> = selection.probes.iter().map(|chosen| chosen.probe.id).collect();
        let table: Vec<&str> = ids(PROBES).into_iter().filter(|id| asked.contains(id)).collect();
        assert_eq!(asked, table);
    }

    #[test]
    fn a_probe_that_only_informs_in_a_profile_decides_when_it_is_asked_by_name() {
        assert_eq!(severity("updates", "versions-agree"), Some(Severity::Advice));
        assert_eq!(severity("updates versions-agree", "versions-agree"), Some(Severity::Gate));
        assert_eq!(severity("feed-advice", "feed-advice"), Some(Severity::Gate));
        assert_eq!(severity("updates", "feed"), Some(Severity::Gate));
        assert_eq!(severity("local", "feed"), None);
    }

    #[test]
    fn every_profile_holds_something_that_decides() {
        for profile in PROFILES {
            let selection = chosen(profile).expect("a profile");
            assert!(selection.probes.iter().any(|chosen| chosen.severity == Severity::Gate), "{profile}");
        }
    }

    #[test]
    fn nothing_named_is_a_usage_error_with_the_list() {
        let problem = chosen("").expect_err("nothing is named");
        assert_eq!(problem.exit, Exit::Usage);
        assert!(PROBES.iter().all(|probe| problem.because.contains(probe.id)), "{}", problem.because);
    }

    #[test]
    fn an_unknown_name_is_a_usage_error_with_the_nearest() {
        for (given, fix) in
            [("locl", "`local`"), ("live-artefact", "`live-artifact`"), ("xylophone", "nexy-verify --list"), ("-", "--list")]
        {
            let problem = chosen(given).expect_err("it is unknown");
            assert_eq!(problem.exit, Exit::Usage);
            assert!(problem.fix.text().contains(fix), "{given}: {}", problem.fix);
        }
    }
}
