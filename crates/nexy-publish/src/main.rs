//! Puts the artifacts live without ever leaving users without a download: stage, verify, swap, confirm.

mod channel;
mod cli;
mod names;
mod patience;
mod plan;
mod publish;
mod show;
mod signals;
mod steps;

use clap::Parser as _;
use cli::{Cli, Verb};
use nexy_contract::{Exit, Problem};
use nexy_outside::{Workspace, tool};
use std::process::ExitCode;

const TOOL: &str = "nexy-publish";

fn main() -> ExitCode {
    tool::main(TOOL, || match Cli::try_parse() {
        Ok(cli) => run(&cli),
        Err(error) => Ok(tool::usage(&error)),
    })
}

fn run(cli: &Cli) -> Result<Exit, Problem> {
    let workspace = Workspace::find(&cli.common)?;
    match &cli.verb {
        Some(Verb::Show) => show::run(&workspace, &cli.common),
        Some(Verb::Publish(_)) | None => publish::run(&workspace, &cli.wishes(), &cli.common),
    }
}
