//! Every key that the server cannot live without has a value, and not the one of an example.

use crate::gate::prelude::*;
use crate::observed::config_env::{self, key_fault};
use nexy_contract::config_env::{Parsed, Rule};
use nexy_contract::target_file::{Condition, RequiredKey};

pub(crate) const GATE: Gate = Gate {
    id: "config-env-keys",
    asks: "Has every key that the server needs a real value, and no placeholder?",
    profiles: &["before-checkout", "hard"],
    runbook: "S0 §1.1, S1 §6.3",
    at: Machine::Vm,
    takes: Takes::Files,
    explain: Explain {
        symptom: "The service starts and cannot initialise its language model, or dies at its start; requests get no answer.",
        check: "Reads the file of vm.config_env as the server does, and looks at every key of config_env.required whose conditions hold: \
                absent, empty, an example's value, a reference to where the key is kept, a blank, control or non-ASCII character inside. The value itself is never shown.",
        fix: &[
            note("Write the real value behind the key:"),
            command("sudoedit \"$(nexy-version show vm.config_env)\""),
            note("An expired or revoked key cannot be seen from here; get a new one where the key was issued."),
        ],
        verify: &[
            command("sudo nexy-gate config-env-keys"),
            note("After the next start, there is no API_KEY_INVALID in the service's journal."),
        ],
    },
    check,
    repair: None,
};

fn check(context: &Context) -> Answer {
    let target = &context.workspace.target;
    match config_env::read(&context.workspace.target, &context.tree) {
        Ok(parsed) => judge(&target.vm.config_env, &parsed, &target.config_env.required),
        Err(answer) => answer,
    }
}

fn judge(path: &str, parsed: &Parsed, required: &[RequiredKey]) -> Answer {
    let expected = "a real value for every key of config_env.required";
    let edit = format!("sudoedit {}", shell_word(path));
    if parsed.problems.iter().any(|problem| problem.rule == Rule::BadUtf8) {
        let fix = Fix::note("save it as UTF-8:").then_command(edit).then_command("sudo nexy-gate hard");
        return Answer::fail(format!("the server cannot read {path} at all: it is not UTF-8"), expected, fix);
    }
    if required.is_empty() {
        let fix = Fix::note("name the keys in nexy.toml: config_env.required");
        return Answer::unknown("nexy.toml requires no key", expected, fix);
    }
    let mut good = Vec::new();
    let mut bad: Vec<(&str, String)> = Vec::new();
    for row in required {
        let key = row.key.as_str();
        let found = match need(parsed, required, &row.when) {
            Need::No => Err(format!("{key} is not needed")),
            Need::Yes => key_fault(parsed, key).map(|fault| (key, fault)).ok_or_else(|| format!("{key} has a value")),
            Need::Undecided(key, fault) => Ok((key, fault)),
        };
        match found {
            Err(right) => good.push(right),
            Ok(fault) if bad.contains(&fault) => {}
            Ok(fault) => bad.push(fault),
        }
    }
    if bad.is_empty() {
        return Answer::pass(good.join("; "));
    }
    let keys: Vec<&str> = bad.iter().map(|(key, _)| *key).collect();
    let found: Vec<String> = bad.iter().map(|(key, fault)| format!("{key} {fault}")).collect();
    let fix = Fix::note(format!("set {}:", keys.join(" and "))).then_command(edit).then_command("sudo nexy-gate hard");
    Answer::fail(format!("{path}: {}", found.join("; ")), expected, fix)
}

/// Whether a key is needed.
#[derive(Debug, PartialEq, Eq)]
enum Need<'a> {
    Yes,
    No,
    /// What it depends on says neither, and what is wrong with that.
    Undecided(&'a str, String),
}

/// Words that switch a thing off, without regard to letter case.
const OFF: [&str; 8] = ["false", "0", "no", "off", "n", "f", "disabled", "none"];

/// The conditions in their order: the first switches the whole thing on or off, and each other one is asked about only while
/// those before it hold. A condition is off only when the file says so for certain.
fn need<'a>(parsed: &Parsed, required: &'a [RequiredKey], when: &'a [Condition]) -> Need<'a> {
    for (place, condition) in when.iter().enumerate() {
        let key = condition.key.as_str();
        let entry = parsed.entry(key);
        let value = entry.and_then(|entry| entry.value.as_ref()).filter(|value| !value.is_empty());
        let Some(value) = value else {
            if place == 0 {
                return Need::No;
            }
            return Need::Undecided(key, "is absent or empty, so it cannot be determined which keys are needed".to_owned());
        };
        if value.is(&condition.value) || entry.is_some_and(|entry| entry.expands) {
            continue;
        }
        // A switch has many words for on, and each server its own; those for off are few.
        if condition.value.eq_ignore_ascii_case("true") {
            match OFF.iter().any(|off| value.is(off)) {
                true => return Need::No,
                false => continue,
            }
        }
        let mut known: Vec<&str> =
            required.iter().flat_map(|row| &row.when).filter(|other| other.key == key).map(|other| other.value.as_str()).collect();
        known.sort_unstable();
        known.dedup();
        // Where nexy.toml names one value only, every other one is off.
        if place == 0 || known.len() < 2 || known.iter().any(|other| value.is(other)) {
            return Need::No;
        }
        return Need::Undecided(key, format!("is none of {}, so it cannot be determined which keys are needed", known.join(", ")));
    }
    Need::Yes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::says;
    use nexy_contract::config_env::parse;

    fn row(key: &str, when: &[(&str, &str)]) -> RequiredKey {
        let condition = |(key, value): &(&str, &str)| Condition { key: (*key).to_owned(), value: (*value).to_owned() };
        RequiredKey { key: key.to_owned(), when: when.iter().map(condition).collect() }
    }

    fn answer(text: &str) -> Answer {
        let required = [row("MODEL_KEY", &[]), row("PAY_KEY", &[("PAY", "true"), ("MODE", "live")])];
        judge("/srv/app/settings", &parse(text.as_bytes()), &required)
    }

    #[test]
    fn a_real_value_passes_and_is_not_shown() {
        let answer = answer("MODEL_KEY=hx7Qp2Lr9Zt\n");
        assert_eq!(answer, Answer::pass("MODEL_KEY has a value; PAY_KEY is not needed"));
        // python-dotenv drops a byte order mark since 1.2.3; config-env speaks of the other readers.
        assert_eq!(self::answer("\u{feff}MODEL_KEY=hx7Qp2Lr9Zt\n"), answer);
    }

    #[test]
    fn every_way_to_have_no_value_is_a_no() {
        for (text, said) in [
            ("", "MODEL_KEY is absent"),
            ("#MODEL_KEY=hx7Qp2Lr9Zt\n", "MODEL_KEY is absent"),
            ("MODEL_KEY_2=hx7Qp2Lr9Zt\n", "MODEL_KEY is absent"),
            ("MODEL_KEY\n", "MODEL_KEY stands without `=` (line 1)"),
            ("MODEL_KEY=\n", "MODEL_KEY is empty (line 1)"),
            ("MODEL_KEY=''\n", "MODEL_KEY is empty (line 1)"),
            ("MODEL_KEY=op://vault/item/key\n", "MODEL_KEY only says where a key is kept"),
            ("MODEL_KEY=“hx7Qp2Lr9Zt”\n", "MODEL_KEY holds a character outside of ASCII"),
            ("MODEL_KEY= #hx7Qp2\n", "MODEL_KEY holds a placeholder of the class `a comment instead of a value` (line 1)"),
            ("MODEL_KEY=hx7Qp2Lr9Zt\nMODEL_KEY=\n", "MODEL_KEY is empty (line 2)"),
            ("MODEL_KEY=your_model_key_here\n", "MODEL_KEY holds a placeholder of the class `your_…` (line 1)"),
            ("MODEL_KEY=model_key\n", "MODEL_KEY holds its own name (line 1)"),
            ("MODEL_KEY=MODEL_KEY=hx7Qp2Lr9Zt\n", "MODEL_KEY holds a whole assignment"),
            ("MODEL_KEY=${OTHER}\n", "MODEL_KEY is made of another variable"),
            ("MODEL_KEY='hx7 Qp2'\n", "MODEL_KEY holds a blank or a control character (line 1)"),
            ("MODEL_KEY=\"hx7Qp2\\n\"\n", "MODEL_KEY holds a blank or a control character (line 1)"),
        ] {
            let answer = answer(text);
            says(&answer, Verdict::Fail, said);
            assert_eq!(answer.fix.text(), "set MODEL_KEY:\nsudoedit /srv/app/settings\nsudo nexy-gate hard");
        }
    }

    #[test]
    fn a_conditional_key_is_needed_only_while_all_its_conditions_hold() {
        let with = |rest: &str| answer(&format!("MODEL_KEY=hx7Qp2Lr9Zt\n{rest}")).verdict;
        assert_eq!(with("PAY=true\nMODE=test\n"), Verdict::Pass);
        assert_eq!(with("PAY=false\nMODE=live\n"), Verdict::Pass);
        assert_eq!(with("PAY=True\nMODE=LIVE\n"), Verdict::Fail);
        assert_eq!(with("PAY=true\nMODE=${X}\n"), Verdict::Fail);
        assert_eq!(with("PAY=true\nMODE=live\nPAY_KEY=Zk29fjq1\n"), Verdict::Pass);
    }

    #[test]
    fn a_switch_is_off_only_by_a_word_for_off() {
        let with = |rest: &str| answer(&format!("MODEL_KEY=hx7Qp2Lr9Zt\nMODE=live\n{rest}")).verdict;
        for off in ["", "PAY=\n", "PAY=false\n", "PAY=False\n", "PAY=0\n", "PAY=off\n", "PAY\n"] {
            assert_eq!(with(off), Verdict::Pass, "{off:?}");
        }
        for on in ["PAY=1\n", "PAY=yes\n", "PAY=on\n", "PAY=enabled\n", "PAY='true'\n", "PAY=${X}\n"] {
            assert_eq!(with(on), Verdict::Fail, "{on:?}");
        }
    }

    #[test]
    fn a_choice_that_says_nothing_known_is_a_no_and_names_what_must_be_said() {
        let rows = [row("TEST_KEY", &[("PAY", "true"), ("MODE", "test")]), row("LIVE_KEY", &[("PAY", "true"), ("MODE", "live")])];
        let judged = |text: &str| judge("/srv/app/settings", &parse(text.as_bytes()), &rows);
        for (text, said) in [("PAY=true\n", "MODE is absent or empty"), ("PAY=true\nMODE=prod\n", "MODE is none of live, test")] {
            let answer = judged(text);
            assert_eq!(answer.verdict, Verdict::Fail, "{text:?}");
            assert_eq!(answer.found.matches(said).count(), 1, "{}", answer.found);
            assert!(answer.fix.text().contains("set MODE:\n"), "{}", answer.fix);
        }
        assert_eq!(judged("PAY=true\nMODE=TEST\nTEST_KEY=Zk29fjq1\n").found, "TEST_KEY has a value; LIVE_KEY is not needed");
        assert_eq!(judged("PAY=false\nMODE=prod\n").verdict, Verdict::Pass);
    }

    #[test]
    fn a_file_that_the_server_cannot_decode_is_a_no() {
        assert_eq!(judge("/f", &parse(b"MODEL_KEY=\xff\n"), &[row("MODEL_KEY", &[])]).verdict, Verdict::Fail);
    }
}
