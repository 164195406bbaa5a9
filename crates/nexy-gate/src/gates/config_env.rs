//! The server's environment file is there, and every program that reads it reads the same.

mod elsewhere;
mod old_reader;

use crate::{
    context::Context,
    gate::{Answer, Explain, Gate, Machine, Takes},
    tally::Tally,
};
use nexy_contract::fix::{command, note};
use nexy_contract::{
    config_env::{self, Parsed, Rule, Severity},
    text::shell_word,
};
use nexy_outside::{
    files::{self, FileError},
    ownership::{self, Kind},
};
use std::path::Path;

pub(crate) const GATE: Gate = Gate {
    id: "config-env",
    asks: "Is the server's environment file there, and do all its readers understand it alike?",
    profiles: &["before-checkout", "hard"],
    runbook: "S0 §1.1",
    at: Machine::Vm,
    takes: Takes::Outside,
    explain: Explain {
        symptom: "The service dies at its start, or starts with a value that nobody has written: the server, systemd and the scripts read \
                  one file by different grammars.",
        check: "Reads the file of vm.config_env with the server's own grammar, and names by rule and line, never by text, every line that \
                systemd, a shell or a plain split at `=` would read otherwise. Whatever else a process could get the same settings from must \
                not say otherwise: a file of the same name where another layout has it, an EnvironmentFile= or Environment= in the unit's \
                files, and what the manager gives to every service (DefaultEnvironment=, systemctl show-environment). A value with a `=` is a no while the checked-out code still splits a line at its last `=`.",
        fix: &[
            command("sudoedit \"$(nexy-version show vm.config_env)\""),
            note(
                "One NAME=value a line, without quotes, blanks, comments behind the value or `export`, and with \
                     nothing but A-Z a-z 0-9 _ . / : @ % + , = - in the value.",
            ),
        ],
        verify: &[command("sudo nexy-gate config-env gemini-key config-env-access")],
    },
    check,
    repair: None,
};

/// The server's file has some kilobytes; more than this is another file.
pub(super) const MAX_BYTES: u64 = 1 << 20;
const EXPECTED: &str = "a regular file of at most 1 MiB, every line of which all readers understand alike";
const SAFE: &str = "A-Z a-z 0-9 _ . / : @ % + , = -";
/// More line numbers than these tell nobody more.
const LINES_SHOWN: usize = 10;

fn check(context: &Context) -> Answer {
    let target = &context.workspace.target;
    let parsed = match read(context) {
        Ok(parsed) => parsed,
        Err(answer) => return answer,
    };
    let mut tally = Tally::default();
    judge(&target.vm.config_env, &parsed, &mut tally);
    old_reader::judge(context, &parsed, &mut tally);
    elsewhere::judge(context, &parsed, &mut tally);
    tally.answer(EXPECTED)
}

/// Reads the file of vm.config_env, or answers why there is nothing to read.
pub(super) fn read(context: &Context) -> Result<Parsed, Answer> {
    let path = context.workspace.target.vm.config_env.as_str();
    let kind = ownership::look_in(&context.tree, Path::new(path)).map_err(|error| not_there(&error, context))?.kind;
    match kind {
        Kind::File => {}
        Kind::Folder => return Err(missing(format!("{path} is a folder"), context)),
        Kind::Link | Kind::Other => return Err(missing(format!("{path} is no regular file"), context)),
    }
    let place = context.tree.find(Path::new(path)).map_err(|error| not_there(&error, context))?;
    let bytes = files::read(&place, MAX_BYTES).map_err(|error| match error.source.kind() {
        std::io::ErrorKind::FileTooLarge => missing(format!("{path} is larger than 1 MiB, so it is another file"), context),
        _ => not_there(&error, context),
    })?;
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(missing(format!("{path} is empty"), context));
    }
    Ok(config_env::parse(&bytes))
}

/// A path that nobody is at is a no; one that nobody may look at is unknown.
pub(super) fn not_there(error: &FileError, context: &Context) -> Answer {
    let path = context.workspace.target.vm.config_env.as_str();
    if !error.is_missing() {
        return Answer::unknown(format!("cannot look at {path}: {}", error.because()), EXPECTED, "look as root:\nsudo nexy-gate hard");
    }
    let found = match context.tree.is_link(Path::new(path)) {
        Ok(true) => format!("{path} is a link that leads nowhere"),
        _ => format!("there is no {path}"),
    };
    missing(found, context)
}

fn missing(found: String, context: &Context) -> Answer {
    let target = &context.workspace.target;
    let (path, user) = (shell_word(&target.vm.config_env), shell_word(&target.service.user));
    let fix = format!(
        "put the real file there, from where you keep it:\nsudo install -o root -g \"$(id -gn {user})\" -m 640 YOUR_COPY {path}\nsudo nexy-gate hard"
    );
    Answer::fail(found, EXPECTED, fix)
}

/// Judges the file by itself.
fn judge(path: &str, parsed: &Parsed, tally: &mut Tally) {
    let rules = |severe: bool| {
        let mut rules: Vec<Rule> = Vec::new();
        for problem in parsed.problems.iter().filter(|problem| (problem.severity != Severity::Unusual) == severe) {
            if !rules.contains(&problem.rule) {
                rules.push(problem.rule);
            }
        }
        rules
    };
    let broken = rules(true);
    if !broken.is_empty() {
        let found: Vec<String> = broken.iter().map(|rule| place(parsed, *rule)).collect();
        return tally.fail(format!("{path}: {}", found.join("; ")), fix(path, &broken));
    }
    if parsed.entries.is_empty() {
        let fix = format!("sudoedit {}\nadd the server's settings, then\nsudo nexy-gate hard", shell_word(path));
        return tally.fail(format!("{path} assigns nothing"), fix);
    }
    let unusual: Vec<String> = rules(false).iter().map(|rule| place(parsed, *rule)).collect();
    let note =
        if unusual.is_empty() { String::new() } else { format!(" (unusual, and harmless as far as is known: {})", unusual.join("; ")) };
    tally.pass(format!("{path}: {} assignments, read alike by all{note}", parsed.entries.len()));
}

/// A rule, its lines, and what goes wrong there.
fn place(parsed: &Parsed, rule: Rule) -> String {
    let lines: Vec<String> =
        parsed.problems.iter().filter(|problem| problem.rule == rule).map(|problem| problem.line.to_string()).collect();
    let shown = lines[..lines.len().min(LINES_SHOWN)].join(", ");
    let more = if lines.len() > LINES_SHOWN { format!(" and {} more", lines.len() - LINES_SHOWN) } else { String::new() };
    let word = if lines.len() == 1 { "line" } else { "lines" };
    format!("{} in {word} {shown}{more} ({})", rule.name(), rule.because())
}

/// One command for each rule that a command can mend without reading the values; the editor for all others.
fn fix(path: &str, broken: &[Rule]) -> String {
    let path = shell_word(path);
    let mut commands: Vec<String> = Vec::new();
    for rule in broken {
        let command = match rule {
            Rule::ByteOrderMark => format!(r"sudo sed -i '1s/^\xef\xbb\xbf//' {path}"),
            Rule::CarriageReturn => format!(r"sudo sed -i 's/\r$//' {path}"),
            Rule::Export => format!("sudo sed -i 's/^[[:blank:]]*export[[:blank:]][[:blank:]]*//' {path}"),
            _ => continue,
        };
        commands.push(command);
    }
    if commands.len() < broken.len() {
        commands.push(format!("sudoedit {path}"));
        commands.push(format!("there: NAME=value, unquoted, with nothing but {SAFE} in the value"));
    }
    commands.push("sudo nexy-gate hard".to_owned());
    commands.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use nexy_contract::Verdict;

    fn answer(text: &str) -> Answer {
        let mut tally = Tally::default();
        judge("/srv/app/settings", &config_env::parse(text.as_bytes()), &mut tally);
        tally.answer(EXPECTED)
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
    fn an_unusual_line_is_told_and_stops_nobody() {
        let answer = answer("A=1\nB=a!b\n");
        assert_eq!(answer.verdict, Verdict::Pass);
        assert!(answer.found.contains("unusual-character in line 2"), "{}", answer.found);
    }

    #[test]
    fn a_file_of_comments_is_no_configuration() {
        assert_eq!(answer("# A=1\n").verdict, Verdict::Fail);
    }

    #[test]
    fn many_lines_of_one_kind_are_counted_and_not_all_listed() {
        let answer = answer(&"export A=1\n".repeat(25));
        assert!(answer.found.contains("8, 9, 10 and 15 more"), "{}", answer.found);
    }
}
