//! What only a person can judge: printed behind the answers of the profile `done`, and no finding of it.

/// The profile that asks the definitions of done.
const PROFILE: &str = "done";

/// The final checklist of the incident runbook, without what probes ask.
const CHECKLIST: &str = "Only a person can judge the rest (S1 §10); after an incident:
  [ ] its root cause is mended, not only the symptom
  [ ] the fix is the smallest one that fits how the system is built
  [ ] the rulebook and runbook/incidents.toml tell of it, if it was new
  [ ] a gate or a probe stops it the next time";

/// The words for these names, when they hold the profile.
pub(crate) fn words(names: &[String]) -> Option<&'static str> {
    names.iter().any(|name| name == PROFILE).then_some(CHECKLIST)
}
