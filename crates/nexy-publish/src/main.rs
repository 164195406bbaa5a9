//! Puts the artifacts live without ever leaving users without a download: upload, verify, swap, confirm.

mod clean;
mod cli;
mod fixes;
mod gh_commands;
mod job;
mod locks;
mod plan;
mod progress;
mod publish;
mod retry;
mod rollback;
mod session;
mod show;
mod signals;
mod steps;
mod still_live;
mod swap_all;

use clap::Parser as _;
use cli::{Cli, Rollback, TOOL, Verb};
use nexy_contract::{Exit, Problem};
use nexy_outside::{Workspace, frame::run};
use std::process::ExitCode;

fn main() -> ExitCode {
    run::main(TOOL, || match Cli::try_parse() {
        Ok(cli) => run(&cli),
        Err(error) => Ok(run::usage(&error)),
    })
}

fn run(cli: &Cli) -> Result<Exit, Problem> {
    let before = &cli.publish;
    if !matches!(cli.verb, Some(Verb::Publish(_)) | None) {
        cli.refuse_reasons()?;
    }
    let workspace = Workspace::find(&cli.common)?;
    match &cli.verb {
        Some(Verb::Live { .. }) => still_live::run(&workspace, &cli.common),
        Some(Verb::Show) => show::run(&workspace, &cli.common),
        Some(Verb::Clean { dry_run }) => clean::run(&workspace, before.dry_run || *dry_run, &cli.common),
        Some(Verb::Rollback(after)) => {
            let options = Rollback { dry_run: before.dry_run || after.dry_run, ..after.clone() };
            rollback::run(&workspace, &options, &cli.common)
        }
        Some(Verb::Publish(_)) | None => publish::run(&workspace, &cli.publication(), &cli.common),
    }
}
