//! The command line, as clap reads it.

use clap::{Parser, Subcommand, builder::PossibleValuesParser};
use nexy_outside::Common;
use std::path::PathBuf;

/// The name of this tool, in messages and outcomes.
pub(crate) const TOOL: &str = "nexy-manifest";

/// Announces a release to the clients: writes, installs, pushes and checks the update manifests.
#[derive(Parser, Debug)]
#[command(
    name = "nexy-manifest",
    version,
    arg_required_else_help = true,
    after_help = "\
Examples:
  … | nexy-publish - | nexy-manifest write - | scripts/manifest_to_vm.sh - | nexy-manifest push - | nexy-verify updates -
  nexy-manifest check --format text

Exit codes:
  0   done, or yes
  1   no, or refused: nothing was changed
  2   the command line was not understood
  3   changed something, noticed a fault, and put it back
  4   needs a person now: the command to type is printed
  65  the record on standard input cannot be used
  69  could not look
  75  another nexy-manifest is at work, or the remote does not hold still: try again
  78  nexy.toml is missing or wrong"
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) verb: Verb,
    #[command(flatten)]
    pub(crate) common: Common,
}

#[derive(Subcommand, Debug)]
pub(crate) enum Verb {
    /// Write the manifests of the workspace from what the record says is live
    Write {
        /// Say what would be different, and write nothing; a record of `nexy-publish --dry-run` is enough for it
        #[arg(long)]
        dry_run: bool,
        /// `-`: a release record comes on standard input
        #[arg(value_name = "-", value_parser = dash(), required = true)]
        record: String,
    },
    /// On the VM: put a manifest into the checkout, and print what the update server announces then
    Install {
        /// The manifest, whole and checked
        manifest: PathBuf,
    },
    /// Put the manifest on standard input into the checkout, with no more rights than its owner has; `install` starts it
    #[command(hide = true)]
    Place {
        /// Put back what standard input lists, as it was before an installation
        #[arg(long)]
        back: bool,
    },
    /// Add the VM's answer to the record: `delivered ANSWER -`, `delivered --failed CODE -`, or `delivered --lost SHOWN -`
    Delivered {
        /// The delivery ended with this exit code: nothing was sent, or the VM refused it
        #[arg(long, value_name = "CODE", conflicts_with = "lost")]
        failed: Option<u8>,
        /// The VM's answer was lost; SHOWN is what `nexy-manifest show` says on the VM now, empty when it does not answer
        #[arg(long, value_name = "SHOWN")]
        lost: Option<PathBuf>,
        /// The VM's answer (nexy.delivery/1), then `-`: a release record comes on standard input
        #[arg(value_names = ["ANSWER", "-"], num_args = 1..=2, required = true)]
        operands: Vec<String>,
    },
    /// Print digest and base64 of a manifest, for the transfer to the VM: with `-` of the one that the record names, with `--live` of the
    /// workspace's own, which must describe what is live
    #[command(group = clap::ArgGroup::new("which").required(true))]
    Payload {
        /// Needs no record, so it works in every clone of the workspace
        #[arg(long, group = "which")]
        live: bool,
        /// `-`: a release record comes on standard input
        #[arg(value_name = "-", value_parser = dash(), group = "which")]
        record: Option<String>,
    },
    /// Push the manifests of the workspace, and nothing else, to the branch that is released from
    Push {
        /// Say what would be pushed, and push nothing
        #[arg(long)]
        dry_run: bool,
        /// `-`: a release record comes on standard input; without it, the manifests must describe what is live
        #[arg(value_name = "-", value_parser = dash())]
        record: Option<String>,
    },
    /// Ask whether the manifests of the workspace agree with each other and with nexy.toml
    Check,
    /// Print what the manifests of the workspace say
    Show,
}

fn dash() -> PossibleValuesParser {
    PossibleValuesParser::new(["-"])
}
