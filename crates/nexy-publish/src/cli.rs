//! The command line.

use clap::{Args, Parser, Subcommand, builder::PossibleValuesParser};
use nexy_outside::Common;

/// Puts the artifacts live, and the old ones stay live until the new ones are verified.
#[derive(Parser, Debug)]
#[command(
    name = "nexy-publish",
    version,
    arg_required_else_help = true,
    subcommand_precedence_over_arg = true,
    subcommand_negates_reqs = true,
    override_usage = "nexy-publish [OPTIONS] -\n       nexy-publish [OPTIONS] show",
    after_help = "\
Stage, verify, swap, confirm: the old artifact stays live until the new one was downloaded and compared.

Examples:
  nexy-version record | nexy-gate before-publish - | nexy-publish --dry-run -
  nexy-version record | nexy-gate before-publish - | nexy-publish - | nexy-manifest write -
  nexy-publish show --format text

Exit codes:
  0   done, or there was nothing to do
  1   refused, nothing was changed
  2   the command line was not understood
  3   changed something, noticed a fault, and put it back
  4   needs a person now: the command to type is printed
  65  the record on standard input cannot be used
  69  could not look, users have what they had
  75  the channel has changed meanwhile: look, then try again
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

/// What a publication is told; before the verb and after it mean the same.
#[derive(Args, Clone, Debug)]
pub(crate) struct Publish {
    /// `-`: a release record comes on standard input
    #[arg(value_name = "-", value_parser = PossibleValuesParser::new(["-"]), required = true)]
    pub(crate) record: Option<String>,

    /// Look at everything, say exactly what would be done, and change nothing
    #[arg(long)]
    pub(crate) dry_run: bool,

    /// Publish although nobody has looked, or too long ago; the record keeps the reason. A failed check is never excused
    #[arg(long, value_name = "REASON")]
    pub(crate) ungated: Option<String>,
}

impl Cli {
    /// What was said before the verb and after it, together: a `--dry-run` counts wherever it stands.
    pub(crate) fn wishes(&self) -> Publish {
        let after = match &self.verb {
            Some(Verb::Publish(after)) => after.clone(),
            _ => return self.publish.clone(),
        };
        Publish {
            record: after.record,
            dry_run: self.publish.dry_run || after.dry_run,
            ungated: after.ungated.or_else(|| self.publish.ungated.clone()),
        }
    }
}

#[derive(Subcommand, Debug)]
pub(crate) enum Verb {
    /// Put the artifacts live; this is what is done without a verb
    Publish(Publish),
    /// Say what is on every channel: live, staged, previous, leftovers
    Show,
}
