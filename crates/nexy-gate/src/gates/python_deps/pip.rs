//! What the service's own Python answers, run as the service's user: pip about what is installed, and imports of the stubs.

use crate::formats::secrets;
use nexy_contract::text::excerpt;
use nexy_outside::{fs::accounts::Account, programs::Run};
use std::{path::Path, time::Duration};

const DEADLINE: Duration = Duration::from_secs(60);
const MAX_BYTES: u64 = 4 << 20;
/// What would pip install? The proxy does not exist, so that no version of pip reaches an index that a file names.
const INSTALL: &str = "-m pip install --isolated --disable-pip-version-check --no-input --no-cache-dir --proxy=http://127.0.0.1:9 --retries=0 \
                       --dry-run --quiet --no-index --only-binary=:all: --report=- -r";
const CHECK: &str = "-m pip --isolated --disable-pip-version-check check";
const VERSION: &str = "import importlib.metadata, sys; print(importlib.metadata.version(sys.argv[1]))";
/// The last thing that a whole import says; a module that ends the program says nothing.
const IMPORTED: &str = "nexy-imported";
const IMPORT: &str =
    "import importlib, sys; sys.path.insert(0, sys.argv[1]); importlib.import_module(sys.argv[2]); print('\\nnexy-imported')";

/// How it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Reply {
    Good,
    /// A no, with its last words.
    No(String),
    /// The venv has no pip.
    NoPip,
    /// This pip knows no `--dry-run` or no `--report`.
    OldPip,
    /// It came to no answer, and why.
    Unclear(String),
}

/// What one run left.
struct Ended {
    code: i32,
    out: String,
    err: String,
}

/// The service's Python, and the account that runs it.
pub(super) struct Python<'a> {
    pub(super) program: &'a str,
    pub(super) account: &'a Account,
}

impl Python<'_> {
    /// Whether pip would install nothing for a requirements file and the pins, extras and dependencies included.
    pub(super) fn installs_nothing(&self, file: &str, pins: &[String]) -> Reply {
        let arguments: Vec<&str> = INSTALL.split(' ').chain([file]).chain(pins.iter().map(String::as_str)).collect();
        self.ask(&arguments, |ended| match (install_reply(ended), missing_name(&ended.err)) {
            (Reply::No(because), Some(name)) => self.ask(&["-c", VERSION, name], |ended| {
                let version = if ended.code == 0 { shown(ended.out.trim()) } else { "not installed".to_owned() };
                Reply::No(format!("{because}; {} is {version}", shown(name)))
            }),
            (reply, _) => reply,
        })
    }

    /// `pip check`, which looks for what the packages themselves need.
    pub(super) fn check(&self) -> Reply {
        self.ask(&CHECK.split(' ').collect::<Vec<_>>(), check_reply)
    }

    /// Imports one module from its own folder.
    pub(super) fn import(&self, folder: &str, module: &str) -> Reply {
        self.ask(&["-c", IMPORT, folder, module], |Ended { code, out, err }| match code {
            0 if out.lines().next_back() == Some(IMPORTED) => Reply::Good,
            0 => Reply::No("it ended the program".to_owned()),
            1 if !err.trim().is_empty() => Reply::No(last_words(err)),
            _ => Reply::Unclear(format!("python ended with {code}: {}", last_words(err))),
        })
    }

    /// Runs Python as the service does: as its user, with the packages of that user where the venv lets them in.
    fn ask(&self, arguments: &[&str], judge: impl FnOnce(&Ended) -> Reply) -> Reply {
        let arguments: Vec<&str> = ["-B"].iter().chain(arguments).copied().collect();
        let run = Run::new(self.program, &arguments).folder(Path::new("/")).timeout(DEADLINE).max_bytes(MAX_BYTES);
        // Neither a settings file nor a dependency in a repository sends pip or git to the network.
        let run = run.set("PIP_CONFIG_FILE", "/dev/null").set("GIT_ALLOW_PROTOCOL", "none").as_account(self.account);
        match run.run() {
            Ok(ran) => judge(&Ended { code: ran.code(), out: ran.stdout_text(), err: String::from_utf8_lossy(&ran.stderr).into_owned() }),
            Err(error) => Reply::Unclear(error.to_string()),
        }
    }
}

fn install_reply(Ended { code, out, err }: &Ended) -> Reply {
    let line_with = |words: &str| err.lines().find(|line| line.contains(words));
    match code {
        0 => report_reply(out),
        _ if err.contains("No module named pip\n") => Reply::NoPip,
        2 if err.contains("no such option: --dry-run") || err.contains("no such option: --report") => Reply::OldPip,
        1 => {
            // The first of the two lines also says which package asks.
            let wanted = ["satisfies the requirement ", "No matching distribution found for "].into_iter().find_map(|words| {
                let (_, wanted) = line_with(words)?.split_once(words)?;
                wanted.split(" (from versions").next()
            });
            let refused = ["conflicting dependencies", "requires a different Python"].into_iter().find_map(line_with);
            let is_unread = ["Invalid requirement", "Invalid constraint", "no such option", "Constraints cannot"];
            if let Some(wanted) = wanted {
                Reply::No(format!("no installed version fits {}", shown(wanted)))
            } else if let Some(line) = refused {
                Reply::No(shown(line))
            } else if is_unread.iter().any(|words| err.contains(words)) {
                // What the line says is not repeated: it may be anything.
                let place = err.rsplit_once("(from line ").and_then(|(_, rest)| rest.split_once(')'));
                let place = place.map_or_else(String::new, |(place, _)| format!(": line {}", shown(place)));
                Reply::No(format!("pip does not understand the requirements{place}"))
            } else {
                Reply::Unclear(format!("pip ended with 1: {}", last_words(err)))
            }
        }
        _ => Reply::Unclear(format!("pip ended with {code}: {}", last_words(err))),
    }
}

/// The package that pip does not find.
fn missing_name(err: &str) -> Option<&str> {
    let (_, wanted) = err.split_once("No matching distribution found for ")?;
    wanted.split(|character: char| !(character.is_ascii_alphanumeric() || "-_.".contains(character))).next()
}

/// A report of nothing to install is the one good answer.
fn report_reply(report: &str) -> Reply {
    let report: serde_json::Value = serde_json::from_str(report).unwrap_or_default();
    let Some(install) = report["install"].as_array() else {
        return Reply::Unclear("pip's report does not say what it would install".to_owned());
    };
    let names: Vec<&str> = install.iter().map(|item| item["metadata"]["name"].as_str().unwrap_or("?")).collect();
    if names.is_empty() { Reply::Good } else { Reply::No(format!("pip would install {}", shown(&names.join(", ")))) }
}

fn check_reply(Ended { code, out, err }: &Ended) -> Reply {
    match code {
        0 => Reply::Good,
        _ if err.contains("No module named pip\n") => Reply::NoPip,
        // It says on standard output what is wrong with the packages, and elsewhere what is wrong with itself.
        1 if !out.trim().is_empty() => Reply::No(out.trim().lines().take(3).map(shown).collect::<Vec<_>>().join(" / ")),
        _ => Reply::Unclear(format!("pip check ended with {code}: {}", last_words(err))),
    }
}

fn last_words(text: &str) -> String {
    secrets::last_words(text, 1).pop().unwrap_or_else(|| "it said nothing".to_owned())
}

/// A line of pip's about packages, in which `==` assigns nothing.
fn shown(line: &str) -> String {
    if secrets::is_value(line) { "(words that may hold a value)".to_owned() } else { excerpt(line.trim_start_matches("ERROR: "), 200) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ended(code: i32, out: &str, err: &str) -> Ended {
        Ended { code, out: out.to_owned(), err: err.to_owned() }
    }

    fn refused(err: &str) -> String {
        match install_reply(&ended(1, "", err)) {
            Reply::No(because) => because,
            other => panic!("{other:?} for {err}"),
        }
    }

    #[test]
    fn only_a_report_of_nothing_to_install_is_good() {
        let reply = |code, out: &str| install_reply(&ended(code, out, "WARNING: --report is currently an experimental option.\n"));
        assert_eq!(reply(0, r#"{"version": "1", "install": []}"#), Reply::Good);
        let one = r#"{"install": [{"metadata": {"name": "six", "version": "1.17.0"}}]}"#;
        assert_eq!(reply(0, one), Reply::No("pip would install six".to_owned()));
        for (code, out) in [(0, ""), (0, "{}"), (0, "[]"), (0, r#"{"install": {}}"#), (2, r#"{"install": []}"#), (1, r#"{"install": []}"#)]
        {
            assert!(matches!(reply(code, out), Reply::Unclear(_)), "{code} {out}");
        }
    }

    #[test]
    fn refusals_are_told_from_a_pip_that_could_not_answer() {
        let wanted = "uvloop>=0.14; extra == \"standard\"";
        let missing = format!(
            "ERROR: Could not find a version that satisfies the requirement {wanted} (from uvicorn[standard]) (from versions: none)\n\
             ERROR: No matching distribution found for {wanted}\n"
        );
        assert_eq!(refused(&missing), format!("no installed version fits {wanted} (from uvicorn[standard])"));
        assert_eq!(missing_name(&missing), Some("uvloop"));
        let conflict =
            "ERROR: Cannot install a and b because these package versions have conflicting dependencies.\nERROR: ResolutionImpossible: x";
        assert!(refused(conflict).ends_with("Cannot install a and b because these package versions have conflicting dependencies."));
        let python = "ERROR: Package 'x' requires a different Python: 3.11.2 not in '>=3.12'\n";
        assert_eq!(refused(python), "Package 'x' requires a different Python: 3.11.2 not in '>=3.12'");
        for (err, reply) in [
            ("/venv/bin/python3: No module named pip\n", Reply::NoPip),
            (
                "ERROR: Could not open requirements file: [Errno 13] Permission denied: '/x'\n",
                Reply::Unclear("pip ended with 1: ERROR: Could not open requirements file: [Errno 13] Permission denied: '/x'".to_owned()),
            ),
            (
                "setpriv: setresuid failed: Operation not permitted\n",
                Reply::Unclear("pip ended with 1: setpriv: setresuid failed: Operation not permitted".to_owned()),
            ),
        ] {
            assert_eq!(install_reply(&ended(1, "", err)), reply);
        }
        for option in ["--dry-run", "--report"] {
            assert_eq!(install_reply(&ended(2, "", &format!("Usage:\n\nno such option: {option}\n"))), Reply::OldPip);
        }
    }

    #[test]
    fn a_line_that_pip_does_not_understand_is_named_and_not_repeated() {
        for err in [
            "ERROR: Invalid requirement: 'KEY=hx7Qp' (from line 3 of /srv/app/req.txt)\nHint: = is not a valid operator.",
            "ERROR: Invalid requirement: 'KEY=hx7Qp': Expected end\n    KEY=hx7Qp\n       ^ (from line 3 of /srv/app/req.txt)\n",
        ] {
            assert_eq!(refused(err), "pip does not understand the requirements: line 3 of /srv/app/req.txt");
        }
        let made = "ERROR: No matching distribution found for KEY==hx7Qp2Lr9ZtW4v";
        assert_eq!(refused(made), "no installed version fits (words that may hold a value)");
    }

    #[test]
    fn pip_check_speaks_of_packages_on_standard_output_only() {
        let said = "a 1 requires b, which is not installed.\nc 1.0 has requirement d==2, but you have d 3.\n";
        assert_eq!(check_reply(&ended(1, said, "")), Reply::No(said.trim().replace('\n', " / ")));
        assert_eq!(check_reply(&ended(0, "No broken requirements found.\n", "")), Reply::Good);
        assert_eq!(check_reply(&ended(1, "", "No module named pip\n")), Reply::NoPip);
        assert!(matches!(check_reply(&ended(1, "", "Traceback\n")), Reply::Unclear(_)));
    }
}
