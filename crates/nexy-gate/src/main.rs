//! Entry point of `nexy-gate`: asks the chosen gates and says yes only if every one of them passed.

mod answer_builder;
mod cli;
mod context;
mod formats;
mod gate;
mod gates;
mod observed;
mod permissions;
mod print_fix;
mod runner;
mod selection;
mod systemd_unit;

use clap::Parser as _;
use cli::Cli;
use context::Context;
use gates::GATES;
use nexy_contract::{Exit, Fix, Problem, check::Explained, operands};
use nexy_outside::{
    Workspace,
    frame::{record_io, run, stdio},
    fs::root_fs::RootFs,
};
use selection::Selection;
use std::sync::Arc;

fn main() -> std::process::ExitCode {
    run::main(gate::TOOL, || match Cli::try_parse() {
        Ok(cli) => run(&cli),
        Err(error) => Ok(run::usage(&error)),
    })
}

fn run(cli: &Cli) -> Result<Exit, Problem> {
    if cli.list {
        return tell(&nexy_outside::frame::options::list(&selection::rows(), cli.common.format()?)?);
    }
    if let Some(id) = &cli.explain {
        // A profile is explained by the questions that it asks.
        let rows: Vec<_> = selection::rows().into_iter().filter(|row| row.profiles.contains(&id.as_str())).collect();
        if !rows.is_empty() {
            return tell(&nexy_outside::frame::options::list(&rows, cli.common.format()?)?);
        }
        let gate = selection::find(id)?;
        return tell(&nexy_outside::frame::options::explain(&Explained { row: gate.row(), explain: gate.explain }, cli.common.format()?)?);
    }
    if let Some(id) = &cli.print_fix {
        let gate = selection::find(id)?;
        return tell(&print_fix::script(gate, GATES, || Ok(Context::new(Workspace::find(&cli.common)?, None, RootFs::here(), cli)))?);
    }
    let operands = operands::split(&cli.operands)
        .map_err(|because| Problem::new(Exit::Usage, "cannot use these operands", because, Fix::command("nexy-gate --help")))?;
    let selection = selection::choose(&operands.names)?;
    let tree = cli.tree(operands.reads_record)?;
    if operands.reads_record { add_to_record(&selection, cli) } else { print_report(&selection, cli, tree) }
}

fn tell(text: &str) -> Result<Exit, Problem> {
    stdio::write_document(text.as_bytes())?;
    Ok(Exit::Yes)
}

/// Asked by hand: the bare report is the document.
fn print_report(selection: &Selection, cli: &Cli, tree: RootFs) -> Result<Exit, Problem> {
    let common = &cli.common;
    common.format()?;
    let context = Arc::new(Context::new(Workspace::find(common)?, None, tree, cli));
    let report = runner::ask_all(selection, &context);
    common.print_report(&report)?;
    Ok(report.verdict.exit())
}

/// In a pipe: the record is the document, whatever the format, since the next tool reads it.
fn add_to_record(selection: &Selection, cli: &Cli) -> Result<Exit, Problem> {
    let workspace = Workspace::find(&cli.common)?;
    record_io::add_report(gate::TOOL, &selection.profile, workspace, &cli.common, |workspace, record| {
        let context = Arc::new(Context::new(workspace, Some(record.clone()), RootFs::here(), cli));
        Ok(runner::ask_all(selection, &context))
    })
}

#[cfg(test)]
mod tests;
