//! The command line, as clap reads it.

use clap::{Args, Parser, Subcommand, builder::PossibleValuesParser};
use nexy_contract::{Exit, Fix, Problem, ReleaseVersion};
use nexy_outside::Common;
use std::path::PathBuf;

/// The name of this tool, in messages and outcomes.
pub(crate) const TOOL: &str = "nexy-publish";

/// Puts the artifacts live, and the old ones stay live until the new ones are verified.
#[derive(Parser, Debug)]
#[command(
    name = "nexy-publish",
    version,
    arg_required_else_help = true,
    subcommand_precedence_over_arg = true,
    subcommand_negates_reqs = true,
    override_usage = "nexy-publish [OPTIONS] -\n       nexy-publish [OPTIONS] rollback [--from V] [--to-version V] [--artifact FILE] -\n       \
                      nexy-publish [OPTIONS] live -\n       nexy-publish [OPTIONS] show\n       nexy-publish [OPTIONS] clean",
    after_help = "\
Upload, verify, swap, confirm: the old artifact stays live until the new one was downloaded and compared.

Examples:
  nexy-version record | nexy-gate before-publish - | nexy-publish --dry-run -
  nexy-version record | nexy-gate before-publish - | nexy-publish - | nexy-manifest write -
  nexy-version record | nexy-publish rollback - | nexy-manifest write - | scripts/manifest_to_vm.sh -
  nexy-publish show --format text

Exit codes:
  0   done, or there was nothing to do
  1   refused, nothing was changed
  2   the command line was not understood
  3   changed something, noticed a fault, and put it back
  4   needs a person now: the command to type is printed
  65  the record on standard input cannot be used
  69  could not look, users have what they had
  75  another run is at work, or the channel has changed: look, then try again
  78  nexy.toml is missing or wrong"
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) verb: Option<Verb>,

    #[command(flatten)]
    pub(crate) publish: Publish,

    #[command(flatten)]
    pub(crate) common: Common,
}

/// Options of a publication; they mean the same before and after the verb.
#[derive(Args, Clone, Debug)]
pub(crate) struct Publish {
    /// `-`: a release record comes on standard input
    #[arg(value_name = "-", value_parser = dash(), required = true)]
    pub(crate) record: Option<String>,

    /// Look at everything, say exactly what would be done, and change nothing
    #[arg(long)]
    pub(crate) dry_run: bool,

    /// Publish although no report of the gates is there, or only an old one; the record keeps the reason. A failed check is never excused
    #[arg(long, value_name = "REASON")]
    pub(crate) ungated: Option<String>,

    /// Publish bytes, or a version, that were rolled back; the record keeps the reason
    #[arg(long, value_name = "REASON", alias = "again")]
    pub(crate) allow_rolled_back: Option<String>,
}

/// Options of a rollback.
#[derive(Args, Clone, Debug)]
pub(crate) struct Rollback {
    /// `-`: a release record comes on standard input; its artifacts are rolled back, else the one that clients update from
    #[arg(value_name = "-", value_parser = dash(), required = true)]
    pub(crate) record: String,

    /// The bad version, which must be live [default: the version of the record]
    #[arg(long, value_name = "V")]
    pub(crate) from: Option<ReleaseVersion>,

    /// Go back to this file, which is uploaded and verified first, in place of the one that was live before
    #[arg(long, value_name = "FILE")]
    pub(crate) artifact: Option<PathBuf>,

    /// The version of what it goes back to, when no label, no record in releases/ and no manifest in git names it
    #[arg(long, value_name = "V")]
    pub(crate) to_version: Option<ReleaseVersion>,

    /// Say what goes back to what, and ask on the terminal before anything is renamed
    #[arg(long)]
    pub(crate) ask: bool,

    /// Look at everything, say exactly what would be done, and change nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}

impl Cli {
    /// The options before and after the verb together: a `--dry-run` counts wherever it stands.
    pub(crate) fn publication(&self) -> Publish {
        let after = match &self.verb {
            Some(Verb::Publish(after)) => after.clone(),
            _ => return self.publish.clone(),
        };
        Publish {
            record: after.record,
            dry_run: self.publish.dry_run || after.dry_run,
            ungated: after.ungated.or_else(|| self.publish.ungated.clone()),
            allow_rolled_back: after.allow_rolled_back.or_else(|| self.publish.allow_rolled_back.clone()),
        }
    }

    /// Refuses a reason that is given to a verb that asks for none.
    pub(crate) fn refuse_reasons(&self) -> Result<(), Problem> {
        let given = [("--ungated", &self.publish.ungated), ("--allow-rolled-back", &self.publish.allow_rolled_back)];
        match given.iter().find(|(_, reason)| reason.is_some()) {
            Some((option, _)) => Err(Problem::new(
                Exit::Usage,
                format!("{option} belongs to a publication"),
                "this verb asks for no reason",
                Fix::note(format!("run the same command without {option}")),
            )),
            None => Ok(()),
        }
    }
}

#[derive(Subcommand, Debug)]
pub(crate) enum Verb {
    /// Put the artifacts live; the default without a verb
    Publish(Publish),
    /// Give users back what was live before, with two renames, or an older file
    Rollback(Rollback),
    /// Ask whether users still get what a record has made live; 1 when they do not
    Live {
        /// `-`: a release record comes on standard input
        #[arg(value_name = "-", value_parser = dash(), required = true)]
        record: String,
    },
    /// Say what is on every channel: live, previous, staged, rolled back, leftovers
    Show,
    /// Remove what no run needs any more: uploads and rolled-back artifacts of this tool older than an hour
    Clean {
        /// Say what would be removed, and remove nothing
        #[arg(long)]
        dry_run: bool,
    },
}

fn dash() -> PossibleValuesParser {
    PossibleValuesParser::new(["-"])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_dry_run(arguments: &[&str]) -> bool {
        let cli = Cli::try_parse_from([&["nexy-publish"], arguments].concat()).expect("arguments that are understood");
        match &cli.verb {
            Some(Verb::Rollback(after)) => cli.publish.dry_run || after.dry_run,
            Some(Verb::Clean { dry_run }) => cli.publish.dry_run || *dry_run,
            _ => cli.publication().dry_run,
        }
    }

    #[test]
    fn a_dry_run_counts_wherever_it_stands() {
        for words in [vec!["-"], vec!["publish", "-"], vec!["rollback", "-"], vec!["clean"]] {
            assert!(!is_dry_run(&words), "{words:?}");
            for place in 0..=words.len() {
                let mut words = words.clone();
                words.insert(place, "--dry-run");
                assert!(is_dry_run(&words), "{words:?}");
            }
        }
    }
}
