//! The command line of `nexy-gate`.

use clap::Parser;
use nexy_contract::{Exit, Fix, Problem, ReleaseVersion};
use nexy_outside::{Common, fs::root_fs::RootFs};
use std::path::PathBuf;

/// May it go out? Asks gates, and says yes only if every one of them was asked and passed
///
/// Names are ids of gates and profiles. All that are named are asked, each once, also after one has failed. With `-` as the last
/// operand a release record is read from standard input, the report is added to it, and the record goes to standard output.
#[derive(Debug, Parser)]
#[command(name = "nexy-gate", version, after_help = AFTER_HELP)]
pub(crate) struct Cli {
    /// Gates and profiles to ask; `-` last adds the report to the release record on standard input
    #[arg(value_name = "ID|PROFILE")]
    pub(crate) operands: Vec<String>,

    /// Print every gate with its profiles and its question
    #[arg(long, conflicts_with_all = ["operands", "explain", "print_fix"])]
    pub(crate) list: bool,

    /// Explain one gate: symptom, check, fix, verification; or a profile: the questions that it asks
    #[arg(long, value_name = "ID", conflicts_with_all = ["operands", "print_fix"])]
    pub(crate) explain: Option<String>,

    /// Print the commands that make one gate pass on this machine, as a script to read and give to `sudo sh`
    #[arg(long, value_name = "ID", conflicts_with = "operands")]
    pub(crate) print_fix: Option<String>,

    /// Look at a mounted image or a container's root instead of this machine; what needs a running system is unknown then
    #[arg(long, value_name = "DIR", conflicts_with_all = ["list", "explain", "print_fix"])]
    pub(crate) root: Option<PathBuf>,

    /// The tag that is deployed or checked out [default: `v` and the version of the workspace]
    #[arg(long, value_name = "TAG", value_parser = tag, conflicts_with_all = ["list", "explain", "print_fix"])]
    pub(crate) tag: Option<String>,

    /// The commit that is to get that tag: asks about it before the tag exists, since a tag is never moved
    #[arg(long, value_name = "COMMIT", value_parser = commit, conflicts_with_all = ["list", "explain", "print_fix"])]
    pub(crate) commit: Option<String>,

    /// Bytes, or a version, that were rolled back may go out; the report keeps the reason
    #[arg(long, value_name = "REASON", value_parser = reason, conflicts_with_all = ["list", "explain", "print_fix"])]
    pub(crate) allow_rolled_back: Option<String>,

    /// Options that all five tools share.
    #[command(flatten)]
    pub(crate) common: Common,
}

impl Cli {
    /// The machine whose files are looked at.
    pub(crate) fn tree(&self, reads_record: bool) -> Result<RootFs, Problem> {
        let Some(root) = &self.root else { return Ok(RootFs::here()) };
        let refused = |because: String, fix: &'static str| {
            Err(Problem::new(Exit::Usage, "cannot use --root, so nothing was asked", because, Fix::note(fix)))
        };
        if reads_record {
            return refused("a record is about this machine".to_owned(), "leave out the `-` or the --root");
        }
        RootFs::at(root).or_else(|error| refused(error.to_string(), "name the folder that is the machine's `/`"))
    }
}

/// Reads a reason: blanks give none.
fn reason(text: &str) -> Result<String, String> {
    if text.trim().is_empty() { Err("a reason has words".to_owned()) } else { Ok(text.to_owned()) }
}

/// A tag that names a release, with its `v`.
fn tag(text: &str) -> Result<String, String> {
    let version: Option<ReleaseVersion> = text.strip_prefix('v').and_then(|version| version.parse().ok());
    version.map(ReleaseVersion::tag).ok_or_else(|| "a release's tag is v and four numbers, such as v2.0.0.4".to_owned())
}

/// All digits of a commit's name: a part of them, or a branch, may mean another commit a moment later.
fn commit(text: &str) -> Result<String, String> {
    let is_whole = matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_whole { Ok(text.to_ascii_lowercase()) } else { Err("a commit's whole name, as git rev-parse HEAD prints it".to_owned()) }
}

const AFTER_HELP: &str = "\
Examples:
  nexy-gate --list
  nexy-gate before-publish
  nexy-gate release-inbox artifact-genuine --format text
  nexy-gate --print-fix release-inbox
  nexy-version record | nexy-gate before-publish - | nexy-publish -

Exit codes:
  0   every gate passes
  1   a gate says no, or the record was stopped before
  2   the command line was not understood, nothing was asked
  65  the record on standard input cannot be used
  69  a gate could not look, so the answer is unknown
  78  nexy.toml is missing or wrong";
