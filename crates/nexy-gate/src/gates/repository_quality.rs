//! The repository's own quality check passes; its exit status alone counts.

use crate::formats::secrets;
use crate::gate::prelude::*;
use nexy_outside::fs::accounts::{self, Account, Accounts};
use nexy_outside::programs::{ProgramError, Ran, Run};
use nexy_outside::{Workspace, fs::permissions};
use std::{path::Path, time::Duration};

pub(crate) const GATE: Gate = Gate {
    id: "repository-quality",
    asks: "Does the repository's own check of its quality say yes?",
    profiles: &["pre-production"],
    runbook: "S0 §1",
    at: Machine::Laptop,
    takes: Takes::LongRun,
    explain: Explain {
        symptom: "Code goes to production that its own checks refuse, since they were not run.",
        check: "Runs quality.command in the workspace, for at most quality.timeout_s, without any token in its environment. Its exit status \
                counts, and nothing that it prints.",
        fix: &[note("Run the command by hand, mend what it names, and run the gate again.")],
        verify: &[command("nexy-gate repository-quality")],
    },
    check,
    repair: None,
};

/// What the command may see of the environment; no token is among it.
const ENVIRONMENT: &[&str] = &["HOME", "USER", "LOGNAME", "TMPDIR", "VIRTUAL_ENV", "LC_CTYPE"];
/// So much of what it prints last is kept.
const TAIL_BYTES: usize = 16 << 10;
const LAST_LINES: usize = 3;

fn check(context: &Context) -> Answer {
    let workspace = &context.workspace;
    let quality = &workspace.target.quality;
    let (again, expected) = (again(workspace), expected(&quality.command));
    if let Some(missing) = missing(&workspace.root, &quality.command) {
        let fix = Fix::command(format!("git checkout -- {}", shell_word(missing))).then_note("or correct quality.command in nexy.toml");
        return Answer::unknown(format!("{missing} is not there"), expected, fix);
    }
    let owner = match owner(&workspace.root) {
        Ok(owner) => owner,
        Err(because) => return Answer::unknown(because, expected, again),
    };
    let words: Vec<&str> = quality.command.iter().map(String::as_str).collect();
    let Some((program, arguments)) = words.split_first() else { return Answer::unknown("quality.command is empty", expected, again) };
    let run = Run::new(program, arguments).folder(&workspace.root).timeout(Duration::from_secs(quality.timeout_s)).keep_tail(TAIL_BYTES);
    let run = match &owner {
        // Code of the workspace runs as its owner, and gets nothing of this process's environment.
        Some(account) => run.as_account(account),
        None => run.allow(ENVIRONMENT),
    };
    judge(run.run(), &expected, &again)
}

/// The account that the workspace belongs to, when root looks at one of another account.
fn owner(root: &Path) -> Result<Option<Account>, String> {
    let metadata = permissions::look(root).map_err(|error| error.to_string())?;
    if metadata.uid == 0 || !accounts::is_root() {
        return Ok(None);
    }
    let accounts = Accounts::read().map_err(|error| error.to_string())?;
    accounts
        .account(&accounts.user_name(metadata.uid))
        .map(Some)
        .ok_or_else(|| format!("this machine has no user with the number {} of the workspace's owner", metadata.uid))
}

/// A file of the workspace that the command names and that is not there.
fn missing<'a>(root: &Path, command: &'a [String]) -> Option<&'a str> {
    let named = command.iter().map(String::as_str).find(|word| !word.starts_with('-') && word.contains('/'))?;
    (!root.join(named).exists()).then_some(named)
}

fn expected(command: &[String]) -> String {
    format!("`{}` ends with 0", command.join(" "))
}

fn again(workspace: &Workspace) -> Fix {
    let words: Vec<String> = workspace.target.quality.command.iter().map(|word| shell_word(word)).collect();
    Fix::command(format!("cd {} && {}", shell_word(&workspace.root.display().to_string()), words.join(" ")))
}

fn judge(ran: Result<Ran, ProgramError>, expected: &str, again: &Fix) -> Answer {
    let ran = match ran {
        Ok(ran) => ran,
        Err(error @ ProgramError::Missing(_)) => {
            return Answer::unknown(
                error.to_string(),
                expected,
                Fix::note("install it, or correct quality.command in nexy.toml").then(again),
            );
        }
        Err(error) => return Answer::unknown(error.to_string(), expected, again),
    };
    let said = last_lines(&ran);
    let told = if said.is_empty() { "it said nothing".to_owned() } else { format!("it said last: {}", said.join(" / ")) };
    match (ran.status.code(), ran.code()) {
        (Some(0), _) => Answer::pass("it ended with 0"),
        // What a shell says of a program that it cannot find or run.
        (Some(code @ (126 | 127)), _) => {
            Answer::unknown(format!("it ended with {code}, so something that it needs is missing; {told}"), expected, again)
        }
        // So does a shell about a program that a signal has ended.
        (Some(129..=192), code) | (None, code) => {
            Answer::unknown(format!("a signal has ended it ({}); {told}", code - 128), expected, again)
        }
        (Some(code), _) => Answer::fail(format!("it ended with {code}; {told}"), expected, again),
    }
}

/// The last lines of what it printed for people, or else of what it printed.
fn last_lines(ran: &Ran) -> Vec<String> {
    let stderr = secrets::last_words(&String::from_utf8_lossy(&ran.stderr), LAST_LINES);
    let left = LAST_LINES - stderr.len();
    let mut said = secrets::last_words(&ran.stdout_text(), left);
    said.extend(stderr);
    said
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::says;

    fn ended(script: &str) -> Answer {
        judge(Run::new("sh", &["-c", script]).keep_tail(TAIL_BYTES).run(), "it ends with 0", &Fix::command("sh again"))
    }

    #[test]
    fn only_an_end_with_0_is_a_yes() {
        assert_eq!(ended("echo fine"), Answer::pass("it ended with 0"));
        let answer = ended("echo one; echo two; echo three; echo four; exit 3");
        assert_eq!((answer.verdict, answer.found.as_str()), (Verdict::Fail, "it ended with 3; it said last: two / three / four"));
        let answer = ended("echo out; echo err >&2; exit 1");
        assert_eq!(answer.found, "it ended with 1; it said last: out / err");
        assert_eq!(ended("exit 255").verdict, Verdict::Fail);
        assert_eq!(ended("exit 1").found, "it ended with 1; it said nothing");
    }

    #[test]
    fn what_did_not_come_to_its_end_is_unknown() {
        for (script, said) in [
            ("no-such-program-anywhere", "something that it needs is missing"),
            ("kill -9 $$", "a signal has ended it (9)"),
            ("sh -c 'kill -15 $$'; exit $?", "a signal has ended it (15)"),
        ] {
            let answer = ended(script);
            says(&answer, Verdict::Unknown, said);
        }
        let missing = judge(Err(ProgramError::Missing("bash".into())), "0", &Fix::command("again"));
        assert_eq!(missing.verdict, Verdict::Unknown);
        let late = judge(Err(ProgramError::Timeout { name: "bash".into(), after: Duration::from_secs(9) }), "0", &Fix::command("again"));
        assert_eq!((late.verdict, late.found.as_str()), (Verdict::Unknown, "`bash` did not end within 9 s"));
    }

    #[test]
    fn a_script_that_is_not_there_is_named() {
        let command = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        let root = Path::new("/");
        assert_eq!(missing(root, &command(&["bash", "-e", "no/such.sh"])), Some("no/such.sh"));
        assert_eq!(missing(root, &command(&["./no-such"])), Some("./no-such"));
        assert_eq!(missing(root, &command(&["bash", "etc/passwd"])), None);
        assert_eq!(missing(root, &command(&["make", "check"])), None);
    }
}
