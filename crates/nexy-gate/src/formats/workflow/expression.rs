//! GitHub's expressions in their plain spellings; every other spelling is unknown.

/// Whether something holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tri {
    Yes,
    No,
    Unknown,
}

impl Tri {
    pub(crate) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::No, _) | (_, Self::No) => Self::No,
            (Self::Yes, Self::Yes) => Self::Yes,
            _ => Self::Unknown,
        }
    }

    pub(crate) fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Yes, _) | (_, Self::Yes) => Self::Yes,
            (Self::No, Self::No) => Self::No,
            _ => Self::Unknown,
        }
    }
}

impl From<bool> for Tri {
    fn from(holds: bool) -> Self {
        if holds { Self::Yes } else { Self::No }
    }
}

/// A context in one spelling: lower case, and `['x']` as `.x`. `None` when the text is anything else.
fn context(text: &str) -> Option<String> {
    let name = dotted(text);
    name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte)).then_some(name)
}

fn dotted(text: &str) -> String {
    text.trim().to_ascii_lowercase().replace("['", ".").replace("']", "")
}

fn literal(text: &str) -> Option<&str> {
    text.trim().strip_prefix('\'')?.strip_suffix('\'').filter(|inner| !inner.contains('\''))
}

/// Judges an `if`. `known` knows the values of contexts; `before` says whether all that must come first succeeds.
pub(crate) fn condition(text: &str, before: Tri, known: &dyn Fn(&str) -> Option<String>) -> Tri {
    let text = text.trim();
    let bare = text.strip_prefix("${{").and_then(|rest| rest.strip_suffix("}}")).unwrap_or(text);
    let holds = bare.split("||").fold(Tri::No, |so_far, all| {
        so_far.or(all.split("&&").fold(Tri::Yes, |so_far, atom| so_far.and(atom_holds(atom.trim(), before, known))))
    });
    // GitHub puts `success() &&` before every condition without a status function.
    let lower = bare.to_ascii_lowercase();
    let asks_status = ["success()", "always()", "failure()", "cancelled()"].iter().any(|function| lower.contains(function));
    if asks_status { holds } else { holds.and(before) }
}

fn atom_holds(atom: &str, before: Tri, known: &dyn Fn(&str) -> Option<String>) -> Tri {
    match atom.to_ascii_lowercase().as_str() {
        "true" | "always()" | "!cancelled()" | "!failure()" => return Tri::Yes,
        "false" | "failure()" | "cancelled()" => return Tri::No,
        "success()" => return before,
        _ => {}
    }
    let (is_equal, (left, right)) = match (atom.split_once("=="), atom.split_once("!=")) {
        (Some(sides), None) => (true, sides),
        (None, Some(sides)) => (false, sides),
        _ => return Tri::Unknown,
    };
    match (context(left).and_then(|name| known(&name)), literal(right)) {
        (Some(real), Some(wanted)) => (real.eq_ignore_ascii_case(wanted) == is_equal).into(),
        _ => Tri::Unknown,
    }
}

/// Whether a context is the same for every push of a branch; `None` when it is empty on a push.
fn is_shared(name: &str) -> Option<Tri> {
    let Some(of_github) = name.strip_prefix("github.") else { return (!name.starts_with("inputs.")).then_some(Tri::Unknown) };
    match of_github {
        "ref" | "ref_name" | "event.ref" | "workflow" | "workflow_ref" | "repository" | "repository_owner" | "event_name" => Some(Tri::Yes),
        "head_ref" | "base_ref" | "event.number" => None,
        empty if empty.starts_with("event.inputs.") || empty.starts_with("event.pull_request.") => None,
        // One for every run, commit or person.
        "sha" | "workflow_sha" | "run_id" | "run_number" | "run_attempt" | "actor" | "triggering_actor" => Some(Tri::No),
        own if own.starts_with("event.") && !own.starts_with("event.repository.") => Some(Tri::No),
        _ => Some(Tri::Unknown),
    }
}

/// Whether a concurrency group is the same for every push of a branch.
pub(crate) fn is_shared_group(group: &str) -> Tri {
    let operand = |text: &str| match (literal(text), context(text)) {
        (Some(text), _) if !text.is_empty() => Some(Tri::Yes),
        (_, Some(name)) => is_shared(&name),
        _ if text.contains("&&") => Some(Tri::Unknown),
        // A function changes with each of its arguments.
        _ => {
            let mut words = text.split(|character: char| character.is_whitespace() || "(),".contains(character)).filter_map(context);
            Some(if words.any(|name| is_shared(&name) == Some(Tri::No)) { Tri::No } else { Tri::Unknown })
        }
    };
    group.split("${{").skip(1).fold((!group.trim().is_empty()).into(), |so_far: Tri, piece| {
        // The first operand of `||` that is not empty is the value.
        let value = piece.split_once("}}").map(|(expression, _)| expression.split("||").find_map(operand).unwrap_or(Tri::Yes));
        so_far.and(value.unwrap_or(Tri::Unknown))
    })
}

/// Whether a value is this secret, or one of its fields by `fromJSON`.
pub(crate) fn is_secret(value: &str, secret: &str) -> Tri {
    let wanted = dotted(&format!("secrets.{secret}"));
    let Some(body) = value.trim().strip_prefix("${{").and_then(|rest| rest.strip_suffix("}}")) else {
        return if value.contains("${{") { Tri::Unknown } else { Tri::No };
    };
    let body = dotted(body);
    let inner = body.strip_prefix("fromjson(").and_then(|rest| rest.split_once(')')).map_or(body.as_str(), |(inner, _)| inner);
    match context(inner) {
        Some(name) if name == wanted => Tri::Yes,
        Some(name) if name.starts_with("secrets.") => Tri::No,
        _ => Tri::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on_push(name: &str) -> Option<String> {
        let values = [("github.event_name", "push"), ("github.ref", "refs/heads/main"), ("needs.test.result", "success")];
        values.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
    }

    #[test]
    fn a_condition_in_plain_spelling_is_judged_and_the_rest_is_unknown() {
        for (text, expected) in [
            ("github.ref == 'refs/heads/main'", Tri::Yes),
            ("${{ GitHub.Ref == 'refs/heads/MAIN' && success() }}", Tri::Yes),
            ("github['event_name'] == 'push' || inputs.force", Tri::Yes),
            ("github.event_name != 'pull_request'", Tri::Yes),
            ("always() && needs.test.result == 'success'", Tri::Yes),
            ("true", Tri::Yes),
            ("!cancelled()", Tri::Yes),
            ("github.event_name == 'workflow_dispatch'", Tri::No),
            ("github.event_name == 'workflow_dispatch' && inputs.force", Tri::No),
            ("github.ref == 'refs/heads/develop'", Tri::No),
            ("needs.test.result == 'skipped'", Tri::No),
            ("failure()", Tri::No),
            ("False", Tri::No),
            ("inputs.force", Tri::Unknown),
            ("github.event_name == 'push' && inputs.force", Tri::Unknown),
            ("(github.event_name == 'push')", Tri::Unknown),
            ("!(github.event_name == 'push')", Tri::Unknown),
            ("github.ref == env.REF", Tri::Unknown),
            ("'push' == github.event_name", Tri::Unknown),
            ("${{ github.event_name }} == 'pull_request'", Tri::Unknown),
            ("contains(github.event.head_commit.message, 'x')", Tri::Unknown),
            ("github.ref == 'a || b'", Tri::Unknown),
            ("secrets.X != ''", Tri::Unknown),
            ("", Tri::Unknown),
        ] {
            assert_eq!(condition(text, Tri::Yes, &on_push), expected, "{text}");
        }
    }

    #[test]
    fn only_a_status_function_lets_a_condition_hold_when_what_must_come_first_does_not_succeed() {
        for (text, expected) in [
            ("github.event_name == 'push'", Tri::No),
            ("success() && true", Tri::No),
            ("always()", Tri::Yes),
            ("!cancelled() && github.event_name == 'push'", Tri::Yes),
            ("!failure() && !cancelled()", Tri::Yes),
        ] {
            assert_eq!(condition(text, Tri::No, &on_push), expected, "{text}");
        }
        assert_eq!(condition("true", Tri::Unknown, &on_push), Tri::Unknown);
    }

    #[test]
    fn a_group_is_taken_apart() {
        for (group, expected) in [
            ("deploy", Tri::Yes),
            ("deploy-${{ github.ref }}", Tri::Yes),
            ("${{ github.workflow }}-${{ GITHUB['REF_NAME'] }}", Tri::Yes),
            ("${{ github.head_ref || github.ref }}", Tri::Yes),
            ("deploy-${{ github.head_ref }}", Tri::Yes),
            ("deploy-${{ inputs.environment || 'production' }}", Tri::Yes),
            ("deploys of github.sha", Tri::Yes),
            ("deploy-${{ github.run_id }}", Tri::No),
            ("deploy-${{ github.event.head_commit.id }}", Tri::No),
            ("deploy-${{ GitHub.SHA }}", Tri::No),
            ("deploy-${{ github['sha'] }}", Tri::No),
            ("deploy-${{ github.event['after'] }}", Tri::No),
            ("deploy-${{ github.head_ref || github.run_id }}", Tri::No),
            ("${{ github.ref }}-${{ github.run_number }}", Tri::No),
            ("${{ format('{0}-{1}', github.ref, github.sha) }}", Tri::No),
            ("deploy-${{ github.actor }}", Tri::No),
            ("", Tri::No),
            ("${{ github.event_name == 'push' && 'deploy' || github.run_id }}", Tri::Unknown),
            ("deploy-${{ vars.GROUP }}", Tri::Unknown),
            ("deploy-${{ matrix.region }}", Tri::Unknown),
            ("deploy-${{ github.event.repository.pushed_at }}", Tri::Unknown),
            ("deploy-${{ github.ref", Tri::Unknown),
        ] {
            assert_eq!(is_shared_group(group), expected, "{group}");
        }
    }

    #[test]
    fn a_secret_counts_by_its_whole_name_and_alone() {
        for (value, expected) in [
            ("${{ secrets.CREDS }}", Tri::Yes),
            ("${{secrets.creds}}\n", Tri::Yes),
            ("${{ Secrets['CREDS'] }}", Tri::Yes),
            ("${{ fromJSON(secrets.CREDS).clientId }}", Tri::Yes),
            ("secrets.CREDS", Tri::No),
            ("${{ secrets.CREDS_OLD }}", Tri::No),
            ("${{ secrets.MY_CREDS }}", Tri::No),
            ("", Tri::No),
            ("${{ vars.CREDS }}", Tri::Unknown),
            ("${{ env.CREDS }}", Tri::Unknown),
            ("${{ secrets.OLD || secrets.CREDS }}", Tri::Unknown),
            ("${{ 'secrets.CREDS' }}", Tri::Unknown),
            ("x${{ secrets.CREDS }}", Tri::Unknown),
            ("${{ secrets.CREDS", Tri::Unknown),
        ] {
            assert_eq!(is_secret(value, "CREDS"), expected, "{value}");
        }
    }
}
