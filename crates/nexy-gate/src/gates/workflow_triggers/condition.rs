//! The `if` of a job or step, as far as it speaks of the event and the branch.

/// Whether a condition holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holds {
    Yes,
    No,
    Unsure,
}

/// Judges a condition for one event, and for one branch when that event has it.
pub(super) fn holds(condition: &str, event: &str, branch: Option<&str>) -> Holds {
    let text = condition.trim();
    let bare = text.strip_prefix("${{").and_then(|rest| rest.strip_suffix("}}")).unwrap_or(text);
    any(bare.split("||").map(|part| all(part.split("&&").map(|atom| one(atom.trim(), event, branch)))))
}

fn all(parts: impl Iterator<Item = Holds>) -> Holds {
    parts.fold(Holds::Yes, |so_far, part| match (so_far, part) {
        (Holds::No, _) | (_, Holds::No) => Holds::No,
        (Holds::Unsure, _) | (_, Holds::Unsure) => Holds::Unsure,
        (Holds::Yes, Holds::Yes) => Holds::Yes,
    })
}

fn any(parts: impl Iterator<Item = Holds>) -> Holds {
    parts.fold(Holds::No, |so_far, part| match (so_far, part) {
        (Holds::Yes, _) | (_, Holds::Yes) => Holds::Yes,
        (Holds::Unsure, _) | (_, Holds::Unsure) => Holds::Unsure,
        (Holds::No, Holds::No) => Holds::No,
    })
}

fn one(atom: &str, event: &str, branch: Option<&str>) -> Holds {
    match atom {
        "true" | "success()" | "always()" | "!cancelled()" => return Holds::Yes,
        "false" | "failure()" | "cancelled()" => return Holds::No,
        _ => {}
    }
    let (is_equal, sides) = match (atom.split_once("=="), atom.split_once("!=")) {
        (Some(sides), None) => (true, sides),
        (None, Some(sides)) => (false, sides),
        _ => return Holds::Unsure,
    };
    let wanted = sides.1.trim();
    let Some(wanted) = wanted.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')).filter(|text| !text.contains('\'')) else {
        return Holds::Unsure;
    };
    let real = match (sides.0.trim(), branch) {
        ("github.event_name", _) => event.to_owned(),
        ("github.ref", Some(branch)) => format!("refs/heads/{branch}"),
        ("github.ref_name", Some(branch)) => branch.to_owned(),
        _ => return Holds::Unsure,
    };
    if real.eq_ignore_ascii_case(wanted) == is_equal { Holds::Yes } else { Holds::No }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_of_a_push_is_judged_and_the_rest_is_unsure() {
        for (condition, expected) in [
            ("github.ref == 'refs/heads/main'", Holds::Yes),
            ("${{ github.ref_name == 'main' && success() }}", Holds::Yes),
            ("github.event_name == 'push' || inputs.force", Holds::Yes),
            ("github.event_name != 'pull_request'", Holds::Yes),
            ("true", Holds::Yes),
            ("github.event_name == 'workflow_dispatch'", Holds::No),
            ("github.event_name == 'workflow_dispatch' && inputs.force", Holds::No),
            ("github.ref == 'refs/heads/develop'", Holds::No),
            ("false", Holds::No),
            ("inputs.force", Holds::Unsure),
            ("github.event_name == 'push' && inputs.force", Holds::Unsure),
            ("(github.event_name == 'push')", Holds::Unsure),
            ("!(github.event_name == 'push')", Holds::Unsure),
            ("github.ref == env.REF", Holds::Unsure),
            ("'push' == github.event_name", Holds::Unsure),
            ("", Holds::Unsure),
        ] {
            assert_eq!(holds(condition, "push", Some("main")), expected, "{condition}");
        }
        assert_eq!(holds("github.ref == 'refs/heads/main'", "pull_request", None), Holds::Unsure);
        assert_eq!(holds("github.event_name == 'push'", "pull_request", None), Holds::No);
    }
}
