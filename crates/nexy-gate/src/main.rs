//! May it go out? Asks gates, and says yes only if every one of them was asked and passed.

mod access;
mod carried;
mod channels;
mod cli;
mod context;
mod engine;
mod formats;
mod gate;
mod gates;
mod inbox;
mod lanes;
mod observed;
mod print_fix;
mod receipts;
mod repository;
mod selection;
mod systemd_unit;
mod tally;
mod tracked;
mod xar;

use clap::Parser as _;
use cli::Cli;
use context::Context;
use gates::{GATES, PROFILES};
use nexy_contract::{Exit, Problem, operands, question::Explained};
use nexy_outside::owned_version;
use nexy_outside::{
    Workspace,
    acting::{self, Arrival},
    cli::json,
    stdio, tool,
    tree::Tree,
};
use selection::Selection;
use std::sync::Arc;

fn main() -> std::process::ExitCode {
    tool::main(engine::TOOL, || match Cli::try_parse() {
        Ok(cli) => run(&cli),
        Err(error) => Ok(tool::usage(&error)),
    })
}

fn run(cli: &Cli) -> Result<Exit, Problem> {
    if cli.list {
        return tell(&nexy_outside::cli::list(&GATES.iter().map(|gate| gate.row()).collect::<Vec<_>>(), cli.common.format()?)?);
    }
    if let Some(id) = &cli.explain {
        let gate = selection::one(id, GATES)?;
        return tell(&nexy_outside::cli::explain(&Explained { row: gate.row(), explain: gate.explain }, cli.common.format()?)?);
    }
    if let Some(id) = &cli.print_fix {
        let gate = selection::one(id, GATES)?;
        return tell(&print_fix::script(gate, GATES, || Ok(Context::new(Workspace::find(&cli.common)?, None, Tree::here(), None)))?);
    }
    let operands = operands::split(&cli.operands)
        .map_err(|because| Problem::new(Exit::Usage, "cannot use these operands", because, "nexy-gate --help"))?;
    let selection = selection::choose(&operands.names, GATES, PROFILES)?;
    let tree = cli.tree(operands.reads_record)?;
    if operands.reads_record { add_to_record(&selection, cli) } else { print_report(&selection, cli, tree) }
}

fn tell(text: &str) -> Result<Exit, Problem> {
    stdio::write_document(text.as_bytes())?;
    Ok(Exit::Yes)
}

/// Asked by hand: the bare report is the document.
fn print_report(selection: &Selection, cli: &Cli, tree: Tree) -> Result<Exit, Problem> {
    let common = &cli.common;
    common.format()?;
    let context = Arc::new(Context::new(Workspace::find(common)?, None, tree, cli.tag.clone()));
    let report = engine::ask_all(selection, &context);
    common.print_report(&report)?;
    Ok(report.verdict.exit())
}

/// In a pipe: the record is the document, whatever the format, since the next tool reads it.
fn add_to_record(selection: &Selection, cli: &Cli) -> Result<Exit, Problem> {
    let common = &cli.common;
    common.format()?;
    let workspace = Workspace::find(common)?;
    let mut record = match acting::arrive(&workspace, engine::TOOL, &selection.profile)? {
        Arrival::Stopped { bytes, stop } => return acting::pass_on(engine::TOOL, &bytes, &stop),
        Arrival::Record(record) => *record,
    };
    let context = Arc::new(Context::new(workspace, Some(record.clone()), Tree::here(), cli.tag.clone()));
    let report = engine::ask_all(selection, &context);
    common.note_report(&report, false)?;
    let exit = report.verdict.exit();
    record.reports.push(report);
    stdio::write_document(json(&record)?.as_bytes())?;
    Ok(exit)
}
