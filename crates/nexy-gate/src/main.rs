//! May it go out? Asks gates, and says yes only if every one of them was asked and passed.

mod channels;
mod cli;
mod context;
mod engine;
mod explain;
mod gate;
mod gates;
mod guide_block;
mod inbox;
mod loaded_command;
mod owned_version;
mod remote_url;
mod selection;
mod tally;
mod unit_drift;
mod unit_repair;

use clap::Parser as _;
use cli::Cli;
use context::Context;
use gates::{GATES, PROFILES};
use nexy_contract::{Exit, Problem, operands};
use nexy_outside::{Common, Workspace, stdio, tool};
use selection::Selection;

fn main() -> std::process::ExitCode {
    tool::main(engine::TOOL, || match Cli::try_parse() {
        Ok(cli) => run(&cli),
        Err(error) => Ok(tool::usage(&error)),
    })
}

fn run(cli: &Cli) -> Result<Exit, Problem> {
    if cli.list {
        return tell(&explain::list(GATES, cli.common.format()?)?);
    }
    if let Some(id) = &cli.explain {
        return tell(&explain::explain(selection::one(id, GATES)?, cli.common.format()?)?);
    }
    let operands = operands::split(&cli.operands)
        .map_err(|because| Problem::new(Exit::Usage, "cannot use these operands", because, "nexy-gate --help"))?;
    let selection = selection::choose(&operands.names, GATES, PROFILES)?;
    if operands.reads_record { add_to_record(&selection, &cli.common) } else { print_report(&selection, &cli.common) }
}

fn tell(text: &str) -> Result<Exit, Problem> {
    stdio::write_document(text.as_bytes())?;
    Ok(Exit::Yes)
}

/// Asked by hand: the bare report is the document.
fn print_report(selection: &Selection, common: &Common) -> Result<Exit, Problem> {
    common.format()?;
    let context = Context::new(Workspace::find(common)?, None);
    let report = engine::ask_all(selection, &context);
    common.print_report(&report)?;
    Ok(report.verdict.exit())
}

/// In a pipe: the record is the document, whatever the format, since the next tool reads it.
fn add_to_record(selection: &Selection, common: &Common) -> Result<Exit, Problem> {
    common.format()?;
    let workspace = Workspace::find(common)?;
    let bytes = stdio::read_record()?;
    let record = workspace.read_record(&bytes)?;
    if let Some(stop) = record.stop(engine::TOOL, &selection.profile) {
        stdio::write_document(&bytes)?;
        let because = stop.because.join("; ");
        return Err(Problem::new(
            stop.exit,
            "no gate was asked, the record is passed on as it came",
            because,
            "mend what is named, then start again from `nexy-version record`",
        ));
    }
    let mut context = Context::new(workspace, Some(record));
    let report = engine::ask_all(selection, &context);
    let Some(mut record) = context.record.take() else {
        return Err(Problem::new(Exit::Bug, "the record is gone", "a gate has taken it", "report this as a bug"));
    };
    common.note_report(&report, false)?;
    let exit = report.verdict.exit();
    record.reports.push(report);
    let json = record
        .to_json()
        .map_err(|error| Problem::new(Exit::Bug, "cannot spell the record as JSON", error.to_string(), "report this as a bug"))?;
    stdio::write_document(json.as_bytes())?;
    Ok(exit)
}
