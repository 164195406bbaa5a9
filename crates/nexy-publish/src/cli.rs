//! The command line.

use clap::{Parser, Subcommand, builder::PossibleValuesParser};
use nexy_outside::Common;

/// Puts the artifacts live without ever leaving users without a download.
#[derive(Parser, Debug)]
#[command(
    name = "nexy-publish",
    version,
    arg_required_else_help = true,
    subcommand_precedence_over_arg = true,
    subcommand_negates_reqs = true,
    after_help = "Stage, verify, swap, confirm: the old artifact stays live until the new one was downloaded and compared.\n\
                  Exit codes: 0 done, 1 no, 2 usage, 3 put back, 4 needs a person, 65 bad record, 69 could not look,\n\
                  75 changed meanwhile, 78 bad nexy.toml.\n\
                  In a release: nexy-version record | nexy-gate before-publish - | nexy-publish - | nexy-manifest write -"
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) verb: Option<Verb>,

    /// `-`: a release record comes on standard input
    #[arg(value_name = "-", value_parser = PossibleValuesParser::new(["-"]), required = true)]
    pub(crate) record: Option<String>,

    /// Look at everything, say exactly what would be done, and change nothing
    #[arg(long)]
    pub(crate) dry_run: bool,

    /// Publish although nobody has looked, or too long ago; the record keeps the reason. A failed check is never excused
    #[arg(long, value_name = "REASON")]
    pub(crate) ungated: Option<String>,

    #[command(flatten)]
    pub(crate) common: Common,
}

#[derive(Subcommand, Debug)]
pub(crate) enum Verb {
    /// Say what is on every channel: live, staged, previous, leftovers
    Show,
}
