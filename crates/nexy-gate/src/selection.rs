//! Which gates a command line names: ids and profiles, each gate once, in the order of the table.

use crate::gate::Gate;
use nexy_contract::{Exit, Problem, nearest::nearest};

/// What is asked in one run.
#[derive(Debug)]
pub(crate) struct Selection {
    /// The gates, in the order of the table.
    pub(crate) gates: Vec<&'static Gate>,
    /// What the report calls this run: the names as they were given, joined by `+`.
    pub(crate) profile: String,
}

/// Finds the gates that `names` stand for.
pub(crate) fn choose(names: &[String], gates: &[&'static Gate], profiles: &[&'static str]) -> Result<Selection, Problem> {
    if names.is_empty() {
        return Err(Problem::new(
            Exit::Usage,
            "no gate was named, so none was asked",
            format!("profiles: {}; ids: {}", profiles.join(", "), ids(gates).join(", ")),
            "nexy-gate --list   (then name a profile or ids)",
        ));
    }
    for name in names {
        if !profiles.contains(&name.as_str()) && !gates.iter().any(|gate| gate.id == name) {
            return Err(unknown(name, &[profiles, &ids(gates)].concat()));
        }
    }
    let named = |gate: &Gate| names.iter().any(|name| name == gate.id || gate.profiles.contains(&name.as_str()));
    let gates = gates.iter().copied().filter(|gate| named(gate)).collect();
    let mut words: Vec<&str> = Vec::new();
    for name in names {
        if !words.contains(&name.as_str()) {
            words.push(name);
        }
    }
    Ok(Selection { gates, profile: words.join("+") })
}

/// Finds one gate by its id.
pub(crate) fn one(id: &str, gates: &[&'static Gate]) -> Result<&'static Gate, Problem> {
    gates.iter().copied().find(|gate| gate.id == id).ok_or_else(|| unknown(id, &ids(gates)))
}

fn ids(gates: &[&'static Gate]) -> Vec<&'static str> {
    gates.iter().map(|gate| gate.id).collect()
}

fn unknown(name: &str, known: &[&str]) -> Problem {
    let fix = match nearest(name, known.iter().copied()) {
        Some(nearest) => format!("did you mean `{nearest}`? All names: nexy-gate --list"),
        None => "nexy-gate --list".to_owned(),
    };
    Problem::new(Exit::Usage, format!("there is no gate or profile `{name}`"), "nothing was asked", fix)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gates::{GATES, PROFILES};

    fn chosen(words: &str) -> Result<(Vec<&'static str>, String), Problem> {
        let names: Vec<String> = words.split_whitespace().map(str::to_owned).collect();
        choose(&names, GATES, PROFILES).map(|selection| (ids(&selection.gates), selection.profile))
    }

    #[test]
    fn gates_are_asked_once_and_in_the_order_of_the_table() {
        let (gates, profile) = chosen("github-token version-synced github-token").expect("both are known");
        assert_eq!((gates, profile.as_str()), (vec!["version-synced", "github-token"], "github-token+version-synced"));
        let (gates, profile) = chosen("git-remotes before-publish").expect("both are known");
        assert_eq!((gates.as_slice(), profile.as_str()), (nexy_contract::before_publish::IDS, "git-remotes+before-publish"));
    }

    #[test]
    fn nothing_named_is_a_usage_error_with_the_list() {
        let problem = chosen("").expect_err("nothing is named");
        assert_eq!(problem.exit, Exit::Usage);
        for gate in GATES {
            assert!(problem.because.contains(gate.id), "{}", gate.id);
        }
    }

    #[test]
    fn an_unknown_name_is_a_usage_error_with_the_nearest() {
        for (given, wanted) in [("before-publsh", Some("before-publish")), ("Git_Remotes", Some("git-remotes")), ("xyz", None), ("", None)]
        {
            let problem = choose(&[given.to_owned()], GATES, PROFILES).expect_err("it is unknown");
            assert_eq!(problem.exit, Exit::Usage);
            match wanted {
                Some(wanted) => assert!(problem.fix.text().contains(&format!("`{wanted}`")), "{given}: {}", problem.fix),
                None => assert_eq!(problem.fix.text(), "nexy-gate --list"),
            }
        }
    }
}
