//! The command line, as clap reads it.

use clap::{Parser, Subcommand, ValueEnum};
use nexy_contract::ReleaseVersion;
use nexy_outside::Common;

/// Which version is it, and does every place agree?
#[derive(Parser, Debug)]
#[command(
    name = "nexy-version",
    version,
    arg_required_else_help = true,
    after_help = "\
Examples:
  nexy-version set 2.0.0.5 --dry-run --diff
  nexy-version check --phase published --format text
  nexy-version check --ref v2.0.0.5
  nexy-version show release_target.vm
  nexy-version check-config --format text
  nexy-version record | nexy-gate before-publish - | nexy-publish -

Exit codes:
  0   yes, or done
  1   no: a place differs, or refused and nothing was changed
  2   the command line was not understood
  3   a file could not be replaced: all of them hold again what they held
  4   needs a person now: the command to type is printed
  69  could not look
  75  another nexy-version is at work: try again
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
    /// Begin a release record: version, target, and the hashed artifacts of the inbox
    Record {
        /// release: server's code and artifacts, of one version at the end; update: the artifacts alone; server-only: the code alone
        #[arg(long, value_enum, default_value = "release")]
        kind: Kind,
    },
    /// Print the version, or one raw value of nexy.toml such as `release_target.vm`; without FIELD an overview
    Show {
        /// version, tag, root, target, or the dotted name of a key in nexy.toml
        field: Option<String>,
    },
    /// Write a version into every place, or into none
    Set {
        /// Four numbers: X.Y.Z.W
        version: ReleaseVersion,
        /// Say what would change, and change nothing
        #[arg(long)]
        dry_run: bool,
        /// Print the lines that change, in place of the version
        #[arg(long)]
        diff: bool,
        /// Set it although VERSION, a manifest or the label of the live artifact says a higher one
        #[arg(long, value_name = "REASON", value_parser = clap::builder::NonEmptyStringValueParser::new())]
        allow_downgrade: Option<String>,
    },
    /// Print the files in which the version, and nothing else, differs from HEAD: those that a release commits
    Changes,
    /// Ask whether every place, and the manifests, agree with VERSION
    Check {
        /// prepared: the manifests may be older than VERSION; published: they must be equal to it
        #[arg(long, value_enum, default_value = "prepared")]
        phase: Phase,
        /// Read a tag, branch or commit of git, without checking it out; at the tag of a release its own version is expected
        #[arg(long = "ref", value_name = "TAG")]
        reference: Option<String>,
    },
    /// Show nexy.toml as it is understood, or every mistake in it with its line
    CheckConfig,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kind {
    /// Code and artifacts.
    Release,
    /// The artifacts alone.
    Update,
    /// The code alone: the inbox is not looked at.
    ServerOnly,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Phase {
    /// Before the publication.
    Prepared,
    /// After it.
    Published,
}
