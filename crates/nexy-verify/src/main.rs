//! Verifies a release from the side of its users: asks the service, the server and the feed; no answer never counts as a pass.

mod certificate;
mod checklist;
mod cli;
mod client;
mod context;
mod diagnose;
mod download;
mod expected;
mod fetch;
mod health;
mod probe;
mod probes;
mod public_url;
mod release_marker;
mod run_command;
mod runner;
mod schedule;
mod selection;
mod service;
mod staleness;
mod status;

use clap::Parser as _;
use cli::{Cli, Verb};
use context::Context;
use nexy_contract::{Exit, Fix, Problem, check::Explained, operands};
use nexy_outside::{
    Workspace,
    frame::{record_io, run, stdio},
};
use runner::Asked;
use selection::Selection;

fn main() -> std::process::ExitCode {
    run::main(probe::TOOL, || match Cli::try_parse() {
        Ok(cli) => run(&cli),
        Err(error) => Ok(run::usage(&error)),
    })
}

fn run(cli: &Cli) -> Result<Exit, Problem> {
    match cli.verb()? {
        Some(Verb::RunCommand(left)) => return run_command::report_script_exit(left, &cli.common),
        Some(Verb::Client(walk)) => return client::run(walk, &cli.common),
        Some(Verb::Diagnose(log)) => return diagnose::diagnose(log, &cli.common),
        Some(Verb::Status) => return status::run(&cli.common),
        None => {}
    }
    if cli.list {
        return tell(&nexy_outside::frame::options::list(&selection::rows(), cli.common.format()?)?);
    }
    if let Some(id) = &cli.explain {
        let probe = selection::one(id)?;
        return tell(&nexy_outside::frame::options::explain(
            &Explained { row: probe.row(), explain: probe.explain },
            cli.common.format()?,
        )?);
    }
    let operands = operands::split(&cli.operands)
        .map_err(|because| Problem::new(Exit::Usage, "cannot use these operands", because, Fix::command("nexy-verify --help")))?;
    let selection = selection::choose(&operands.names)?;
    if operands.reads_record { add_to_record(&selection, cli) } else { print_report(&selection, cli) }
}

fn tell(text: &str) -> Result<Exit, Problem> {
    stdio::write_document(text.as_bytes())?;
    Ok(Exit::Yes)
}

/// Asked by hand: the bare report is the document.
fn print_report(selection: &Selection, cli: &Cli) -> Result<Exit, Problem> {
    cli.common.format()?;
    let workspace = Workspace::find(&cli.common)?;
    let public = public_url::base(&workspace.target, cli.host.as_deref(), cli.port)?;
    let mut context = Context::new(workspace, None, public)?;
    context.expect = cli.expect;
    context.expect_announced = cli.expect.filter(|_| selection.asks_for_the_release());
    let Asked { report, .. } = runner::ask_all(selection, &context, &cli.waiting(), &cli.common);
    cli.common.print_report(&report)?;
    checklist::words(&selection.names).into_iter().for_each(|words| cli.common.note(words));
    Ok(report.verdict.exit())
}

/// In a pipe: the record is the document, whatever the format, since the next tool reads it.
fn add_to_record(selection: &Selection, cli: &Cli) -> Result<Exit, Problem> {
    if cli.host.is_some() || cli.port.is_some() || cli.expect.is_some() {
        let because = "a record names its own version, and is about the host of its own nexy.toml";
        let fix = Fix::note("ask without `--expect`, `--host` and `--port`, or without `-`");
        return Err(Problem::new(Exit::Usage, "cannot add a report about another version or host to a record", because, fix));
    }
    let workspace = Workspace::find(&cli.common)?;
    let mut marker = None;
    let exit = record_io::add_report(probe::TOOL, &selection.profile, workspace, &cli.common, |workspace, record| {
        let public = workspace.target.endpoints.public.clone();
        let context = Context::new(workspace, Some(record.clone()), public)?;
        let Asked { report, feed_right_at } = runner::ask_all(&selection.for_record(record), &context, &cli.waiting(), &cli.common);
        let target = &context.workspace.target;
        if let (Some(seen), Some(feed)) = (feed_right_at, target.feed_artifact()) {
            staleness::fill(record, &feed.name, seen);
        }
        marker = release_marker::marker(record, target, &selection.names, report.verdict);
        Ok(report)
    })?;
    checklist::words(&selection.names).into_iter().for_each(|words| cli.common.note(words));
    if let Some(marker) = marker {
        cli.common.note(&marker);
    }
    Ok(exit)
}
