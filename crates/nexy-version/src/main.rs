//! Reads, checks and sets the version of a workspace, and begins the record of a release.

mod changes;
mod check;
mod check_config;
mod cli;
mod downgrade;
mod record;
mod set;
mod show;
mod source;

use clap::Parser as _;
use cli::{Cli, Verb};
use nexy_contract::{Exit, Problem};
use nexy_outside::{Workspace, frame::run};
use set::Wish;
use std::process::ExitCode;

fn main() -> ExitCode {
    run::main("nexy-version", || match Cli::try_parse() {
        Ok(cli) => run(&cli),
        Err(error) => Ok(run::usage(&error)),
    })
}

fn run(cli: &Cli) -> Result<Exit, Problem> {
    cli.common.format()?;
    let workspace = || Workspace::find(&cli.common);
    match &cli.verb {
        Verb::Record { kind } => record::run(&workspace()?, *kind),
        Verb::Show { field } => show::run(&workspace()?, field.as_deref(), &cli.common),
        Verb::Set { version, dry_run, diff, allow_downgrade } => {
            let wish = Wish { version: *version, dry_run: *dry_run, diff: *diff, allow_downgrade: allow_downgrade.as_deref() };
            set::run(&workspace()?, &wish, &cli.common)
        }
        Verb::CheckConfig => check_config::run(&cli.common),
        Verb::Changes => changes::run(&workspace()?),
        Verb::Check { phase, reference } => check::run(&workspace()?, *phase, reference.as_deref(), &cli.common),
    }
}
