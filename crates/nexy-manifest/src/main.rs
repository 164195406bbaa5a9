//! Announces a release to the clients: writes, installs, pushes and checks the update manifests.

mod check;
mod cli;
mod deliverable;
mod delivery;
mod difference;
mod install;
mod place;
mod push;
mod served_feed;
mod show;
mod transaction;
mod write;

use clap::Parser as _;
use cli::{Cli, TOOL, Verb};
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
    let workspace = Workspace::find(&cli.common)?;
    match &cli.verb {
        Verb::Write { dry_run, .. } => write::run(&workspace, *dry_run, &cli.common),
        Verb::Install { manifest } => install::run(&workspace, manifest, &cli.common),
        Verb::Place { back } => place::run(&workspace, *back, &cli.common),
        Verb::Delivered { failed, lost, operands } => delivery::run(&workspace, operands, *failed, lost.as_deref(), &cli.common),
        Verb::Payload { live: true, .. } => delivery::live_payload(&workspace, &cli.common),
        Verb::Payload { .. } => delivery::payload(&workspace),
        Verb::Push { dry_run, record } => push::run(&workspace, record.is_some(), *dry_run, &cli.common),
        Verb::Check => check::run(&workspace, &cli.common),
        Verb::Show => show::run(&workspace, &cli.common),
    }
}
