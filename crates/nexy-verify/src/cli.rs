//! The command line of `nexy-verify`.

use crate::schedule::Waiting;
use clap::{Args, Parser, Subcommand};
use nexy_contract::{Exit, Fix, Problem, ReleaseVersion};
use nexy_outside::Common;
use std::{path::PathBuf, time::Duration};

/// Did it arrive? Asks probes what users really get, and says yes only if every one of them was asked and passed
///
/// Names are ids of probes and profiles. All that are named are asked, each once, also after one has failed. With `-` as the last
/// operand a release record is read from standard input, the report is added to it, and the record goes to standard output.
#[derive(Debug, Parser)]
#[command(name = "nexy-verify", version, after_help = AFTER_HELP, disable_help_subcommand = true)]
pub(crate) struct Cli {
    /// Another question than those of the probes.
    #[command(subcommand)]
    pub(crate) verb: Option<Verb>,

    /// Probes and profiles to ask; `-` last adds the report to the release record on standard input
    #[arg(value_name = "ID|PROFILE")]
    pub(crate) operands: Vec<String>,

    /// Ask again what has not passed, until all have, or until this time is over: 90s, 2m
    #[arg(long, value_name = "SPAN", value_parser = span)]
    pub(crate) wait: Option<Duration>,

    /// After all have passed, they must stay so for this long: 10s [default: the service alone for 5s, 0s looks once]
    #[arg(long, value_name = "SPAN", value_parser = span)]
    pub(crate) stable: Option<Duration>,

    /// The version that is meant, such as 2.0.0.5 or v2.0.0.5 [default: that of the record, else of the workspace or checkout]
    ///
    /// `local` and `public` hold the code against it, and the manifest against what was delivered, since code goes before
    /// artifacts. `updates`, and a probe that is asked by its id, hold what clients are told against it as well.
    #[arg(long, value_name = "VERSION", value_parser = version)]
    pub(crate) expect: Option<ReleaseVersion>,

    /// Ask this public host instead of the one of nexy.toml; https unless it is loopback
    #[arg(long, value_name = "HOST")]
    pub(crate) host: Option<String>,

    /// Ask this port of the public host
    #[arg(long, value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) port: Option<u16>,

    /// Print every probe with its profiles and its question
    #[arg(long, conflicts_with_all = ["operands", "explain"])]
    pub(crate) list: bool,

    /// Explain one probe: symptom, check, fix, verification
    #[arg(long, value_name = "ID", conflicts_with = "operands")]
    pub(crate) explain: Option<String>,

    /// Options that all five tools share.
    #[command(flatten)]
    pub(crate) common: Common,
}

/// Verbs; their names are never those of probes or profiles.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Tell how a script on the VM really ended, from what `az vm run-command invoke` left behind
    ///
    /// Prints what the script printed before its last line, and ends as the script did; anything but a last line
    /// `NEXY-END <nonce> <status>` of this very run is unknown (69). A conflict with another run is 75.
    RunCommand(Left),
    /// Tell what the shipped client of a build does: what it is offered, whether it accepts it, and whether it is offered the same again
    ///
    /// Passes (0) when it ends at what the feed offers; a client that refuses, stays or loops is a no (1), and what could not be looked
    /// at is unknown (69). With ALL, a tag above the feed is told and stops nothing, since it may be a build that users never got.
    Client(Walk),

    /// Find known incidents in a log, and print what to check, to fix and to verify
    ///
    /// Reads text, `journalctl -o json`, and what az, gh, git and pip print. Prints the symptom as the runbook spells it, and no line
    /// of the log, which may hold secrets. Ends with 1 for a known incident, and 69 when none is known: never with 0.
    Diagnose(Log),

    /// Show on one screen where the release stands, and the one command to type next
    ///
    /// Asks workspace, git and its remotes, GitHub and the public host at once, for 5 s at most, and changes nothing. Each line names
    /// its source. What stands there of the VM was seen at the last delivery, or by `make status VM=1`. Ends with 0 when everything
    /// could be looked at and is consistent, with 1 when something is wrong, and with 69 when something could not be looked at.
    Status,
}

/// Which client is played.
#[derive(Args, Debug)]
pub(crate) struct Walk {
    /// The CFBundleVersion of the client, such as 2.0.0.3, or ALL for every version that git's tags know
    #[arg(long, value_name = "BUILD|ALL", value_parser = builds)]
    pub(crate) from: Builds,

    /// Ask this feed, or this JSON manifest, instead of the public feed of nexy.toml
    #[arg(long, value_name = "URL")]
    pub(crate) feed: Option<String>,
}

/// The builds that are walked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Builds {
    /// The one that a person has named.
    One(String),
    /// Every version that git's tags know.
    All,
}

/// Reads a build: numbers and dots, as CFBundleVersion has them.
fn builds(text: &str) -> Result<Builds, String> {
    let build = text.strip_prefix('v').unwrap_or(text);
    let is_build = build.split('.').all(|part| !part.is_empty() && part.len() < 20 && part.bytes().all(|byte| byte.is_ascii_digit()));
    match text {
        "ALL" => Ok(Builds::All),
        _ if is_build => Ok(Builds::One(build.to_owned())),
        _ => Err("numbers and dots, such as 2.0.0.3, or ALL".to_owned()),
    }
}

/// What is diagnosed.
#[derive(Args, Debug)]
pub(crate) struct Log {
    /// The log; `-` reads standard input
    #[arg(value_name = "FILE", required_unless_present = "text", conflicts_with = "text")]
    pub(crate) file: Option<PathBuf>,

    /// Look these words up in the runbook in place of a log, such as PermissionError
    #[arg(long, value_name = "WORDS")]
    pub(crate) text: Option<String>,
}

/// What `az` left behind.
#[derive(Args, Debug)]
pub(crate) struct Left {
    /// The 32 hexadecimal digits that this run's script was given
    #[arg(long, value_name = "HEX")]
    pub(crate) nonce: nexy_contract::run_command::Nonce,

    /// The exit code of az
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub(crate) az_exit: Option<i32>,

    /// The answer of az to a harmless question, before anything was sent
    #[arg(long)]
    pub(crate) before: bool,

    /// The command that shows what the VM has, for an end that is not known
    #[arg(long, value_name = "COMMAND", default_value = nexy_contract::run_command::LOOK)]
    pub(crate) look: String,

    /// What az printed on standard output
    pub(crate) stdout_file: PathBuf,

    /// What az printed on standard error
    pub(crate) stderr_file: PathBuf,
}

impl Cli {
    /// The verb, when it stands alone: words and options of the probes beside it would be silently ignored.
    pub(crate) fn verb(&self) -> Result<Option<&Verb>, Problem> {
        let for_probes = !self.operands.is_empty()
            || self.wait.is_some()
            || self.stable.is_some()
            || self.expect.is_some()
            || self.host.is_some()
            || self.port.is_some()
            || self.list
            || self.explain.is_some();
        match &self.verb {
            Some(_) if for_probes => Err(Problem::new(
                Exit::Usage,
                "cannot use these words together",
                "a verb comes first, and takes no probes and none of their options",
                Fix::command("nexy-verify --help"),
            )),
            verb => Ok(verb.as_ref()),
        }
    }

    /// How long to go on asking.
    pub(crate) fn waiting(&self) -> Waiting {
        Waiting { wait: self.wait.unwrap_or_default(), stable: self.stable }
    }
}

/// Reads `90s`, `2m`, `1m 30s`; nothing longer than a day, which would be a slip.
fn span(text: &str) -> Result<Duration, String> {
    let form = || "write it like 90s or 2m".to_owned();
    let span: jiff::SignedDuration = text.parse().map_err(|_| form())?;
    let duration = Duration::try_from(span).map_err(|_| form())?;
    if duration > Duration::from_secs(24 * 3600) { Err("longer than a day".to_owned()) } else { Ok(duration) }
}

/// Reads a version, or the tag that names it.
fn version(text: &str) -> Result<ReleaseVersion, String> {
    text.strip_prefix('v').unwrap_or(text).parse().map_err(|error: nexy_contract::version::VersionError| error.to_string())
}

const AFTER_HELP: &str = "\
Examples:
  nexy-verify --list
  nexy-verify local --wait 90s --stable 10s
  nexy-verify local --expect v2.0.0.5
  nexy-verify updates --format text
  nexy-verify updates - <release.json >verified.json
  nexy-verify client --from 2.0.0.3
  nexy-verify run-command --nonce \"$nonce\" --az-exit $? az.out az.err
  journalctl -o json | nexy-verify diagnose -
  nexy-verify diagnose --text PermissionError
  nexy-verify status --format json

Exit codes: 0 every probe passes; 1 one says no; 2 the command line was not understood;
65 the record cannot be used; 69 a probe could not look, so the answer is unknown;
78 nexy.toml is missing or wrong";

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_definition_of_the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn spans_are_written_as_people_write_them() {
        for (text, seconds) in [("90s", Some(90)), ("2m", Some(120)), ("1m 30s", Some(90)), ("0s", Some(0)), ("1h", Some(3600))] {
            assert_eq!(span(text).ok(), seconds.map(Duration::from_secs), "{text}");
        }
        for text in ["", "90", "-5s", "5s ago", "2 parsecs", "1000h", "1y"] {
            assert!(span(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_version_that_is_meant_is_a_version_or_its_tag() {
        for (text, read) in
            [("2.0.0.5", true), ("v2.0.0.5", true), ("V2.0.0.5", false), ("vv2.0.0.5", false), ("2.0.0", false), ("", false)]
        {
            assert_eq!(version(text).is_ok(), read, "{text}");
        }
    }

    #[test]
    fn a_verb_comes_first_and_alone() {
        let parse = |words: &str| Cli::try_parse_from(words.split_whitespace());
        let nonce = "0123456789abcdef0123456789abcdef";
        let verb = parse(&format!("nexy-verify --quiet run-command --nonce {nonce} --az-exit -1 out err")).expect("a verb");
        assert!(matches!(verb.verb(), Ok(Some(Verb::RunCommand(Left { az_exit: Some(-1), .. })))));
        let late = parse(&format!("nexy-verify local --wait 5s run-command --nonce {nonce} out err")).expect("words");
        assert_eq!(late.verb().expect_err("too late").exit, Exit::Usage);
        assert_eq!(parse("nexy-verify local run-command").expect("operands").operands, ["local", "run-command"]);
        let operands = parse("nexy-verify local --wait 5s -").expect("operands");
        assert!(matches!(operands.verb(), Ok(None)));
        assert_eq!(operands.operands, ["local", "-"]);
        for wrong in ["nexy-verify run-command --nonce abc out err", "nexy-verify local --port 0"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
