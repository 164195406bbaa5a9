//! The server's environment file is there, and every program that reads it reads the same.

mod elsewhere;
mod old_reader;

use crate::{
    answer_builder::AnswerBuilder,
    context::Context,
    gate::{Answer, Explain, Gate, Machine, Takes},
    observed::config_env,
};
use nexy_contract::{
    Fix,
    config_env::{Parsed, Rule, Severity},
    fix::{command, note},
    text::shell_word,
};

pub(crate) const GATE: Gate = Gate {
    id: "config-env",
    asks: "Is the server's environment file there, and do all its readers understand it alike?",
    profiles: &["before-checkout", "hard"],
    runbook: "S0 §1.1",
    at: Machine::Vm,
    takes: Takes::Outside,
    explain: Explain {
        symptom: "The service dies at its start, or starts with a value that the file does not hold: the server, systemd and the scripts read \
                  one file by different grammars.",
        check: "Reads the file of vm.config_env with the server's own grammar, and names by rule and line, never by text, every line that \
                systemd, a shell or a plain split at `=` would read otherwise. Whatever else a process could get the same settings from must \
                not say otherwise: a file of the same name where another layout has it, an EnvironmentFile= or Environment= in the unit's \
                files, and what the manager gives to every service (DefaultEnvironment=, systemctl show-environment). A value with a `=` is \
                a failure while the checked-out code still splits a line at its last `=`.",
        fix: &[
            command("sudoedit \"$(nexy-version show vm.config_env)\""),
            note(
                "One NAME=value a line, without quotes, blanks, comments behind the value or `export`, and with \
                     nothing but A-Z a-z 0-9 _ . / : @ % + , = - in the value.",
            ),
        ],
        verify: &[command("sudo nexy-gate config-env config-env-keys config-env-access")],
    },
    check,
    repair: None,
};

const SAFE: &str = "A-Z a-z 0-9 _ . / : @ % + , = -";
/// More line numbers than these are not listed.
const LINES_SHOWN: usize = 10;

fn check(context: &Context) -> Answer {
    let target = &context.workspace.target;
    let parsed = match config_env::read(&context.workspace.target, &context.tree) {
        Ok(parsed) => parsed,
        Err(answer) => return answer,
    };
    let mut answer = AnswerBuilder::default();
    judge(&target.vm.config_env, &parsed, &mut answer);
    old_reader::judge(context, &parsed, &mut answer);
    elsewhere::judge(context, &parsed, &mut answer);
    answer.answer(config_env::EXPECTED)
}

/// Judges the file by itself.
fn judge(path: &str, parsed: &Parsed, answer: &mut AnswerBuilder) {
    let broken = rules(parsed, true);
    if !broken.is_empty() {
        let found: Vec<String> = broken.iter().map(|rule| place(parsed, *rule)).collect();
        return answer.fail(format!("{path}: {}", found.join("; ")), fix(path, &broken));
    }
    if parsed.entries.is_empty() {
        let fix = Fix::note("add the server's settings:")
            .then_command(format!("sudoedit {}", shell_word(path)))
            .then_command("sudo nexy-gate hard");
        return answer.fail(format!("{path} assigns nothing"), fix);
    }
    let unusual: Vec<String> = rules(parsed, false).iter().map(|rule| place(parsed, *rule)).collect();
    let note =
        if unusual.is_empty() { String::new() } else { format!(" (unusual, and harmless as far as is known: {})", unusual.join("; ")) };
    answer.pass(format!("{path}: {} assignments, read alike by all{note}", parsed.entries.len()));
}

/// The rules that lines break, each once: those that some reader falls over, or those that are only unusual.
fn rules(parsed: &Parsed, are_severe: bool) -> Vec<Rule> {
    let mut rules: Vec<Rule> = Vec::new();
    for problem in parsed.problems.iter().filter(|problem| (problem.severity != Severity::Unusual) == are_severe) {
        if !rules.contains(&problem.rule) {
            rules.push(problem.rule);
        }
    }
    rules
}

/// A rule, its lines, and what goes wrong there.
fn place(parsed: &Parsed, rule: Rule) -> String {
    let lines = parsed.problems.iter().filter(|problem| problem.rule == rule).map(|problem| problem.line);
    format!("{} in {} ({})", rule.name(), numbered(lines), rule.because())
}

/// `line 3`, or `lines 3, 4 and 7 more`.
fn numbered(lines: impl Iterator<Item = usize>) -> String {
    let lines: Vec<String> = lines.map(|line| line.to_string()).collect();
    let shown = lines[..lines.len().min(LINES_SHOWN)].join(", ");
    let more = if lines.len() > LINES_SHOWN { format!(" and {} more", lines.len() - LINES_SHOWN) } else { String::new() };
    format!("{} {shown}{more}", if lines.len() == 1 { "line" } else { "lines" })
}

/// One command for each rule that a command can mend without reading the values; the editor for all others.
fn fix(path: &str, broken: &[Rule]) -> Fix {
    let path = shell_word(path);
    let mend = |rule: &Rule| match rule {
        Rule::ByteOrderMark => Some(format!(r"sudo sed -i '1s/^\xef\xbb\xbf//' {path}")),
        Rule::CarriageReturn => Some(format!(r"sudo sed -i 's/\r$//' {path}")),
        Rule::Export => Some(format!("sudo sed -i 's/^[[:blank:]]*export[[:blank:]][[:blank:]]*//' {path}")),
        _ => None,
    };
    let commands: Vec<String> = broken.iter().filter_map(mend).collect();
    let is_mended = commands.len() == broken.len();
    let mut fix = Fix::commands(commands);
    if !is_mended {
        fix = fix
            .then_note(format!("write NAME=value, unquoted, with nothing but {SAFE} in the value:"))
            .then_command(format!("sudoedit {path}"));
    }
    fix.then_command("sudo nexy-gate hard")
}

#[cfg(test)]
mod tests {
    use super::*;
    use nexy_contract::Verdict;

    fn answer(text: &str) -> Answer {
        let mut answer = AnswerBuilder::default();
        judge("/srv/app/settings", &nexy_contract::config_env::parse(text.as_bytes()), &mut answer);
        answer.answer(config_env::EXPECTED)
    }

    #[test]
    fn a_portable_file_passes_and_says_how_much_it_holds() {
        assert_eq!(answer("# c\nA=1\nB=\n"), Answer::pass("/srv/app/settings: 2 assignments, read alike by all"));
    }

    #[test]
    fn a_line_that_readers_disagree_on_is_named_by_rule_and_line_and_never_shown() {
        let answer = answer("A=1\nSECRETNAME=\"hidden value\"\nexport B=hidden\nC='x'\n");
        assert_eq!(answer.verdict, Verdict::Fail);
        assert!(answer.found.contains("quotes in lines 2, 4 (") && answer.found.contains("export in line 3 ("), "{}", answer.found);
        let all = format!("{answer:?}");
        assert!(!all.contains("hidden") && !all.contains("SECRETNAME"), "{all}");
        assert!(answer.fix.text().contains("sudoedit /srv/app/settings") && answer.fix.text().contains("export"), "{}", answer.fix);
    }

    #[test]
    fn what_a_command_can_mend_needs_no_editor() {
        let answer = answer("\u{feff}A=1\r\nB=2\r\n");
        assert!(!answer.fix.text().contains("sudoedit") && answer.fix.text().contains(r"s/\r$//"), "{}", answer.fix);
    }

    #[test]
    fn an_unusual_line_is_named_and_passes() {
        let answer = answer("A=1\nB=a!b\n");
        assert_eq!(answer.verdict, Verdict::Pass);
        assert!(answer.found.contains("unusual-character in line 2"), "{}", answer.found);
    }

    #[test]
    fn a_file_of_comments_is_not_a_configuration() {
        assert_eq!(answer("# A=1\n").verdict, Verdict::Fail);
    }

    #[test]
    fn many_lines_of_one_kind_are_counted_and_not_all_listed() {
        let answer = answer(&"export A=1\n".repeat(25));
        assert!(answer.found.contains("8, 9, 10 and 15 more"), "{}", answer.found);
    }
}
