//! Reads, checks and sets the version of a workspace, and begins the record of a release.

mod changes;
mod check;
mod cli;
mod record;
mod set;
mod show;

use clap::Parser as _;
use cli::{Cli, Verb};
use nexy_contract::{Exit, Problem};
use nexy_outside::{Workspace, frame::run};
use std::process::ExitCode;

fn main() -> ExitCode {
    run::main("nexy-version", || match Cli::try_parse() {
        Ok(cli) => run(&cli),
        Err(error) => Ok(run::usage(&error)),
    })
}

fn run(cli: &Cli) -> Result<Exit, Problem> {
    cli.common.format()?;
    let workspace = Workspace::find(&cli.common)?;
    match &cli.verb {
        Verb::Record { kind } => record::run(&workspace, *kind),
        Verb::Show { field } => show::run(&workspace, field.as_deref(), &cli.common),
        Verb::Set { version, dry_run } => set::run(&workspace, *version, *dry_run, &cli.common),
        Verb::Changes => changes::run(&workspace),
        Verb::Check { phase } => check::run(&workspace, *phase, &cli.common),
    }
}
