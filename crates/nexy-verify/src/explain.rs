//! What `--list` and `--explain` print; both come from the table and need no `nexy.toml`.

use crate::probe::Probe;
use nexy_contract::Problem;
use nexy_outside::{Format, cli};
use serde::Serialize;
use std::fmt::Write as _;

/// One row of the list.
#[derive(Serialize)]
struct Row {
    id: &'static str,
    profiles: &'static [&'static str],
    asks: &'static str,
    runbook: &'static str,
}

/// One probe, explained.
#[derive(Serialize)]
struct Explained {
    #[serde(flatten)]
    row: Row,
    symptom: &'static str,
    check: &'static str,
    fix: &'static str,
    verify: &'static str,
}

/// The whole table.
pub(crate) fn list(probes: &[&'static Probe], format: Format) -> Result<String, Problem> {
    if format == Format::Json {
        return cli::json(&probes.iter().map(|probe| row(probe)).collect::<Vec<_>>());
    }
    let id_width = probes.iter().map(|probe| probe.id.len()).max().unwrap_or(0);
    let profiles = |probe: &Probe| probe.profiles.join(",");
    let profile_width = probes.iter().map(|probe| profiles(probe).len()).max().unwrap_or(0);
    let mut text = String::new();
    for probe in probes {
        let _ = writeln!(text, "{:<id_width$}  {:<profile_width$}  {}", probe.id, profiles(probe), probe.asks);
    }
    Ok(text)
}

/// One probe in the rulebook's four words.
pub(crate) fn explain(probe: &'static Probe, format: Format) -> Result<String, Problem> {
    let words = &probe.explain;
    if format == Format::Json {
        return cli::json(&Explained { row: row(probe), symptom: words.symptom, check: words.check, fix: words.fix, verify: words.verify });
    }
    let mut text = format!("{}: {}\n\n", probe.id, probe.asks);
    for (label, words) in [("Symptom", words.symptom), ("Check", words.check), ("Fix", words.fix), ("Verify", words.verify)] {
        let _ = writeln!(text, "{label:<9} {words}");
    }
    let _ = writeln!(text, "{:<9} {}\n{:<9} {}", "Rulebook", probe.runbook, "Profiles", probe.profiles.join(", "));
    Ok(text)
}

fn row(probe: &Probe) -> Row {
    Row { id: probe.id, profiles: probe.profiles, asks: probe.asks, runbook: probe.runbook }
}
