//! The command line.

use clap::{Parser, Subcommand, ValueEnum};
use nexy_contract::ReleaseVersion;
use nexy_outside::Common;

/// Which version is it, and does every place agree?
#[derive(Parser, Debug)]
#[command(
    name = "nexy-version",
    version,
    arg_required_else_help = true,
    after_help = "Exit codes: 0 yes or done, 1 no, 2 usage, 69 could not look, 75 busy, 78 bad nexy.toml.\n\
                  A release begins with: nexy-version record | nexy-gate before-publish - | nexy-publish -"
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) verb: Verb,
    #[command(flatten)]
    pub(crate) common: Common,
}

#[derive(Subcommand, Debug)]
pub(crate) enum Verb {
    /// Begin a release record: version, target, and the artifacts of the inbox, hashed once
    Record,
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
    },
    /// Ask whether every place, and the manifests, agree with VERSION
    Check {
        /// prepared: the manifests may be older than VERSION; published: they must be equal to it
        #[arg(long, value_enum, default_value = "prepared")]
        phase: Phase,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Phase {
    /// Before the publication.
    Prepared,
    /// After it.
    Published,
}
