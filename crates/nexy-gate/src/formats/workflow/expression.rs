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
    let bare = text.strip_prefix("${{").and_then(|rest| rest.strip_suffix("}}")).unwrap_or(text);
    // GitHub takes a text that stands around the braces, even a line end, for true.
    if bare.contains("${{") || bare.contains("}}") {
        return Tri::Unknown;
    }
    let parts: Vec<Vec<&str>> = bare.split("||").map(|part| part.split("&&").map(str::trim).collect()).collect();
    // An operator in quotes or parentheses leaves atoms in which these are not closed.
    if bare.split('\'').skip(1).step_by(2).any(|quoted| quoted.contains(['(', ')'])) || !parts.iter().flatten().all(|atom| is_whole(atom)) {
        return Tri::Unknown;
    }
    let all_hold = |atoms: &Vec<&str>| atoms.iter().fold(Tri::Yes, |so_far, atom| so_far.and(atom_holds(atom, before, known)));
    let holds = parts.iter().fold(Tri::No, |so_far, atoms| so_far.or(all_hold(atoms)));
    // GitHub puts `success() &&` before every condition without a status function.
    if asks_status(bare) { holds } else { holds.and(before) }
}

fn is_whole(atom: &str) -> bool {
    atom.matches('\'').count().is_multiple_of(2) && atom.matches('(').count() == atom.matches(')').count()
}

fn asks_status(text: &str) -> bool {
    let code: String = text.chars().filter(|character| !character.is_whitespace()).collect();
    ["success()", "always()", "failure()", "cancelled()"].iter().any(|function| code.to_ascii_lowercase().contains(function))
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

/// Whether an operand is the same for every push of a branch; `None` when it is empty on a push, so that the one behind `||` counts.
fn is_shared(operand: &str) -> Option<Tri> {
    if literal(operand).is_some_and(|text| !text.is_empty()) {
        return Some(Tri::Yes);
    }
    let Some(name) = context(operand) else { return Some(Tri::Unknown) };
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
    group.split("${{").skip(1).fold((!group.trim().is_empty()).into(), |so_far: Tri, piece| {
        let value = piece.split_once("}}").map(|(expression, _)| expression.split("||").find_map(is_shared).unwrap_or(Tri::Yes));
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
    let field = body.strip_prefix("fromjson(").and_then(|rest| rest.split_once(')'));
    // What stands behind the parenthesis names a field, and nothing else.
    let inner = field.filter(|(_, field)| context(field).is_some()).map_or(body.as_str(), |(inner, _)| inner);
    match context(inner) {
        Some(name) if name == wanted => Tri::Yes,
        Some(name) if name.starts_with("secrets.") => Tri::No,
        _ => Tri::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// An expression, with what it is made of.
    #[derive(Clone, Debug)]
    enum Tree {
        Atom(&'static str, Tri),
        Not(Box<Self>),
        And(Box<Self>, Box<Self>),
        Or(Box<Self>, Box<Self>),
    }

    impl Tree {
        fn printed(&self) -> String {
            match self {
                Self::Atom(text, _) => (*text).to_owned(),
                Self::Not(inner) => format!("!({})", inner.printed()),
                Self::And(left, right) => format!("{} && {}", left.in_and(), right.in_and()),
                Self::Or(left, right) => format!("{} || {}", left.printed(), right.printed()),
            }
        }

        /// `&&` binds more tightly than `||`, so that only an `||` needs parentheses.
        fn in_and(&self) -> String {
            if matches!(self, Self::Or(..)) { format!("({})", self.printed()) } else { self.printed() }
        }

        /// Its value when each atom of unknown value holds as its bit says.
        fn holds(&self, bits: u8) -> bool {
            match self {
                Self::Atom(_, Tri::Unknown) if matches!(self, Self::Atom("inputs.a", _)) => bits & 1 == 1,
                Self::Atom(_, Tri::Unknown) => bits & 2 == 2,
                Self::Atom(_, value) => *value == Tri::Yes,
                Self::Not(inner) => !inner.holds(bits),
                Self::And(left, right) => left.holds(bits) && right.holds(bits),
                Self::Or(left, right) => left.holds(bits) || right.holds(bits),
            }
        }
    }

    fn tree() -> impl Strategy<Value = Tree> {
        let atom = prop::sample::select(vec![
            Tree::Atom("github.event_name == 'push'", Tri::Yes),
            Tree::Atom("github.event_name == 'schedule'", Tri::No),
            Tree::Atom("github.ref != 'a || (b && c'", Tri::Yes),
            Tree::Atom("true", Tri::Yes),
            Tree::Atom("always()", Tri::Yes),
            Tree::Atom("failure()", Tri::No),
            Tree::Atom("inputs.a", Tri::Unknown),
            Tree::Atom("contains(github.actor, ') || true || (')", Tri::Unknown),
        ]);
        atom.prop_recursive(4, 24, 2, |inner| {
            let two = (inner.clone().prop_map(Box::new), inner.clone().prop_map(Box::new));
            prop_oneof![
                inner.prop_map(|inner| Tree::Not(Box::new(inner))),
                two.clone().prop_map(|(left, right)| Tree::And(left, right)),
                two.prop_map(|(left, right)| Tree::Or(left, right)),
            ]
        })
    }

    proptest! {
        #[test]
        fn no_expression_is_judged_otherwise_than_its_tree(tree in tree()) {
            let (text, values) = (tree.printed(), [0, 1, 2, 3].map(|bits| tree.holds(bits)));
            match condition(&text, Tri::Yes, &on_push) {
                Tri::Yes => prop_assert_eq!(values, [true; 4], "{}", text),
                Tri::No => prop_assert_eq!(values, [false; 4], "{}", text),
                Tri::Unknown => {}
            }
        }

        #[test]
        fn no_text_stops_the_reader(text in "[a-z'(){}$&|=!. ]{0,40}") {
            let _ = (condition(&text, Tri::Yes, &on_push), is_shared_group(&text), is_secret(&text, "X"));
        }
    }

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
            // GitHub takes a text around the braces for true.
            ("${{ inputs.force }} && github.event_name == 'pull_request'", Tri::Unknown),
            ("${{ github.event_name == 'pull_request' }}\n", Tri::Unknown),
            ("(github.event_name == 'schedule' || github.event_name == 'push' || inputs.a) && inputs.b", Tri::Unknown),
            ("!(github.actor == 'x' && github.event_name == 'schedule' && github.actor == 'y')", Tri::Unknown),
            ("contains(github.actor, 'x') && github.event_name == 'pull_request'", Tri::No),
            ("(inputs.a || inputs.b) && github.event_name == 'pull_request'", Tri::Unknown),
            ("github.actor == 'it''s || ' || github.event_name == 'push'", Tri::Unknown),
            ("github.event_name == 'push' || (inputs.a", Tri::Unknown),
            ("github.event_name == 'push' || inputs.a)", Tri::Unknown),
            ("github.event_name == 'push' || 'a", Tri::Unknown),
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
            ("always () || true", Tri::Yes),
            ("github.ref != 'always()'", Tri::Unknown),
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
            ("${{ format('{0}-{1}', github.ref, github.sha) }}", Tri::Unknown),
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
            ("${{ fromJSON(secrets.CREDS).x && secrets.OLD }}", Tri::Unknown),
            ("${{ 'secrets.CREDS' }}", Tri::Unknown),
            ("x${{ secrets.CREDS }}", Tri::Unknown),
            ("${{ secrets.CREDS", Tri::Unknown),
        ] {
            assert_eq!(is_secret(value, "CREDS"), expected, "{value}");
        }
    }
}
