//! What `--list` and `--explain` print; both come from the table and need no `nexy.toml`.

use crate::gate::Gate;
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

/// One gate, explained.
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
pub(crate) fn list(gates: &[&'static Gate], format: Format) -> Result<String, Problem> {
    if format == Format::Json {
        return cli::json(&gates.iter().map(|gate| row(gate)).collect::<Vec<_>>());
    }
    let id_width = gates.iter().map(|gate| gate.id.len()).max().unwrap_or(0);
    let profiles = |gate: &Gate| gate.profiles.join(",");
    let profile_width = gates.iter().map(|gate| profiles(gate).len()).max().unwrap_or(0);
    let mut text = String::new();
    for gate in gates {
        let _ = writeln!(text, "{:<id_width$}  {:<profile_width$}  {}", gate.id, profiles(gate), gate.asks);
    }
    Ok(text)
}

/// One gate in the rulebook's four words.
pub(crate) fn explain(gate: &'static Gate, format: Format) -> Result<String, Problem> {
    let words = &gate.explain;
    if format == Format::Json {
        return cli::json(&Explained { row: row(gate), symptom: words.symptom, check: words.check, fix: words.fix, verify: words.verify });
    }
    let mut text = format!("{}: {}\n\n", gate.id, gate.asks);
    for (label, words) in [("Symptom", words.symptom), ("Check", words.check), ("Fix", words.fix), ("Verify", words.verify)] {
        let _ = writeln!(text, "{label:<9} {words}");
    }
    let _ = writeln!(text, "{:<9} {}\n{:<9} {}", "Rulebook", gate.runbook, "Profiles", gate.profiles.join(", "));
    Ok(text)
}

fn row(gate: &Gate) -> Row {
    Row { id: gate.id, profiles: gate.profiles, asks: gate.asks, runbook: gate.runbook }
}
